"""The visits that entries tell of: the projection that an inspector reads. Read-only, streamed in flat memory.

Reads the same rows in the same order as ``journal.seal.verify``, and proves nothing by itself: verify first.
Must not know: who asks, formats, the gate.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from journal.database import reading
from journal.entries import (
    Entry,
    Stamp,
    VisitAway,
    VisitBegan,
    VisitEnded,
    VisitMoved,
    VisitorIdentified,
    VisitResumed,
    VisitUsed,
    decode,
)
from journal.errors import JournalCorrupt
from journal.visit import Visit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_VISIT_KINDS = (
    "visit_began",
    "visitor_identified",
    "visit_away",
    "visit_resumed",
    "visit_moved",
    "visit_used",
    "visit_ended",
)

Correction = Callable[[Stamp], tuple[int, bool]]
"""From what the clock said to the true UTC milliseconds, and whether they differ: a router has no battery clock."""


@dataclass
class Tally:
    """What was met on the way; grows while an iteration goes on."""

    expired: int = 0
    """Entries whose content retention has removed."""
    seq: int = 0
    """The last entry that was read."""


def as_recorded(stamp: Stamp) -> tuple[int, bool]:
    """The correction that corrects nothing."""
    return stamp.utc_ms, False


def entries(
    path: Path, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[int, Stamp, Entry]]:
    """Every entry recorded in [since, until), in the order of their numbers; None: without that bound. Entries whose
    content retention has removed are passed over.

    The whole iteration sees one state of the journal, also while the gate writes.

    Raises:
        ValueError: a bound without a time zone.
        JournalUnavailable: the file cannot be read.
        JournalCorrupt: an entry cannot be understood; says which.
    """
    bounds = bounds_ms(since, until)

    def told() -> Iterator[tuple[int, Stamp, Entry]]:
        with reading(path) as connection:
            for seq, utc_ms, boot_id, boot_ms, entry in _rows(
                connection, path, "utc_ms >= ? AND utc_ms < ?", bounds, Tally()
            ):
                yield seq, Stamp(utc_ms, boot_id.decode(), boot_ms), entry

    return told()


def visits(
    path: Path, since: datetime | None = None, until: datetime | None = None, correct: Correction = as_recorded
) -> Iterator[Visit]:
    """Every visit that overlaps [since, until): ended ones in the order of their ends, then those not over yet in the
    order in which they began. Only the visits open at one moment are held in memory.

    Raises:
        as ``entries``.
    """
    bounds_ms(since, until)

    def told() -> Iterator[Visit]:
        with reading(path) as connection:
            yield from visits_in(connection, path, since=since, until=until, correct=correct, tally=Tally())

    return told()


def visits_in(
    connection: sqlite3.Connection,
    path: Path,
    *,
    since: datetime | None,
    until: datetime | None,
    correct: Correction,
    tally: Tally,
    last: int = 2**62,
) -> Iterator[Visit]:
    """As ``visits``, on a snapshot that somebody else holds open; SQLite's errors are that one's to translate.

    ``last``: as the journal was when that was its last entry.
    """
    # No lower bound in the query: a visit that began long before the period may reach into it. No upper bound either:
    # its end is told after the period.
    earliest, latest = _aware(since, _EARLIEST), _aware(until, _LATEST)
    kinds = ", ".join(f"'{kind}'" for kind in _VISIT_KINDS)
    for visit in projection(path, _rows(connection, path, f"kind IN ({kinds}) AND seq <= ?", (last,), tally), correct):
        if in_period(visit, earliest, latest):
            yield visit


def in_period(visit: Visit, since: datetime | None, until: datetime | None) -> bool:
    """Whether any moment of the visit is in [since, until); None: without that bound."""
    earliest, latest = _aware(since, _EARLIEST), _aware(until, _LATEST)
    return visit.began < latest and (visit.ended is None or visit.ended > earliest or visit.began >= earliest)


def takes_more(connection: sqlite3.Connection) -> bool:
    """Whether of any visitor more was taken than order No. 67 asks for: IIN or date of birth."""
    none = 'instr(body, \'"iin":"","birth_date":""\')'  # in a text these quotation marks would be escaped
    query = f"SELECT 1 FROM entries NOT INDEXED WHERE kind = 'visitor_identified' AND body <> '' AND {none} = 0 LIMIT 1"
    return connection.execute(query).fetchone() is not None


Row = tuple[int, int, bytes, int, Entry]
"""Number, UTC ms, boot id, boot ms and the entry."""


def _rows(
    connection: sqlite3.Connection, path: Path, where: str, bounds: tuple[int, ...], tally: Tally
) -> Iterator[Row]:
    # NOT INDEXED: an index with other contents, slipped into the file, must not be read instead of the rows.
    query = f"SELECT seq, utc_ms, boot_id, boot_ms, body FROM entries NOT INDEXED WHERE {where} ORDER BY seq"
    for seq, utc_ms, boot_id, boot_ms, body in connection.execute(query, bounds):
        tally.seq = seq
        if not body:
            tally.expired += 1
            continue
        try:
            entry = decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
            raise JournalCorrupt(path, f"entry {seq} cannot be understood: {error}") from error
        yield seq, utc_ms, boot_id, boot_ms, entry


def projection(path: Path, rows: Iterable[Row], correct: Correction) -> Iterator[Visit]:
    """The visits that entries tell of, given in the order of their numbers; ``path``: whose they are, for errors."""
    online: dict[str, Visit] = {}
    gone: set[str] = set()
    """Visits whose device is away just now."""
    for seq, utc_ms, boot_id, boot_ms, entry in rows:
        match entry:
            case VisitBegan():
                # Identifiers are unique; should one come twice, the earlier visit is shown rather than lost.
                if entry.visit in online:
                    yield online.pop(entry.visit)
                    gone.discard(entry.visit)
                true_ms, corrected = correct(Stamp(utc_ms, boot_id.decode(), boot_ms))
                online[entry.visit] = Visit(
                    entry.visit,
                    entry.number,
                    entry.device,
                    _once(entry.addresses),
                    _utc(path, seq, true_ms),
                    None,
                    entry.method,
                    None,
                    0,
                    staff=entry.staff,
                    corrected=corrected,
                )
            case VisitUsed() if entry.visit in online:
                online[entry.visit] = _with_usage(online[entry.visit], entry)
            case VisitEnded() if entry.visit in online:
                visit = online.pop(entry.visit)
                gone.discard(entry.visit)
                # The device left a while before that was recorded, by the same clock.
                true_ms, corrected = correct(Stamp(utc_ms, boot_id.decode(), boot_ms))
                ended = _utc(path, seq, entry.left_utc_ms + true_ms - utc_ms)
                corrected = corrected or visit.corrected
                yield replace(visit, ended=ended, proof=entry.proof, ended_by=entry.staff, corrected=corrected)
            case VisitorIdentified() if entry.visit in online:
                online[entry.visit] = _with_person(online[entry.visit], entry)
            case VisitAway() if entry.visit in online:
                gone.add(entry.visit)
            case VisitResumed() | VisitMoved() if entry.visit in online:
                visit = online[entry.visit]
                away = visit.away
                if isinstance(entry, VisitResumed) and entry.visit in gone:
                    gone.remove(entry.visit)
                    away += 1
                online[entry.visit] = replace(visit, addresses=_once(visit.addresses + entry.addresses), away=away)
            case _:
                pass  # an entry of a visit whose beginning is no longer in the journal
    yield from online.values()


def _once(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return addresses if len(addresses) < 2 else tuple(dict.fromkeys(addresses))


def _with_usage(visit: Visit, entry: VisitUsed) -> Visit:
    up, down = visit.up_bytes, visit.down_bytes
    if entry.up_bytes is not None and entry.down_bytes is not None:
        up, down = (up or 0) + entry.up_bytes, (down or 0) + entry.down_bytes
    return replace(visit, up_bytes=up, down_bytes=down, in_part=visit.in_part or not entry.complete)


def _with_person(visit: Visit, entry: VisitorIdentified) -> Visit:
    return replace(
        visit,
        surname=entry.surname,
        given_name=entry.given_name,
        patronymic=entry.patronymic,
        document_kind=entry.document_kind,
        document_number=entry.document_number,
        workstation=entry.workstation,
        staff=entry.staff or visit.staff,
        iin=entry.iin,
        birth_date=entry.birth_date,
    )


def bounds_ms(since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """[since, until) in UTC milliseconds; None: without that bound.

    Raises:
        ValueError: a bound without a time zone.
    """
    first, last = _aware(since, _EARLIEST), _aware(until, _LATEST)
    return (first - _EPOCH) // _MILLISECOND, (last - _EPOCH) // _MILLISECOND


def _aware(moment: datetime | None, unbounded: datetime) -> datetime:
    if moment is None:
        return unbounded
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment


def _utc(path: Path, seq: int, utc_ms: int) -> datetime:
    try:
        return _EPOCH + utc_ms * _MILLISECOND
    except OverflowError as error:
        raise JournalCorrupt(path, f"entry {seq} holds an impossible time, {utc_ms} ms") from error
