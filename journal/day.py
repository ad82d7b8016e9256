"""One day of a venue in figures, made of its entries one after the other. Pure.

    >>> day = Day(0, 86_400_000)
    >>> day.take(600_000, VisitBegan("v1", "02:00:00:00:00:01", (), "+77011234567", "sms"))
    >>> day.take(1_800_000, VisitEnded("v1", "02:00:00:00:00:01", 1_799_000, "port"))
    >>> day.figures().online()[:4], day.figures().leaves
    ((0, 1, 0, 0), {'port': 1})

A visit counts for the moment it began, and for the moment its device left, not for the one when that was recorded. Must
not know: SQL, time zones, who asks.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from itertools import accumulate

import msgspec

from journal.entries import (
    Entry,
    PasswordAsked,
    PasswordDelivered,
    PasswordSent,
    PasswordUndelivered,
    VisitBegan,
    VisitEnded,
)

SLOT_MS = 600_000
"""Ten minutes: what the figures are counted by."""
_BY_PASSWORD = frozenset({"sms", "desk"})
"""Methods of admission in which a password was entered."""


class Figures(msgspec.Struct, frozen=True):
    """What a day was like so far. Each tuple has a number for every ten minutes of it, those to come included."""

    since_utc_ms: int
    until_utc_ms: int
    began: tuple[int, ...]
    """Visits that began."""
    ended: tuple[int, ...]
    """Visits whose device left, of those that are known to be over."""
    asked: tuple[int, ...]
    """Passwords that visitors asked for."""
    sent: tuple[int, ...]
    """Passwords that an SMSC took."""
    delivered: tuple[int, ...]
    undelivered: tuple[int, ...]
    """Passwords that will not arrive."""
    entered: tuple[int, ...]
    """Passwords that brought somebody online."""
    before: int
    """Visits that had begun before the day and ended in it."""
    still: int
    """Visits that began in the day and are not over."""
    delays_ms: tuple[int, ...]
    """From the SMSC's taking a password to its delivery, ascending."""
    leaves: dict[str, int]
    """Ended visits by proof, the most frequent first."""
    admissions: dict[str, int]
    """Begun visits by method, the most frequent first."""

    def delay_ms(self, percent: int) -> int | None:
        """What so many per cent of the deliveries did not exceed (nearest rank); None: there was none."""
        ranked = self.delays_ms
        return ranked[max(0, -(-len(ranked) * percent // 100) - 1)] if ranked else None

    def online(self, now: int | None = None) -> tuple[int, ...]:
        """How many visits there were at the end of each ten minutes.

        Args:
            now: how many there are just now, by the gate's word: whoever came yesterday and is still here is in no
                entry of the day. None: nobody knows, and they are left out.
        """
        from_yesterday = self.before + (max(0, now - self.still) if now is not None else 0)
        changes = (came - went for came, went in zip(self.began, self.ended, strict=True))
        return tuple(accumulate(changes, initial=from_yesterday))[1:]


class Day:
    """Counts the entries of one day.

    Args:
        since_utc_ms: when the day begins.
        until_utc_ms: when the next one does; the last ten minutes may be short.
    """

    def __init__(self, since_utc_ms: int, until_utc_ms: int) -> None:
        self.since_utc_ms, self.until_utc_ms = since_utc_ms, until_utc_ms
        slots = -(-(until_utc_ms - since_utc_ms) // SLOT_MS)
        self._began, self._ended, self._asked, self._sent, self._delivered, self._undelivered, self._entered = (
            [0] * slots for _ in range(7)
        )
        self._before = 0
        self._open: dict[str, int] = {}
        """Visits that began in the day and are not over, with the ten minutes in which each began."""
        self._delays_ms: list[int] = []
        self._leaves: Counter[str] = Counter()
        self._admissions: Counter[str] = Counter()

    def take(self, utc_ms: int, entry: Entry, wrong_by_ms: int = 0) -> None:
        """Count the next entry; entries of other days change nothing.

        Args:
            utc_ms: when it was really recorded.
            wrong_by_ms: by how much the clock was behind then.
        """
        slot = self._slot(utc_ms)
        match entry:
            case VisitEnded():
                self._over(entry, entry.left_utc_ms + wrong_by_ms)
            case _ if slot is None:
                pass
            case VisitBegan():
                self._began[slot] += 1
                self._entered[slot] += entry.method in _BY_PASSWORD
                self._open[entry.visit] = slot
                self._admissions[entry.method] += 1
            case PasswordAsked():
                self._asked[slot] += 1
            case PasswordSent():
                self._sent[slot] += 1
            case PasswordDelivered():
                self._delivered[slot] += 1
                if entry.delay_ms is not None:
                    insort(self._delays_ms, entry.delay_ms)
            case PasswordUndelivered():
                self._undelivered[slot] += 1
            case _:
                pass

    def figures(self) -> Figures:
        """The day as far as it was counted."""
        return Figures(
            self.since_utc_ms,
            self.until_utc_ms,
            tuple(self._began),
            tuple(self._ended),
            tuple(self._asked),
            tuple(self._sent),
            tuple(self._delivered),
            tuple(self._undelivered),
            tuple(self._entered),
            self._before,
            len(self._open),
            tuple(self._delays_ms),
            dict(self._leaves.most_common()),
            dict(self._admissions.most_common()),
        )

    def _over(self, entry: VisitEnded, left_utc_ms: int) -> None:
        if left_utc_ms >= self.until_utc_ms:
            return
        slot, began = self._slot(left_utc_ms), self._open.pop(entry.visit, None)
        if began is not None:
            # A clock that was set back in between must not end a visit before it began.
            slot = max(began, slot or 0)
        elif slot is None:
            return
        else:
            self._before += 1
        self._ended[slot] += 1
        self._leaves[entry.proof] += 1

    def _slot(self, utc_ms: int) -> int | None:
        if not self.since_utc_ms <= utc_ms < self.until_utc_ms:
            return None
        return (utc_ms - self.since_utc_ms) // SLOT_MS
