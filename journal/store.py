"""The one writer: appends entries to the journal file, a batch a transaction, durable when it returns.

    >>> store = Store.open(Path("/var/lib/qaqpa/journal.sqlite3"))      # doctest: +SKIP
    >>> store.append([(stamp, GateStarted("0.1.0", 0, 0))])             # doctest: +SKIP
    1

Must not know: what entries mean, when to write them.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from sqlite_utils import Database

from journal import seal
from journal.database import connect_writer, translated
from journal.entries import Entry, Stamp, encode
from journal.errors import Cause, JournalCorrupt, JournalNewer, JournalUnavailable
from journal.migrations import steps, unknown_steps

FILE_MODE = 0o640
"""Owner writes, group reads; SQLite gives the same to its ``-wal`` and ``-shm`` files."""
_NOTHING: Mapping[str, bytes | None] = MappingProxyType({})


class Store:
    """The journal file, open for writing; from one thread at a time. Made by ``Store.open``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int, salt: Callable[[int], bytes]) -> None:
        self._path, self._connection, self._lock, self._salt = path, connection, lock, salt

    @classmethod
    def open(cls, path: Path, salt: Callable[[int], bytes] = secrets.token_bytes) -> Store:
        """The journal at ``path``, made with mode 0640 if it is not there; the directory must be.

        The file is checked first (time grows with its size, about 1 s a GB on a good disk). The lock is on the file
        ``<path>-writer`` beside it, held by the kernel until ``close`` or the process's end, however that comes.

        Args:
            path: the journal file.
            salt: gives that many random bytes; see ``journal.seal``.

        Raises:
            JournalUnavailable: in use by another writer, or not writable.
            JournalCorrupt: not a journal, or damaged.
            JournalNewer: written by a later version.
        """
        with translated(path):
            lock = _lock_writer(path)
            try:
                connection = _open_checked(path)
            except BaseException:
                os.close(lock)
                raise
        return cls(path, connection, lock, salt)

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None] = _NOTHING) -> int:
        """Write all of it or nothing, in one transaction; when this returns it is on the disk.

        Args:
            entries: in the order in which they are to be numbered.
            kept: rows of the working state to write (bytes) or to delete (None).

        Returns:
            The number of the last entry in the journal, 0 if there is none.

        Raises:
            JournalUnavailable, JournalCorrupt: nothing is acknowledged, and the store may be used again. If the disk
                fails in the sync itself and the power then fails too, the batch may be found whole at the next start;
                never a part of it.
        """
        # Encoded before the transaction: an entry that cannot be encoded must not hold a lock.
        lines = [(stamp, str(type(entry).__struct_config__.tag), encode(entry)) for stamp, entry in entries]
        with translated(self._path):
            self._roll_back()  # only after a failed ROLLBACK is there anything
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                last = self._insert(lines)
                self._keep(kept)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    self._roll_back()
                raise
        return last

    def kept(self) -> dict[str, bytes]:
        """The whole working state as the last ``append`` left it.

        Raises:
            JournalUnavailable, JournalCorrupt
        """
        with translated(self._path):
            return {str(name): bytes(value) for name, value in self._connection.execute("SELECT name, value FROM kept")}

    def close(self) -> None:
        """Let the file and the lock go. A second call does nothing.

        Raises:
            JournalUnavailable, JournalCorrupt: SQLite could not tidy up; the lock is released all the same, and every
                acknowledged entry is in the file or its log.
        """
        lock, self._lock = self._lock, -1
        try:
            with translated(self._path):
                self._connection.close()
        finally:
            if lock >= 0:
                os.close(lock)

    def _insert(self, lines: Sequence[tuple[Stamp, str, bytes]]) -> int:
        # The head is read anew in every transaction, not remembered: it costs microseconds a batch, and after a
        # failed COMMIT nothing in memory can differ from the file.
        head = self._connection.execute("SELECT seq, digest FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        seq, digest = head or (0, seal.GENESIS)
        rows = []
        for stamp, kind, body in lines:
            seq += 1
            salt = self._salt(seal.SALT_BYTES)
            line = seal.Line(seq, stamp.utc_ms, stamp.boot_id.encode(), stamp.boot_ms, kind.encode(), body, salt)
            digest = seal.link(digest, line)
            rows.append((seq, stamp.utc_ms, stamp.boot_id, stamp.boot_ms, kind, body.decode(), salt, digest))
        self._connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return int(seq)

    def _keep(self, kept: Mapping[str, bytes | None]) -> None:
        written = [(name, value) for name, value in kept.items() if value is not None]
        deleted = [(name,) for name, value in kept.items() if value is None]
        self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", written)
        self._connection.executemany("DELETE FROM kept WHERE name = ?", deleted)

    def _roll_back(self) -> None:
        # Some failures end the transaction by themselves, so ask first.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _lock_writer(path: Path) -> int:
    # Not a lock on the journal file itself: closing any descriptor of that file drops SQLite's own POSIX locks in
    # this process. Not locking_mode=EXCLUSIVE: readers must read while the gate runs.
    lock = os.open(f"{path}-writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise JournalUnavailable(path, Cause.IN_USE, "another gate has it open") from error
    except BaseException:
        os.close(lock)
        raise
    return lock


def _open_checked(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    if path.stat().st_mode & 0o777 != FILE_MODE:  # the umask narrowed it, or a person changed it
        path.chmod(FILE_MODE)
    connection = connect_writer(path)
    try:
        problems = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        if problems != ["ok"]:
            raise JournalCorrupt(path, "; ".join(problems).replace("\n", "; "))
        # Plugins that somebody installed beside sqlite-utils have no business in the journal.
        database = Database(connection, execute_plugins=False)
        unknown = unknown_steps(database)
        if unknown:
            raise JournalNewer(path, unknown)
        steps.apply(database)
    except BaseException:
        connection.close()
        raise
    return connection
