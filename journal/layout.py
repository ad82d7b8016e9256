"""Which layouts of the journal's file this version knows, told without changing anything in it.

A newer Qaqpa's file is neither read nor written: its chain may be reckoned otherwise, and an inspector would be told
that it is broken. A layout is the list of steps that the file has taken (``journal.migrations``). Must not know: what a
step does.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from journal.errors import JournalNewer

STEPS = ("entries_and_kept", "expired_bodies")
"""All of ``journal.migrations``, in their order. A step may do nothing: whoever changes the form of anything that the
gate keeps beside the entries (its working state, checkpoints, keys) adds one, so that an older version stays away."""


def refuse_newer(path: Path, connection: sqlite3.Connection) -> None:
    """
    Raises:
        JournalNewer: the file has taken steps that this version does not know.
        sqlite3.Error: it cannot be read.
    """
    if unknown := tuple(name for name in taken(connection) if name not in STEPS):
        raise JournalNewer(path, unknown)


def taken(connection: sqlite3.Connection) -> list[str]:
    """The steps that the file has taken.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    there = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlite_migrations'"
    if not connection.execute(there).fetchone()[0]:
        return []  # an empty file, or another database of ours
    names = connection.execute("SELECT CAST(name AS BLOB) FROM _sqlite_migrations WHERE migration_set = 'journal'")
    return [bytes(name).decode(errors="replace") for (name,) in names]
