"""What an inspector reads: entries, the visits they tell of, and a CSV of those. Read-only, streamed in flat memory.

Reads the same rows in the same order as ``journal.seal.verify``, and proves nothing by itself: verify first.
Must not know: who asks, pages, the gate.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec

from journal.database import reading
from journal.entries import Entry, Stamp, VisitAway, VisitBegan, VisitEnded, VisitMoved, VisitResumed, VisitUsed, decode
from journal.errors import JournalCorrupt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_VISIT_KINDS = ("visit_began", "visit_away", "visit_resumed", "visit_moved", "visit_used", "visit_ended")


class Visit(msgspec.Struct, frozen=True):
    """One authorised stay of one device, put together from its entries."""

    visit: str
    number: str
    """Subscriber number, E.164."""
    device: str
    addresses: tuple[str, ...]
    """Every address the device had in the visit, in the order in which they appeared."""
    began: datetime
    """UTC; when the admission was recorded."""
    ended: datetime | None
    """UTC; when the device left. None: the visit is not over."""
    method: str
    """How the visitor was authorised, for example ``sms``."""
    proof: str | None
    """Which source said that the device left; None: the visit is not over."""
    away: int
    """How many gaps the visit has: the device was away and returned within the grace."""
    up_bytes: int | None = None
    """What the device sent through the gate, IP packets with headers, as far as recorded. None: nothing is known."""
    down_bytes: int | None = None
    """What it got."""
    in_part: bool = False
    """A part of the visit was not counted to its end: it used at least so much."""


def entries(
    path: Path, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[int, Stamp, Entry]]:
    """Every entry recorded in [since, until), in the order of their numbers; None: without that bound.

    The whole iteration sees one state of the journal, also while the gate writes.

    Raises:
        ValueError: a bound without a time zone.
        JournalUnavailable: the file cannot be read.
        JournalCorrupt: an entry cannot be understood; says which.
    """
    first, last = _aware(since, _EARLIEST), _aware(until, _LATEST)
    bounds = ((first - _EPOCH) // _MILLISECOND, (last - _EPOCH) // _MILLISECOND)
    return _rows(path, "utc_ms >= ? AND utc_ms < ?", bounds)


def visits(path: Path, since: datetime | None = None, until: datetime | None = None) -> Iterator[Visit]:
    """Every visit that overlaps [since, until): ended ones in the order of their ends, then those not over yet in the
    order in which they began. Only the visits open at one moment are held in memory.

    Raises:
        as ``entries``.
    """
    # No lower bound in the query: a visit that began long before the period may reach into it. No upper bound either:
    # its end is told after the period.
    first, last = _aware(since, _EARLIEST), _aware(until, _LATEST)
    kinds = ", ".join(f"'{kind}'" for kind in _VISIT_KINDS)
    return (
        visit
        for visit in _visits(path, _rows(path, f"kind IN ({kinds})", ()))
        if visit.began < last and (visit.ended is None or visit.ended > first or visit.began >= first)
    )


def _rows(path: Path, where: str, bounds: tuple[int, ...]) -> Iterator[tuple[int, Stamp, Entry]]:
    with reading(path) as connection:
        # NOT INDEXED: an index with other contents, slipped into the file, must not be read instead of the rows. An
        # empty body is one that retention took.
        there = f"{where} AND body <> ''"
        query = f"SELECT seq, utc_ms, boot_id, boot_ms, body FROM entries NOT INDEXED WHERE {there} ORDER BY seq"
        for seq, utc_ms, boot_id, boot_ms, body in connection.execute(query, bounds):
            try:
                yield seq, Stamp(utc_ms, boot_id.decode(), boot_ms), decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
                raise JournalCorrupt(path, f"entry {seq} cannot be understood: {error}") from error


def _visits(path: Path, rows: Iterable[tuple[int, Stamp, Entry]]) -> Iterator[Visit]:
    online: dict[str, Visit] = {}
    gone: set[str] = set()
    """Visits whose device is away just now."""
    for seq, stamp, entry in rows:
        match entry:
            case VisitBegan():
                # Identifiers are unique; should one come twice, the earlier visit is shown rather than lost.
                if entry.visit in online:
                    yield online.pop(entry.visit)
                    gone.discard(entry.visit)
                began = _utc(path, seq, stamp.utc_ms)
                addresses = tuple(dict.fromkeys(entry.addresses))
                online[entry.visit] = Visit(
                    entry.visit, entry.number, entry.device, addresses, began, None, entry.method, None, 0
                )
            case VisitAway() if entry.visit in online:
                gone.add(entry.visit)
            case VisitResumed() | VisitMoved() if entry.visit in online:
                visit = online[entry.visit]
                away = visit.away
                if isinstance(entry, VisitResumed) and entry.visit in gone:
                    gone.remove(entry.visit)
                    away += 1
                addresses = tuple(dict.fromkeys(visit.addresses + entry.addresses))
                online[entry.visit] = msgspec.structs.replace(visit, addresses=addresses, away=away)
            case VisitUsed() if entry.visit in online:
                online[entry.visit] = _with_usage(online[entry.visit], entry)
            case VisitEnded() if entry.visit in online:
                ended = _utc(path, seq, entry.left_utc_ms)
                gone.discard(entry.visit)
                yield msgspec.structs.replace(online.pop(entry.visit), ended=ended, proof=entry.proof)
            case _:
                pass  # an entry of a visit whose beginning is no longer in the journal
    yield from online.values()


def _with_usage(visit: Visit, entry: VisitUsed) -> Visit:
    up, down = visit.up_bytes, visit.down_bytes
    if entry.up_bytes is not None and entry.down_bytes is not None:
        up, down = (up or 0) + entry.up_bytes, (down or 0) + entry.down_bytes
    in_part = visit.in_part or not entry.complete
    return msgspec.structs.replace(visit, up_bytes=up, down_bytes=down, in_part=in_part)


HEADER = (
    "visit",
    "subscriber number",
    "device",
    "addresses",
    "began",
    "began UTC offset",
    "ended",
    "ended UTC offset",
    "authorised by",
    "left according to",
    "times away",
    "bytes up",
    "bytes down",
    "bytes counted",
)


def write_csv(rows: Iterable[Visit], out: BinaryIO, zone: ZoneInfo) -> int:
    """Write visits as a CSV that opens right by a double click in Excel with Kazakh or Russian settings.

    UTF-8 with a byte order mark, without which Excel reads Cyrillic in an 8-bit code page. Separator ``;``: Excel
    takes the system's list separator, which there is the semicolon because the comma is the decimal sign (a first
    line ``sep=;`` would work everywhere, but makes Excel ignore the byte order mark). Lines end in CR LF. Times are
    local to ``zone`` in the one form that Excel takes for a date in every locale, with the offset beside each, because
    Kazakhstan has changed its offset before (1 March 2024). The header is English for now.

    Every text that a spreadsheet would take for a formula or a number has an apostrophe before it, subscriber numbers
    included: see ``inert``.

    Args:
        out: a binary stream, since mark and line ends are bytes; it stays open.

    Returns:
        How many visits were written.

    Raises:
        OSError: ``out`` cannot be written to.
    """
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    written = 0
    try:
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        for visit in rows:
            writer.writerow(_csv_row(visit, zone))
            written += 1
        text.flush()
    finally:
        text.detach()
    return written


# ＝＋－＠ are the full-width forms, which East Asian settings take for the plain ones. A leading apostrophe is marked
# too, so that removing one apostrophe always gives the original back.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠'\t\r\n]")
_NUMBER = re.compile(r"\s*\d+([.,]\d+)?([eE]\d+)?\s*")


def inert(text: str) -> str:
    """The text as a spreadsheet cell that can only be text: with ``'`` before it if it needs that.

        >>> inert("+77011234567"), inert("10.77.0.10"), inert("=HYPERLINK(0)")
        ("'+77011234567", '10.77.0.10', "'=HYPERLINK(0)")

    Excel shows the apostrophe of a CSV cell. Rejected for subscriber numbers: the bare ``+7701…``, which Excel
    calculates (the plus is lost, 12 digits become 9,98901E+11); digits without the plus (the same exponent);
    ``="+7701…"``, itself a formula; an invisible first character, which a person would copy without knowing. With the
    apostrophe a person reads the whole number and finds it by searching for any part of it.
    """
    return f"'{text}" if _FORMULA.match(text) or _NUMBER.fullmatch(text) else text


def _csv_row(visit: Visit, zone: ZoneInfo) -> tuple[str | int, ...]:
    began, began_offset = _local(visit.began, zone)
    ended, ended_offset = _local(visit.ended, zone) if visit.ended else ("", "")
    texts = (visit.visit, visit.number, visit.device, " ".join(visit.addresses))
    return (
        *map(inert, texts),
        began,
        began_offset,
        ended,
        ended_offset,
        inert(visit.method),
        inert(visit.proof or ""),
        visit.away,
        "" if visit.up_bytes is None else visit.up_bytes,
        "" if visit.down_bytes is None else visit.down_bytes,
        _counted(visit),
    )


def _counted(visit: Visit) -> str:
    """How far the bytes can be trusted; empty where there are none and none are missing."""
    if visit.in_part:
        return "at least" if visit.up_bytes is not None else "unknown"
    return "" if visit.up_bytes is None else "all" if visit.ended else "so far"


def _local(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    # "UTC+05:00", not "+05:00": the bare offset begins like a formula.
    local = moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return local[:19], f"UTC{local[19:25]}"


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
