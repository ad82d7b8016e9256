"""Which entries are older than the period: the plan of one run of retention, in steps that never take long.

    scan (which is the last entry that is old enough?) → say so in the journal → take bodies, some hundred at a time

The journal says it before the first body goes, so that a crash in between leaves nothing unexplained; the next run goes
on. Must not know: SQL, threads, the session.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.events import Moment
from journal.emptied import PLAUSIBLE_UTC_MS, old_enough
from journal.entries import Entry, RetentionRan, Stamp
from journal.store import Expired

DAY_MS = 86_400_000
KEPT = "retention"
"""Under which key is kept what was done: "DAY REACHED"."""
SCANNED = 20_000
"""Entries looked at in one step: 10 ms."""
TAKEN = 500
"""Bodies taken in one step: 10 ms and one sync."""


class Store(Protocol):
    """The journal (``journal.store.Store``)."""

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int: ...
    def times(self, after: int, limit: int) -> list[tuple[int, int]]: ...
    def expire(self, after: int, last: int, running: Collection[str], limit: int) -> Expired: ...
    def forget_log(self) -> None: ...


@dataclass
class _Run:
    day: int
    began_utc_ms: int
    before_utc_ms: int
    scanned: int
    last: int
    """The last entry found to be old enough."""
    taken_up_to: int
    held: int | None = None
    phase: str = "scan"


class Retention:
    """For the engine's thread; errors of the store come through, and the step is tried again.

    Args:
        days: the period.
        running: visits that are not over: nothing of them is taken.
        kept: what an earlier process kept; "" if nothing.
    """

    def __init__(self, store: Store, days: int, running: Callable[[], Collection[str]], kept: str = "") -> None:
        self._store, self._days, self._running = store, days, running
        day, _, reached = kept.partition(" ")
        self._day, self._reached = (int(day), int(reached)) if day.isdigit() and reached.isdigit() else (0, 0)
        self._run: _Run | None = None

    def step(self, now: Moment, stamp: Stamp) -> None:
        """Do a little if there is something to do; to be called only while the clock is trusted: one that stands a
        year ahead would take a year too much."""
        if self._run is None and now.utc_ms // DAY_MS != self._day:
            before = now.utc_ms - self._days * DAY_MS
            reached = self._reached
            self._run = _Run(now.utc_ms // DAY_MS, now.utc_ms, before, reached, reached, reached)
        if self._run is not None:
            self._go_on(self._run, stamp)

    def _go_on(self, run: _Run, stamp: Stamp) -> None:
        match run.phase:
            case "scan":
                if not self._scan(run):
                    return
                if not 0 <= stamp.utc_ms - run.began_utc_ms <= DAY_MS:
                    self._run = None  # the clock was set meanwhile: what it said then is not to be believed
                    return
                if run.last > run.taken_up_to:
                    self._store.append([(stamp, RetentionRan(self._days, run.before_utc_ms, run.last))], {})
                    run.phase = "take"
                else:
                    run.phase = "rest"
            case "take":
                done = self._store.expire(run.taken_up_to, run.last, self._running(), TAKEN)
                run.held = done.held if run.held is None else run.held
                run.taken_up_to = done.reached
                if done.reached >= run.last:
                    run.phase = "forget"
                self._keep(self._day, run)  # a gate that ends now goes on from here
            case "forget":
                self._store.forget_log()
                run.phase = "rest"
            case _:
                self._keep(run.day, run)
                self._run = None

    def _keep(self, day: int, run: _Run) -> None:
        # From the first entry that was held for a running visit on, the next run looks again.
        reached = run.taken_up_to if run.held is None else run.held - 1
        self._store.append([], {KEPT: f"{day} {reached}".encode()})
        self._day, self._reached = day, reached

    def _scan(self, run: _Run) -> bool:
        """Look at the next entries; True when the first one that is young enough to stay was met, or the end.

        An entry whose clock was not set, or that claims to come from the future, goes with its neighbours.
        """
        times = self._store.times(run.scanned, SCANNED)
        for seq, utc_ms in times:
            if not old_enough(utc_ms, run.before_utc_ms, run.began_utc_ms + DAY_MS):
                return True
            if PLAUSIBLE_UTC_MS <= utc_ms < run.before_utc_ms:
                run.last = seq
            run.scanned = seq
        return len(times) < SCANNED
