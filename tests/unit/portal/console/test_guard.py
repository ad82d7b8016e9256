"""What stands before every page of the console, tried on pages of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Response

from appliance.staff.roles import StaffRole
from appliance.wire import Done, Refusal, Refused
from appliance.wire_console import NoteStaff
from portal.console.routes import EVERYBODY, OWNER, OWNER_AND_DESK, Routes
from tests.support.console import CSRF, OURS, Made, console


@pytest.fixture
def made(tmp_path: Path) -> Made:
    built = console(tmp_path)
    routes = Routes(built.app, built.site)
    for path, roles in (("/try/owner", OWNER), ("/try/staff", OWNER_AND_DESK), ("/try/all", EVERYBODY)):
        routes.page(path, f"look {path}", lambda: Response("in"), roles=roles)
        routes.form(path, f"do {path}", lambda: Response("done"), roles=roles)
    return built


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/try/owner", StaffRole.OWNER, 200),
        ("/try/owner", StaffRole.DESK, 403),
        ("/try/owner", StaffRole.INSPECTOR, 403),
        ("/try/staff", StaffRole.DESK, 200),
        ("/try/staff", StaffRole.INSPECTOR, 403),
        ("/try/all", StaffRole.INSPECTOR, 200),
        ("/try/all", None, 303),
    ],
)
def test_a_page_is_for_its_roles(made: Made, path: str, role: StaffRole | None, status: int) -> None:
    assert made.as_role(role).get(path).status_code == status
    assert made.as_role(role).post(path, data={"csrf": CSRF}, headers=OURS).status_code == status


@pytest.mark.parametrize(
    ("csrf", "headers", "status"),
    [
        (CSRF, OURS, 200),
        ("", OURS, 403),
        ("ы", OURS, 403),
        (CSRF, {"Sec-Fetch-Site": "cross-site", "Origin": "https://localhost"}, 403),
        (CSRF, {"Sec-Fetch-Site": "same-site"}, 403),
        (CSRF, {"Origin": "https://localhost"}, 200),
        (CSRF, {"Origin": "https://evil.example"}, 403),
        (CSRF, {"Origin": "http://localhost"}, 403),
        (CSRF, {"Origin": "https://["}, 403),
        (CSRF, {"Origin": "null"}, 403),
        (CSRF, {}, 403),
    ],
)
def test_a_form_must_be_ours(made: Made, csrf: str, headers: dict[str, str], status: int) -> None:
    answer = made.as_role(StaffRole.OWNER).post("/try/owner", data={"csrf": csrf}, headers=headers)
    assert answer.status_code == status


def test_whoever_must_change_the_password_can_do_nothing_else(made: Made) -> None:
    made.sessions.changing = True
    answer = made.as_role(StaffRole.OWNER).get("/try/owner")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password")


def test_who_is_not_signed_in_comes_back_to_the_page(made: Made) -> None:
    answer = made.as_role(None).get("/try/all")
    assert answer.headers["Location"] == "/sign-in?next=/try/all"


def test_a_path_comes_back_as_one_value_and_in_one_line(made: Made) -> None:
    path = "/staff/account/a%0D%0AX-Evil%3A%201%26lang=kk"
    answer = made.as_role(None).get(path)
    assert answer.status_code == 303 and "X-Evil" not in answer.headers
    assert answer.headers["Location"] == "/sign-in?next=/staff/account/a%0D%0AX-Evil%3A%201%26lang%3Dkk"


def test_an_inspectors_look_is_recorded_whole_whatever_it_begins_with(made: Made) -> None:
    inspector = made.as_role(StaffRole.INSPECTOR)
    assert inspector.get(f"/try/all?nonsense={'x' * 300}&name=A").status_code == 200
    looks = [each.detail for each in made.gate.asked if isinstance(each, NoteStaff)]
    assert max(map(len, looks)) <= 200 and "".join(looks) == f"/try/all?nonsense={'x' * 300}&name=A"
    assert inspector.get(f"/try/all?nonsense={'x' * 2000}").status_code == 414
    answers = iter([Done(), Refused(Refusal.JOURNAL_UNAVAILABLE)])
    made.gate.answers[NoteStaff] = lambda _: next(answers)
    assert inspector.get(f"/try/all?nonsense={'x' * 300}").status_code == 503


def test_every_route_says_who_may(tmp_path: Path) -> None:
    """Nothing was added beside ``Routes``."""
    built = console(tmp_path)
    known = {(route.path, route.method) for route in built.app.extensions["qaqpa-routes"].all}
    served = {
        (rule.rule, method)
        for rule in built.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == known


@pytest.mark.parametrize(
    ("path", "headers", "is_passive"),
    [
        ("/today/part", {"Sec-Fetch-Dest": "empty"}, True),
        ("/today/part", {"Sec-Fetch-Dest": "empty", "X-Touched": "yes"}, False),
        ("/today?again=3", {"Sec-Fetch-Dest": "document"}, True),
        ("/today", {"Sec-Fetch-Dest": "document"}, False),
        ("/today", {}, False),
    ],
)
def test_a_page_that_looks_by_itself_is_no_person(
    tmp_path: Path, path: str, headers: dict[str, str], is_passive: bool
) -> None:
    made = console(tmp_path)
    made.as_role(StaffRole.OWNER).get(path, headers=headers)
    assert made.sessions.passive == [is_passive]
