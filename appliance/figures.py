"""What the gate counts of itself since it started, for whoever watches many gates.

    tally.answered("look", 0.002)                            the server, each request
    Counting(books, tally, clock).append(lines, kept)        the performer's journal, each transaction

Counting costs a request a microsecond and keeps no history: how the figures move is for whoever asks again and again.
Must not know: what is asked, what an entry means for a visit, how figures are shown.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from appliance.events import Moment
from appliance.wire_console import Figures, Histogram
from journal.entries import (
    Entry,
    PasswordDelivered,
    PasswordSent,
    PasswordUndelivered,
    Stamp,
    VisitBegan,
    VisitEnded,
)

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REMEMBERED = 10_000
"""Of so many SMS it is remembered who carried them, until their receipt comes; of others that is not known."""


class _Spans:
    """One histogram as it grows."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


class Tally:
    """From any thread.

    Args:
        since_utc_ms: when the gate started.
        sets: how many members each of the kernel's sets has.
        free_bytes: of the journal's disk.
    """

    def __init__(
        self,
        since_utc_ms: int = 0,
        *,
        sets: Callable[[], Mapping[str, int]] = dict,
        free_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        self.since_utc_ms = since_utc_ms
        self._sets, self._free_bytes = sets, free_bytes
        self._lock = threading.Lock()
        self._entries: Counter[str] = Counter()
        self._admissions: Counter[str] = Counter()
        self._leaves: Counter[str] = Counter()
        self._sms: dict[str, Counter[str]] = defaultdict(Counter)
        self._parts: Counter[str] = Counter()
        self._carriers: OrderedDict[str, str] = OrderedDict()
        self._wire: dict[str, _Spans] = defaultdict(_Spans)
        self._last, self._lag_s = 0, 0.0

    def answered(self, kind: str, seconds: float) -> None:
        """A request of this kind was answered after so long."""
        with self._lock:
            self._wire[kind].add(seconds)

    def recorded(self, entries: Sequence[Entry], last: int, lag_s: float) -> None:
        """These are durable; the newest entry's number, and how long that took."""
        with self._lock:
            self._last = last
            if entries:
                self._lag_s = lag_s
            for entry in entries:
                self._entries[str(entry.__struct_config__.tag)] += 1
                self._count(entry)

    def told(self) -> Figures:
        """All of it. A disk that does not say what is free has nothing."""
        sets, free_bytes = dict(self._sets()), 0
        with suppress(OSError):
            free_bytes = self._free_bytes()
        with self._lock:
            return Figures(
                since_utc_ms=self.since_utc_ms,
                entries=dict(self._entries),
                admissions=dict(self._admissions),
                leaves=dict(self._leaves),
                sms={provider: dict(states) for provider, states in self._sms.items()},
                wire={kind: Histogram(BOUNDS_S, tuple(each.counts), each.sum_s) for kind, each in self._wire.items()},
                sets=sets,
                journal_entries=self._last,
                journal_lag_s=self._lag_s,
                disk_free_bytes=free_bytes,
                sms_parts=dict(self._parts),
            )

    def _count(self, entry: Entry) -> None:
        match entry:
            case VisitBegan(method=method):
                self._admissions[method] += 1
            case VisitEnded(proof=proof):
                self._leaves[proof] += 1
            case PasswordSent(provider=provider, message=message, parts=parts):
                self._sms[provider]["sent"] += 1
                self._parts[provider] += parts
                self._carriers[message] = provider
                if len(self._carriers) > REMEMBERED:
                    self._carriers.popitem(last=False)
            case PasswordDelivered(message=message):
                self._sms[self._carriers.pop(message, "")]["delivered"] += 1
            case PasswordUndelivered(message=message):
                self._sms[self._carriers.pop(message, "")]["failed"] += 1
            case _:
                pass


class Journal(Protocol):
    """What the performer writes to (``performer.Journal``)."""

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int: ...
    @property
    def has_room(self) -> bool: ...


class Counting:
    """A journal whose entries are counted when they are durable. What it writes about itself besides (seals, retention,
    the clock) has its place in ``journal_entries`` alone.

    Args:
        clock: the moment now.
    """

    def __init__(self, journal: Journal, tally: Tally, clock: Callable[[], Moment]) -> None:
        self._journal, self._tally, self._clock = journal, tally, clock

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        """As the journal's.

        Raises:
            JournalError: nothing was recorded, and nothing is counted.
        """
        last = self._journal.append(entries, kept)
        first_ms = min((stamp.boot_ms for stamp, _ in entries), default=0)
        lag_s = (self._clock().boot_ms - first_ms) / 1000
        self._tally.recorded([entry for _, entry in entries], last, lag_s)
        return last

    @property
    def has_room(self) -> bool:
        """As the journal's."""
        return self._journal.has_room
