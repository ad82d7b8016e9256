"""Accounts for the desk, each with a temporary password that is shown once. Must not know: how accounts are kept."""

from __future__ import annotations

from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import ApplianceError
from appliance.staff.roles import StaffRole
from appliance.wire_console import StaffAct
from portal.console.site import Site
from portal.console.wizard.ground import note, step_page
from portal.console.wizard.steps import Step

_FIELD_OF = {
    "login_malformed": "login",
    "login_taken": "login",
    "name_missing": "name",
    "name_too_long": "name",
    "password_short": "password",
    "password_long": "password",
    "password_common": "password",
    "password_is_login": "password",
    "claimed_already": "code",
    "too_many": "login",
}


def account_problem(error: ApplianceError) -> dict[str, str]:
    """Why an account cannot be made so, by field; empty: it is another trouble."""
    why = str(getattr(error, "why", ""))
    return {_FIELD_OF[why]: f"wizard.account.{why}"} if why in _FIELD_OF else {}


class Staffing:
    """Its page and form."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def show(self) -> AnyResponse:
        """Who works here, and room for one more."""
        return self._page({"name": "", "login": ""})

    def make(self) -> AnyResponse:
        """One more; the password is on this page and nowhere else."""
        typed = {field: request.form.get(field, "").strip() for field in ("name", "login")}
        typed["login"] = typed["login"].lower()
        owner = self._site.who().login
        try:
            password = self._site.office.accounts.make(
                typed["login"],
                typed["name"],
                StaffRole.DESK,
                None,
                record=lambda: note(self._site, StaffAct.ACCOUNT_MADE, owner, typed["login"]),
            )
        except ApplianceError as error:
            if problems := account_problem(error):
                return self._page(typed, problems)
            raise
        return self._page({"name": "", "login": ""}, made=(typed["login"], password))

    def _page(
        self, typed: dict[str, str], problems: dict[str, str] | None = None, made: tuple[str, str] | None = None
    ) -> AnyResponse:
        return step_page(
            self._site,
            Step.STAFF,
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            typed=typed,
            problems=problems or {},
            accounts=self._site.office.accounts.all(),
            made=made,
        )
