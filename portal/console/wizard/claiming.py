"""The box becomes somebody's: the code from its screen or label, and the owner's account.

Open to whoever reaches the console while nobody has claimed it, and to nobody afterwards. Must not know: how codes and
accounts are kept.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import ApplianceError
from appliance.staff.roles import StaffRole
from appliance.wire import Language
from appliance.wire_console import LookAtVenue, StaffAct
from portal.console.routes import SIGN_IN, see
from portal.console.site import COOKIE, Site
from portal.console.wizard.ground import note, trouble
from portal.console.wizard.staffing import account_problem

FIELDS = ("code", "name", "login", "password", "again", "language")


def judged(typed: dict[str, str]) -> dict[str, str]:
    """What is wrong, by field, as keys of the catalogue; all else is the office's to judge."""
    problems: dict[str, str] = {}
    if not typed["code"]:
        problems["code"] = "wizard.claim.code_missing"
    if typed["password"] != typed["again"]:
        problems["again"] = "wizard.claim.again_differs"
    return problems


class Claiming:
    """Its page and form."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """The form, as long as the box is nobody's."""
        if not self._site.office.claim.open:
            abort(HTTPStatus.NOT_FOUND)
        return self._page(dict.fromkeys(FIELDS, "") | {"language": self._site.language().value})

    def take(self) -> AnyResponse:
        """The box is claimed, or what is wrong."""
        office = self._site.office
        if not office.claim.open:
            # Somebody was quicker; there is nothing here any more but the door.
            return see(SIGN_IN)
        typed = {field: request.form.get(field, "") for field in FIELDS}
        for field in ("code", "name", "login"):
            typed[field] = typed[field].strip()
        typed["login"] = typed["login"].lower()
        if typed["language"] not in set(Language):
            typed["language"] = self._site.language().value
        if problems := judged(typed):
            return self._page(typed, problems)
        address = request.headers.get("X-Real-IP", "")
        try:
            # A gate that is not there would refuse the record after the code was taken: ask before.
            self._site.gate.ask(LookAtVenue())
            # Not looked at and not recorded: a stranger who guesses on fills no journal.
            if office.claim.wait_s(address):
                return self._page(typed, {"code": "wizard.claim.code_wait"})
            if not office.claim.take(typed["code"], address):
                # What a stranger typed is no login, and stays out of the journal.
                note(self._site, StaffAct.SIGN_IN_FAILED, "", "a wrong claim code")
                return self._page(typed, {"code": "wizard.claim.code_wrong"})
            return self._begin(typed)
        except ApplianceError as error:
            if problems := account_problem(error):
                return see(SIGN_IN) if not office.claim.open else self._page(typed, problems)
            return trouble(self._site, error)

    def _begin(self, typed: dict[str, str]) -> Response:
        office, login = self._site.office, typed["login"]
        office.accounts.make(
            login,
            typed["name"],
            StaffRole.OWNER,
            typed["password"],
            first=True,
            language=typed["language"],
            record=lambda: note(self._site, StaffAct.CLAIMED, login),
        )
        token = office.sessions.begin(login, request.headers.get("X-Real-IP", ""), str(request.user_agent))
        answer = see("/setup")
        answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Strict", path="/")
        return answer

    def _page(self, typed: dict[str, str], problems: dict[str, str] | None = None) -> Response:
        return self._site.page(
            "wizard_claim.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            typed={**typed, "password": "", "again": ""},
            problems=problems or {},
            spoken=list(Language),
        )
