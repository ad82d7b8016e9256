"""The page of versions: what it shows of each state, whom it lets do what, and that every reason has its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.staff.roles import StaffRole
from appliance.steward.wire import Done, StewardRefusal, StewardRefused
from appliance.steward.wire_updates import (
    AskUpdates,
    Errand,
    LookForUpdates,
    Restart,
    StartUpdate,
    StickBackup,
    Updates,
)
from appliance.updating import UpdateTrouble
from tests.support.console import OURS, Made, console, form

IMAGE = Updates(image=True, running="0.1.0", source="https://updates.example.kz/qaqpa")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    built = console(tmp_path)
    for request in (LookForUpdates, StartUpdate, Restart, StickBackup):
        built.steward.answers[request] = lambda _: Done()
    return built


def shown(made: Made, told: Updates, language: str = "en") -> str:
    made.steward.answers[AskUpdates] = lambda _: told
    answer = made.as_role(StaffRole.OWNER).get(f"/updates?lang={language}")
    assert answer.status_code == 200
    return answer.text


def test_a_debian_package_is_told_to_be_apts_and_has_no_button_for_it(made: Made) -> None:
    page = shown(made, Updates(image=False, running="0.1.0"))
    assert "apt install ./qaqpa_*.deb" in page and "/updates/look" not in page and "/updates/stick" in page


@pytest.mark.parametrize(
    ("told", "has", "lacks"),
    [
        (IMAGE, ["Look now", "Look on a USB stick"], ["/updates/install", "/updates/restart", "refresh"]),
        (Updates(True, "0.1.0"), ["Look on a USB stick", "is not set"], ["Look now"]),
        (Updates(True, "0.1.0", "", Errand(busy=True)), ["Looking", 'http-equiv="refresh"'], ["Look on"]),
        (Updates(True, "0.1.0", "", Errand(over=True)), ["There is no newer version"], ["/updates/install"]),
        (
            Updates(True, "0.1.0", "", Errand(over=True, result="0.2.0", stick=True)),
            ['name="version" value="0.2.0"', 'name="stick"', "Install version 0.2.0"],
            ["/updates/restart"],
        ),
        (
            Updates(True, "0.1.0", "", Errand(), Errand(busy=True, percent=42)),
            ['value="42"', 'data-versions="busy"'],
            ["/updates/look", "/updates/install", "/updates/restart"],
        ),
        (
            Updates(True, "0.1.0", "", Errand(), Errand(over=True, result="0.2.0", percent=100)),
            ["/updates/restart", "goes back to 0.1.0"],
            ["/updates/install"],
        ),
        (Updates(True, "0.1.0", given_up=("0.2.0",)), ["did not pass its own check"], []),
    ],
)
def test_each_state_offers_what_can_be_done_next(made: Made, told: Updates, has: list[str], lacks: list[str]) -> None:
    page = shown(made, told)
    assert all(each in page for each in has), page
    assert not any(each in page for each in lacks), page


def test_whoever_has_asked_for_the_restart_is_told_once_and_not_asked_again(made: Made) -> None:
    installed = Updates(True, "0.1.0", install=Errand(over=True, result="0.2.0", percent=100))
    for told, is_told in ((installed, True), (Updates(True, "0.2.0"), False)):
        page = shown(made, told, "en&restarting=1")
        assert ("The box restarts" in page) is is_told
        assert "/updates/restart" not in page


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_reason_has_a_sentence_of_its_own(made: Made, language: str) -> None:
    pages = set()
    for why in UpdateTrouble:
        page = shown(made, Updates(True, "0.1.0", "", Errand(over=True, why=why.value, said="0.0.9")), language)
        pages.add(page.split('class="problem"')[1].split("</p>")[0])
    assert len(pages) == len(UpdateTrouble)


def test_what_is_asked_is_what_the_page_named(made: Made) -> None:
    owner = made.as_role(StaffRole.OWNER)
    for path, fields in (
        ("look", {"stick": "1"}),
        ("look", {}),
        ("install", {"version": "0.2.0", "stick": "1"}),
        ("restart", {}),
        ("stick", {}),
    ):
        answer = owner.post(f"/updates/{path}", data=form(**fields), headers=OURS)
        assert answer.status_code == 303
    assert made.steward.asked == [
        LookForUpdates("owner", stick=True),
        LookForUpdates("owner"),
        StartUpdate("0.2.0", "owner", stick=True),
        Restart("owner"),
        StickBackup("owner"),
    ]


def test_nobody_but_an_owner_may_and_a_refusal_is_told(made: Made) -> None:
    for role in (StaffRole.DESK, StaffRole.INSPECTOR):
        assert made.as_role(role).post("/updates/restart", data=form(), headers=OURS).status_code == 403
    assert not made.steward.asked
    made.steward.answers[AskUpdates] = lambda _: IMAGE
    made.steward.answers[Restart] = lambda _: StewardRefused(StewardRefusal.FAILED, "a version is being installed")
    answer = made.as_role(StaffRole.OWNER).post("/updates/restart?lang=en", data=form(), headers=OURS)
    assert answer.status_code == 409 and "It was not begun: a version is being installed" in answer.text
