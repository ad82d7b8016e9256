"""What everybody may change of their own: password, second factor, language, sessions.

Must not know: other people's accounts.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from flask import redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import ApplianceError
from appliance.staff.errors import HashingBusy, StaffFileDamaged, StaffProblem, StaffRefused
from appliance.staff.second_factors import address as otpauth
from appliance.wire import Language
from appliance.wire_console import StaffAct
from portal.console.routes import CHANGE_PASSWORD, EVERYBODY, Routes, see
from portal.console.sections.staff_acts import (
    Unrecorded,
    address,
    attempted,
    browser,
    field,
    moment,
    not_known,
    problem,
    recording,
)
from portal.console.sections.staff_signing import UNRECORDED, with_cookie
from portal.console.site import Site

ME, SECOND_FACTOR = "/me", "/second-factor"
_DONE = ("password", "language", "session_ended", "sessions_ended", "factor_off", UNRECORDED)


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    own = _Own(site)
    routes.page(ME, "me", own.me, roles=EVERYBODY)
    routes.form("/me/language", "choose_language", own.choose_language, roles=EVERYBODY)
    routes.form("/me/session", "end_own_session", own.end_session, roles=EVERYBODY)
    routes.form("/me/sessions", "end_own_sessions", own.end_other_sessions, roles=EVERYBODY)
    routes.page(CHANGE_PASSWORD, "password", own.password, roles=EVERYBODY)
    routes.form(CHANGE_PASSWORD, "change_password", own.change_password, roles=EVERYBODY)
    routes.page(SECOND_FACTOR, "second_factor", own.second_factor, roles=EVERYBODY)
    routes.form(f"{SECOND_FACTOR}/begin", "begin_second_factor", own.begin_factor, roles=EVERYBODY)
    routes.form(f"{SECOND_FACTOR}/confirm", "confirm_second_factor", own.confirm_factor, roles=EVERYBODY)
    routes.form(f"{SECOND_FACTOR}/off", "forget_second_factor", own.forget_factor, roles=EVERYBODY)


class _Own:
    def __init__(self, site: Site) -> None:
        self._site, self._office = site, site.office

    # ── me ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def me(self, problem: str = "", status: HTTPStatus = HTTPStatus.OK) -> AnyResponse:
        who, told = self._site.who(), request.args.get("told", "")
        account = self._office.accounts.find(who.login)
        return self._site.page(
            "staff_me.html",
            status,
            sessions=self._office.sessions.all(who.login),
            when=lambda utc_s: moment(self._site, utc_s * 1000),
            has_second_factor=account is not None and account.has_second_factor,
            languages=[(each.value, self._site.words().say(f"staff.language.{each}")) for each in Language],
            told=told if told in _DONE else "",
            problem=problem,
        )

    def choose_language(self) -> AnyResponse:
        who, chosen = self._site.who(), field("language")
        if chosen not in set(Language):
            return see(ME)
        failed = attempted(self._site, lambda: self._office.accounts.change(who.login, language=chosen))
        return self._told(failed, "language")

    def end_session(self) -> AnyResponse:
        who, session = self._site.who(), field("session")
        record = recording(self._site, StaffAct.SESSION_ENDED, f"{who.login}: {session}")
        failed = attempted(self._site, lambda: self._office.sessions.end(session, login=who.login, record=record))
        return self._told(failed, "session_ended")

    def end_other_sessions(self) -> AnyResponse:
        who = self._site.who()
        record = recording(self._site, StaffAct.SESSION_ENDED, f"{who.login}: all others")
        failed = attempted(self._site, lambda: self._office.sessions.end_all(who.login, but=who.session, record=record))
        return self._told(failed, "sessions_ended")

    def _told(self, failed: str, done: str) -> AnyResponse:
        return self.me(failed, HTTPStatus.CONFLICT) if failed else see(f"{ME}?told={done}")

    # ── the password ────────────────────────────────────────────────────────────────────────────────────────────────

    def password(
        self, wrong: str = "", unfit: str = "", unlike: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> AnyResponse:
        return self._site.page("staff_password.html", status, wrong=wrong, unfit=unfit, unlike=unlike)

    def change_password(self) -> AnyResponse:
        who, new = self._site.who(), field("new", 1000)
        if new != field("again", 1000):
            return self.password(unlike=self._site.words().say("staff.problem.unlike"), status=HTTPStatus.BAD_REQUEST)
        if wrong := self._not_known(field("current", 1000)):
            return self.password(wrong=wrong, status=HTTPStatus.FORBIDDEN)
        record = recording(self._site, StaffAct.PASSWORD_CHANGED, who.login)
        try:
            self._office.accounts.set_password(who.login, new, record=record)
        except (StaffRefused, HashingBusy, StaffFileDamaged, Unrecorded) as error:
            return self.password(unfit=problem(self._site, error), status=HTTPStatus.CONFLICT)
        # All sessions have ended with the old password; this browser gets another one.
        token = self._office.sessions.begin(who.login, address(), browser())
        return with_cookie(redirect(f"{ME}?told=password", HTTPStatus.SEE_OTHER), token)

    # ── the second factor ───────────────────────────────────────────────────────────────────────────────────────────

    def second_factor(self, problem: str = "", status: HTTPStatus = HTTPStatus.OK, **more: object) -> AnyResponse:
        account = self._office.accounts.find(self._site.who().login)
        known = {"is_on": account is not None and account.has_second_factor, "secret": "", "qr": "", "codes": ()}
        left = self._office.factors.recovery_codes_left(self._site.who().login)
        page = {**known, "left": left, "begun": False, "problem": problem, **more}
        return self._site.page("staff_second_factor.html", status, **page)

    def begin_factor(self) -> AnyResponse:
        who = self._site.who()
        if wrong := self._not_known(field("current", 1000)):
            return self.second_factor(wrong, HTTPStatus.FORBIDDEN)
        try:
            secret = self._office.factors.begin(who.login)
        except (StaffRefused, StaffFileDamaged) as error:
            return self._failed(error)
        from paper.qr import svg  # what draws is loaded when somebody looks

        qr = Markup(svg(otpauth(secret, who.login, self._site.config.venue.name)))
        grouped = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
        return self.second_factor(begun=True, secret=grouped, qr=qr)

    def confirm_factor(self) -> AnyResponse:
        who = self._site.who()
        record = recording(self._site, StaffAct.SECOND_FACTOR_SET, who.login)
        try:
            codes = self._office.factors.confirm(who.login, field("code"), record=record)
        except StaffRefused as error:
            is_begun = error.why is StaffProblem.CODE_WRONG
            return self.second_factor(problem(self._site, error), HTTPStatus.CONFLICT, begun=is_begun)
        except (StaffFileDamaged, Unrecorded) as error:
            return self._failed(error)
        with suppress(OSError):
            self._office.sessions.end_all(who.login, but=who.session)
        return self.second_factor(codes=codes)

    def forget_factor(self) -> AnyResponse:
        who = self._site.who()
        if wrong := self._not_known(field("current", 1000)):
            return self.second_factor(wrong, HTTPStatus.FORBIDDEN)
        record = recording(self._site, StaffAct.SECOND_FACTOR_REMOVED, who.login)
        failed = attempted(self._site, lambda: self._office.factors.forget(who.login, record=record))
        return self.second_factor(failed, HTTPStatus.CONFLICT) if failed else see(f"{ME}?told=factor_off")

    def _failed(self, error: ApplianceError) -> AnyResponse:
        return self.second_factor(problem(self._site, error), HTTPStatus.CONFLICT)

    def _not_known(self, password: str) -> str:
        return not_known(self._site, password)
