"""The owner's budget on a real journal file: what was spent is written with the entry that it was spent on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance import wire
from appliance.events import Moment
from appliance.inbox import Role
from appliance.reception import day_of
from appliance.spending import Budget, Day
from appliance.state import Terms
from appliance.wire import Refusal, Refused
from tests.edge.appliance.venue import ADDRESS, Core

TERMS = Terms(resend_s=0, budget=Budget(daily_sms=2, monthly_sms=100, reserved_percent=0))
BUDGET_SPENT = Refused(Refusal.BUDGET_SPENT)


def ask(core: Core, number: str) -> wire.Reply:
    (reply,) = core.ask(wire.AskPassword(ADDRESS, number, wire.Language.KAZAKH))
    return reply


@pytest.fixture
def spent(tmp_path: Path) -> Iterator[Core]:
    """A venue whose budget of today is spent."""
    core = Core(tmp_path / "journal.db", TERMS)
    core.start()
    for number in ("+77011111111", "+77022222222"):
        assert isinstance(ask(core, number), wire.Status)
    assert ask(core, "+77055555555") == BUDGET_SPENT
    yield core
    core.crash()


@pytest.mark.parametrize("boot_id", ["boot-1", "boot-2"])
def test_spent_is_spent_after_a_kill_and_after_a_power_cut(spent: Core, tmp_path: Path, boot_id: str) -> None:
    spent.crash()
    again = Core(tmp_path / "journal.db", TERMS, boot_id)
    again.start()
    assert ask(again, "+77055555555") == BUDGET_SPENT
    (told,) = again.ask(wire.LookAtSpending(), role=Role.ADMINISTRATOR)
    assert isinstance(told, wire.Spending)
    assert (told.day_sms, told.left) == (2, 0)
    again.crash()


def test_what_could_not_be_recorded_is_not_spent(tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db", TERMS)
    core.start()
    core.disk.full = True
    for _ in range(5):
        assert ask(core, "+77011111111") == Refused(Refusal.JOURNAL_UNAVAILABLE)
    (told,) = core.ask(wire.LookAtSpending(), role=Role.ADMINISTRATOR)
    assert isinstance(told, wire.Spending), "looking is still answered"
    assert told.day_sms == 0
    core.disk.full = False
    assert isinstance(ask(core, "+77011111111"), wire.Status)
    core.crash()


def test_the_venues_day_begins_at_its_own_midnight() -> None:
    almaty = ZoneInfo("Asia/Almaty")  # five hours ahead of UTC
    midnight_ms = 1_798_743_600_000  # 2026-12-31T19:00:00Z
    assert day_of(Moment(midnight_ms - 1, 0), almaty) == Day(739_981, "2026-12")
    assert day_of(Moment(midnight_ms, 0), almaty) == Day(739_982, "2027-01")
