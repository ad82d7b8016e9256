"""A damaged, lost or older journal at the gate's start: set aside, and a new one says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from appliance.bookkeeper import Bookkeeper
from appliance.books import LOST, open_books
from appliance.config import Config
from appliance.kept import device_key
from appliance.performer import ALIVE
from appliance.sections import Journal, Paths
from appliance.state import Visit
from journal.checkpoints import beside
from journal.entries import (
    ConfigurationChanged,
    JournalBegan,
    VisitEnded,
)
from journal.seal import verify
from journal.visits import entries, visits
from tests.edge.appliance.bookkeeping import (
    BOOT,
    NOON_MS,
    NUMBER,
    PHONE,
    World,
    kinds,
    note,
    told,
    visit_of,
)
from tests.edge.journal.tampering import tampering


@pytest.fixture
def world() -> World:
    return World()


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
        keeper.append(visit_of(world, "v1", NUMBER, ends=False), kept)
        for _ in range(28):
            world.passes(1_000)
            keeper.append(note(world), {})
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
    assert kinds(path)[0] == "journal_began" and "visit_began" not in kinds(path)


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


def test_a_journal_lost_with_its_checkpoint_is_said_by_the_key(config: Config, world: World) -> None:
    path = _written(config, world)
    for left in path.parent.glob("journal.db*"):
        left.unlink()
    with gate_books(config, world):
        pass
    ((_, _, began), *_) = entries(path)
    assert isinstance(began, JournalBegan) and (began.seq, began.why) == (0, LOST)
    with gate_books(config, world):
        pass
    assert len(told(path, JournalBegan)) == 1, "said once"


def test_a_checkpoint_that_is_gone_from_beside_the_journal_is_said(config: Config, world: World) -> None:
    """Cut off the newest entries and take away the witness: the chain holds, and yet the next start says so."""
    path = _written(config, world)
    sealed = verify(path).sealed
    with tampering(path) as connection:
        connection.execute("DELETE FROM entries WHERE seq > ?", (sealed - 5,))
    beside(path).unlink()
    assert verify(path).first_bad is None
    with gate_books(config, world):
        pass
    (began,) = told(path, JournalBegan)
    assert isinstance(began, JournalBegan) and "may be missing" in began.why and 0 < began.seq < sealed
    assert verify(path).first_bad is None
    with gate_books(config, world):
        pass
    assert len(told(path, JournalBegan)) == 1, "said once: closing has laid a checkpoint beside it"


def test_a_first_start_says_nothing_of_a_journal_before(config: Config, world: World) -> None:
    assert told(_written(config, world), JournalBegan) == []


def test_an_older_copy_put_back_goes_on_and_says_so_in_the_middle(config: Config, world: World) -> None:
    path = _written(config, world)
    older = path.read_bytes()
    world.passes(1_000)
    with gate_books(config, world) as (keeper, _):
        keeper.append(note(world, 5), {})
    path.write_bytes(older)
    with gate_books(config, world):
        pass
    (began,) = told(path, JournalBegan)
    assert isinstance(began, JournalBegan) and "is not in this file" in began.why
    assert len(list(path.parent.glob("journal.db-seal-2026*"))) == 1
    assert verify(path).first_bad is None


def test_another_configuration_is_recorded_by_the_gate_that_begins_with_it(config: Config, world: World) -> None:
    path = _written(config, world)
    with gate_books(config, world):
        pass
    (first,) = told(path, ConfigurationChanged)
    assert isinstance(first, ConfigurationChanged) and first.changed == ()
    shorter = msgspec.structs.replace(config, journal=Journal(reserve_mb=1, seal_entries=10, retention_days=1))
    for _ in range(2):
        with gate_books(shorter, world):
            pass
    (_, second) = told(path, ConfigurationChanged)
    assert isinstance(second, ConfigurationChanged) and second.changed == ("journal.retention_days",)
    assert second.digest != first.digest
