"""Whatever the console did not do, as a page that says what to do: an address that is none, a right that is missing, a
gate that is silent.

Must not know: any section.
"""

from __future__ import annotations

from enum import StrEnum

from flask import Flask, g, request
from werkzeug.exceptions import Forbidden, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import GateUnreachable, WireError
from appliance.staff.errors import StaffFileDamaged, StaffFileNewer
from portal.console import problems
from portal.console.routes import NotOurForm, Routes
from portal.console.site import Site


class Why(StrEnum):
    """Each has a title and a sentence in the catalogues (``frame.refused.…``)."""

    BAD = "bad"
    FORM = "form"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    NOTHING_TO_SEE = "nothing_to_see"
    LARGE = "large"
    OFTEN = "often"
    BROKEN = "broken"
    GATE = "gate"
    STEWARD = "steward"
    OFFICE_NEWER = "office_newer"
    """The accounts are a later version's: nobody can sign in."""
    OFFICE_DAMAGED = "office_damaged"


_BY_STATUS = {
    403: Why.FORBIDDEN,
    404: Why.MISSING,
    405: Why.NOTHING_TO_SEE,
    413: Why.LARGE,
    429: Why.OFTEN,
    500: Why.BROKEN,
}
_AGAIN = (Why.BROKEN, Why.GATE, Why.STEWARD)
"""What may be over by itself soon."""


def register(app: Flask, routes: Routes, site: Site) -> None:
    """Answer every refusal so, whichever view or guard it comes from."""

    def page(why: Why, status: int) -> AnyResponse:
        if problems.wanted():
            return problems.of_status(status, "gate_silent" if why is Why.GATE else "")
        routes.look()
        time = site.words().time_of_day(site.now().astimezone(site.config.venue.zone))
        again = why in _AGAIN and request.method == "GET"
        return site.page("refused.html", status, why=why.value, again=again, time=time)

    def refused(error: HTTPException) -> AnyResponse:
        if error.code is None or error.response is not None:
            return error.get_response()
        if isinstance(error, NotOurForm):
            return page(Why.FORM, Forbidden.code)
        answer = page(_BY_STATUS.get(error.code, Why.BROKEN if error.code >= 500 else Why.BAD), error.code)
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                answer.headers[name] = value
        return answer

    def silent(error: GateUnreachable | WireError) -> AnyResponse:
        steward = isinstance(error, GateUnreachable) and "steward" in error.socket_path
        app.logger.error("%s %s: %s", request.method, request.path, error)
        return page(Why.STEWARD if steward else Why.GATE, 503)

    def unreadable(error: StaffFileDamaged) -> AnyResponse:
        app.logger.error("%s %s: %s", request.method, request.path, error)
        g.signed_in, g.nav = None, ()  # who it is stands in such a file
        return page(Why.OFFICE_NEWER if isinstance(error, StaffFileNewer) else Why.OFFICE_DAMAGED, 503)

    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(StaffFileDamaged, unreadable)
    app.register_error_handler(GateUnreachable, silent)
    app.register_error_handler(WireError, silent)
