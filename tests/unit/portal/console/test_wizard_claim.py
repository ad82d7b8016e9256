"""Claiming a new box: wrong entries, two browsers at once, and what a stranger sees of it afterwards."""

from __future__ import annotations

import pytest

from appliance.staff.roles import StaffRole
from appliance.wire import Language
from appliance.wire_console import StaffAct
from tests.support.first_hour import (
    PASSWORD,
    Box,
)
from tests.unit.portal.console.reading_wizard import EVERY, says

CLAIMS = [
    ({"code": ""}, "wizard.claim.code_missing"),
    ({"code": "WRONG-WRONG"}, "wizard.claim.code_wrong"),
    ({"again": "another"}, "wizard.claim.again_differs"),
    ({"password": "short", "again": "short"}, "wizard.account.password_short"),
    ({"login": "a b"}, "wizard.account.login_malformed"),
    ({"name": " "}, "wizard.account.name_missing"),
]


@pytest.mark.parametrize("language", EVERY)
def test_a_wrong_claim_says_what_to_do_and_claims_nothing(box: Box, language: Language) -> None:
    for wrong, key in CLAIMS:
        answer = box.claim(box.browser(language.value), **wrong)
        assert answer.status_code == 422
        assert says(answer, language, key), wrong
        assert PASSWORD not in answer.text
        assert box.office.claim.open


def test_who_guesses_on_is_sent_away_and_fills_no_journal(box: Box) -> None:
    stranger = box.browser()
    for _ in range(12):
        answer = box.claim(stranger, code="GUESS-GUESS", login="x" * 5000)
    assert says(answer, "en", "wizard.claim.code_wait")
    assert [(each.act, each.staff) for each in box.gate.notes] == [(StaffAct.SIGN_IN_FAILED, "")] * 10
    assert says(box.claim(stranger), "en", "wizard.claim.code_wait")


def test_a_neighbour_who_guesses_keeps_the_owner_out_of_nothing(box: Box) -> None:
    neighbour, owner = box.browser(), box.browser()
    neighbour.environ_base["HTTP_X_REAL_IP"], owner.environ_base["HTTP_X_REAL_IP"] = "192.168.50.66", "192.168.50.7"
    for _ in range(12):
        answer = box.claim(neighbour, code="GUESS-GUESS")
    assert says(answer, "en", "wizard.claim.code_wait")
    assert box.claim(owner).headers["Location"] == "/setup"


def test_a_claim_makes_an_owner_who_is_signed_in_and_recorded(box: Box) -> None:
    browser = box.browser()
    answer = box.claim(browser, language="kk")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")
    cookie = answer.headers["Set-Cookie"]
    assert all(each in cookie for each in ("__Host-qaqpa=", "Secure", "HttpOnly", "Path=/", "SameSite=Strict"))
    (owner,) = box.office.accounts.all()
    assert (owner.login, owner.name, owner.role, owner.language) == ("aigerim", "Aigerim", StaffRole.OWNER, "kk")
    assert [(each.act, each.staff) for each in box.gate.notes] == [(StaffAct.CLAIMED, "aigerim")]
    assert says(browser.get("/setup/venue"), "kk", "wizard.venue.title")


def test_the_second_of_two_who_claim_comes_too_late(box: Box) -> None:
    first, second = box.browser(), box.browser()
    assert first.get("/setup/claim").status_code == second.get("/setup/claim").status_code == 200
    box.claim(first)
    answer = box.claim(second, login="stranger")
    assert answer.headers["Location"] == "/sign-in"
    assert "Set-Cookie" not in answer.headers
    assert [each.login for each in box.office.accounts.all()] == ["aigerim"]


def test_of_two_at_the_very_same_moment_one_is_refused(box: Box) -> None:
    """The other's account is made between the look at the claim and the making of ours."""
    take = box.office.claim.take

    def taken_meanwhile(code: str, address: str = "") -> bool:
        good = take(code, address)
        box.office.accounts.make("quicker", "Q", StaffRole.OWNER, PASSWORD)
        return good

    box.office.claim.take = taken_meanwhile  # type: ignore[method-assign]
    answer = box.claim(box.browser())
    assert answer.headers["Location"] == "/sign-in"
    assert [each.login for each in box.office.accounts.all()] == ["quicker"]


@pytest.mark.parametrize("trouble", ["away", "full"])
def test_what_cannot_be_recorded_is_not_claimed(box: Box, trouble: str) -> None:
    box.gate.is_away, box.gate.takes_notes = trouble == "away", trouble != "full"
    answer = box.claim(box.browser())
    assert answer.status_code == 503
    assert box.office.claim.open


def test_a_claimed_box_shows_a_stranger_nothing_of_the_wizard(box: Box) -> None:
    box.owner()
    stranger = box.browser()
    assert stranger.get("/setup/claim").status_code == 404
    for route in box.app.extensions["qaqpa-routes"].all:
        if route.path.startswith(("/setup", "/poster")) and route.path != "/setup/claim":
            path = route.path.replace("<test>", "t1")
            answer = stranger.get(path) if route.method == "GET" else stranger.post(path)
            assert answer.headers["Location"].startswith("/sign-in"), path


def test_the_wizard_is_no_business_of_the_desk(box: Box) -> None:
    box.owner()
    box.office.accounts.make("desk", "D", StaffRole.DESK, PASSWORD)
    browser = box.browser()
    browser.set_cookie("__Host-qaqpa", box.office.sessions.begin("desk"), secure=True)
    assert browser.get("/setup/venue").status_code == 403
