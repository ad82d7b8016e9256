"""A change of the settings: kept, undone by a person, by time, by a process that does not come back, by every crash."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance import apply
from appliance.cli import main
from appliance.holding import Holding
from appliance.steward import pending
from appliance.steward.pending import Now
from appliance.steward.units import ORDER
from appliance.steward.wire import Done, Settings, StewardRefusal, StewardRefused
from appliance.steward.wire import Pending as PendingReply
from appliance.wire_console import StaffAct
from tests.edge.appliance.steward.house import UNDO_S, House
from tests.lab.waiting import until


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House.built(tmp_path, monkeypatch)


@contextmanager
def at_work(house: House) -> Iterator[None]:
    """The thread that renews and counts down."""
    worker = threading.Thread(target=house.changing.work)
    worker.start()
    try:
        yield
    finally:
        house.changing.stop()
        worker.join()


def applied(house: House, name: str = "after", undo_s: int = UNDO_S) -> Settings:
    """Apply it, and wait until everything runs with it, or as before."""
    now = house.changing.settings()
    assert house.changing.apply(house.named(name), now.digest, "aigul", undo_s) == PendingReply(undo_s)
    return rested(house)


def rested(house: House) -> Settings:
    def settled() -> Settings | None:
        settings = house.changing.settings()
        return None if settings.is_starting else settings

    return until(settled, "nothing to start any more")


def acts(house: House) -> list[tuple[str, StaffAct]]:
    return [(note.staff, note.act) for note in house.gate.told]


def refusal(reply: object) -> StewardRefusal:
    assert isinstance(reply, StewardRefused), reply
    return reply.refusal


def test_what_is_kept_stays(house: House) -> None:
    with at_work(house):
        settings = applied(house)
        assert (settings.undo_in_s, settings.changed_by, house.venue) == (UNDO_S, "aigul", "after")
        assert house.changing.keep("aigul") == Done()
        house.boot_s += UNDO_S + 1
        assert rested(house).undo_in_s is None
    assert house.venue == "after"
    assert house.path.stat().st_mode & 0o777 == 0o640
    assert house.places.before.read_text() == house.named("before")
    assert acts(house) == [("aigul", StaffAct.SETTINGS_APPLIED), ("aigul", StaffAct.SETTINGS_KEPT)]
    assert house.gate.told[0].detail == "venue.name"
    assert house.units.renewed == ["gate", "portal", "nginx", "console"]


def test_what_nobody_keeps_is_undone(house: House) -> None:
    with at_work(house):
        applied(house)
        house.boot_s += UNDO_S - 1
        assert rested(house).undo_in_s == 1
        house.boot_s += 1
        settings = until(lambda: found if (found := rested(house)).undo_in_s is None else None, "the undoing")
    assert house.venue == "before"
    assert settings.undone_why == "nobody kept it in time"
    assert house.places.undone.read_text() == house.named("after"), "it may have been an hour's work"
    assert acts(house)[-1] == ("aigul", StaffAct.SETTINGS_UNDONE)
    assert tuple(house.units.renewed[-len(ORDER) :]) == ORDER


def test_a_person_may_undo_it(house: House) -> None:
    with at_work(house):
        applied(house)
        assert house.changing.undo("dana") == Done()
        assert rested(house).undo_in_s is None
    assert house.venue == "before"


def test_a_process_that_does_not_come_back_undoes_it_at_once(house: House) -> None:
    house.units.broken_by = "after"
    with at_work(house):
        now = house.changing.settings()
        house.changing.apply(house.named("after"), now.digest, "aigul", UNDO_S)
        settings = until(lambda: found if (found := rested(house)).undo_in_s is None else None, "the undoing")
    assert house.venue == "before"
    assert "it is in bed" in settings.undone_why


def test_kept_at_once_means_once_everything_runs_with_it(house: House) -> None:
    with at_work(house):
        assert applied(house, undo_s=0).undo_in_s is None
        assert house.venue == "after"
        house.units.broken_by = "worse"
        now = house.changing.settings()
        house.changing.apply(house.named("worse"), now.digest, "aigul", 0)
        until(lambda: found if (found := rested(house)).undo_in_s is None else None, "the undoing")
    assert house.venue == "after"


def test_what_cannot_be_rendered_leaves_everything_as_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    held = apply.judged

    def judged(config: Any, holding: Any, console: Any = None) -> dict[str, bytes]:
        if config.venue.name == "after":
            raise apply.CheckFailed(["nginx"], "no")
        return held(config, holding, console)

    monkeypatch.setattr(apply, "judged", judged)
    now = house.changing.settings()
    assert refusal(house.changing.apply(house.named("after"), now.digest, "aigul", 120)) is StewardRefusal.FAILED
    assert house.venue == "before"
    assert house.changing.settings().undo_in_s is None and not house.changing.settings().is_starting


def test_what_is_refused_changes_nothing(house: House) -> None:
    now = house.changing.settings()
    wrong = house.changing.apply("[lan]\nlease_s = 1", now.digest, "aigul", 120)
    assert refusal(wrong) is StewardRefusal.PROBLEMS
    assert refusal(house.changing.apply(house.named("after"), "0" * 64, "a", 120)) is StewardRefusal.CHANGED_MEANWHILE
    assert refusal(house.changing.keep("a")) is refusal(house.changing.undo("a")) is StewardRefusal.NOTHING_PENDING
    assert sorted(path.name for path in house.path.parent.iterdir()) == ["qaqpa.toml"]
    with at_work(house):
        now = applied(house)
        again = house.changing.apply(house.named("third"), now.digest, "dana", 120)
        assert refusal(again) is StewardRefusal.PENDING_ALREADY


def test_a_gate_that_is_away_is_told_later(house: House) -> None:
    house.gate.away = True
    with at_work(house):
        applied(house)
        house.changing.keep("aigul")
        house.gate.away = False
        until(lambda: len(house.gate.told) == 2, "both notes")
    assert acts(house) == [("aigul", StaffAct.SETTINGS_APPLIED), ("aigul", StaffAct.SETTINGS_KEPT)]


# ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

STEPS = 8
"""before · pending · configuration · rendered · each of four processes; then the note that all is in force."""
UNDOING = 12
"""that note · the note that it is to be undone · what was undone · configuration · rendered · each of seven processes;
the last is that nothing is pending any more."""


def killed_at(house: House, step: int, act: Callable[[], None]) -> None:
    """A process of the steward's is killed just before this step (from 0)."""
    child = os.fork()
    if not child:
        steps = iter(range(1000))

        def dying(real: Callable[..., Any]) -> Callable[..., Any]:
            def called(*arguments: Any, **named: Any) -> Any:
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return called

        for module, name in ((pending, "replace_durably"), (pending, "remove_durably"), (apply, "apply")):
            setattr(module, name, dying(getattr(module, name)))
        house.units.renew = dying(house.units.renew)  # type: ignore[method-assign]
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"there is no step {step}"


def change(house: House) -> None:
    house.changing = house.steward()
    worker = threading.Thread(target=house.changing.work)
    worker.start()
    applied(house)
    house.boot_s += UNDO_S
    rested(house)
    until(lambda: house.changing.settings().undo_in_s is None, "the undoing")


@pytest.mark.parametrize("step", range(1, STEPS + UNDOING + 1))
def test_killed_anywhere_and_begun_anew_it_is_undone(house: House, step: int) -> None:
    apply.apply(house.changing.trial.good(house.named("before")), Holding())
    killed_at(house, step, lambda: change(house))
    house.boot_s += UNDO_S if step > STEPS else 0
    house.changing = house.steward()
    house.changing.recover()
    with at_work(house):
        assert rested(house).undo_in_s is None
    assert house.venue == "before"
    assert not house.places.pending.exists()


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_killed_anywhere_a_boot_brings_the_one_before(house: House, step: int) -> None:
    killed_at(house, step, lambda: change(house))
    pending.recovered(house.places, Now("the next boot", 5.0))
    assert house.path.read_text() == house.named("before")
    assert not house.places.pending.exists()


def test_a_look_meanwhile_undoes_nothing(house: House) -> None:
    """The certificate's timer calls the same command every hour."""
    with at_work(house):
        applied(house)
    assert not pending.recovered(house.places, Now(house.boot_id, house.boot_s + 1))
    assert house.venue == "after"
    assert pending.recovered(house.places, Now(house.boot_id, house.boot_s + UNDO_S))
    assert house.path.read_text() == house.named("before")


def test_a_steward_that_begins_anew_goes_on_counting(house: House) -> None:
    with at_work(house):
        applied(house)
    house.changing = house.steward()
    house.changing.recover()
    house.boot_s += 100
    assert house.changing.settings().undo_in_s == UNDO_S - 100
    with at_work(house):
        assert house.changing.keep("aigul") == Done()
    assert house.venue == "after"


def test_a_note_that_cannot_be_read_is_overdue(house: House) -> None:
    with at_work(house):
        applied(house)
    house.places.pending.write_bytes(b"{half")
    assert pending.recovered(house.places, Now(house.boot_id, house.boot_s))
    assert house.path.read_text() == house.named("before")


def test_the_unit_that_renders_at_boot_puts_an_unkept_one_back(house: House) -> None:
    """qaqpa-apply.service, before any process of ours begins."""
    with at_work(house):
        applied(house)  # on the boot clock of a boot that this machine never had
    done = CliRunner().invoke(main, ["apply", "--at-boot", "--config", str(house.path)])
    assert done.exit_code == 0 and "the one before is back" in done.output
    assert house.venue == "before"
    assert "is back" not in CliRunner().invoke(main, ["apply", "--at-boot", "--config", str(house.path)]).output
