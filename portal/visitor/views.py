"""The routes: a request in, one question to the gate, a page or a relative redirect out.

Must not know: the kernel, visits, passwords, SMS; where a device stands is the gate's to say, so nothing is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, assert_never

from flask import Flask, Response, request

from appliance.errors import WireError
from appliance.wire import (
    AskPassword,
    EnterPassword,
    Ip,
    Look,
    Phase,
    Refusal,
    Refused,
    Reply,
    Request,
    Status,
)
from portal.visitor import incoming, pages
from portal.visitor.answers import Answers
from portal.visitor.refusals import Place, http_status, saying


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
        app.add_url_rule("/password", "password", self.ask_password, methods=["POST"])
        app.add_url_rule("/login", "login", self.enter_password, methods=["POST"])
        # A captive window that was killed comes back with GET to the address it last showed.
        app.add_url_rule("/password", "password_again", self.to_page)
        app.add_url_rule("/login", "login_again", self.to_page)
        app.add_url_rule("/online", "online", self.online)
        app.add_url_rule("/health", "health", self.health)

    def page(self) -> Response:
        """The page of the device's phase."""
        reply = self._ask(Look(ip=incoming.device_ip(request)))
        if isinstance(reply, Refused):
            return self._whole_page(reply)
        return self.answers.page(pages.of_status(reply, self.answers.words(), wants_form="change" in request.args))

    def to_page(self) -> Response:
        """Back to the page."""
        return self.answers.go("/")

    def ask_password(self) -> Response:
        """«Get password» (¶5)."""
        incoming.require_own_page(request)
        ip = incoming.device_ip(request)
        number = incoming.entry(request, "number")
        if number is None:
            return self._refused(ip, Refused(Refusal.NOT_A_NUMBER), typed="")
        reply = self._ask(AskPassword(ip=ip, number=number, language=self.answers.language()))
        if isinstance(reply, Refused):
            return self._refused(ip, reply, typed=number)
        return self.answers.go("/")

    def enter_password(self) -> Response:
        """Password entered (¶7). The gate opens before it answers, so the window's next probe gets the Internet."""
        incoming.require_own_page(request)
        ip = incoming.device_ip(request)
        password = incoming.entry(request, "password")
        if password is None:
            return self._refused(ip, Refused(Refusal.PASSWORD_MALFORMED), typed=None)
        reply = self._ask(EnterPassword(ip=ip, password=password))
        if isinstance(reply, Refused):
            return self._refused(ip, reply, typed=None)
        # Another page, by a full navigation: captive windows probe again only then (iOS), and 303 makes it a GET.
        return self.answers.go("/online")

    def online(self) -> Response:
        """The page after admission; whoever is not online belongs on the first page."""
        reply = self._ask(Look(ip=incoming.device_ip(request)))
        if isinstance(reply, Refused):
            return self._whole_page(reply)
        if reply.phase is not Phase.ONLINE:
            return self.answers.go("/")
        return self.answers.page(pages.of_status(reply, self.answers.words()))

    def health(self) -> Response:
        """This process serves; says nothing of the gate."""
        return Response("ok\n", mimetype="text/plain")

    def _refused(self, ip: Ip, refused: Refused, *, typed: str | None) -> Response:
        said = saying(refused, self.answers.words())
        match said.place:
            case Place.ONLINE:
                return self.answers.go("/online")
            case Place.WHOLE_PAGE:
                return self._whole_page(refused)
            case Place.NUMBER | Place.PASSWORD | Place.PASSWORD_VOID:
                status = self._ask(Look(ip=ip))  # a refusal does not say where the device stands
            case _:
                assert_never(said.place)
        if isinstance(status, Refused):
            return self._whole_page(status)
        if status.phase is Phase.ONLINE:
            return self.answers.go("/online")
        page = pages.with_problem(status, said, typed, self.answers.words())
        return self.answers.page(page, http_status(refused.refusal), retry_after_s=refused.retry_in_s)

    def _whole_page(self, refused: Refused) -> Response:
        page = pages.of_whole_page(saying(refused, self.answers.words()))
        retry_after_s = refused.retry_in_s or page.refresh_s
        return self.answers.page(page, http_status(refused.refusal), retry_after_s=retry_after_s)

    def _ask(self, question: Look | AskPassword | EnterPassword) -> Status | Refused:
        reply = self.asks.ask(question)
        match reply:
            case Status() | Refused():
                return reply
            case _:
                raise WireError(f"{type(reply).__name__} does not answer {type(question).__name__}")
