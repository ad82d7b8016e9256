"""The routes: a request in, one question to the gate, a page or a relative redirect out.

Must not know: the kernel, visits, passwords, SMS; where a device stands is the gate's to say, so nothing is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flask import Flask, Response, request

from appliance.errors import ApplianceError, WireError
from appliance.wire import (
    AskCode,
    AskPassword,
    ChooseLanguage,
    EnterPassword,
    Ip,
    Leave,
    Look,
    Phase,
    RedeemVoucher,
    Refusal,
    Refused,
    Reply,
    Request,
    Status,
)
from portal.visitor import incoming, pages
from portal.visitor.answers import Answers
from portal.visitor.refusals import Place, Saying, http_status, saying

_Question = Look | AskPassword | EnterPassword | ChooseLanguage | AskCode | Leave | RedeemVoucher


class Asks(Protocol):
    """Whoever can ask the gate; ``appliance.client.Client`` does."""

    def ask(self, request: Request, /) -> Reply:
        """
        Raises:
            appliance.errors.GateUnreachable, appliance.errors.WireError
        """
        ...


@dataclass(frozen=True)
class Views:
    """One method a route."""

    asks: Asks
    answers: Answers

    def register(self, app: Flask) -> None:
        app.add_url_rule("/", "page", self.page)
        app.add_url_rule("/online", "online", self.online)
        app.add_url_rule("/state", "state", self.state)
        app.add_url_rule("/health", "health", self.health)
        forms = {
            "password": self.ask_password,
            "login": self.enter_password,
            "language": self.choose_language,
            "code": self.ask_code,
            "voucher": self.redeem_voucher,
            "leave": self.leave,
        }
        for name, view in forms.items():
            app.add_url_rule(f"/{name}", name, view, methods=["POST"])
            # A captive window that was killed comes back with GET to the address it last showed.
            app.add_url_rule(f"/{name}", f"{name}_again", self.to_page)

    def page(self) -> Response:
        """The page of the device's phase."""
        reply = self._look(incoming.device_ip(request))
        if isinstance(reply, Refused):
            return self._whole_page(reply)
        voucher = incoming.scanned_voucher(request)  # the printed sheet's QR code
        return self.answers.page(self._page(reply, wants_form="change" in request.args, voucher=voucher))

    def to_page(self) -> Response:
        """Back to the page."""
        return self.answers.go("/")

    def online(self) -> Response:
        """The page after admission; whoever is not online belongs on the first page."""
        reply = self._look(incoming.device_ip(request))
        if isinstance(reply, Refused):
            return self._whole_page(reply)
        if reply.phase is not Phase.ONLINE:
            return self.answers.go("/")
        return self.answers.page(self._page(reply))

    def state(self) -> Response:
        """What the page's script asks for."""
        reply = self._look(incoming.device_ip(request))
        return self._whole_page(reply) if isinstance(reply, Refused) else self.answers.state(reply)

    def health(self) -> Response:
        """This process serves; says nothing of the gate."""
        return Response("ok\n", mimetype="text/plain")

    def ask_password(self) -> Response:
        """«Get password» (¶5)."""
        ip = incoming.device_ip(request)
        number, terms = incoming.entry(request, "number"), incoming.entry(request, "terms")
        if number is None:
            return self._refused(ip, Refused(Refusal.NOT_A_NUMBER), typed="")
        if terms is None:
            return self._refused(ip, Refused(Refusal.TERMS_NOT_ACCEPTED), typed=number)
        asked = AskPassword(ip=ip, number=number, language=self.answers.language(), terms=terms)
        return self._after(ip, self._ask(asked), typed=number)

    def enter_password(self) -> Response:
        """Password entered (¶7). The gate opens before it answers, so the window's next probe gets the Internet."""
        ip = incoming.device_ip(request)
        password = incoming.entry(request, "password")
        if password is None:
            return self._refused(ip, Refused(Refusal.PASSWORD_MALFORMED), typed=None)
        return self._after(ip, self._ask(EnterPassword(ip=ip, password=password)), typed=None)

    def redeem_voucher(self) -> Response:
        """A voucher instead of a password, where the venue has them."""
        ip = incoming.device_ip(request)
        voucher, terms = incoming.entry(request, "voucher"), incoming.entry(request, "terms")
        if voucher is None:
            return self._refused(ip, Refused(Refusal.VOUCHER_MALFORMED), typed="")
        if terms is None:
            return self._refused(ip, Refused(Refusal.TERMS_NOT_ACCEPTED), typed=None)
        return self._after(ip, self._ask(RedeemVoucher(ip=ip, voucher=voucher, terms=terms)), typed=voucher)

    def ask_code(self) -> Response:
        """A pairing code for the desk."""
        ip = incoming.device_ip(request)
        return self._after(ip, self._ask(AskCode(ip=ip)), typed=None)

    def leave(self) -> Response:
        """The visitor's own end of the visit; whoever is gone already wanted nothing else."""
        ip = incoming.device_ip(request)
        reply = self._ask(Leave(ip=ip))
        if isinstance(reply, Refused) and reply.refusal is not Refusal.NO_SUCH_VISIT:
            return self._whole_page(reply)
        return self.answers.go("/")

    def choose_language(self) -> Response:
        """Another language, kept by the gate for this device; where it cannot, the address carries it on."""
        ip = incoming.device_ip(request)
        language = incoming.language_entered(request)
        if language is None:
            return self.answers.go("/")
        try:
            reply = self._ask(ChooseLanguage(ip=ip, language=language))
        except ApplianceError:
            return self.answers.go("/", language)
        if isinstance(reply, Refused):
            return self.answers.go("/", language)
        self.answers.remember(reply)
        return self.answers.go("/")

    def _after(self, ip: Ip, reply: Status | Refused, *, typed: str | None) -> Response:
        if isinstance(reply, Refused):
            return self._refused(ip, reply, typed=typed)
        # Another page, by a full navigation: captive windows probe again only then (iOS), and 303 makes it a GET.
        return self.answers.go("/online" if reply.phase is Phase.ONLINE else "/")

    def _refused(self, ip: Ip, refused: Refused, *, typed: str | None) -> Response:
        if self._said(refused).place is Place.ONLINE:
            return self.answers.go("/online")
        if self._said(refused).place is Place.WHOLE_PAGE:
            return self._whole_page(refused)
        status = self._look(ip)  # a refusal does not say where the device stands
        if isinstance(status, Refused):
            return self._whole_page(status)
        if status.phase is Phase.ONLINE:
            return self.answers.go("/online")
        page = pages.with_problem(status, self._said(refused), typed, self.answers.words(), self.answers.now())
        return self.answers.page(page, http_status(refused.refusal), retry_after_s=refused.retry_in_s)

    def _page(self, status: Status, *, wants_form: bool = False, voucher: str = "") -> pages.Page:
        words, now = self.answers.words(), self.answers.now()
        return pages.of_status(status, words, now, wants_form=wants_form, voucher=voucher)

    def _whole_page(self, refused: Refused) -> Response:
        page = pages.of_whole_page(self._said(refused))
        retry_after_s = refused.retry_in_s or page.refresh_s
        return self.answers.page(page, http_status(refused.refusal), retry_after_s=retry_after_s)

    def _said(self, refused: Refused) -> Saying:
        return saying(refused, self.answers.words(), self.answers.now())

    def _look(self, ip: Ip) -> Status | Refused:
        reply = self._ask(Look(ip=ip))
        if isinstance(reply, Status):
            self.answers.remember(reply)
        return reply

    def _ask(self, question: _Question) -> Status | Refused:
        reply = self.asks.ask(question)
        match reply:
            case Status() | Refused():
                return reply
            case _:
                raise WireError(f"{type(reply).__name__} does not answer {type(question).__name__}")
