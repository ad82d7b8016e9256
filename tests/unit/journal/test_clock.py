"""Times before the clock was right, reckoned back; and what the gate notices of its clock."""

from __future__ import annotations

import doctest
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import ClockWatch
from appliance.events import Moment
from journal import clock
from journal.clock import Clocks, Corrected, How, clocks_of
from journal.entries import ClockSet, Entry, GateStopped, Stamp
from journal.store import Store

TRUE_MS = 1_795_262_400_000
"""What a right clock says when the boot clock says 0."""


def test_the_example_is_true() -> None:
    assert doctest.testmod(clock).failed == 0


def _set(boot_ms: int, wrong_by: int, after_wrong_by: int, trusted: bool, boot: str = "b") -> ClockSet:
    return ClockSet(TRUE_MS + boot_ms + wrong_by, TRUE_MS + boot_ms + after_wrong_by, boot, boot_ms, trusted, "jump")


def test_a_time_of_another_boot_stays() -> None:
    clocks = Clocks([_set(0, -5, -5, False, "other"), _set(9, -5, 0, True, "other")])
    assert clocks.corrected(Stamp(7, "b", 3)) == Corrected(7, How.AS_RECORDED)


def test_between_losing_trust_and_regaining_it_times_are_corrected() -> None:
    clocks = Clocks([_set(10, 0, 0, False), _set(30, 400, 0, True)])
    assert clocks.corrected(Stamp(TRUE_MS + 5, "b", 5)) == Corrected(TRUE_MS + 5, How.AS_RECORDED)
    assert clocks.corrected(Stamp(TRUE_MS + 420, "b", 20)) == Corrected(TRUE_MS + 20, How.CORRECTED)
    assert clocks.corrected(Stamp(TRUE_MS + 40, "b", 40)) == Corrected(TRUE_MS + 40, How.AS_RECORDED)


def test_a_clock_set_by_hand_is_likelier_and_yet_uncertain() -> None:
    clocks = Clocks([_set(0, -(10**12), -(10**12), False), _set(50, -(10**12), 300, False)])
    assert clocks.corrected(Stamp(0, "b", 20)) == Corrected(TRUE_MS + 320, How.UNCERTAIN)
    assert clocks.corrected(Stamp(TRUE_MS + 360, "b", 60)) == Corrected(TRUE_MS + 360, How.UNCERTAIN)


@given(st.lists(st.tuples(st.integers(1, 60_000), st.integers(-(10**11), 10**11)), min_size=1, max_size=8))
def test_whatever_the_clock_did_before_it_was_trusted_the_true_times_come_out(moves: list[tuple[int, int]]) -> None:
    """The gate's watch and the reader's correction, together."""
    watch = ClockWatch("b")
    sets: list[ClockSet] = []
    stamps: list[tuple[Stamp, int]] = []
    boot_ms = 1_000

    def look(wrong_by: int, trusted: bool) -> None:
        now = Moment(TRUE_MS + boot_ms + wrong_by, boot_ms)
        if noticed := watch.noticed(now, trusted):
            sets.append(noticed)
        watch.recorded(now, trusted)
        stamps.append((Stamp(now.utc_ms, "b", now.boot_ms), TRUE_MS + boot_ms))

    for passes_ms, wrong_by in moves:
        boot_ms += passes_ms
        look(wrong_by, trusted=False)
    boot_ms += 1
    look(0, trusted=True)
    clocks = Clocks(sets)
    for stamp, true_ms in stamps:
        assert clocks.corrected(stamp).utc_ms == true_ms
    assert clocks.corrected(stamps[-1][0]).how is How.AS_RECORDED
    assert all(clocks.corrected(stamp).how is How.CORRECTED for stamp, _ in stamps[:-1])


@given(st.integers(0, 10**9), st.booleans(), st.integers(-3_000, 3_000))
def test_the_next_gate_of_the_same_boot_knows_what_this_one_knew(boot_ms: int, trusted: bool, moved_ms: int) -> None:
    now = Moment(TRUE_MS + boot_ms, boot_ms)
    told = ClockWatch("b").to_keep(now, trusted)
    assert told is not None
    later = Moment(now.utc_ms + 10 + moved_ms, now.boot_ms + 10)
    noticed = ClockWatch("b", told).noticed(later, trusted)
    assert (noticed is not None) is (abs(moved_ms) > 2_000)
    if noticed:
        assert noticed.after_utc_ms - noticed.before_utc_ms == moved_ms
    assert ClockWatch("b", told).to_keep(Moment(now.utc_ms + 10, now.boot_ms + 10), trusted) is None
    assert (ClockWatch("other", told).noticed(later, trusted) is None) is trusted, "another boot begins anew"


def test_a_file_tells_its_clocks(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    store = Store.open(path)
    noted: list[tuple[Stamp, Entry]] = [
        (Stamp(0, "b", 5), _set(5, -TRUE_MS, -TRUE_MS, False)),
        (Stamp(0, "b", 6), GateStopped(0)),
        (Stamp(TRUE_MS + 9, "b", 9), _set(9, -TRUE_MS, 0, True)),
    ]
    store.append(noted)
    store.close()
    assert clocks_of(path).corrected(Stamp(6, "b", 6)) == Corrected(TRUE_MS + 6, How.CORRECTED)
    assert clocks_of(path).correct(Stamp(6, "b", 6)) == (TRUE_MS + 6, True)
    assert clocks_of(path).correct(Stamp(TRUE_MS + 10, "b", 10)) == (TRUE_MS + 10, False)
