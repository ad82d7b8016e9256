"""The data of an extract, its record and its register, written into a folder from one state of the journal.

Every format is fed in one pass; the register needs the record's digest, so it has a pass of its own. Memory stays flat
but for the visits open at one moment and, with a filter, the identifiers of those it lets through. Must not know:
manifests, signatures, where the folder goes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from journal import manifest as manifests
from journal.apart import Apart
from journal.as_entries import Stretch, breaks, end_of_chain, newest_seal, stretch, write_entries
from journal.columns import Language
from journal.database import reading
from journal.manifest import ENTRIES, FORMAT, RECORD, Counts, Link, Record
from journal.signing import fingerprint
from journal.visit import Visit
from journal.visits import Correction, Tally, bounds_ms, takes_more, visits_in
from journal.wanted import Wanted
from journal.writers import Form, Writer

FORMATS = ("csv", "xlsx", "pdf", "jsonl")
_STEP = 1024
"""Visits between two words about progress."""


class Order(msgspec.Struct, frozen=True):
    """What is to be made, for whom and why."""

    wanted: Wanted
    by: str
    why: str
    made: datetime
    venue: str
    rules: str
    version: str
    zone: ZoneInfo
    language: Language
    formats: tuple[str, ...] = FORMATS


class Data(msgspec.Struct, frozen=True):
    """What it came to."""

    visits: int
    entries: int
    """Of the period."""
    expired: int
    """Entries on the way whose content retention has removed."""


def write_data(
    journal: Path,
    folder: Path,
    order: Order,
    *,
    public: str,
    progress: Callable[[float], None],
    correct: Correction,
    writing: Callable[[], AbstractContextManager[None]],
) -> Data:
    """Write everything but what signs it.

    Args:
        public: the key that will sign, 64 hexadecimal digits; "": none.
        writing: translates what the folder's disk refuses, or it would be said of the journal's.

    Raises:
        ExtractFailed: the register's fonts are missing; or as ``writing`` says.
        JournalUnavailable, JournalCorrupt
    """
    with reading(journal) as connection, writing():
        source = lambda tally: visits_in(  # noqa: E731
            connection, journal, since=order.wanted.since, until=order.wanted.until, correct=correct, tally=tally
        )
        return _Writing(connection, source, folder, order, progress).write(public)


class _Writing:
    def __init__(
        self,
        connection: sqlite3.Connection,
        source: Callable[[Tally], Iterator[Visit]],
        folder: Path,
        order: Order,
        progress: Callable[[float], None],
    ) -> None:
        self._connection, self._source, self._folder, self._order = connection, source, folder, order
        self._progress = progress
        self._end = end_of_chain(connection)
        self._passes, self._passed = 1 + ("jsonl" in order.formats) + ("pdf" in order.formats), 0

    def write(self, public: str) -> Data:
        order, wanted = self._order, self._order.wanted
        tally, visits, chosen = Tally(), 0, set[str]()
        with ExitStack() as opened:
            writers = list(self._writers(opened))
            for visit in self._visits(tally):
                visits += 1
                if wanted.narrow:
                    chosen.add(visit.visit)
                for writer in writers:
                    writer.add(visit)
            for writer in writers:
                writer.close()
        self._passed += 1
        part = stretch(self._connection, bounds_ms(wanted.since, wanted.until))
        data = Data(visits, max(0, part.last - part.first + 1), tally.expired)
        if "jsonl" in order.formats:
            with (self._folder / ENTRIES).open("wb") as out:
                write_entries(self._connection, part, out, _shown(wanted, chosen), self._reached)
            self._passed += 1
        record = self._record(part, data, public)
        (self._folder / RECORD).write_bytes(manifests.written(record))
        if "pdf" in order.formats:
            self._register(record)
        return data

    def _visits(self, tally: Tally) -> Iterator[Visit]:
        takes = self._order.wanted.takes
        for met, visit in enumerate(self._source(tally)):
            if not met % _STEP:
                self._reached(tally.seq)
            if takes(visit):
                yield visit

    def _reached(self, seq: int) -> None:
        self._progress((self._passed + seq / max(1, self._end.seq)) / self._passes)

    def _writers(self, stack: ExitStack) -> Iterator[Writer]:
        order = self._order
        personal = bool({"csv", "xlsx"} & set(order.formats)) and takes_more(self._connection)
        for each in ("csv", "jsonl", "xlsx"):
            if each in order.formats:
                form = Form(each, str(self._folder), order.language, order.zone.key, personal)
                yield stack.enter_context(Apart(form))

    def _record(self, part: Stretch, data: Data, public: str) -> Record:
        order, wanted = self._order, self._order.wanted
        kept = {name: getattr(wanted, name) for name in ("number", "device", "name", "workstation")}
        return Record(
            format=FORMAT,
            product=f"Qaqpa {order.version}",
            venue=order.venue,
            rules=order.rules,
            timezone=order.zone.key,
            since=_rfc3339(wanted.since),
            until=_rfc3339(wanted.until),
            filter={name: value for name, value in kept.items() if value},
            by=order.by,
            why=order.why,
            made=_rfc3339(order.made) or "",
            counts=Counts(data.visits, data.entries, data.expired),
            before=part.before,
            first=self._link(part.first) if part.last else None,
            last=self._link(part.last) if part.last else None,
            head=self._end,
            breaks=breaks(self._connection),
            seal=newest_seal(self._connection),
            public=public,
            fingerprint=fingerprint(bytes.fromhex(public)) if public else "",
            files=tuple(map(manifests.hashed, sorted(self._folder.iterdir()))),
        )

    def _link(self, seq: int) -> Link:
        (digest,) = self._connection.execute("SELECT digest FROM entries WHERE seq = ?", (seq,)).fetchone()
        return Link(seq, bytes(digest).hex())

    def _register(self, record: Record) -> None:
        from journal.as_pdf import Facts, PdfWriter  # loaded by whoever writes one, and by no console that starts

        order = self._order
        facts = Facts(
            venue=record.venue,
            rules=record.rules,
            since=_local(order.wanted.since, order.zone),
            until=_local(order.wanted.until, order.zone),
            by=record.by,
            why=record.why,
            made=_local(order.made, order.zone),
            visits=record.counts.visits,
            seq=record.head.seq,
            head=record.head.digest,
            fingerprint=record.fingerprint,
            record=manifests.hashed(self._folder / RECORD).sha256,
        )
        register = PdfWriter(self._folder, order.language, order.zone, facts)
        for visit in self._visits(Tally()):
            register.add(visit)
        register.close()


class _About(msgspec.Struct):
    kind: str = ""
    visit: str = ""
    number: str = ""
    device: str = ""


def _shown(wanted: Wanted, chosen: set[str]) -> Callable[[bytes], bool]:
    """Whether an entry is for the eyes of somebody who wants just this: without a filter every one is. A checkpoint
    says nothing of anybody, and proves what is before it."""
    if not wanted.narrow:
        return lambda _: True
    about = msgspec.json.Decoder(_About).decode

    def shown(body: bytes) -> bool:
        told = about(body)
        if told.kind == "sealed":
            return True
        if told.visit:
            return told.visit in chosen
        return bool(
            (wanted.number and told.number == wanted.number) or (wanted.device and told.device == wanted.device)
        )

    return shown


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).isoformat(sep=" ", timespec="minutes")[:16]
