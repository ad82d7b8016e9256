"""Which entries retention may have emptied: what each run says is believed only as far as it can be true.

Anybody who can write the file can append a ``RetentionRan`` and empty an entry, and the gate's next checkpoint would
cover both. So a run explains the loss of a body only if the entry was old enough by the run's own words, and the period
that it names had passed by its own stamp. Somebody with the file, or with the configuration, can still claim a shorter
period: ``days`` is told by whoever verifies. Must not know: the chain, who verifies.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import msgspec

from journal.entries import RetentionRan, decode

DAY_MS = 86_400_000
PLAUSIBLE_UTC_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z. No Qaqpa recorded anything before: such an entry had a clock that was not set."""


def old_enough(utc_ms: int, before_utc_ms: int, future_utc_ms: int) -> bool:
    """Whether a run that takes what is older than ``before_utc_ms`` may take an entry of that time. One whose clock was
    not set, or that claims to come from after ``future_utc_ms``, goes with its neighbours."""
    return utc_ms < before_utc_ms or not PLAUSIBLE_UTC_MS <= utc_ms <= future_utc_ms


@dataclass(frozen=True)
class Emptied:
    """What the runs of one journal explain."""

    runs: tuple[tuple[int, RetentionRan], ...]
    """With the UTC ms of their own stamps; the newest first, since it explains nearly everything."""

    @property
    def days(self) -> int:
        """The shortest period that a run named; 0: there was none."""
        return min((run.days for _, run in self.runs), default=0)

    def explains(self, seq: int, utc_ms: int) -> bool:
        """Whether one of them may have emptied this entry."""
        return any(seq <= run.last and old_enough(utc_ms, run.before_utc_ms, at_ms) for at_ms, run in self.runs)


def emptied(connection: sqlite3.Connection) -> Emptied:
    """What the journal says; that it was said so is for the chain to prove. Expects TEXT as bytes."""
    runs = []
    query = "SELECT seq, utc_ms, body FROM entries NOT INDEXED WHERE kind = 'retention_ran' ORDER BY seq"
    for seq, utc_ms, body in connection.execute(query):
        try:
            run = decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if isinstance(run, RetentionRan) and run.last < seq and 0 < run.days * DAY_MS <= utc_ms - run.before_utc_ms:
            runs.append((utc_ms, run))
    return Emptied(tuple(reversed(runs)))
