"""A configuration that cannot be used: what the console says of it to whom, and the ways out that it offers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.staff.roles import StaffRole
from appliance.steward.wire import (
    Backup,
    Backups,
    Change,
    Examination,
    Examine,
    Examined,
    Former,
    LightName,
    ListBackups,
    Problem,
    ReadFormer,
    ReadSettings,
    Settings,
    StewardRefusal,
    StewardRefused,
    Tried,
    TrySettings,
)
from portal.console.app import create_app
from tests.support.console import COMPILED, OURS, Made, console, form

BROKEN = "[lan]\naddress = 'x'\n"
WORKED = "[venue]\nname = 'Before'\n"
PROBLEM = Problem("lan.address", "must be an address with its prefix", 2)
FILE = "qaqpa-20261122T090000Z.tar"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    built = console(tmp_path)
    site = replace(built.site, wrong=ConfigError("qaqpa.toml", 2, "lan.address", PROBLEM.problem))
    app = create_app(site)
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    built = replace(built, app=app, site=site)
    finding = Examination(False, "nobody is let in: line 2", "correct it in the console", LightName.GATE)
    formers = {"": WORKED, FILE: "[venue]\nname = 'Kept'\n"}
    built.steward.answers = {
        ReadSettings: lambda _: Settings(BROKEN, "d" * 64),
        TrySettings: lambda asked: (
            Tried((PROBLEM,)) if asked.toml == BROKEN else Tried((), (Change("venue.name", "", "'Before'"),), ("gate",))
        ),
        ListBackups: lambda _: Backups((Backup(FILE, 1, 1_795_338_000_000),)),
        ReadFormer: lambda asked: Former(formers[asked.backup]),
        Examine: lambda _: Examined((finding,), 0),
    }
    return built


@pytest.mark.parametrize(("language", "line"), [("kk", "2-жол:"), ("ru", "Строка 2:"), ("en", "Line 2:")])
def test_the_owner_is_told_which_line_is_wrong_and_what_the_doctor_says(made: Made, language: str, line: str) -> None:
    page = made.as_role(StaffRole.OWNER).get(f"/mend?lang={language}").text
    assert line in page and "<code>lan.address</code>" in page and PROBLEM.problem in page
    assert (
        "nobody is let in: line 2" in page and FILE in page and "/settings/text" in page and "/updates/restart" in page
    )


def test_every_page_says_that_nobody_is_let_in_and_leads_the_owner_there(made: Made) -> None:
    owner = made.as_role(StaffRole.OWNER).get("/me").text
    desk = made.as_role(StaffRole.DESK).get("/me").text
    assert owner.count('href="/mend"') == 2, "in the notice and first in the menu"
    assert "The settings cannot be used" in desk and "Tell the owner" in desk and "/mend" not in desk
    assert made.as_role(StaffRole.DESK).get("/mend").status_code == 403


def test_a_console_whose_settings_are_good_speaks_of_none_of_it(tmp_path: Path) -> None:
    page = console(tmp_path).as_role(StaffRole.OWNER).get("/me").text
    assert "/mend" not in page and "cannot be used" not in page


@pytest.mark.parametrize(("backup", "name"), [("", "Before"), (FILE, "Kept")])
def test_what_worked_before_is_looked_at_and_kept_at_once(made: Made, backup: str, name: str) -> None:
    answer = made.as_role(StaffRole.OWNER).post("/settings/former", data=form(backup=backup), headers=OURS)
    assert answer.status_code == 200
    assert f"name = &#39;{name}&#39;" in answer.text and 'action="/settings/apply"' in answer.text
    assert "there is nothing to go back to" in answer.text and "two minutes" not in answer.text


def test_what_would_not_work_here_either_is_shown_with_its_lines(made: Made) -> None:
    made.steward.answers[ReadFormer] = lambda _: Former(BROKEN)
    answer = made.as_role(StaffRole.OWNER).post("/settings/former", data=form(), headers=OURS)
    assert answer.status_code == 400 and "Line 2:" in answer.text and "textarea" in answer.text


def test_a_box_on_which_nothing_has_worked_yet_offers_what_there_is(made: Made) -> None:
    made.steward.answers[ReadFormer] = lambda _: StewardRefused(StewardRefusal.FAILED, "none")
    made.steward.answers[ListBackups] = lambda _: Backups(())
    page = made.as_role(StaffRole.OWNER).get("/mend").text
    assert "/settings/former" not in page and "/settings/text" in page
    answer = made.as_role(StaffRole.OWNER).post("/settings/former", data=form(), headers=OURS)
    assert answer.status_code == 409


def test_a_file_that_was_corrected_meanwhile_is_said_to_be_good(made: Made) -> None:
    made.steward.answers[ReadSettings] = lambda _: Settings(WORKED, "d" * 64)
    assert "can be used now" in made.as_role(StaffRole.OWNER).get("/mend").text
