"""The journal as the gate keeps it: what must be written besides what happened, around each batch of the engine's.

    before   what the clock did, so that the entries after it can be believed
    after    a checkpoint if one is due · a step of retention · a look at the disk

What is done after a batch may fail without harm to it: it is logged and tried again. The engine writes at least every
20 s, so that nothing here needs a thread. Must not know: what a batch says, SQL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.clock import ClockWatch
from appliance.events import Moment
from appliance.retention import KEPT as RETENTION_KEY
from appliance.retention import Retention
from appliance.room import Room
from journal.ballast import Ballast, free_bytes, used_percent
from journal.checks import WARNED_PERCENT
from journal.entries import Entry, Stamp
from journal.errors import Cause, JournalError, JournalUnavailable
from journal.signing import SealKey
from journal.store import Store

log = logging.getLogger(__name__)

CLOCK_KEY = "clock"
"""Under which key is kept what was last known of the clock."""
UPKEEP_MS = 1_000
"""How often anything is done after a batch, at most."""
ROOM_MS = 2_000
"""How often a full disk is looked at."""
WARN_MS = 3_600_000


@dataclass(frozen=True)
class Keeping:
    """The owner's words about the journal."""

    retention_days: int
    reserve_bytes: int
    seal_entries: int
    seal_s: int


class Bookkeeper:
    """For the engine's thread: a ``performer.Journal``.

    Args:
        store: closed by ``close``.
        kept: what the store had kept when it was opened.
        clock: the moment now.
        synchronised: whether the kernel trusts its clock.
        running: visits that are not over.
    """

    def __init__(
        self,
        path: Path,
        store: Store,
        key: SealKey,
        keeping: Keeping,
        *,
        boot_id: str,
        kept: Mapping[str, bytes],
        clock: Callable[[], Moment],
        synchronised: Callable[[], bool],
        running: Callable[[], frozenset[str]],
    ) -> None:
        self._path, self._store, self._key, self._keeping = path, store, key, keeping
        self._boot_id, self._clock, self._synchronised = boot_id, clock, synchronised
        self._watch = ClockWatch(boot_id, kept.get(CLOCK_KEY, b"").decode())
        last_run = kept.get(RETENTION_KEY, b"").decode()
        self._retention = Retention(store, keeping.retention_days, running, last_run)
        self._ballast, self._room = Ballast(path, keeping.reserve_bytes), Room(keeping.reserve_bytes)
        self._last = store.append([], {})
        self._sealed, self._sealed_boot_ms = store.sealed_up_to(), clock().boot_ms
        self._upkeep_due_ms = self._warn_due_ms = self._room_due_ms = 0
        self._look_at_room(clock())

    @property
    def has_room(self) -> bool:
        """Whether anybody new may be admitted; False: what is left is for those who are.

        While it is False nobody may be recorded, so no entry would ever find the room that somebody made: the disk is
        looked at again when this is asked.
        """
        now = self._clock()
        if self._room.short and now.boot_ms >= self._room_due_ms:
            self._look_at_room(now)
        return not self._room.short

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        """As ``Store.append``.

        Raises:
            JournalError: nothing was recorded.
        """
        now, trusted = self._clock(), self._synchronised()
        clock_set = self._watch.noticed(now, trusted)
        before: list[tuple[Stamp, Entry]] = [(self._stamp(now), clock_set)] if clock_set else []
        to_keep = self._watch.to_keep(now, trusted)
        clock_kept = {} if to_keep is None else {CLOCK_KEY: to_keep.encode()}
        self._last = self._written([*before, *entries], {**kept, **clock_kept})
        self._watch.recorded(now, trusted)
        if to_keep is not None:
            self._watch.kept(to_keep)
        if now.boot_ms >= self._upkeep_due_ms:
            self._upkeep_due_ms = now.boot_ms + UPKEEP_MS
            self._upkeep(now, trusted)
        return self._last

    def close(self) -> None:
        """With a checkpoint.

        Raises:
            JournalError: the store could not tidy up.
        """
        self._quietly(lambda: self._seal(self._clock()))
        self._store.close()

    def _written(self, lines: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        while True:
            try:
                return self._store.append(lines, kept)
            except JournalUnavailable as error:
                if error.cause is Cause.FULL:
                    self._room.full()
                if error.cause is not Cause.FULL or not self._ballast.give():
                    raise

    def _upkeep(self, now: Moment, trusted: bool) -> None:
        if self._seal_due(now):
            self._quietly(lambda: self._seal(now))
        if trusted:
            self._quietly(lambda: self._retention.step(now, self._stamp(now)))
        self._look_at_room(now)

    def _seal_due(self, now: Moment) -> bool:
        unsealed = self._last - self._sealed
        if not unsealed:
            self._sealed_boot_ms = now.boot_ms  # the time counts from the first entry that no checkpoint covers
        waited_ms = now.boot_ms - self._sealed_boot_ms
        return unsealed >= self._keeping.seal_entries or (unsealed > 0 and waited_ms >= self._keeping.seal_s * 1000)

    def _seal(self, now: Moment) -> None:
        self._store.seal(self._key, self._stamp(now))
        self._last = self._sealed = self._store.append([], {})
        self._sealed_boot_ms = now.boot_ms

    def _look_at_room(self, now: Moment) -> None:
        self._room_due_ms = now.boot_ms + ROOM_MS
        before = self._room.short
        try:
            missing = max(0, self._keeping.reserve_bytes - self._ballast.size)
            if self._room.looked(free_bytes(self._path), missing) and missing and not self._ballast.fill():
                self._room.full()
            percent = used_percent(self._path)
        except OSError as error:
            log.error("the journal's disk: %s", error)
            return
        if self._room.short and not before:
            log.error("the journal's disk is full but for the reserve: nobody is admitted any more")
        elif before and not self._room.short:
            log.warning("the journal's disk has room again")
        if percent >= WARNED_PERCENT and now.boot_ms >= self._warn_due_ms:
            self._warn_due_ms = now.boot_ms + WARN_MS
            log.warning("the journal's disk is %d %% full", percent)

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except JournalError as error:
            log.error("%s", error)  # what was to be recorded is; this is tried again

    def _stamp(self, now: Moment) -> Stamp:
        return Stamp(now.utc_ms, self._boot_id, now.boot_ms)
