"""Tokens of programs, which are the owner's to make and to revoke. Must not know: what a scope opens."""

from __future__ import annotations

from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance.staff.errors import StaffFileDamaged, StaffRefused
from appliance.staff.tokens import Scope, Token
from appliance.wire_console import StaffAct
from portal.console.routes import OWNER, Routes, see
from portal.console.sections.staff_acts import Unrecorded, attempted, day, end_of_day, field, problem, recording
from portal.console.site import Site

TOKENS = "/staff/tokens"


def register(routes: Routes, site: Site) -> None:
    """Its pages and forms."""
    tokens = _Tokens(site)
    routes.page(TOKENS, "tokens", tokens.all, roles=OWNER)
    routes.form(f"{TOKENS}/make", "make_token", tokens.make, roles=OWNER)
    routes.form(f"{TOKENS}/revoke", "revoke_token", tokens.revoke, roles=OWNER)


class _Tokens:
    def __init__(self, site: Site) -> None:
        self._site, self._tokens = site, site.office.tokens

    def all(self, problem: str = "", secret: str = "", status: HTTPStatus = HTTPStatus.OK) -> AnyResponse:
        return self._site.page(
            "staff_tokens.html",
            status,
            tokens=[(each, self._tokens.counts(each), *self._about(each)) for each in self._tokens.all()],
            scopes=list(Scope),
            label=field("label", 60) if problem else "",
            secret=secret,
            told="revoked" if request.args.get("told") == "revoked" else "",
            problem=problem,
        )

    def make(self) -> AnyResponse:
        scopes = [Scope(each) for each in request.form.getlist("scope") if each in set(Scope)]
        label = field("label")
        record = recording(self._site, StaffAct.TOKEN_MADE, f"{label[:60]} ({', '.join(scopes)})")
        try:
            until = end_of_day(self._site, field("until"))
            secret = self._tokens.make(label, scopes, self._site.who().login, until, record=record)
        except ValueError:
            return self.all(self._site.words().say("staff.problem.no_date"), status=HTTPStatus.BAD_REQUEST)
        except (StaffRefused, StaffFileDamaged, Unrecorded) as error:
            return self.all(problem(self._site, error), status=HTTPStatus.CONFLICT)
        return self.all(secret=secret)

    def revoke(self) -> AnyResponse:
        token = field("token")
        record = recording(self._site, StaffAct.TOKEN_REVOKED, token)
        failed = attempted(self._site, lambda: self._tokens.revoke(token, record=record))
        return self.all(failed, status=HTTPStatus.CONFLICT) if failed else see(f"{TOKENS}?told=revoked")

    def _about(self, token: Token) -> tuple[str, str]:
        """Until when it counts and what it may, in words."""
        say, end = self._site.words().say, token.expires_utc_ms
        until = say("staff.tokens.no_end") if end is None else say("staff.state.until", day=day(self._site, end))
        return until, ", ".join(say(f"staff.scope.{each}") for each in sorted(token.scopes))
