"""Who may what: every route of the console × every role and nobody, as ``Routes.all`` declares them; and those for
programs × every scope.

The views are replaced by one that says it was reached; what stands before them is the console's own. So a new route is
in here by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Response

from appliance import render_console
from appliance.staff.roles import StaffRole
from appliance.staff.tokens import Scope
from appliance.wire import Done
from appliance.wire_console import NoteStaff
from portal.console.routes import CHANGE_PASSWORD, FORM_BYTES, SIGN_IN, Route, Routes
from portal.console.site import COOKIE
from tests.support.console import CSRF, OURS, Made, console

WHO = (*StaffRole, None)
REACHED = "reached"
MORE = (
    Route("/try/owner", "try_owner", "GET", frozenset({StaffRole.OWNER}), nav="frame.menu"),
    Route("/try/<name>/<int:number>", "try_named", "POST", frozenset({StaffRole.DESK})),
    Route("/try/long", "try_long", "POST", frozenset({StaffRole.DESK})),
)
"""So that there is something to see before any section has a page."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    add = Routes._add

    def marked(routes: Routes, route: Route, _view: Callable[..., Response]) -> None:
        add(routes, route, lambda **_: Response(REACHED))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Routes, "_add", marked)
        built = console(tmp_path_factory.mktemp("console"))
        built.gate.answers[NoteStaff] = lambda _: Done()  # an inspector's looks are recorded
        for route in MORE:
            built.app.extensions["qaqpa-routes"]._add(route, Response)
        yield built


def routes(made: Made, programs: bool = False) -> Iterator[tuple[Route, str]]:
    """Each of those for browsers, or for programs, with a path that it has."""
    for route in made.app.extensions["qaqpa-routes"].all:
        if bool(route.token) is programs:
            yield route, re.sub(r"<[^>:]+>", "x", re.sub(r"<int:[^>]+>", "1", route.path))


def came(made: Made, route: Route, path: str, who: StaffRole | None, **sent: str | dict[str, str]) -> str:
    """ "reached", or the status with where it leads."""
    form = {"csrf": sent.get("csrf", CSRF)} if route.method != "GET" else None
    answer = made.as_role(who).open(path, method=route.method, data=form, headers=sent.get("headers", OURS))
    if answer.text == REACHED:
        return REACHED
    return f"{answer.status_code} {answer.headers.get('Location', '').partition('?')[0]}".strip()


def declared(route: Route, who: StaffRole | None) -> str:
    """What must come of a request that is in order but for who asks."""
    if route.roles is None or who in route.roles:
        return REACHED
    return f"303 {SIGN_IN}" if who is None else "403"


def test_every_route_for_everybody(made: Made) -> None:
    got, wanted = {}, {}
    for route, path in routes(made):
        for who in WHO:
            case = f"{route.method} {path} by {who}"
            got[case] = came(made, route, path, who)
            wanted[case] = declared(route, who)
    assert got == wanted
    assert len(got) >= len(WHO) * (len(MORE) + 2)


FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://localhost"},
    "another host of ours": {"Sec-Fetch-Site": "same-site"},
    "typed by hand": {"Sec-Fetch-Site": "none"},
    "another origin": {"Origin": "https://evil.example"},
    "an origin that hides": {"Origin": "null"},
    "nothing is said": {},
}


def test_no_form_from_elsewhere_is_taken_from_anybody(made: Made) -> None:
    wrong = [
        f"{path} by {who}, {how}: {told}"
        for route, path in routes(made)
        if route.method != "GET"
        for who in WHO
        for how, headers in FOREIGN.items()
        if (told := came(made, route, path, who, headers=headers)) != "403"
    ]
    assert wrong == []


@pytest.mark.parametrize("csrf", ["", "d" * 32, CSRF[:-1], CSRF + "c", "ы"])
def test_no_form_without_the_sessions_token_is_taken(made: Made, csrf: str) -> None:
    wrong = [
        f"{path} by {who}: {told}"
        for route, path in routes(made)
        if route.method != "GET" and route.roles is not None
        for who in StaffRole
        if (told := came(made, route, path, who, csrf=csrf)) != "403"
    ]
    assert wrong == []


def test_whoever_must_change_the_password_gets_nowhere_else(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made.sessions, "changing", True)
    for route, path in routes(made):
        if route.roles is not None and route.path != CHANGE_PASSWORD:
            assert came(made, route, path, StaffRole.OWNER) == f"303 {CHANGE_PASSWORD}", path


def test_a_session_that_is_over_opens_nothing(made: Made) -> None:
    for route, path in routes(made):
        if route.roles is not None:
            client = made.as_role(None)
            client.set_cookie(COOKIE, "gone", secure=True)
            answer = client.open(path, method=route.method, data={"csrf": ""}, headers=OURS)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, SIGN_IN), path


def test_no_path_takes_another_method(made: Made) -> None:
    known: dict[str, set[str]] = {}
    for route, path in (*routes(made), *routes(made, programs=True)):
        known.setdefault(path, set()).add(route.method)
    for path, methods in known.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            answer = made.as_role(StaffRole.OWNER).open(path, method=method, data={"csrf": CSRF}, headers=OURS)
            # Two patterns may fit one path; then the other's method is its own.
            assert answer.status_code == 405 or (answer.text == REACHED and "x" in path), f"{method} {path}"


def test_only_what_nginx_lets_through_is_large(made: Made) -> None:
    large = {route.path for route, _ in routes(made) if route.largest_bytes > FORM_BYTES}
    assert large <= {*render_console.UPLOADS}


def test_a_form_that_is_too_large_is_not_read(made: Made) -> None:
    body = {"csrf": CSRF, "more": "x" * FORM_BYTES}
    answer = made.as_role(StaffRole.DESK).post("/try/long", data=body, headers=OURS)
    assert answer.status_code == 413


def test_every_route_for_programs_with_every_scope(made: Made) -> None:
    """Neither a session, whoever's, nor a form of our own page opens one; nor does a token open a page."""
    made.gate.answers[NoteStaff] = lambda _: Done()
    tokens = {scope: made.site.office.tokens.make(scope.value, {scope}, "owner") for scope in Scope}
    got, wanted = {}, {}
    for route, path in routes(made, programs=True):
        for who in WHO:
            case = f"{route.method} {path} by {who}"
            got[case], wanted[case] = came(made, route, path, who), "401"
        for scope, secret in tokens.items():
            case = f"{route.method} {path} with {scope}"
            got[case] = came(made, route, path, None, headers={"Authorization": f"Bearer {secret}"})
            wanted[case] = REACHED if scope == route.token else "403"
    assert got == wanted
    assert len(got) > 80
    for route, path in routes(made):
        if route.roles is not None and route.method == "GET":
            told = came(made, route, path, None, headers={"Authorization": f"Bearer {tokens[Scope.VISITS]}"})
            assert told == f"303 {SIGN_IN}", path
