"""Other people's accounts, which are the owner's to make and to change. Must not know: how they are kept."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.staff.account import Account
from appliance.staff.errors import HashingBusy, StaffFileDamaged, StaffRefused
from appliance.staff.roles import StaffRole
from appliance.wire_console import StaffAct
from portal.console.routes import OWNER, Routes, see
from portal.console.sections.staff_acts import (
    Unrecorded,
    attempted,
    day,
    end_of_day,
    field,
    local,
    moment,
    problem,
    recording,
)
from portal.console.site import Site

STAFF = "/staff"
_ONE = f"{STAFF}/account/<login>"
_DONE = ("changed", "disabled", "enabled", "sessions_ended", "factor_off", "removed")


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    accounts = _Accounts(site)
    routes.page(STAFF, "staff", accounts.all, roles=OWNER, nav="staff.nav")
    routes.form(f"{STAFF}/make", "make_account", accounts.make, roles=OWNER)
    routes.page(_ONE, "account", accounts.one, roles=OWNER)
    routes.form(f"{_ONE}/change", "change_account", accounts.change, roles=OWNER)
    routes.form(f"{_ONE}/password", "reset_password", accounts.reset_password, roles=OWNER)
    routes.form(f"{_ONE}/second-factor", "remove_factor", accounts.forget_factor, roles=OWNER)
    routes.form(f"{_ONE}/disable", "disable_account", accounts.disable, roles=OWNER)
    routes.form(f"{_ONE}/enable", "enable_account", accounts.enable, roles=OWNER)
    routes.form(f"{_ONE}/sessions", "end_sessions", accounts.end_sessions, roles=OWNER)
    routes.form(f"{_ONE}/remove", "remove_account", accounts.remove, roles=OWNER)


class _Accounts:
    def __init__(self, site: Site) -> None:
        self._site, self._office = site, site.office

    def all(self, problem: str = "", status: HTTPStatus = HTTPStatus.OK) -> AnyResponse:
        told = request.args.get("told", "")
        return self._site.page(
            "staff_accounts.html",
            status,
            accounts=[(each, self._state(each)) for each in self._office.accounts.all()],
            roles=list(StaffRole),
            typed={each: field(each, 60) for each in ("login", "name", "role", "until")},
            told=told if told in _DONE else "",
            problem=problem,
        )

    def make(self) -> AnyResponse:
        login, role = field("login").strip().lower(), field("role")
        if role not in set(StaffRole):
            return self.all(self._site.words().say("staff.problem.role_missing"), HTTPStatus.BAD_REQUEST)
        record = recording(self._site, StaffAct.ACCOUNT_MADE, f"{login[:60]} ({role})")
        try:
            until = end_of_day(self._site, field("until"))
            told = self._office.accounts.make(login, field("name"), StaffRole(role), None, until, record=record)
        except ValueError:
            return self.all(self._site.words().say("staff.problem.no_date"), HTTPStatus.BAD_REQUEST)
        except (StaffRefused, HashingBusy, StaffFileDamaged, Unrecorded) as error:
            return self.all(problem(self._site, error), HTTPStatus.CONFLICT)
        return self._site.page("staff_told.html", login=login, password=told)

    def one(self, login: str, problem: str = "", status: HTTPStatus = HTTPStatus.OK) -> AnyResponse:
        account = self._office.accounts.find(login) or abort(HTTPStatus.NOT_FOUND)
        told, end = request.args.get("told", ""), account.expires_utc_ms
        return self._site.page(
            "staff_account.html",
            status,
            account=account,
            state=self._state(account),
            roles=list(StaffRole),
            until="" if end is None else f"{local(self._site, end):%Y-%m-%d}",
            sessions=self._office.sessions.all(account.login),
            when=lambda utc_s: moment(self._site, utc_s * 1000),
            told=told if told in _DONE else "",
            problem=problem,
        )

    def change(self, login: str) -> AnyResponse:
        role = field("role")
        if role not in set(StaffRole):
            return self.one(login, self._site.words().say("staff.problem.role_missing"), HTTPStatus.BAD_REQUEST)
        try:
            until = end_of_day(self._site, field("until"))
        except ValueError:
            return self.one(login, self._site.words().say("staff.problem.no_date"), HTTPStatus.BAD_REQUEST)
        record = recording(
            self._site, StaffAct.ACCOUNT_CHANGED, f"{login}: {role}, until {field('until', 10) or 'no end'}"
        )
        failed = attempted(
            self._site,
            lambda: self._office.accounts.change(
                login, name=field("name"), role=StaffRole(role), expires_utc_ms=until, record=record
            ),
        )
        return self._told(login, failed, "changed")

    def reset_password(self, login: str) -> AnyResponse:
        record = recording(self._site, StaffAct.PASSWORD_CHANGED, f"{login}: temporary")
        try:
            told = self._office.accounts.set_password(login, None, record=record)
        except (StaffRefused, HashingBusy, StaffFileDamaged, Unrecorded) as error:
            return self.one(login, problem(self._site, error), HTTPStatus.CONFLICT)
        return self._site.page("staff_told.html", login=login, password=told)

    def forget_factor(self, login: str) -> AnyResponse:
        record = recording(self._site, StaffAct.SECOND_FACTOR_REMOVED, login)

        def act() -> None:
            self._office.factors.forget(login, record=record)
            self._office.sessions.end_all(login)

        return self._told(login, attempted(self._site, act), "factor_off")

    def disable(self, login: str) -> AnyResponse:
        record = recording(self._site, StaffAct.ACCOUNT_CHANGED, f"{login}: disabled")
        failed = attempted(self._site, lambda: self._office.accounts.disable(login, record=record))
        return self._told(login, failed, "disabled")

    def enable(self, login: str) -> AnyResponse:
        record = recording(self._site, StaffAct.ACCOUNT_CHANGED, f"{login}: open again")
        failed = attempted(self._site, lambda: self._office.accounts.disable(login, False, record=record))
        return self._told(login, failed, "enabled")

    def end_sessions(self, login: str) -> AnyResponse:
        record = recording(self._site, StaffAct.SESSION_ENDED, f"{login}: all")
        failed = attempted(self._site, lambda: self._office.sessions.end_all(login, record=record))
        return self._told(login, failed, "sessions_ended")

    def remove(self, login: str) -> AnyResponse:
        record = recording(self._site, StaffAct.ACCOUNT_REMOVED, login)
        failed = attempted(self._site, lambda: self._office.accounts.remove(login, record=record))
        return self.one(login, failed, HTTPStatus.CONFLICT) if failed else see(f"{STAFF}?told=removed")

    def _told(self, login: str, failed: str, done: str) -> AnyResponse:
        return self.one(login, failed, HTTPStatus.CONFLICT) if failed else see(f"{STAFF}/account/{login}?told={done}")

    def _state(self, account: Account) -> str:
        """How an account stands, in words."""
        say = self._site.words().say
        if account.disabled:
            return say("staff.state.disabled")
        if account.expires_utc_ms is not None:
            is_over = account.expires_utc_ms <= self._site.now().timestamp() * 1000
            return say(f"staff.state.{'ended' if is_over else 'until'}", day=day(self._site, account.expires_utc_ms))
        return say("staff.state.temporary" if account.must_change else "staff.state.open")
