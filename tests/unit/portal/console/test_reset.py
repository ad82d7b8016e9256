"""Everything forgotten: who may ask for it, what they must say, and that the wish can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.staff.roles import StaffRole
from appliance.steward.wire import Done, StewardRefusal, StewardRefused
from appliance.steward.wire_updates import AskUpdates, Errand, FactoryReset, Updates
from tests.support.console import OURS, Made, console, form
from tests.support.offices import PASSWORD

IMAGE = Updates(image=True, running="0.1.0")
SENTENCES = {"kk": "бәрін өшір", "ru": "стереть всё", "en": "forget everything"}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    built = console(tmp_path)
    built.site.office.accounts.make("owner", "Owner", StaffRole.OWNER, PASSWORD)
    built.steward.answers = {AskUpdates: lambda _: IMAGE, FactoryReset: lambda _: Done()}
    return built


def asked(made: Made) -> list[FactoryReset]:
    return [each for each in made.steward.asked if isinstance(each, FactoryReset)]


@pytest.mark.parametrize("language", SENTENCES)
def test_the_sentence_and_the_password_have_it_asked_for_in_the_owners_name(made: Made, language: str) -> None:
    fields = form(sentence=f" {SENTENCES[language].upper()} ", current=PASSWORD)
    answer = made.as_role(StaffRole.OWNER).post(f"/reset?lang={language}", data=fields, headers=OURS)
    assert answer.status_code == 303 and asked(made) == [FactoryReset("owner")]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"sentence": "forget", "current": PASSWORD}, 400),
        ({"sentence": "", "current": PASSWORD}, 400),
        ({"sentence": "forget everything", "current": "another password"}, 403),
        ({"sentence": "forget everything"}, 403),
    ],
)
def test_without_either_nothing_is_asked_for(made: Made, fields: dict[str, str], status: int) -> None:
    answer = made.as_role(StaffRole.OWNER).post("/reset?lang=en", data=form(**fields), headers=OURS)
    assert answer.status_code == status and asked(made) == []


def test_the_page_warns_of_the_journal_and_leads_to_a_back_up_first(made: Made) -> None:
    page = made.as_role(StaffRole.OWNER).get("/reset?lang=en").text
    assert "keep the journal for two years" in page
    assert page.index('class="btn main" href="/updates"') < page.index('action="/reset"')


def test_until_the_next_start_it_can_be_withdrawn(made: Made) -> None:
    made.steward.answers[AskUpdates] = lambda _: Updates(image=True, running="0.1.0", will_reset=True)
    owner = made.as_role(StaffRole.OWNER)
    page = owner.get("/reset").text
    assert "/reset/withdraw" in page and "/updates/restart" in page and 'action="/reset"' not in page
    assert owner.post("/reset/withdraw", data=form(), headers=OURS).status_code == 303
    assert asked(made) == [FactoryReset("owner", withdraw=True)]


def test_what_the_firmware_refused_is_said(made: Made) -> None:
    failed = Errand(over=True, why="failed", said="the firmware does not take the wish")
    made.steward.answers[AskUpdates] = lambda _: Updates(image=True, running="0.1.0", reset=failed)
    page = made.as_role(StaffRole.OWNER).get("/reset").text
    assert "the firmware does not take the wish" in page and 'action="/reset"' in page
    made.steward.answers[FactoryReset] = lambda _: StewardRefused(StewardRefusal.FAILED, "it is under way already")
    fields = form(sentence="forget everything", current=PASSWORD)
    answer = made.as_role(StaffRole.OWNER).post("/reset?lang=en", data=fields, headers=OURS)
    assert answer.status_code == 409 and "it is under way already" in answer.text


def test_on_a_debian_package_it_is_apts(made: Made) -> None:
    made.steward.answers[AskUpdates] = lambda _: Updates(image=False, running="0.1.0")
    page = made.as_role(StaffRole.OWNER).get("/reset").text
    assert "apt purge qaqpa" in page and 'action="/reset"' not in page
