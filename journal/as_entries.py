"""A stretch of the chain as lines of JSON, so that whoever has the extract can walk it again (``journal.seal``).

An entry that the reader is not to see, and one that retention has emptied, stands there by its commitment alone: the
chain holds without its content. Must not know: visits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import msgspec

from journal.manifest import Break, Link
from journal.seal import GENESIS, commitment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALWAYS_SHOWN = frozenset({b"sealed", b"clock_set", b"retention_ran", b"journal_began"})
"""Kinds that say nothing of a person, and by which the others are judged."""


class _Why(msgspec.Struct):
    why: str


class EntryLine(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One entry: with ``body`` and ``salt``, or with ``commitment``. Digests and salts are hexadecimal digits."""

    seq: int
    utc_ms: int
    boot_id: str
    boot_ms: int
    kind: str
    digest: str
    body: str | None = None
    """The entry's JSON, byte for byte."""
    salt: str = ""
    commitment: str = ""


class Stretch(msgspec.Struct, frozen=True):
    """The entries of a period, first to last without a gap, with the digest before the first."""

    first: int
    last: int
    """0: there are none."""
    before: str


def stretch(connection: sqlite3.Connection, bounds: tuple[int, int]) -> Stretch:
    """From the first to the last entry that was recorded in ``bounds`` (UTC milliseconds, the second excluded). Between
    them all are there, also those that a clock gone wrong has stamped otherwise."""
    query = "SELECT min(seq), max(seq) FROM entries NOT INDEXED WHERE utc_ms >= ? AND utc_ms < ?"
    first, last = connection.execute(query, bounds).fetchone()
    if first is None:
        return Stretch(1, 0, GENESIS.hex())
    before = connection.execute("SELECT digest FROM entries WHERE seq = ?", (first - 1,)).fetchone()
    return Stretch(first, last, bytes(before[0]).hex() if before else GENESIS.hex())


def end_of_chain(connection: sqlite3.Connection) -> Link:
    """The last entry; number 0 if there is none."""
    row = connection.execute("SELECT seq, digest FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return Link(row[0], bytes(row[1]).hex()) if row else Link(0, GENESIS.hex())


def newest_seal(connection: sqlite3.Connection) -> dict[str, str | int] | None:
    """The newest signed checkpoint, as its entry says; None: there is none."""
    newest = "SELECT body FROM entries NOT INDEXED WHERE kind = 'sealed' ORDER BY seq DESC LIMIT 1"
    row = connection.execute(newest).fetchone()
    return msgspec.json.decode(row[0], type=dict[str, str | int]) if row else None


def breaks(connection: sqlite3.Connection, most: int = 100) -> tuple[Break, ...]:
    """Where the journal says that it does not go on where it stopped, the newest first."""
    query = "SELECT seq, utc_ms, body FROM entries NOT INDEXED WHERE kind = 'journal_began' ORDER BY seq DESC LIMIT ?"
    told = []
    for seq, utc_ms, body in connection.execute(query, (most,)):
        recorded = (_EPOCH + timedelta(milliseconds=utc_ms)).isoformat(timespec="seconds").replace("+00:00", "Z")
        told.append(Break(seq, recorded, msgspec.json.decode(body, type=_Why).why))
    return tuple(told)


def write_entries(
    connection: sqlite3.Connection,
    part: Stretch,
    out: BinaryIO,
    shown: Callable[[bytes], bool],
    reached: Callable[[int], None],
) -> None:
    """Write the stretch's entries.

    Args:
        shown: whether an entry with that body is for this reader's eyes.
        reached: is told numbers of entries on the way.

    Raises:
        sqlite3.Error: for whoever holds the connection to translate.
        OSError: ``out`` cannot be written to.
    """
    encode = msgspec.json.Encoder().encode
    emptied = "commitment" if _has_commitments(connection) else "NULL"
    query = (
        f"SELECT seq, utc_ms, boot_id, boot_ms, kind, digest, body, salt, {emptied} FROM entries NOT INDEXED "
        "WHERE seq >= ? AND seq <= ? ORDER BY seq"
    )
    for seq, utc_ms, boot_id, boot_ms, kind, digest, body, salt, kept in connection.execute(
        query, (part.first, part.last)
    ):
        start = (seq, utc_ms, boot_id.decode(), boot_ms, kind.decode(), digest.hex())
        if kept is not None:
            line = EntryLine(*start, commitment=kept.hex())
        elif kind in ALWAYS_SHOWN or shown(body):
            line = EntryLine(*start, body=body.decode(), salt=salt.hex())
        else:
            line = EntryLine(*start, commitment=commitment(salt, body).hex())
        out.write(encode(line) + b"\n")
        if not seq % 4096:
            reached(seq)


def _has_commitments(connection: sqlite3.Connection) -> bool:
    return any(bytes(row[1]) == b"commitment" for row in connection.execute("PRAGMA table_info(entries)"))
