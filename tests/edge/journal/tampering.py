"""What an attacker does who may write the journal's files, and knows all there is to know but the key."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec.structs import replace

from journal.checkpoints import KIND, make
from journal.entries import encode
from journal.seal import GENESIS, Line, link
from journal.signing import SealKey

COLUMNS = "seq, utc_ms, boot_id, boot_ms, kind, body, salt, commitment"


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """What anybody can do who may write the file: no trigger, no constraint, no sync."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def rewrite(path: Path, change: Callable[[Line], Line | None], key: SealKey | None = None) -> None:
    """Change or (None) leave out entries, number them anew and compute the whole chain anew; with a key, sign each
    checkpoint anew with it."""
    with tampering(path) as connection:
        rows = connection.execute(f"SELECT {COLUMNS} FROM entries ORDER BY seq").fetchall()
        connection.execute("DELETE FROM entries")
        seq, digest = 0, GENESIS
        for row in rows:
            number, utc_ms, boot_id, boot_ms, kind, body, salt, commitment = row
            whole = Line(number, utc_ms, boot_id.encode(), boot_ms, kind.encode(), body.encode(), salt, commitment)
            line = change(whole)
            if line is None:
                continue
            seq += 1
            line = replace(line, seq=seq)
            if key and line.kind == KIND:
                line = replace(line, body=encode(make(key, seq - 1, digest)))
            digest = link(digest, line)
            values = (seq, line.utc_ms, line.boot_id.decode(), line.boot_ms, line.kind.decode(), line.body.decode())
            connection.execute(
                f"INSERT INTO entries ({COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, line.salt, line.expired, digest),
            )
