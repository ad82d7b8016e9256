"""What the auditor goes by, read from outside the product: SQLite's rows, the kernel's sets, the SMSC's log, the books.

    evidence = Reader(people, sources).read(now_ms, monotonic_ms)

The chain is reckoned anew by the arithmetic that is published for whoever must repeat it (in ``journal.seal``'s words).
Must not know: any code of the product; what should be there.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import struct
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.chaos.book import AnyNote, Book, Fault, Inspected, Packet

_UP4 = re.compile(r"^add qq-up4 ([0-9.]+),([0-9A-Fa-f:]{17}) ", re.MULTILINE)
_UP6 = re.compile(r"^add qq-up6 ([0-9a-f:]+) ", re.MULTILINE)
_MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_GENESIS = bytes(32)


@dataclass(frozen=True)
class Person:
    """Whose is what."""

    number: int
    """Of the visitor, as in its port and its name."""
    mac: str
    phone: str
    """E.164."""


@dataclass(frozen=True)
class Entry:
    """One row of the journal."""

    seq: int
    at_ms: int
    kind: str
    body: Mapping[str, Any]
    digest: bytes
    whole: bool
    """The digest is what the arithmetic gives, after the entry before it."""

    @property
    def device(self) -> str:
        return str(self.body.get("device", ""))


@dataclass(frozen=True)
class Arrival:
    """What a server of the Internet was asked."""

    at_ms: float
    service: str
    detail: str


@dataclass(frozen=True)
class Text:
    """An SMS that the SMSC took."""

    at_ms: int
    to: str
    """E.164."""
    text: str


@dataclass(frozen=True)
class Admitted:
    """Whom the kernel lets pass."""

    four: frozenset[tuple[str, str]] = frozenset()
    """MAC address and IPv4 address."""
    six: frozenset[str] = frozenset()
    """IPv6 addresses; MAC addresses where the kernel keeps those."""


@dataclass(frozen=True)
class Evidence:
    """All of it, as of one moment."""

    people: Sequence[Person]
    read_ms: int = 0
    """Nothing later is in the visitors' books; every other part was read after them."""
    notes: Mapping[str, Sequence[AnyNote]] = field(default_factory=dict)
    """By MAC address."""
    packets: Sequence[Packet] = ()
    arrivals: Sequence[Arrival] = ()
    entries: Sequence[Entry] = ()
    """Oldest first."""
    before: Sequence[Entry] = ()
    """As they were when the kernel had not been read yet."""
    admitted: Admitted = field(default_factory=Admitted)
    texts: Sequence[Text] = ()
    inspections: Sequence[Inspected] = ()
    faults: Sequence[Fault] = ()
    budget: int = 1_000_000
    """How many SMS may be sent."""
    grace_ms: int = 0
    """Within which whoever left may return."""


def journal(path: Path) -> list[Entry]:
    """Every row of the journal's file, each held against the chain."""
    columns = "seq, utc_ms, boot_id, boot_ms, kind, body, salt, commitment, digest"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        rows = connection.execute(f"SELECT {columns} FROM entries NOT INDEXED ORDER BY seq").fetchall()
    entries, previous = [], _GENESIS
    for number, (seq, utc_ms, boot_id, boot_ms, kind, body, salt, emptied, digest) in enumerate(rows, 1):
        commitment = emptied or _sha256(b"qaqpa journal body 1\0" + salt + body.encode())
        head = struct.pack(">qqq", seq, utc_ms, boot_ms)
        worded = b"".join(struct.pack(">I", len(word.encode())) + word.encode() for word in (boot_id, kind))
        reckoned = _sha256(b"qaqpa journal entry 1\0" + previous + head + worded + commitment)
        told = json.loads(body) if body else {}
        entries.append(Entry(seq, utc_ms, kind, told, digest, whole=seq == number and digest == reckoned))
        previous = digest
    return entries


def admitted(namespace: str) -> Admitted:
    """As ``ipset save`` says in the gate's namespace; sets that are not there admit nobody."""
    line = ["ip", "netns", "exec", namespace, "ipset", "save"]
    saved = subprocess.run(line, capture_output=True, check=True, text=True).stdout
    return Admitted(frozenset((mac.lower(), ip) for ip, mac in _UP4.findall(saved)), frozenset(_UP6.findall(saved)))


@dataclass(frozen=True)
class Sources:
    """Where everything is."""

    folder: Path
    """Of the books: ``<mac with dashes>.notes``, ``packets``, ``faults``."""
    journal: Path
    gate: str
    """The gate's network namespace."""
    smsc_log: Path
    arrivals: Path
    """The Internet's own log."""


class Reader:
    """Reads everything again and again."""

    def __init__(self, people: Sequence[Person], sources: Sources) -> None:
        self._people, self._journal, self._gate = people, sources.journal, sources.gate
        self._ahead_ms: int | None = None
        self._notes: dict[str, Book[AnyNote]] = {person.mac: notes_of(sources.folder, person) for person in people}
        self._packets = Book(sources.folder / "packets", Packet)
        self._inspections = inspections_of(sources.folder)
        self._faults = Book(sources.folder / "faults", Fault)
        self._texts: Book[dict[str, Any]] = Book(sources.smsc_log, dict[str, Any])
        self._arrivals: Book[dict[str, Any]] = Book(sources.arrivals, dict[str, Any])

    def read(self, now_ms: int, monotonic_ms: int) -> Evidence:
        """What there is. Packets first and the journal last: whatever was let through has been recorded before.

        Args:
            now_ms, monotonic_ms: the same moment by the wall clock and by CLOCK_MONOTONIC, by which arrivals are noted.
        """
        packets, arrivals = list(self._packets.lines()), list(self._arrivals.lines())
        notes = {mac: list(book.lines()) for mac, book in self._notes.items()}
        before = journal(self._journal)
        passing = admitted(self._gate)
        entries = journal(self._journal)
        if self._ahead_ms is None:  # once, so that a moment is the same each time it is read
            self._ahead_ms = now_ms - monotonic_ms
        return Evidence(
            self._people,
            now_ms,
            notes,
            packets,
            [
                Arrival(each["at_s"] * 1000 + self._ahead_ms, each["service"], each.get("detail", ""))
                for each in arrivals
            ],
            entries,
            before,
            passing,
            [Text(each["utc_ms"], f"+{each['to']}", each["text"]) for each in self._texts.lines()],
            list(self._inspections.lines()),
            list(self._faults.lines()),
        )


def notes_of(folder: Path, person: Person) -> Book[AnyNote]:
    """The visitor's own log."""
    return Book(folder / f"{person.mac.replace(':', '-')}.notes", cast(type[AnyNote], AnyNote))


def inspections_of(folder: Path) -> Book[Inspected]:
    """The inspector's own log."""
    return Book(folder / "inspections", Inspected)


def is_mac(text: str) -> bool:
    return bool(_MAC.fullmatch(text))


def _sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()
