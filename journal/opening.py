"""How the writer comes to its file: the one lock, the check of its pages, the steps to the newest layout.

Must not know: entries, what is written.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from journal.database import connect_writer, reading
from journal.errors import Cause, JournalCorrupt, JournalError, JournalNewer, JournalUnavailable
from journal.layout import STEPS, taken
from journal.shutting_out import ALONE_MODE, let_read, shut_out, stood_in_the_way

FILE_MODE = 0o640
"""Owner writes, group reads; SQLite gives the same to its ``-wal`` and ``-shm`` files."""
LOCK_MODE = 0o600
"""Whoever can open the lock's file can hold it."""


def lock_writer(path: Path) -> int:
    """The descriptor that holds the writer's lock until it is closed, by us or by the process's end.

    Raises:
        JournalUnavailable: another process has it.
        OSError: for ``translated`` to translate.
    """
    # Not a lock on the journal file itself: closing any descriptor of that file drops SQLite's own POSIX locks in
    # this process. Not locking_mode=EXCLUSIVE: readers must read while the gate runs.
    lock = os.open(f"{path}-writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, LOCK_MODE)
    try:
        os.fchmod(lock, LOCK_MODE)  # an earlier version let the group open it
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise JournalUnavailable(path, Cause.IN_USE, "another gate has it open") from error
    except BaseException:
        os.close(lock)
        raise
    return lock


def open_checked(path: Path) -> sqlite3.Connection:
    """The journal, made if it is not there, its pages checked and its layout brought up to date; under the lock.

    Raises:
        JournalCorrupt, JournalNewer
        sqlite3.Error, OSError: for ``translated`` to translate.
    """
    if not path.exists():  # nobody else opens it before it is whole
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, ALONE_MODE))
    _leave_newer(path)
    mode = FILE_MODE
    if stood_in_the_way(path):
        shut_out(path)
        mode = ALONE_MODE
    connection = connect_writer(path)
    try:
        problems = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        if problems != ["ok"]:
            raise JournalCorrupt(path, "; ".join(problems).replace("\n", "; "))
        if taken(connection) != [*STEPS]:
            _bring_up_to_date(connection)
        let_read(path, mode)
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    # What makes layouts is loaded where one is to be made: once in a journal's life.
    from sqlite_utils import Database

    from journal.migrations import steps

    # Plugins that somebody installed beside sqlite-utils have no business in the journal.
    steps.apply(Database(connection, execute_plugins=False))


def _leave_newer(path: Path) -> None:
    """Before anything is written, damaged or not: what a later version has made is for a later version to mend."""
    try:
        with reading(path):
            pass
    except JournalNewer:
        raise
    except JournalError:
        return  # opening it for writing says so, in its own words
