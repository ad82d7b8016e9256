"""Whatever the console does not do is said on a page of its own, in three languages, with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Response, abort

from appliance.errors import GateUnreachable, WireError
from appliance.staff.errors import StaffFileDamaged, StaffFileNewer
from appliance.staff.roles import StaffRole
from appliance.wire import Language
from portal.console import refusals
from portal.console.refusals import Why
from portal.console.routes import EVERYBODY, OWNER, Routes
from portal.words import words
from tests.support.console import CSRF, OURS, Made, console


def fails(error: Exception) -> Callable[[], Response]:
    def view() -> Response:
        raise error

    return view


def aborts(status: int) -> Callable[[], Response]:
    def view() -> Response:
        abort(status)

    return view


BROKEN = {
    "/try/silent": fails(GateUnreachable("/run/qaqpa/gate/gate.sock", "gone")),
    "/try/babble": fails(WireError("not a reply")),
    "/try/steward": fails(GateUnreachable("/run/qaqpa/steward/steward.sock", "gone")),
    "/try/newer": fails(StaffFileNewer("accounts.json")),
    "/try/damaged": fails(StaffFileDamaged("accounts.json", "cut off")),
    "/try/fault": fails(ZeroDivisionError("secret +77011234567")),
    "/try/often": aborts(429),
    "/try/bad": aborts(400),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    built = console(tmp_path_factory.mktemp("console"))
    built.app.testing = False  # a fault is a page, not the test's
    routes = Routes(built.app, built.site)
    for path, view in BROKEN.items():
        routes.page(path, path, view, roles=EVERYBODY)
    routes.page("/try/owner", "owner", lambda: Response("in"), roles=OWNER)
    routes.form("/try/owner", "do", lambda: Response("done"), roles=OWNER)
    routes.form("/try/form", "form", lambda: Response("done"), roles=OWNER)
    return built


class Refused(NamedTuple):
    """One way of being refused."""

    why: Why
    status: int
    path: str
    role: StaffRole | None = StaffRole.OWNER
    method: str = "GET"


KINDS = (
    Refused(Why.GATE, 503, "/try/silent"),
    Refused(Why.GATE, 503, "/try/babble", StaffRole.DESK),
    Refused(Why.STEWARD, 503, "/try/steward"),
    Refused(Why.BROKEN, 500, "/try/fault"),
    Refused(Why.OFFICE_NEWER, 503, "/try/newer"),
    Refused(Why.OFFICE_DAMAGED, 503, "/try/damaged"),
    Refused(Why.OFTEN, 429, "/try/often"),
    Refused(Why.BAD, 400, "/try/bad"),
    Refused(Why.FORBIDDEN, 403, "/try/owner", StaffRole.DESK),
    Refused(Why.MISSING, 404, "/none", StaffRole.INSPECTOR),
    Refused(Why.MISSING, 404, "/none", None),
    Refused(Why.NOTHING_TO_SEE, 405, "/try/form"),
    Refused(Why.FORM, 403, "/try/form", method="POST"),
    Refused(Why.LARGE, 413, "/try/owner", method="POST"),
)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_what_to_do(made: Made, kind: Refused, language: Language) -> None:
    why, status, path, role, method = kind
    made.sessions.language = language
    data = {"csrf": CSRF, "more": "x" * 600_000} if why is Why.LARGE else None
    unknown = role is None or why in (Why.OFFICE_NEWER, Why.OFFICE_DAMAGED)  # who it is stands in that file
    query = f"?lang={language}" if unknown else ""
    answer = made.as_role(role).open(f"{path}{query}", method=method, data=data, headers=OURS)
    assert answer.status_code == status
    assert f'<html lang="{language}">' in answer.text
    heading = re.search(r"<h1>(.+)</h1>", answer.text)
    assert heading, answer.text
    say = words("console", language).say
    assert heading[1] == say(f"frame.refused.{why}.title")
    assert say(f"frame.refused.{why}.do") in answer.text.replace("&#39;", "'")
    assert "77011234567" not in answer.text
    assert "Traceback" not in answer.text
    assert ("/sign-out" in answer.text) != unknown
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_every_kind_is_tried() -> None:
    assert {why for why, *_ in KINDS} == set(Why)


def test_what_may_be_over_soon_is_offered_again(made: Made) -> None:
    owner = made.as_role(StaffRole.OWNER)
    assert 'href="/try/silent"' in owner.get("/try/silent").text
    assert 'href="/none"' not in owner.get("/none").text
    assert owner.get("/try/form").headers["Allow"].replace("OPTIONS, ", "").replace(", OPTIONS", "") == "POST"


@pytest.mark.parametrize("language", list(Language))
def test_a_browser_remembers_its_language_until_somebody_has_their_own(made: Made, language: Language) -> None:
    client = made.as_role(None)
    answer = client.post("/language", data={"language": language, "back": "/sign-in"}, headers=OURS)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert f'<html lang="{language}">' in client.get("/none").text
    assert f'value="{language}" lang="{language}" aria-current="true"' in client.get("/none").text
    client.set_cookie("__Host-qaqpa", "owner", secure=True)
    made.sessions.language = "ru"
    assert '<html lang="ru">' in client.get("/none").text


@pytest.mark.parametrize(
    "back", ["", "https://evil.example/", "//evil.example/", "/\\evil.example", "/a b", "javascript:x", "/ы", "/a\r\nb"]
)
def test_a_choice_of_language_leads_nowhere_else(made: Made, back: str) -> None:
    answer = made.as_role(None).post("/language", data={"language": "de", "back": back}, headers=OURS)
    assert answer.headers["Location"] == "/"
    assert "Set-Cookie" not in answer.headers


def test_a_page_that_comes_again_without_scripts_says_that_it_does(made: Made) -> None:
    page = made.as_role(StaffRole.OWNER).get("/try/silent?q=%22%3E&again=7").get_data(as_text=True)
    (refresh,) = re.findall(r'http-equiv="refresh" content="([^"]*)"', page)
    assert refresh == "15; url=/try/silent?q=%22%3E&amp;again=1"
    folder = Path(refusals.__file__).parent / "templates"
    bare = [path.name for path in folder.glob("*.html") if 'http-equiv="refresh"' in path.read_text()]
    assert sorted(bare) == ["parts.html", "today.html"], "these two say again="
