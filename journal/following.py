"""The day's figures, kept up with a journal that somebody else goes on writing. Read-only.

    >>> Follower(Path("/var/lib/qaqpa/gate/journal.db")).look(midnight, next_midnight)      # doctest: +SKIP
    Followed(figures=Figures(…), whole=True)

Where the day begins is looked for from the newest entry backwards, so that the entries of years before cost nothing;
from there on each entry is read once. A look reads so much at most and leaves the rest to a thread that ends when it
has caught up. Must not know: time zones, what the figures are shown for.

A clock that stood in the past for more than ``CHUNK`` entries and was never set right hides the part of the day before.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from journal.clock import Clocks
from journal.database import reading
from journal.day import Day, Figures
from journal.entries import ClockSet, Entry, Stamp, decode
from journal.errors import JournalCorrupt, JournalError
from journal.visits import bounds_ms

CHUNK = 2_000
"""Entries that are read at a time: some 10 ms."""
_STEPS = 3
"""So many times a look reads by itself."""
_COUNTED = (
    "kind IN ('clock_set', 'visit_began', 'visit_ended',"
    " 'password_asked', 'password_sent', 'password_delivered', 'password_undelivered') AND body <> ''"
)


@dataclass(frozen=True)
class Followed:
    """What a look saw."""

    figures: Figures | None
    """None: none yet."""
    whole: bool
    """Everything that the journal has was counted."""


@dataclass
class _Search:
    """On its way back from the newest entry to where the day begins."""

    newest: int
    down: int
    """Everything above was looked at."""
    sets: list[ClockSet] = field(default_factory=list)
    """What they say of the clock, the newest first."""


@dataclass
class _Count:
    """On its way from where the day begins to the newest entry."""

    day: Day
    clocks: Clocks
    known: int
    """Up to this entry the clocks are known."""
    seq: int
    """The last entry that was counted; ``digest`` is its own."""
    digest: bytes


class Follower:
    """Counts the day of one journal; any thread may look.

    Args:
        path: the journal.
        chunk: how many entries are read at a time.
    """

    def __init__(self, path: Path, chunk: int = CHUNK) -> None:
        self._path, self._chunk = path, chunk
        self._lock = threading.Lock()
        self._catching_up: threading.Thread | None = None
        self._bounds = (0, 0)
        self._at: _Search | _Count | None = None
        self._shown: Figures | None = None
        self._shown_seq = 0
        """Which entry was the last that they know of."""

    def look(self, since: datetime, until: datetime) -> Followed:
        """The figures of [since, until), which is the day that goes on just now.

        Raises:
            JournalUnavailable, JournalCorrupt: nothing can be read now; the next look tries again.
        """
        bounds = bounds_ms(since, until)
        with self._lock:
            if self._bounds != bounds:
                self._bounds, self._at, self._shown = bounds, None, None
            if self._catching_up is not None and self._catching_up.is_alive():
                return Followed(self._shown, whole=False)
            if not all(self._step() for _ in range(_STEPS)):
                return Followed(self._shown, whole=True)
            self._catching_up = threading.Thread(target=self._catch_up, name="day", daemon=True)
            self._catching_up.start()
            return Followed(self._shown, whole=False)

    def _catch_up(self) -> None:
        more = True
        with suppress(JournalError):  # the next look says so
            while more:
                with self._lock:
                    more = self._step()

    def _step(self) -> bool:
        """Read the next entries; whether there are more."""
        since_ms, until_ms = self._bounds
        with reading(self._path) as journal:
            (newest,) = journal.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
            at = self._at if self._at is not None and _goes_on(journal, self._at, newest) else _Search(newest, newest)
            match at:
                case _Search():
                    self._at = at
                    if not self._search(journal, at, since_ms):
                        day, clocks = Day(since_ms, until_ms), Clocks(reversed(at.sets))
                        self._at = _Count(day, clocks, at.newest, at.down, _digest(journal, at.down))
                    return True
                case _Count():
                    if not self._counted(journal, at, min(newest, at.seq + self._chunk)):
                        self._at = None  # the clock was set: what was counted may belong elsewhere
                        return True
        if at.seq < newest:
            return True
        if self._shown is None or self._shown_seq != at.seq:
            self._shown, self._shown_seq = at.day.figures(), at.seq
        return False

    def _search(self, journal: sqlite3.Connection, at: _Search, since_ms: int) -> bool:
        """Whether an entry of the day, by whatever clock, was among those before; if so it goes on before them."""
        lowest = max(0, at.down - self._chunk)
        query = (
            "SELECT utc_ms, boot_id, boot_ms, CASE kind WHEN 'clock_set' THEN body ELSE '' END"
            " FROM entries NOT INDEXED WHERE seq > ? AND seq <= ? ORDER BY seq DESC"
        )
        said: dict[str, ClockSet] = {each.boot_id: each for each in at.sets}
        young = False
        for utc_ms, boot_id, boot_ms, body in journal.execute(query, (lowest, at.down)):
            if body and isinstance(told := self._decoded(body), ClockSet):
                at.sets.append(told)
                said[told.boot_id] = told
            later = said.get(boot_id.decode())
            reckoned_ms = utc_ms if later is None else later.after_utc_ms - (later.boot_ms - boot_ms)
            young = young or max(utc_ms, reckoned_ms) >= since_ms
        at.down = lowest
        return young and lowest > 0

    def _counted(self, journal: sqlite3.Connection, at: _Count, upto: int) -> bool:
        """Count the entries up to that one; False: one of them is news of the clock, and none were counted."""
        query = (
            "SELECT seq, utc_ms, boot_id, boot_ms, body FROM entries NOT INDEXED"
            f" WHERE seq > ? AND seq <= ? AND {_COUNTED} ORDER BY seq"
        )
        rows = [
            (seq, Stamp(utc_ms, boot_id.decode(), boot_ms), self._decoded(body))
            for seq, utc_ms, boot_id, boot_ms, body in journal.execute(query, (at.seq, upto))
        ]
        if any(seq > at.known and isinstance(entry, ClockSet) for seq, _, entry in rows):
            return False
        for _, stamp, entry in rows:
            true_ms, _ = at.clocks.correct(stamp)
            at.day.take(true_ms, entry, true_ms - stamp.utc_ms)
        if upto > at.seq:
            at.seq, at.digest = upto, _digest(journal, upto)
        return True

    def _decoded(self, body: bytes) -> Entry:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalCorrupt(self._path, f"an entry of the day cannot be understood: {error}") from error


def _goes_on(journal: sqlite3.Connection, at: _Search | _Count, newest: int) -> bool:
    """Whether this is the journal that was read before, and not another in its place."""
    if isinstance(at, _Search):
        return newest >= at.newest
    return not at.seq or _digest(journal, at.seq) == at.digest


def _digest(journal: sqlite3.Connection, seq: int) -> bytes:
    row = journal.execute("SELECT digest FROM entries WHERE seq = ?", (seq,)).fetchone()
    return bytes(row[0]) if row else b""
