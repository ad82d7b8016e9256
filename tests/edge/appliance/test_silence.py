"""Who leaves without a word, at the engine: asked, closed, recorded with the last proof of life, and final."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from appliance import wire
from appliance.events import AddressLearnt, Counted, DeviceLeft, DeviceSeen, Usage
from appliance.presence import Patience
from appliance.wire import Look, Phase
from journal.entries import VisitAway, VisitEnded, VisitResumed
from journal.visits import entries
from tests.edge.appliance.venue import ADDRESS, PHONE, Core

SLEEP_S = Patience().sleep_s
IN_TIME_S = 60
"""Within this much after the window a silent device is gone."""


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A gate with one phone online, its counters read every 5 s by ``pass_by``."""
    made = Core(tmp_path / "journal.db")
    made.start()
    made.log_in()
    yield made
    made.crash()


def pass_by(core: Core, seconds: int, packets: int = 0, answers: bool = False) -> None:
    """Quiet time: the counters stand where they stood, and every probe is answered or none."""
    for _ in range(seconds // 5):
        core.wait(5)
        core.happen(Counted(core.now, {PHONE: Usage(up_packets=packets)}))
        asked, core.probes[:] = list(core.probes), []
        if asked and answers:
            core.answer(*asked[-1])


def recorded(path: Path, *wanted: type) -> list[Any]:
    return [entry for _, _, entry in entries(path, None, None) if isinstance(entry, wanted)]


def test_the_journal_shows_the_silence_and_the_last_life(core: Core, tmp_path: Path) -> None:
    pass_by(core, 100)
    core.wait(5)
    core.happen(Counted(core.now, {PHONE: Usage(up_packets=3)}))
    life_utc_ms = core.now.utc_ms
    pass_by(core, SLEEP_S, packets=3)
    assert PHONE in core.kernel.admitted
    core.story.clear()
    pass_by(core, IN_TIME_S, packets=3)
    assert core.kernel.admitted == {}
    assert core.story == ["revoke", "record visit_used visit_ended"], "final: the window was its grace"
    (ended,) = recorded(tmp_path / "journal.db", VisitEnded, VisitAway)
    assert (ended.proof, ended.left_utc_ms) == ("silence", life_utc_ms)
    core.happen(DeviceSeen(core.now, PHONE, "port", "port1", ADDRESS))
    (status,) = core.ask(Look(ADDRESS))
    assert isinstance(status, wire.Status) and status.phase is Phase.STRANGER, "¶9: a new password"


def test_given_up_by_its_access_point_it_left_when_it_was_last_heard(core: Core, tmp_path: Path) -> None:
    pass_by(core, 305)
    heard_utc_ms = core.now.utc_ms - 303_000
    core.happen(DeviceLeft(core.now, PHONE, "station", heard_utc_ms))
    (away,) = recorded(tmp_path / "journal.db", VisitAway)
    assert away.left_utc_ms == heard_utc_ms


def test_but_not_before_what_the_gate_let_through(core: Core, tmp_path: Path) -> None:
    """An access point's list may be half a minute old."""
    pass_by(core, 285)
    pass_by(core, 5, packets=7)
    through_utc_ms = core.now.utc_ms
    pass_by(core, 15, packets=7)
    core.happen(DeviceLeft(core.now, PHONE, "station", core.now.utc_ms - 303_000))
    (away,) = recorded(tmp_path / "journal.db", VisitAway)
    assert away.left_utc_ms == through_utc_ms


def test_a_sleeper_that_answers_stays(core: Core) -> None:
    pass_by(core, 2 * SLEEP_S, answers=True)
    assert PHONE in core.kernel.admitted


def test_it_is_asked_at_all_its_addresses(core: Core) -> None:
    core.happen(AddressLearnt(core.now, PHONE, "fd77::10", None))
    while not core.probes:
        core.wait(5)
        core.happen(Counted(core.now, {}))
    assert core.probes == [{PHONE: [ip_address(ADDRESS), ip_address("fd77::10")]}]


def test_a_renewed_lease_is_no_life(core: Core) -> None:
    """Anybody on the LAN may ask DHCP for something in another's name."""
    for _ in range((SLEEP_S + IN_TIME_S) // 10):
        core.happen(DeviceSeen(core.now, PHONE, "lease", "", ADDRESS))
        pass_by(core, 10)
    assert core.kernel.admitted == {}


def test_what_the_disk_refused_is_told_again_with_the_true_end(core: Core, tmp_path: Path) -> None:
    began_utc_ms = core.now.utc_ms
    core.disk.full = True
    pass_by(core, SLEEP_S + 300)
    assert core.kernel.admitted == {}, "closed all the same"
    core.disk.full = False
    pass_by(core, 5)
    assert [(ended.proof, ended.left_utc_ms) for ended in recorded(tmp_path / "journal.db", VisitEnded)] == [
        ("silence", began_utc_ms)
    ]


def test_away_and_back_begins_the_window_anew(core: Core, tmp_path: Path) -> None:
    pass_by(core, SLEEP_S - 60)
    core.happen(DeviceLeft(core.now, PHONE, "port", core.now.utc_ms))
    pass_by(core, 30)
    core.happen(DeviceSeen(core.now, PHONE, "port", "port1", ADDRESS))
    assert len(recorded(tmp_path / "journal.db", VisitResumed)) == 1, "the gap leaves a trace"
    pass_by(core, SLEEP_S - 10)
    assert PHONE in core.kernel.admitted
    pass_by(core, IN_TIME_S)
    assert core.kernel.admitted == {}


def test_silent_across_a_restart(core: Core, tmp_path: Path) -> None:
    """The window begins anew, since nobody looked; the end is when the gate before it was last alive."""
    pass_by(core, 600)
    alive_utc_ms = core.now.utc_ms
    core.crash()
    again = Core(tmp_path / "journal.db")
    again.now = core.now
    again.wait(7)
    again.start()
    pass_by(again, SLEEP_S)
    assert PHONE in again.kernel.admitted
    pass_by(again, IN_TIME_S)
    assert again.kernel.admitted == {}
    (ended,) = recorded(tmp_path / "journal.db", VisitEnded)
    assert alive_utc_ms - 20_000 <= ended.left_utc_ms <= alive_utc_ms
    again.crash()
