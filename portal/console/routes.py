"""The one way to add a page: with who may see it. A route without roles cannot be made by forgetting something.

    routes.page("/visits", "visits", views.visits, roles=OWNER_AND_DESK, nav="nav.visits")
    routes.form("/visits/end", "end_visit", views.end, roles=OWNER_AND_DESK)

Every request goes through ``Guard``: session, role, the form's token, the browser's word on where it comes from. Must
not know: any section.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import cast
from urllib.parse import quote, urlencode

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import GateUnreachable, WireError
from appliance.staff.roles import SignedIn, StaffRole
from appliance.staff.tokens import Scope
from appliance.wire import Done
from appliance.wire_console import NoteStaff, StaffAct
from portal.console.bearers import Bearers
from portal.console.site import COOKIE, Site

OWNER = frozenset({StaffRole.OWNER})
OWNER_AND_DESK = frozenset({StaffRole.OWNER, StaffRole.DESK})
OWNER_AND_INSPECTOR = frozenset({StaffRole.OWNER, StaffRole.INSPECTOR})
EVERYBODY = frozenset(StaffRole)
"""Of those who are signed in."""
SIGN_IN = "/sign-in"
CLAIM = "/setup/claim"
"""Where the first owner begins, while there is no account."""
CHANGE_PASSWORD = "/password"

TOUCHED = "X-Touched"
"""A page's script says so when somebody moved or typed since it last asked."""
SIGN_OUT = "/sign-out"
FORM_BYTES = 512 * 1024
"""How large a form may be; nginx holds to it too."""
_LONGEST_LOOK = 2000
"""Of an address that an inspector opens: a period and four filters take less."""
_DETAIL = 200
"""Of one entry (``wire_console.NoteStaff``)."""
UPLOAD_BYTES = 64 * 1024 * 1024
"""How large an extract that is sent to be judged; nginx must know the path (``appliance.render_console.UPLOADS``)."""

View = Callable[..., AnyResponse]


@dataclass(frozen=True)
class Route:
    """One page or form."""

    path: str
    name: str
    method: str
    roles: frozenset[StaffRole] | None
    """None: nobody need be signed in."""
    nav: str = ""
    """The key of its place in the menu; "": none."""
    token: str = ""
    """The scope that a machine's token needs instead of a session; "": browsers only."""
    largest_bytes: int = FORM_BYTES
    """Of what is sent to it."""
    recorded: bool = True
    """An inspector sees it only after the journal says so; False: it tells of nobody, or is recorded for itself."""


class NotOurForm(Forbidden):
    """A form of another site, or of a session that is over."""


class Routes:
    """All of them, in the order of the menu."""

    def __init__(self, app: Flask, site: Site) -> None:
        self._app, self._site, self._bearers = app, site, Bearers(site)
        self.all: list[Route] = []
        self.when_session_ends: list[Callable[[str], None]] = []
        """Told the name of a session that a form has ended."""

    def page(
        self, path: str, name: str, view: View, *, roles: frozenset[StaffRole], nav: str = "", recorded: bool = True
    ) -> None:
        """Something to look at: GET, changes nothing."""
        self._add(Route(path, name, "GET", roles, nav, recorded=recorded), view)

    def form(
        self,
        path: str,
        name: str,
        view: View,
        *,
        roles: frozenset[StaffRole],
        largest_bytes: int = FORM_BYTES,
        is_look: bool = False,
    ) -> None:
        """Something to do: POST, with the session's token in the field ``csrf``.

        Args:
            is_look: it only shows what is posted for, so that no address has it, and is recorded like a page.
        """
        self._add(Route(path, name, "POST", roles, largest_bytes=largest_bytes, recorded=is_look), view)

    def public(self, path: str, name: str, view: View, *, method: str = "GET") -> None:
        """What whoever reaches the console may ask before signing in."""
        self._add(Route(path, name, method, None), view)

    def machine(
        self, path: str, name: str, view: View, *, method: str, scope: Scope, largest_bytes: int = FORM_BYTES
    ) -> None:
        """Something for programs, which show a token: a session opens it to nobody."""
        self._add(Route(path, name, method, None, token=scope.value, largest_bytes=largest_bytes), view)

    def look(self) -> SignedIn | None:
        """Whose request this is, and what the menu has for them; asked once a request, also where no route is."""
        if "signed_in" not in g:
            token = request.cookies.get(COOKIE, "")
            who = g.signed_in = self._site.sessions.of(token, is_passive=_is_passive()) if token else None
            g.nav = tuple(each for each in self.all if each.nav and who and each.roles and who.role in each.roles)
        return cast(SignedIn | None, g.signed_in)

    def has_page(self, path: str) -> bool:
        """Whether there is such a page: what a section brings is shown once it is there."""
        return any(each.path == path and each.method == "GET" for each in self.all)

    def _add(self, route: Route, view: View) -> None:
        self.all.append(route)

        @wraps(view)
        def guarded(**arguments: object) -> AnyResponse:
            answer = self._refused(route) or self._unrecorded(route) or view(**arguments)
            self._end_session()
            return answer

        self._app.add_url_rule(route.path, route.name, guarded, methods=[route.method])

    def _refused(self, route: Route) -> AnyResponse | None:
        request.max_content_length = route.largest_bytes
        if route.token:
            return self._bearers.refused(Scope(route.token), changes=route.method != "GET")
        who = self.look()
        if route.method == "POST" and not _of_our_own_page():
            raise NotOurForm
        if route.roles is None:
            return None
        if who is None:
            return redirect(
                f"{SIGN_IN}?next={quote(request.path)}" if route.method == "GET" else SIGN_IN, HTTPStatus.SEE_OTHER
            )
        if who.must_change and route.path != CHANGE_PASSWORD:
            return redirect(CHANGE_PASSWORD, HTTPStatus.SEE_OTHER)
        if who.role not in route.roles:
            abort(HTTPStatus.FORBIDDEN)
        if route.method == "POST" and not hmac.compare_digest(request.form.get("csrf", "").encode(), who.csrf.encode()):
            raise NotOurForm
        return None

    def _unrecorded(self, route: Route) -> AnyResponse | None:
        """Record an inspector's look before it is one; what cannot be recorded is not shown."""
        who: SignedIn | None = g.get("signed_in")
        if who is None or who.role is not StaffRole.INSPECTOR or route.roles is None:
            return None
        if not route.recorded:
            return None  # what a form does, the gate records as what it is
        sought = urlencode([(name, value) for name, value in request.form.items() if name != "csrf" and value])
        seen = f"{request.path}?{sought}" if sought else request.full_path.rstrip("?")
        if len(seen) > _LONGEST_LOOK:
            abort(HTTPStatus.REQUEST_URI_TOO_LONG)
        # Whole, in as many entries as it takes: cut, one that begins with nonsense would hide what was looked at.
        for begin in range(0, len(seen), _DETAIL):
            detail = seen[begin : begin + _DETAIL]
            try:
                reply = self._site.gate.ask(NoteStaff(who.login[:64], StaffAct.LOOKED, role=who.role, detail=detail))
            except (GateUnreachable, WireError):
                reply = None
            if not isinstance(reply, Done):
                return self._site.page("unrecorded.html", HTTPStatus.SERVICE_UNAVAILABLE)
        return None

    def _end_session(self) -> None:
        who: SignedIn | None = g.get("signed_in")
        if request.method != "POST" or who is None:
            return
        if self._site.sessions.of(request.cookies.get(COOKIE, ""), is_passive=True) is None:
            for tell in self.when_session_ends:
                tell(who.session)


def _is_passive() -> bool:
    """Whether a page asks by itself: its script, while nobody touches it, or the refresh of a page without scripts."""
    by_script = request.headers.get("Sec-Fetch-Dest") == "empty" and TOUCHED not in request.headers
    return by_script or "again" in request.args


def _of_our_own_page() -> bool:
    """What the browser says of the page that a form stands on; none of those that can run the console says nothing."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Origin") == f"https://{request.host}"


def own_path(typed: str) -> str:
    """A path of ours that a browser handed back, to go on there; "": it leads elsewhere."""
    plain = typed.isascii() and typed.isprintable() and not set(typed) & set("\\ ")
    return typed if plain and typed.startswith("/") and not typed.startswith("//") else ""


def see(path: str) -> Response:
    """After a form: look there (303)."""
    answer = redirect(path, HTTPStatus.SEE_OTHER)
    assert isinstance(answer, Response)
    return answer
