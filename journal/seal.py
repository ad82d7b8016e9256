"""The chain: each entry's digest covers the one before, so that nothing in the middle can be changed unseen.

The arithmetic, for whoever must repeat it without our code (all integers big-endian, text UTF-8):

    commitment(n) = SHA-256( "qaqpa journal body 1" 00 | salt(n), 16 bytes | body(n) )
    digest(n)     = SHA-256( "qaqpa journal entry 1" 00 | digest(n-1), 32 bytes
                             | seq, 8 bytes signed | utc_ms, 8 bytes signed | boot_ms, 8 bytes signed
                             | length of boot_id, 4 bytes | boot_id | length of kind, 4 bytes | kind
                             | commitment(n), 32 bytes )
    digest(0)     = 32 zero bytes; the first entry is number 1

Lengths and fixed widths make the encoding unambiguous: no two different entries encode alike. The body enters by a
salted commitment instead of directly, so that retention can one day remove body and salt, keep the commitment, and the
chain still verifies; without the salt a subscriber number could be found again by hashing all of them.

Must not know: SQLite's layout beyond one query, what an entry means.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

from journal.database import reading

GENESIS = bytes(32)
"""What stands for the digest before the first entry."""
SALT_BYTES = 16
_BODY_DOMAIN = b"qaqpa journal body 1\0"
_ENTRY_DOMAIN = b"qaqpa journal entry 1\0"


@dataclass(frozen=True)
class Line:
    """One entry as it lies in the file, but for its digest."""

    seq: int
    utc_ms: int
    boot_id: bytes
    boot_ms: int
    kind: bytes
    body: bytes
    salt: bytes
    expired: bytes | None = None
    """The commitment that retention left of body and salt; None: they are there."""


@dataclass(frozen=True)
class Verdict:
    """What verification found; ``entries`` and ``head`` are to be compared with a printed pair."""

    entries: int
    """How many entries from the first on are whole."""
    head: str
    """Digest of the last whole entry, 64 hexadecimal digits."""
    first_bad: int | None
    """Number of the first entry that is not as it was written, or is missing; None: all are whole."""
    problem: str
    """What is wrong with it, a sentence for a person; empty when nothing is."""


def commitment(salt: bytes, body: bytes) -> bytes:
    """What the chain keeps of a body: 32 bytes."""
    return hashlib.sha256(_BODY_DOMAIN + salt + body).digest()


def link(previous: bytes, line: Line) -> bytes:
    """The digest of ``line`` after an entry with the digest ``previous``: 32 bytes.

    Raises:
        struct.error: a number beyond 64 bits.
    """
    head = struct.pack(">qqqI", line.seq, line.utc_ms, line.boot_ms, len(line.boot_id))
    committed = commitment(line.salt, line.body) if line.expired is None else line.expired
    pieces = (head, line.boot_id, struct.pack(">I", len(line.kind)), line.kind, committed)
    return hashlib.sha256(_ENTRY_DOMAIN + previous + b"".join(pieces)).digest()


def verify(path: Path) -> Verdict:
    """Walk the whole chain, read-only, in flat memory; also while the gate writes.

    Finds any edited byte, deleted, inserted or reordered entry. (An entry whose digest was computed anew to fit breaks
    the one after it, and that is the one named.) It cannot see what was cut off or added at the end, nor a chain
    computed anew by whoever knows this page: that needs signed checkpoints. Until then a person compares ``entries``
    and ``head`` with a printed pair: the entry of that number must still have that digest.

    Raises:
        JournalUnavailable: the file cannot be read at all.
        JournalCorrupt: it is no journal. (Damage found on the way is a Verdict.)
    """
    entries, head = 0, GENESIS

    def bad(seq: int, problem: str) -> Verdict:
        return Verdict(entries, head.hex(), seq, problem)

    with reading(path) as connection:
        rows = connection.execute(
            "SELECT seq, utc_ms, boot_id, boot_ms, kind, body, salt, digest FROM entries NOT INDEXED ORDER BY seq"
        )
        while True:
            expected = entries + 1
            try:
                row = next(rows, None)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                    raise  # the disk's trouble, not the entry's
                return bad(expected, f"entry {expected} cannot be read: {error}")
            if row is None:
                return Verdict(entries, head.hex(), None, "")
            *columns, digest = row
            line = _line(columns)
            if line is None or not isinstance(digest, bytes):
                return bad(expected, f"entry {expected} holds a value of a wrong type or size")
            if line.seq < expected:
                return bad(line.seq, f"entry {line.seq} was inserted: the first entry is number 1")
            if line.seq > expected:
                return bad(expected, f"entry {expected} is missing: after {entries} comes {line.seq}")
            if link(head, line) != digest:
                told = f"entry {expected} is not as it was written, or does not belong at this place"
                return bad(expected, f"{told}, or the one before was rewritten with its digest")
            entries, head = expected, digest


def _line(columns: list[object]) -> Line | None:
    match columns:
        case [
            int() as seq,
            int() as utc_ms,
            bytes() as boot_id,
            int() as boot_ms,
            bytes() as kind,
            bytes() as body,
            bytes() as salt,
        ] if len(salt) == SALT_BYTES:  # with another length bytes could move between salt and body unseen
            return Line(seq, utc_ms, boot_id, boot_ms, kind, body, salt)
        case _:
            return None
