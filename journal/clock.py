"""When something really happened: entries recorded before the clock was right, corrected by what set it right.

    >>> clocks = Clocks([(1, ClockSet(0, 0, "b", 1000, False, "start")),
    ...                  (3, ClockSet(9000, 1_790_000_009_000, "b", 10_000, True, "trusted"))])
    >>> clocks.corrected(2, Stamp(utc_ms=1000, boot_id="b", boot_ms=2000))
    Corrected(utc_ms=1790000001000, how=<How.CORRECTED: 'corrected'>)

Within one boot the boot clock runs evenly, whatever happens to the other one. Pure. Must not know: files, SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from journal.entries import ClockSet, Stamp


class How(StrEnum):
    """How far a time can be trusted."""

    AS_RECORDED = "as recorded"
    """Nothing speaks against it."""
    CORRECTED = "corrected"
    """The clock was not trusted then; reckoned back from when it was."""
    UNCERTAIN = "uncertain"
    """The clock was not trusted then, nor later in the same boot."""


@dataclass(frozen=True)
class Corrected:
    """A time, milliseconds since 1970-01-01T00:00:00Z, and how it is known."""

    utc_ms: int
    how: How


class Clocks:
    """All that the journal says of its clocks.

    Args:
        sets: every ``ClockSet`` with the number of its entry, in order.
    """

    def __init__(self, sets: Iterable[tuple[int, ClockSet]]) -> None:
        self._sets: dict[str, list[tuple[int, ClockSet]]] = {}
        for seq, entry in sets:
            self._sets.setdefault(entry.boot_id, []).append((seq, entry))

    def corrected(self, seq: int, stamp: Stamp) -> Corrected:
        """When the entry of this number and stamp was recorded."""
        sets = self._sets.get(stamp.boot_id, ())
        trusted = True  # a gate that starts with a clock it does not trust says so before anything else
        for number, entry in sets:
            if number <= seq:
                trusted = entry.trusted
        if trusted:
            return Corrected(stamp.utc_ms, How.AS_RECORDED)
        later = [entry for number, entry in sets if number > seq]
        for entry in later:
            if entry.trusted:
                return Corrected(_reckoned(entry, stamp), How.CORRECTED)
        # A person may have set it: likelier than before, yet nobody vouches for it.
        return Corrected(_reckoned(later[-1], stamp) if later else stamp.utc_ms, How.UNCERTAIN)


def _reckoned(entry: ClockSet, stamp: Stamp) -> int:
    return entry.after_utc_ms - (entry.boot_ms - stamp.boot_ms)
