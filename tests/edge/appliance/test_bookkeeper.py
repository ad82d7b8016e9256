"""The gate's books on real files: checkpoints, the clock, retention, and a disk that fills up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.bookkeeper import Bookkeeper
from appliance.events import Moment
from appliance.performer import ALIVE
from journal.ballast import PIECE_BYTES
from journal.entries import (
    ClockSet,
    Entry,
    RetentionRan,
    Sealed,
    Stamp,
)
from journal.errors import Cause, JournalUnavailable
from journal.seal import verify
from journal.store import Store
from journal.visits import visits
from tests.edge.appliance.bookkeeping import (
    BOOT,
    DAY_MS,
    KEEPING,
    NOON_MS,
    NUMBER,
    World,
    books,
    kinds,
    note,
    told,
    visit_of,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def world() -> World:
    return World()


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_comes_after_so_many_entries(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        for _ in range(25):
            world.passes(1_000)
            keeper.append(note(world), {})
        sealed = [entry.seq for entry in told(path, Sealed) if isinstance(entry, Sealed)]
        assert sealed == [10, 21]
    assert verify(path).sealed == 27, "the end is sealed at an orderly stop"


def test_a_checkpoint_comes_after_so_long_if_anything_was_recorded(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        for _ in range(100):
            world.passes(20_000)
            keeper.append([], {ALIVE: b"x"})
        assert kinds(path) == []
        keeper.append(note(world), {})
        for _ in range(29):
            world.passes(20_000)
            keeper.append([], {ALIVE: b"x"})
        assert kinds(path) == ["gate_stopped"]
        world.passes(20_000)
        keeper.append([], {ALIVE: b"x"})
        assert kinds(path) == ["gate_stopped", "sealed"]
        for _ in range(100):
            world.passes(20_000)
            keeper.append([], {ALIVE: b"x"})
        assert kinds(path) == ["gate_stopped", "sealed"], "nothing new, nothing sealed"


# ── clock ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_clock_does_is_recorded_before_what_happened_then(path: Path, world: World) -> None:
    world.synchronised, world.moment = False, Moment(1_000, 1_000)
    with books(path, world) as keeper:
        keeper.append(note(world), {})
        world.passes(5_000)
        keeper.append(note(world), {})
        world.synchronised = True
        world.passes(5_000, clock_set_by_ms=NOON_MS)
        keeper.append(note(world), {})
        world.passes(5_000, clock_set_by_ms=-1_500)  # slewing and rounding are no jump
        keeper.append(note(world), {})
        world.synchronised = False
        keeper.append(note(world), {})
    assert kinds(path)[:-1] == [
        *("clock_set", "gate_stopped", "gate_stopped"),
        *("clock_set", "gate_stopped", "gate_stopped", "clock_set", "gate_stopped"),
    ]
    assert told(path, ClockSet) == [
        ClockSet(1_000, 1_000, BOOT, 1_000, False, "start"),
        ClockSet(11_000, NOON_MS + 11_000, BOOT, 11_000, True, "jump"),
        ClockSet(NOON_MS + 14_500, NOON_MS + 14_500, BOOT, 16_000, False, "lost"),
    ]


def test_a_clock_that_was_set_while_no_gate_ran_is_noticed(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        keeper.append(note(world), {})
    world.passes(60_000, clock_set_by_ms=3_600_000)
    with books(path, world) as keeper:
        keeper.append(note(world), {})
    (jump,) = told(path, ClockSet)
    assert isinstance(jump, ClockSet) and jump.after_utc_ms - jump.before_utc_ms == 3_600_000


def test_what_could_not_be_recorded_of_the_clock_is_told_again(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        keeper.append(note(world), {})
        world.passes(1_000, clock_set_by_ms=-DAY_MS)
        with pytest.raises(JournalUnavailable):
            keeper.append(note(world), {"bad": "text"})  # type: ignore[dict-item]
        keeper.append(note(world), {})
        keeper.append(note(world), {})
    assert len(told(path, ClockSet)) == 1


# ── retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name))


def _days_pass(keeper: Bookkeeper, world: World, days: int) -> None:
    for _ in range(days):
        world.passes(DAY_MS)
        for _ in range(8):  # each does a step at most
            world.passes(1_000)
            keeper.append([], {ALIVE: b"x"})


def test_what_is_older_than_the_period_is_gone_from_the_disk_and_the_chain_holds(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        keeper.append(visit_of(world, "old", "+77010000001"), {})
        keeper.append(visit_of(world, "long", "+77010000002", ends=False), {})
        world.running = frozenset({"long"})
        world.passes(20 * DAY_MS)
        keeper.append(visit_of(world, "young", "+77010000003"), {})
        assert b"+77010000001" in _bytes_of(path)
        _days_pass(keeper, world, 15)
        assert b"+77010000001" not in _bytes_of(path), "not in the file, not in its log"
        assert [visit.visit for visit in visits(path)] == ["young", "long"]
        verdict = verify(path)
        assert (verdict.first_bad, verdict.expired) == (None, 4), "three of the old visit, the asking of the long one"
        ran = [entry for entry in told(path, RetentionRan) if isinstance(entry, RetentionRan)]
        assert ran[0].days == 30 and ran[0].last == 5
        # When the long visit is over, its turn comes.
        world.running = frozenset()
        _days_pass(keeper, world, 1)
        assert [visit.visit for visit in visits(path)] == ["young"]
        assert b"+77010000002" not in _bytes_of(path)
        _days_pass(keeper, world, 30)
        assert list(visits(path)) == [] and b"+7701000000" not in _bytes_of(path)
    assert verify(path).first_bad is None


def test_nothing_expires_while_the_clock_is_not_trusted(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        keeper.append(visit_of(world, "v", NUMBER), {})
        world.synchronised = False
        _days_pass(keeper, world, 100)
        assert verify(path).expired == 0
        world.synchronised = True
        _days_pass(keeper, world, 1)
        assert verify(path).expired == 3


def test_a_run_under_way_when_the_clock_is_set_is_begun_anew(
    path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock that was wrong it would have taken what is young."""
    monkeypatch.setattr("appliance.retention.SCANNED", 2)
    with books(path, world) as keeper:
        keeper.append(visit_of(world, "v", NUMBER), {})
        world.passes(31 * DAY_MS)
        for _ in range(2):  # the day's first run ends, and another looks at two of the visit's entries
            keeper.append(note(world), {})
            world.passes(1_000)
        assert told(path, RetentionRan) == []
        world.passes(0, clock_set_by_ms=2 * DAY_MS)
        for _ in range(20):
            keeper.append(note(world), {})
            world.passes(1_000)
        (ran,) = told(path, RetentionRan)
        assert isinstance(ran, RetentionRan)
        assert ran.before_utc_ms >= NOON_MS + 3 * DAY_MS, "thirty days before what the clock says now"
        assert verify(path).expired == 3


@pytest.mark.parametrize("wrong_utc_ms", [60_000, NOON_MS + 3650 * DAY_MS])
def test_an_entry_with_a_wrong_clock_goes_with_its_neighbours(path: Path, world: World, wrong_utc_ms: int) -> None:
    """A clock at 1970 does not make a young entry old, one at 2036 keeps none for ever."""
    right = world.moment
    with books(path, world, replace(KEEPING, seal_entries=1000)) as keeper:
        world.moment = Moment(wrong_utc_ms, right.boot_ms)
        world.synchronised = False
        keeper.append(visit_of(world, "wrong", NUMBER), {})
        world.moment, world.synchronised = right, True
        keeper.append(visit_of(world, "right", NUMBER), {})
        _days_pass(keeper, world, 29)
        assert verify(path).expired == 0
        _days_pass(keeper, world, 2)
        assert verify(path).expired == 6


def test_a_body_that_no_retention_run_took_is_named(path: Path, world: World) -> None:
    store = Store.open(path)
    store.append(visit_of(world, "v", NUMBER))
    store.append(note(world))
    assert store.expire(0, 2, (), 100).count == 2
    store.close()
    verdict = verify(path)
    assert verdict.first_bad == 1 and "no retention run" in verdict.problem
    store = Store.open(path)
    world.passes(30 * DAY_MS + 1)
    store.append([(world.stamp(), RetentionRan(30, world.moment.utc_ms - 30 * DAY_MS, 2))])
    assert (verify(path).first_bad, verify(path).days) == (None, 30)
    store.expire(0, 3, (), 100)
    assert verify(path).first_bad == 3
    store.close()


def test_a_run_that_was_cut_short_leaves_nothing_unexplained(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        for name in range(400):
            keeper.append(visit_of(world, f"v{name}", NUMBER), {})
        world.passes(31 * DAY_MS)
    seen = set()
    for _ in range(12):  # a process that ends after each step
        with books(path, world) as keeper:
            world.passes(1_000)
            for _ in range(2):
                world.passes(1_000)
                keeper.append([], {ALIVE: b"x"})
        verdict = verify(path)
        assert verdict.first_bad is None
        seen.add(verdict.expired)
    assert max(seen) == 1200 and len(seen) > 2


# ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class TightStore:
    """The real store on a disk that has room only when the ballast is no larger than ``spared`` bytes."""

    def __init__(self, store: Store, ballast: Path, spared: int) -> None:
        self._store, self._ballast, self.spared = store, ballast, spared

    def append(self, lines: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        if lines and self._ballast.stat().st_size > self.spared:
            raise JournalUnavailable(self._ballast, Cause.FULL, "on purpose")
        return self._store.append(lines, kept)


def _room(keeper: Bookkeeper) -> tuple[bool, int]:
    return keeper.has_room, keeper._ballast.size


def test_a_full_disk_gives_up_the_ballast_piece_by_piece(
    path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with books(path, world, replace(KEEPING, reserve_bytes=12_000_000)) as keeper:
        ballast = path.with_name("journal.db-reserve")
        assert _room(keeper) == (True, 12_000_000)
        tight = TightStore(keeper._store, ballast, 8_000_000)
        with monkeypatch.context() as patched:
            patched.setattr(keeper, "_store", tight)
            patched.setattr("appliance.bookkeeper.free_bytes", lambda _: 0)
            assert keeper.append(note(world), {}) == 1
            assert _room(keeper) == (False, 12_000_000 - PIECE_BYTES)
            tight.spared = -1
            with pytest.raises(JournalUnavailable):
                keeper.append(note(world), {})
            assert _room(keeper) == (False, 0)
        assert _room(keeper) == (False, 0), "looked at not so soon again"
        world.passes(2_000)
        assert _room(keeper) == (True, 12_000_000), "although nothing was recorded"
