"""The chain: each entry's digest covers the one before, so that nothing in the middle can be changed unseen.

The arithmetic, for whoever must repeat it without our code (all integers big-endian, text UTF-8):

    commitment(n) = SHA-256( "qaqpa journal body 1" 00 | salt(n), 16 bytes | body(n) )
    digest(n)     = SHA-256( "qaqpa journal entry 1" 00 | digest(n-1), 32 bytes
                             | seq, 8 bytes signed | utc_ms, 8 bytes signed | boot_ms, 8 bytes signed
                             | length of boot_id, 4 bytes | boot_id | length of kind, 4 bytes | kind
                             | commitment(n), 32 bytes )
    digest(0)     = 32 zero bytes; the first entry is number 1

Lengths and fixed widths make the encoding unambiguous: no two different entries encode alike. The body enters by a
salted commitment instead of directly, so that retention can remove body and salt, keep the commitment, and the chain
still verifies; without the salt a subscriber number could be found again by hashing all of them. An expired entry has
an empty body, 16 zero bytes of salt and its commitment in a column of its own, which is NULL for every other entry.

Must not know: SQLite's layout beyond one query, what an entry means.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from journal import checkpoints
from journal.database import reading, translated
from journal.emptied import Emptied, emptied
from journal.entries import NEVER_EXPIRE

GENESIS = bytes(32)
"""What stands for the digest before the first entry."""
SALT_BYTES = 16
_BODY_DOMAIN = b"qaqpa journal body 1\0"
_ENTRY_DOMAIN = b"qaqpa journal entry 1\0"
_HEAD, _LENGTH = struct.Struct(">qqqI").pack, struct.Struct(">I").pack
_sha256 = hashlib.sha256


class Line(msgspec.Struct, frozen=True):
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
    expired: int = 0
    """How many of the whole entries have lost their body to retention."""
    sealed: int = 0
    """Up to which entry checkpoints vouch; what comes after proves itself only to who knew an earlier head."""
    signers: tuple[str, ...] = ()
    """Fingerprints of the keys that signed the checkpoints."""
    days: int = 0
    """The shortest period that a retention run named, if anything has expired."""


_STEP = 4096
"""Entries between two words about progress."""


def commitment(salt: bytes, body: bytes) -> bytes:
    """What the chain keeps of a body: 32 bytes."""
    return _sha256(_BODY_DOMAIN + salt + body).digest()


def link(previous: bytes, line: Line) -> bytes:
    """The digest of ``line`` after an entry with the digest ``previous``: 32 bytes.

    Raises:
        struct.error: a number beyond 64 bits.
    """
    head = _HEAD(line.seq, line.utc_ms, line.boot_ms, len(line.boot_id))
    committed = commitment(line.salt, line.body) if line.expired is None else line.expired
    pieces = (_ENTRY_DOMAIN, previous, head, line.boot_id, _LENGTH(len(line.kind)), line.kind, committed)
    return _sha256(b"".join(pieces)).digest()


def verify(
    path: Path,
    keys: Collection[str] = (),
    heads: Mapping[int, str] | None = None,
    reached: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Walk the whole chain and its checkpoints, read-only, in flat memory; also while the gate writes.

    Finds any edited byte, deleted, inserted or reordered entry, entries computed anew up to the last checkpoint, and an
    end cut off before the checkpoint that lies beside the journal. (An entry whose digest was computed anew to fit
    breaks the one after it, or the next checkpoint, and that is the one named.) What remains possible is told in
    ``journal.checkpoints``.

    Args:
        keys: fingerprints of the keys that may have signed, for example as an extract prints it; none: whichever
            signed the first checkpoint, and no other.
        heads: digests of entries by their number, as printed on extracts.
        reached: is told numbers of entries on the way.

    Raises:
        JournalUnavailable: the file cannot be read at all.
        JournalCorrupt: it is no journal. (Damage found on the way is a Verdict.)
    """
    with translated(path):
        # Before the journal: the gate writes it after, so what lies here is never ahead of what is read.
        beside = checkpoints.newest(path)
    walk = checkpoints.Walk(keys, heads or {}, beside)
    entries, head, expired, days = 0, GENESIS, 0, 0

    def verdict(first_bad: int | None, problem: str) -> Verdict:
        return Verdict(entries, head.hex(), first_bad, problem, expired, walk.sealed, tuple(walk.signers), days)

    with reading(path) as connection:
        rows, unexplained = _rows(connection), None
        runs: Emptied | None = None
        while True:
            expected = entries + 1
            if not expected % _STEP:
                reached(expected)
            try:
                row = next(rows, None)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                    raise  # the disk's trouble, not the entry's
                return verdict(expected, f"entry {expected} cannot be read: {error}")
            if row is None:
                problem = walk.missing(entries)
                return unexplained or verdict(expected if problem else None, problem)
            *columns, digest = row
            line = _line(columns)
            if line is None or not isinstance(digest, bytes):
                return verdict(expected, f"entry {expected} holds a value of a wrong type or size")
            if line.seq < expected:
                return verdict(line.seq, f"entry {line.seq} was inserted: the first entry is number 1")
            if line.seq > expected:
                return verdict(expected, f"entry {expected} is missing: after {entries} comes {line.seq}")
            if link(head, line) != digest:
                told = f"entry {expected} is not as it was written, or does not belong at this place"
                return verdict(expected, f"{told}, or the one before was rewritten with its digest")
            if line.expired is not None:
                runs = emptied(connection) if runs is None else runs
                days = runs.days
                told = f"entry {expected} lost its body, and no retention run did that"
                if line.kind.decode(errors="replace") in NEVER_EXPIRE:
                    return verdict(expected, told)
                if unexplained is None and not runs.explains(expected, line.utc_ms):
                    # Told at the end: if the entry of that run was edited, that one is to be named.
                    unexplained = verdict(expected, told)
                expired += 1
            problem = walk.met(expected, head, line.body) if line.kind == checkpoints.KIND else ""
            if problem := problem or walk.passed(expected, digest):
                return verdict(expected, problem)
            entries, head = expected, digest


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    names = {bytes(row[1]) for row in connection.execute("PRAGMA table_info(entries)")}
    commitment = "commitment" if b"commitment" in names else "NULL"  # a reader cannot bring an old file up to date
    columns = f"seq, utc_ms, boot_id, boot_ms, kind, body, salt, {commitment}, digest"
    return connection.execute(f"SELECT {columns} FROM entries NOT INDEXED ORDER BY seq")


def _line(columns: list[object]) -> Line | None:
    # Type by type instead of a match: this is half of what verification costs.
    seq, utc_ms, boot_id, boot_ms, kind, body, salt, expired = columns
    if not (isinstance(seq, int) and isinstance(utc_ms, int) and isinstance(boot_ms, int)):
        return None
    if not (isinstance(boot_id, bytes) and isinstance(kind, bytes) and isinstance(body, bytes)):
        return None
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        return None  # with another length bytes could move between salt and body unseen
    if expired is None:
        return Line(seq, utc_ms, boot_id, boot_ms, kind, body, salt)
    if not isinstance(expired, bytes) or len(expired) != len(GENESIS) or body or any(salt):
        return None  # a body that no digest covers
    return Line(seq, utc_ms, boot_id, boot_ms, kind, body, salt, expired)
