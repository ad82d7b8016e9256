"""The visits of a period, a page at a time, the newest first: found by the index, without reading a whole journal.

    >>> listed(Path("/var/lib/qaqpa/gate/journal.db"), Wanted(since=..., number="+77011234567"))      # doctest: +SKIP

For a person who looks. It differs from an extract, which reads everything, in three ways: times are as they were
recorded; of visits that began before the period only the last ``BEFORE`` are looked at, to find those that reach into
it; and one page reads ``MOST_READ`` visits at most, then says where to go on. Must not know: who looks, pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from journal.index import BLOCK
from journal.search import Look, with_any_index
from journal.terms import start_of
from journal.visit import Visit
from journal.visits import bounds_ms, in_period
from journal.wanted import Wanted

BEFORE = 5_000
MOST_READ = 5_000
"""About half a second."""
_STEP = 256


class Listed(msgspec.Struct, frozen=True):
    """One page."""

    visits: tuple[Visit, ...]
    further: int | None
    """Where the next page goes on; None: there is no more."""


def listed(path: Path, wanted: Wanted, before: int | None = None, limit: int = 50) -> Listed:
    """The page of what is wanted after the place ``before``; None: the first.

    Raises:
        ValueError: a bound without a time zone.
        JournalUnavailable, JournalCorrupt
    """
    at = 2**62 if before is None else before
    return with_any_index(path, lambda look: _page(look, wanted, at, limit))


def _page(look: Look, wanted: Wanted, before: int, limit: int) -> Listed:
    found: list[Visit] = []
    place = before
    for read, began in enumerate(_candidates(look, wanted, before)):
        if read >= MOST_READ:
            return Listed(tuple(found), place)
        told = [
            each for each in look.visit(began) if in_period(each, wanted.since, wanted.until) and wanted.takes(each)
        ]
        if told and len(found) == limit:
            return Listed(tuple(found), place)
        found += told
        place = began
    return Listed(tuple(found), None)


def _candidates(look: Look, wanted: Wanted, before: int) -> Iterator[int]:
    """Which entries before that number may have begun visits that are wanted, the newest first."""
    start = start_of(wanted)
    told = look.begun_like(start) if start else None
    if told is not None:
        yield from (began for began in told if began < before)
        return
    stretches = _stretches(look, wanted)
    for first, last in reversed(stretches):
        at = min(before, last + 1)
        while begun := [began for began in look.begun_before(at, _STEP) if began >= first]:
            yield from begun
            at = begun[-1]
    first = stretches[0][0]
    earlier = look.begun_before(min(before, first), BEFORE)
    yield from (began for began in earlier if look.reaches(began, first))


def _stretches(look: Look, wanted: Wanted) -> list[tuple[int, int]]:
    """First and last numbers of the entries that may have been recorded in the period, stretch by stretch. A period
    without any is an empty stretch before the first entry that is later."""
    since_ms, until_ms = bounds_ms(wanted.since, wanted.until)
    stretches: list[tuple[int, int]] = []
    for block in look.blocks(since_ms, until_ms):
        first, last = block * BLOCK, block * BLOCK + BLOCK - 1
        if stretches and stretches[-1][1] == first - 1:
            first = stretches.pop()[0]
        stretches.append((first, last))
    if stretches:
        return stretches
    later = look.blocks(until_ms, 2**62)
    first = later[0] * BLOCK if later else 2**62
    return [(first, first - 1)]
