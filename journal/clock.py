"""When something really happened: entries recorded before the clock was right, corrected by what set it right.

    >>> clocks = Clocks([ClockSet(0, 0, "b", 1000, False, "start"),
    ...                  ClockSet(9000, 1_790_000_009_000, "b", 10_000, True, "jump")])
    >>> clocks.corrected(Stamp(utc_ms=1000, boot_id="b", boot_ms=2000))
    Corrected(utc_ms=1790000001000, how=<How.CORRECTED: 'corrected'>)

Within one boot the boot clock runs evenly, whatever happens to the other one. Must not know: what an extract shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from journal.database import reading
from journal.entries import ClockSet, Stamp, decode
from journal.errors import JournalCorrupt


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
        sets: every ``ClockSet``, in order.
    """

    def __init__(self, sets: Iterable[ClockSet]) -> None:
        self._sets: dict[str, list[ClockSet]] = {}
        for entry in sets:
            self._sets.setdefault(entry.boot_id, []).append(entry)
        self._doubtful = {boot for boot, told in self._sets.items() if not all(entry.trusted for entry in told)}

    def corrected(self, stamp: Stamp) -> Corrected:
        """When the entry of this stamp was recorded."""
        sets = self._sets.get(stamp.boot_id, ())
        trusted = True  # a gate that starts with a clock it does not trust says so before anything else
        later: list[ClockSet] = []
        for entry in sets:
            if entry.boot_ms <= stamp.boot_ms:
                trusted = entry.trusted
            else:
                later.append(entry)
        if trusted:
            return Corrected(stamp.utc_ms, How.AS_RECORDED)
        for entry in later:
            if entry.trusted:
                return Corrected(_reckoned(entry, stamp), How.CORRECTED)
        # A person may have set it: likelier than before, yet nobody vouches for it.
        return Corrected(_reckoned(later[-1], stamp) if later else stamp.utc_ms, How.UNCERTAIN)

    def correct(self, stamp: Stamp) -> tuple[int, bool]:
        """The same for a projection that only needs the time and whether it is to be flagged."""
        if stamp.boot_id not in self._doubtful:
            return stamp.utc_ms, False  # a million visits ask, and hardly a boot is doubtful
        corrected = self.corrected(stamp)
        return corrected.utc_ms, corrected.how is not How.AS_RECORDED


def clocks_of(path: Path, last: int = 2**62) -> Clocks:
    """What this journal says of its clocks up to the entry ``last``; reads all of it once, without its bodies.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    found = []
    with reading(path) as connection:
        query = "SELECT body FROM entries NOT INDEXED WHERE kind = 'clock_set' AND body <> '' AND seq <= ?"
        for (body,) in connection.execute(f"{query} ORDER BY seq", (last,)):
            try:
                entry = decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise JournalCorrupt(path, f"an entry of the clock cannot be understood: {error}") from error
            if isinstance(entry, ClockSet):
                found.append(entry)
    return Clocks(found)


def _reckoned(entry: ClockSet, stamp: Stamp) -> int:
    return entry.after_utc_ms - (entry.boot_ms - stamp.boot_ms)
