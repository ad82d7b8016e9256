"""What the tests of the gate's books share: clocks that only a test moves, and books on a real file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.bookkeeper import Bookkeeper, Keeping
from appliance.events import Moment
from journal.entries import Entry, GateStopped, PasswordAsked, Stamp, VisitBegan, VisitEnded
from journal.signing import SealKey
from journal.store import Store
from journal.visits import entries

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


def kinds(path: Path) -> list[str]:
    return [str(entry.__struct_config__.tag) for _, _, entry in entries(path)]


def told(path: Path, kind: type[Entry]) -> list[Entry]:
    return [entry for _, _, entry in entries(path) if isinstance(entry, kind)]


def note(world: World, count: int = 1) -> list[tuple[Stamp, Entry]]:
    return [(world.stamp(), GateStopped(0))] * count


def visit_of(world: World, name: str, number: str, ends: bool = True) -> list[tuple[Stamp, Entry]]:
    began: list[tuple[Stamp, Entry]] = [
        (world.stamp(), PasswordAsked(PHONE, number, f"m-{name}")),
        (world.stamp(), VisitBegan(name, PHONE, ("10.77.0.10",), number, "sms")),
    ]
    return [*began, (world.stamp(), VisitEnded(name, PHONE, world.moment.utc_ms, "port"))] if ends else began
