"""Signing in and out. Must not know: how a password or a code is judged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.staff.account import Standing
from appliance.staff.errors import StaffFileDamaged, StaffRefused
from appliance.staff.roles import SignedIn, StaffRole
from appliance.staff.signing_in import CodeWanted, Proved, Refused, Why
from appliance.wire_console import StaffAct
from portal.console.routes import CHANGE_PASSWORD, CLAIM, SIGN_IN, Routes, own_path, see
from portal.console.sections.staff_acts import (
    Unrecorded,
    address,
    browser,
    field,
    not_proved,
    note,
    problem,
)
from portal.console.site import COOKIE, Site

SIGN_OUT = "/sign-out"
FAILURES_A_MINUTE = 10
"""Recorded of those who fail to sign in: who guesses must not fill the journal."""
UNRECORDED = "unrecorded"
_STATUS = {Why.WAIT: HTTPStatus.TOO_MANY_REQUESTS, Why.BUSY: HTTPStatus.SERVICE_UNAVAILABLE}


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    door = _Door(routes, site)
    routes.public(SIGN_IN, "sign_in", door.look)
    routes.public(SIGN_IN, "do_sign_in", door.enter, method="POST")
    # Open to who must change the password first, too; the browser says that the form is ours.
    routes.public(SIGN_OUT, "sign_out", door.leave, method="POST")


def with_cookie(answer: AnyResponse, token: str) -> AnyResponse:
    """The answer that gives the browser its session."""
    answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict")
    return answer


def home(routes: Routes, role: StaffRole) -> str:
    """The first page of the menu that this role has."""
    paths = (each.path for each in routes.all if each.nav and each.roles and role in each.roles)
    return next(paths, "/me")


class _Door:
    def __init__(self, routes: Routes, site: Site) -> None:
        self._routes, self._site = routes, site
        self._failures = _Failures(lambda: site.now().timestamp())

    def look(self) -> AnyResponse:
        who: SignedIn | None = g.get("signed_in")
        if self._site.office.claim.open:
            return see(CLAIM)  # nobody can sign in yet
        wanted = own_path(request.args.get("next", ""))
        if who is not None:
            return see(wanted or home(self._routes, who.role))
        return self._page(wanted, done="signed_out" if request.args.get("done") == "signed_out" else "")

    def enter(self) -> AnyResponse:
        wanted, half = own_path(field("next")), field("half")
        door = self._site.office.signing_in
        try:
            if half:
                answer: Proved | CodeWanted | Refused = door.code(half, field("code"), address())
            else:
                answer = door.password(field("login"), field("password", 1000), address())
            match answer:
                case Proved(standing):
                    return self._let_in(standing, wanted)
                case CodeWanted(new):
                    return self._page(wanted, half=new)
                case Refused():
                    return self._turned_away(answer, wanted, half)
        except StaffFileDamaged as error:
            return self._page(wanted, problem=problem(self._site, error), status=HTTPStatus.SERVICE_UNAVAILABLE)

    def leave(self) -> Response:
        who: SignedIn | None = g.get("signed_in")
        if who is not None:
            with suppress(Unrecorded):  # nobody is kept in by a broken gate
                note(self._site, StaffAct.SIGNED_OUT, f"from {address()}", login=who.login, role=who.role)
            with suppress(StaffRefused):  # another browser of theirs was quicker
                self._site.office.sessions.end(who.session)
        answer = see(f"{SIGN_IN}?done=signed_out")
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
        return answer

    def _let_in(self, standing: Standing, wanted: str) -> AnyResponse:
        account, told = standing.account, ""
        try:
            note(self._site, StaffAct.SIGNED_IN, f"from {address()}", login=account.login, role=account.role)
        except Unrecorded as error:
            # Owners must be able to see what is wrong; nobody else works here unrecorded.
            if account.role is not StaffRole.OWNER:
                return self._page(wanted, problem=problem(self._site, error), status=HTTPStatus.SERVICE_UNAVAILABLE)
            told = UNRECORDED
        sessions = self._site.office.sessions
        try:
            token = sessions.begin(account.login, address(), browser(), epoch=standing.epoch)
        except StaffRefused:
            return self._turned_away(Refused(Why.BEGIN_AGAIN), wanted, "")
        if who := g.get("signed_in"):
            with suppress(StaffRefused):
                sessions.end(who.session)
        if account.must_change:
            path = CHANGE_PASSWORD
        else:
            path = f"/me?told={told}" if told else wanted or home(self._routes, account.role)
        return with_cookie(redirect(path, HTTPStatus.SEE_OTHER), token)

    def _turned_away(self, refused: Refused, wanted: str, half: str) -> AnyResponse:
        if refused.why is not Why.BUSY and (more := self._failures.told()) is not None:
            account = self._site.office.accounts.find(field("login"))
            detail = f"{refused.why} from {address()}" + (f", and {more} more before" if more else "")
            with suppress(Unrecorded):  # that it failed is answered anyway
                # Only logins that there are: into an unknown one people type passwords.
                note(
                    self._site,
                    StaffAct.SIGN_IN_FAILED,
                    detail,
                    login=account.login if account else "unknown",
                    role="",
                )
        still_asked = half if refused.why in {Why.CODE_WRONG, Why.WAIT} else ""
        return self._page(
            wanted,
            half=still_asked,
            problem=not_proved(self._site, refused),
            status=_STATUS.get(refused.why, HTTPStatus.UNAUTHORIZED),
        )

    def _page(
        self, wanted: str, half: str = "", problem: str = "", done: str = "", status: HTTPStatus = HTTPStatus.OK
    ) -> AnyResponse:
        return self._site.page(
            "staff_sign_in.html",
            status,
            wanted=wanted,
            half=half,
            login=field("login", 32) if not half else "",
            problem=problem,
            done=done,
        )


class _Failures:
    """So many a minute, and how many there were between."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minute, self._recorded, self._untold = 0, 0, 0
        self._lock = threading.Lock()

    def told(self) -> int | None:
        """How many went unrecorded before this one; None: this one does, too."""
        with self._lock:
            minute = int(self._clock()) // 60
            if minute != self._minute:
                self._minute, self._recorded = minute, 0
            if self._recorded >= FAILURES_A_MINUTE:
                self._untold += 1
                return None
            self._recorded += 1
            untold, self._untold = self._untold, 0
            return untold
