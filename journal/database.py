"""The only door to SQLite: opens the file for the one writer or for a reader, and translates SQLite's errors.

Must not know: tables, entries.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journal.errors import Cause, JournalCorrupt, JournalError, JournalUnavailable
from journal.layout import refuse_newer

BUSY_TIMEOUT_S = 5.0
"""Longest wait for another connection's lock; only a checkpoint or a person's sqlite3 shell ever holds one."""
WAL_KEPT_BYTES = 16 * 1024 * 1024
"""A long extract makes the write-ahead log grow; afterwards it is cut back to this."""


def connect_writer(path: Path) -> sqlite3.Connection:
    """The file opened for writing: transactions are explicit, and durable when COMMIT returns.

    Raises:
        sqlite3.Error: for ``translated`` to translate.
    """
    # check_same_thread=False: the composition root opens the store before it starts the owner thread. SQLite is built
    # serialised (sqlite3.threadsafety 3), and one thread at a time is the caller's duty.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError(f"no write-ahead log on this file system, only {mode!r}")
        # FULL: the log is synced at every COMMIT. NORMAL would lose acknowledged entries with the power.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
        # What retention takes away is overwritten, not only unlinked. (No VACUUM: it would need the disk twice and stop
        # the gate for seconds, and freed pages are used again by what is recorded next.)
        connection.execute("PRAGMA secure_delete = ON")
        # Also what INSERT OR REPLACE deletes is refused by the triggers that refuse deletions.
        connection.execute("PRAGMA recursive_triggers = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, on one consistent snapshot; TEXT comes as the bytes that are in the file.

    It works while the writer runs and after the writer was killed. SQLite run as root gives the ``-wal`` and ``-shm``
    files that it may have to make to the owner of the journal, so the writer can open them afterwards.

    Raises:
        JournalUnavailable, JournalCorrupt: also for what happens inside the ``with`` block.
        JournalNewer: a later version has written it.
    """
    with translated(path):
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist")
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro{_immutable(path)}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,  # a generator may be closed by whichever thread drops it
        )
        try:
            connection.text_factory = bytes
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("BEGIN")
            refuse_newer(path, connection)
            yield connection
        finally:
            connection.close()


def _immutable(path: Path) -> str:
    # On a file system mounted read-only (an inspector's copy on a stick) SQLite could not make the -shm file that it
    # shares with the writer, and nobody can be writing. With a log left beside it the file alone would lack the last
    # entries: then SQLite's refusal stands.
    log = Path(f"{path}-wal")
    read_only = os.statvfs(path).f_flag & os.ST_RDONLY
    return "&immutable=1" if read_only and not (log.exists() and log.stat().st_size) else ""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors inside the block leave it as this package's."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translate_sqlite(path, error) from error
    except OSError as error:
        raise JournalUnavailable(path, _cause_of_os_error(error), error.strerror or str(error)) from error


def _translate_sqlite(path: Path, error: sqlite3.Error) -> JournalError:
    # https://www.sqlite.org/rescode.html: the low byte is the primary code. Errors of the Python layer carry none.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    detail = f"{error}, {error.sqlite_errorname}" if code is not None else str(error)
    match code & 0xFF if code is not None else None:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_FORMAT:
            return JournalCorrupt(path, detail)
        case sqlite3.SQLITE_FULL:
            cause = Cause.FULL
        case sqlite3.SQLITE_READONLY:
            cause = Cause.READ_ONLY
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            cause = Cause.IN_USE
        case sqlite3.SQLITE_CANTOPEN:
            cause = Cause.FORBIDDEN if path.exists() else Cause.MISSING
        case sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            cause = Cause.FORBIDDEN
        case sqlite3.SQLITE_IOERR:
            cause = Cause.IO
        case _:
            cause = Cause.OTHER
    return JournalUnavailable(path, cause, detail)


def _cause_of_os_error(error: OSError) -> Cause:
    match error:
        case BlockingIOError():
            return Cause.IN_USE
        case FileNotFoundError() | NotADirectoryError():
            return Cause.MISSING
        case PermissionError():
            return Cause.FORBIDDEN
        case _:
            pass
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return Cause.FULL
        case errno.EROFS:
            return Cause.READ_ONLY
        case _:
            return Cause.IO
