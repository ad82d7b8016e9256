"""The gate's books on real files: checkpoints, the clock, retention, a disk that fills up, and damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from appliance.bookkeeper import Bookkeeper, Keeping
from appliance.books import open_books
from appliance.config import Config
from appliance.events import Moment
from appliance.kept import device_key
from appliance.performer import ALIVE
from appliance.sections import Journal, Paths
from appliance.state import Visit
from journal.ballast import PIECE_BYTES
from journal.entries import (
    ClockSet,
    Entry,
    GateStopped,
    JournalBegan,
    PasswordAsked,
    RetentionRan,
    Sealed,
    Stamp,
    VisitBegan,
    VisitEnded,
)
from journal.errors import Cause, JournalUnavailable
from journal.extract import entries, visits
from journal.seal import verify
from journal.signing import SealKey
from journal.store import Store

BOOT = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
PHONE, NUMBER = "02:00:00:00:00:01", "+77011234567"
NOON_MS = 1_795_262_400_000
DAY_MS = 86_400_000
KEEPING = Keeping(retention_days=30, reserve_bytes=1_000_000, seal_entries=10, seal_s=600)


class World:
    """Clocks that only a test moves."""

    def __init__(self) -> None:
        self.moment = Moment(NOON_MS, 5_000)
        self.synchronised = True
        self.running: frozenset[str] = frozenset()

    def passes(self, ms: int, clock_set_by_ms: int = 0) -> None:
        self.moment = Moment(self.moment.utc_ms + ms + clock_set_by_ms, self.moment.boot_ms + ms)

    def stamp(self) -> Stamp:
        return Stamp(self.moment.utc_ms, BOOT, self.moment.boot_ms)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def world() -> World:
    return World()


@contextmanager
def books(path: Path, world: World, keeping: Keeping = KEEPING) -> Iterator[Bookkeeper]:
    store = Store.open(path)
    keeper = Bookkeeper(
        path,
        store,
        SealKey(b"k" * 32),
        keeping,
        boot_id=BOOT,
        kept=store.kept(),
        clock=lambda: world.moment,
        synchronised=lambda: world.synchronised,
        running=lambda: world.running,
    )
    try:
        yield keeper
    finally:
        keeper.close()


def _kinds(path: Path) -> list[str]:
    return [str(entry.__struct_config__.tag) for _, _, entry in entries(path)]


def _of(path: Path, kind: type[Entry]) -> list[Entry]:
    return [entry for _, _, entry in entries(path) if isinstance(entry, kind)]


def _note(world: World, count: int = 1) -> list[tuple[Stamp, Entry]]:
    return [(world.stamp(), GateStopped(0))] * count


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_comes_after_so_many_entries(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        for _ in range(25):
            world.passes(1_000)
            keeper.append(_note(world), {})
        sealed = [entry.seq for entry in _of(path, Sealed) if isinstance(entry, Sealed)]
        assert sealed == [10, 21]
    assert verify(path).sealed == 27, "the end is sealed at an orderly stop"


def test_a_checkpoint_comes_after_so_long_if_anything_was_recorded(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        for _ in range(100):
            world.passes(20_000)
            keeper.append([], {ALIVE: b"x"})
        assert _kinds(path) == []
        keeper.append(_note(world), {})
        for _ in range(29):
            world.passes(20_000)
            keeper.append([], {ALIVE: b"x"})
        assert _kinds(path) == ["gate_stopped"]
        world.passes(20_000)
        keeper.append([], {ALIVE: b"x"})
        assert _kinds(path) == ["gate_stopped", "sealed"]
        for _ in range(100):
            world.passes(20_000)
            keeper.append([], {ALIVE: b"x"})
        assert _kinds(path) == ["gate_stopped", "sealed"], "nothing new, nothing sealed"


# ── clock ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_clock_does_is_recorded_before_what_happened_then(path: Path, world: World) -> None:
    world.synchronised, world.moment = False, Moment(1_000, 1_000)
    with books(path, world) as keeper:
        keeper.append(_note(world), {})
        world.passes(5_000)
        keeper.append(_note(world), {})
        world.synchronised = True
        world.passes(5_000, clock_set_by_ms=NOON_MS)
        keeper.append(_note(world), {})
        world.passes(5_000, clock_set_by_ms=-1_500)  # slewing and rounding are no jump
        keeper.append(_note(world), {})
        world.synchronised = False
        keeper.append(_note(world), {})
    assert _kinds(path)[:-1] == [
        *("clock_set", "gate_stopped", "gate_stopped"),
        *("clock_set", "gate_stopped", "gate_stopped", "clock_set", "gate_stopped"),
    ]
    assert _of(path, ClockSet) == [
        ClockSet(1_000, 1_000, BOOT, 1_000, False, "start"),
        ClockSet(11_000, NOON_MS + 11_000, BOOT, 11_000, True, "jump"),
        ClockSet(NOON_MS + 14_500, NOON_MS + 14_500, BOOT, 16_000, False, "lost"),
    ]


def test_a_clock_that_was_set_while_no_gate_ran_is_noticed(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        keeper.append(_note(world), {})
    world.passes(60_000, clock_set_by_ms=3_600_000)
    with books(path, world) as keeper:
        keeper.append(_note(world), {})
    (jump,) = _of(path, ClockSet)
    assert isinstance(jump, ClockSet) and jump.after_utc_ms - jump.before_utc_ms == 3_600_000


def test_what_could_not_be_recorded_of_the_clock_is_told_again(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        keeper.append(_note(world), {})
        world.passes(1_000, clock_set_by_ms=-DAY_MS)
        with pytest.raises(JournalUnavailable):
            keeper.append(_note(world), {"bad": "text"})  # type: ignore[dict-item]
        keeper.append(_note(world), {})
        keeper.append(_note(world), {})
    assert len(_of(path, ClockSet)) == 1


# ── retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _visit(world: World, name: str, number: str, ends: bool = True) -> list[tuple[Stamp, Entry]]:
    began: list[tuple[Stamp, Entry]] = [
        (world.stamp(), PasswordAsked(PHONE, number, f"m-{name}")),
        (world.stamp(), VisitBegan(name, PHONE, ("10.77.0.10",), number, "sms")),
    ]
    return [*began, (world.stamp(), VisitEnded(name, PHONE, world.moment.utc_ms, "port"))] if ends else began


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
        keeper.append(_visit(world, "old", "+77010000001"), {})
        keeper.append(_visit(world, "long", "+77010000002", ends=False), {})
        world.running = frozenset({"long"})
        world.passes(20 * DAY_MS)
        keeper.append(_visit(world, "young", "+77010000003"), {})
        assert b"+77010000001" in _bytes_of(path)
        _days_pass(keeper, world, 15)
        assert b"+77010000001" not in _bytes_of(path), "not in the file, not in its log"
        assert [visit.visit for visit in visits(path)] == ["young", "long"]
        verdict = verify(path)
        assert (verdict.first_bad, verdict.expired) == (None, 4), "three of the old visit, the asking of the long one"
        ran = [entry for entry in _of(path, RetentionRan) if isinstance(entry, RetentionRan)]
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
        keeper.append(_visit(world, "v", NUMBER), {})
        world.synchronised = False
        _days_pass(keeper, world, 100)
        assert verify(path).expired == 0
        world.synchronised = True
        _days_pass(keeper, world, 1)
        assert verify(path).expired == 3


@pytest.mark.parametrize("wrong_utc_ms", [60_000, NOON_MS + 3650 * DAY_MS])
def test_an_entry_with_a_wrong_clock_goes_with_its_neighbours(path: Path, world: World, wrong_utc_ms: int) -> None:
    """A clock at 1970 does not make a young entry old, one at 2036 keeps none for ever."""
    right = world.moment
    with books(path, world, replace(KEEPING, seal_entries=1000)) as keeper:
        world.moment = Moment(wrong_utc_ms, right.boot_ms)
        world.synchronised = False
        keeper.append(_visit(world, "wrong", NUMBER), {})
        world.moment, world.synchronised = right, True
        keeper.append(_visit(world, "right", NUMBER), {})
        _days_pass(keeper, world, 29)
        assert verify(path).expired == 0
        _days_pass(keeper, world, 2)
        assert verify(path).expired == 6


def test_a_body_that_no_retention_run_took_is_named(path: Path, world: World) -> None:
    store = Store.open(path)
    store.append(_visit(world, "v", NUMBER))
    store.append(_note(world))
    assert store.expire(0, 2, (), 100).count == 2
    store.close()
    verdict = verify(path)
    assert verdict.first_bad == 1 and "no retention run" in verdict.problem
    store = Store.open(path)
    store.append([(world.stamp(), RetentionRan(30, world.moment.utc_ms, 2))])
    assert verify(path).first_bad is None
    store.expire(0, 3, (), 100)
    assert verify(path).first_bad == 3
    store.close()


def test_a_run_that_was_cut_short_leaves_nothing_unexplained(path: Path, world: World) -> None:
    with books(path, world) as keeper:
        for name in range(400):
            keeper.append(_visit(world, f"v{name}", NUMBER), {})
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
            assert keeper.append(_note(world), {}) == 1
            assert _room(keeper) == (False, 12_000_000 - PIECE_BYTES)
            tight.spared = -1
            with pytest.raises(JournalUnavailable):
                keeper.append(_note(world), {})
            assert _room(keeper) == (False, 0)
        world.passes(2_000)
        keeper.append([], {ALIVE: b"x"})
        assert _room(keeper) == (True, 12_000_000)


# ── damage ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "gate").mkdir()
    return Config(paths=Paths(state=str(tmp_path)), journal=Journal(reserve_mb=1, seal_entries=10))


@contextmanager
def gate_books(config: Config, world: World) -> Iterator[tuple[Bookkeeper, Mapping[str, bytes]]]:
    opened = open_books(config, BOOT, lambda: world.moment, lambda: world.running, lambda: world.synchronised)
    try:
        yield opened.keeper, opened.saved
    finally:
        opened.keeper.close()


def _written(config: Config, world: World) -> Path:
    """A journal with 30 entries and a running visit."""
    state = Visit("v1", NUMBER, ("10.77.0.10",), world.moment)
    with gate_books(config, world) as (keeper, saved):
        assert saved == {}
        kept = {device_key(PHONE): msgspec.json.encode(state), ALIVE: f"{BOOT} {NOON_MS}".encode()}
        keeper.append(_visit(world, "v1", NUMBER, ends=False), kept)
        for _ in range(28):
            world.passes(1_000)
            keeper.append(_note(world), {})
    return Path(config.paths.state) / "gate" / "journal.db"


def _root_page(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    return int(root)


def _spoil(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xaa" * 4096)


def test_a_damaged_journal_is_set_aside_and_its_visits_go_on(config: Config, world: World) -> None:
    path = _written(config, world)
    sealed = verify(path)
    _spoil(path, _root_page(path, "entries"))
    damaged = path.read_bytes()
    with gate_books(config, world) as (keeper, saved):
        assert set(saved) >= {device_key(PHONE), ALIVE}
        keeper.append([(world.stamp(), VisitEnded("v1", PHONE, NOON_MS + 9_000, "port"))], {})
    ((_, _, began), *_) = entries(path)
    assert isinstance(began, JournalBegan)
    aside = path.with_name(began.previous)
    assert aside.read_bytes() == damaged and aside.name.startswith("journal.db-damaged-2026")
    assert began.seq == sealed.sealed and "damaged" in began.why, "it links to the last checkpoint"
    (visit,) = visits(path)
    assert (visit.visit, visit.number, visit.began.timestamp() * 1000) == ("v1", NUMBER, NOON_MS)
    assert visit.ended is not None
    assert verify(path).first_bad is None


def test_a_journal_whose_working_state_is_damaged_too_closes_its_visits(config: Config, world: World) -> None:
    path = _written(config, world)
    _spoil(path, _root_page(path, "kept"))
    with gate_books(config, world) as (_, saved):
        assert device_key(PHONE) not in saved
    assert _kinds(path)[0] == "journal_began" and "visit_began" not in _kinds(path)


@pytest.mark.parametrize("what", ["no database at all", "cut off", "lost"])
def test_whatever_became_of_the_file_a_new_one_says_so(config: Config, world: World, what: str) -> None:
    path = _written(config, world)
    sealed = verify(path).sealed
    match what:
        case "no database at all":
            path.write_bytes(b"garbage" * 1000)
        case "cut off":
            path.write_bytes(path.read_bytes()[:10_000])
        case _:
            path.unlink()
    with gate_books(config, world):
        pass
    ((_, _, began), *_) = entries(path)
    assert isinstance(began, JournalBegan) and began.seq == sealed
    assert verify(path).first_bad is None


def test_an_older_copy_put_back_goes_on_and_says_so_in_the_middle(config: Config, world: World) -> None:
    path = _written(config, world)
    older = path.read_bytes()
    world.passes(1_000)
    with gate_books(config, world) as (keeper, _):
        keeper.append(_note(world, 5), {})
    path.write_bytes(older)
    with gate_books(config, world):
        pass
    (began,) = _of(path, JournalBegan)
    assert isinstance(began, JournalBegan) and "is not in this file" in began.why
    assert len(list(path.parent.glob("journal.db-seal-2026*"))) == 1
    assert verify(path).first_bad is None
