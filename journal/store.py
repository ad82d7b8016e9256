"""The one writer: appends entries to the journal file, a batch a transaction, durable when it returns.

    >>> store = Store.open(Path("/var/lib/qaqpa/journal.sqlite3"))      # doctest: +SKIP
    >>> store.append([(stamp, GateStarted("0.1.0", 0, 0))])             # doctest: +SKIP
    1

Must not know: what entries mean, when to write them.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec

from journal import checkpoints, seal
from journal.database import connect_writer, translated
from journal.entries import NEVER_EXPIRE, Entry, Sealed, Stamp, encode
from journal.errors import Cause, JournalUnavailable
from journal.opening import FILE_MODE, lock_writer, open_checked
from journal.shutting_out import log_is_too_long, shut_out, stood_in_the_way
from journal.signing import SealKey

_NOTHING: Mapping[str, bytes | None] = MappingProxyType({})


@dataclass(frozen=True)
class Expired:
    """What one step of retention did."""

    reached: int
    """Every entry up to this number was looked at."""
    held: int | None
    """The first of them that was left for a running visit's sake; None: none was."""
    count: int
    """How many lost their body."""


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
            lock = lock_writer(path)
            try:
                connection = open_checked(path)
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
            try:
                last = self._transact(lambda: self._write(lines, kept))
            except sqlite3.OperationalError:
                if not stood_in_the_way(self._path):
                    raise
                self._go_on_without_readers()
                last = self._transact(lambda: self._write(lines, kept))
            if log_is_too_long(self._path):
                with suppress(sqlite3.Error, OSError):  # what was to be written is written
                    self._go_on_without_readers()
        return last

    def kept(self) -> dict[str, bytes]:
        """The whole working state as the last ``append`` left it.

        Raises:
            JournalUnavailable, JournalCorrupt
        """
        with translated(self._path):
            return {str(name): bytes(value) for name, value in self._connection.execute("SELECT name, value FROM kept")}

    def seal(self, key: SealKey, stamp: Stamp) -> Sealed | None:
        """Add a checkpoint of what is there, and lay it beside the journal; None: the last entry is one already.

        Raises:
            JournalUnavailable, JournalCorrupt: it was not added, or (its file could not be written) only added.
        """
        with translated(self._path):
            seq, digest, kind = self._head()
        if kind in (None, Sealed.__struct_config__.tag):
            return None
        made = checkpoints.make(key, seq, digest)
        self.append([(stamp, made)])
        with translated(self._path):
            checkpoints.remember(self._path, made, FILE_MODE)
        return made

    def sealed_up_to(self) -> int:
        """The number of the last checkpoint's entry, 0 if there is none. Looks back from the end.

        Raises:
            JournalUnavailable, JournalCorrupt
        """
        newest_first = "SELECT seq FROM entries WHERE kind = 'sealed' ORDER BY seq DESC LIMIT 1"
        with translated(self._path):
            row = self._connection.execute(newest_first).fetchone()
        return int(row[0]) if row else 0

    def holds(self, sealed: Sealed) -> bool:
        """Whether this is the journal that the checkpoint was made of.

        Raises:
            JournalUnavailable, JournalCorrupt
        """
        with translated(self._path):
            row = self._connection.execute("SELECT digest FROM entries WHERE seq = ?", (sealed.seq,)).fetchone()
        return row is not None and bytes(row[0]).hex() == sealed.head

    def times(self, after: int, limit: int) -> list[tuple[int, int]]:
        """Numbers and UTC milliseconds of the next entries after that number, in order.

        Raises:
            JournalUnavailable, JournalCorrupt
        """
        query = "SELECT seq, utc_ms FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
        with translated(self._path):
            return [(int(seq), int(utc_ms)) for seq, utc_ms in self._connection.execute(query, (after, limit))]

    def expire(self, after: int, last: int, running: Collection[str], limit: int) -> Expired:
        """Take body and salt from the next entries in (``after``, ``last``], at most ``limit`` in one transaction;
        their commitments stay, and the bytes are overwritten in the file. ``RetentionRan`` must say so before.

        Args:
            running: visits whose entries are left as they are.

        Raises:
            JournalUnavailable, JournalCorrupt: nothing was taken.
        """
        query = "SELECT seq, kind, body, salt, commitment FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        reached, held, taken = last, None, []
        with translated(self._path):
            rows = self._connection.execute(query, (after, last, limit)).fetchall()
            for seq, kind, body, salt, expired in rows:
                if expired is not None or kind in NEVER_EXPIRE:
                    continue
                if _visit(body) in running:
                    held = seq if held is None else held
                else:
                    taken.append((seal.commitment(salt, body.encode()), seq))
            if len(rows) == limit:
                reached = int(rows[-1][0])
            if taken:
                self._transact(lambda: self._take_bodies(taken))
        return Expired(reached, held, len(taken))

    def forget_log(self) -> None:
        """Bring the write-ahead log into the file and cut it off, so that no older page image stays in it.

        Raises:
            JournalUnavailable, JournalCorrupt: also when a reader is in the way; the next try may succeed.
        """
        with translated(self._path):
            (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalUnavailable(self._path, Cause.IN_USE, "a reader still needs the log")

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

    def _go_on_without_readers(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        shut_out(self._path)
        self._connection = connect_writer(self._path)
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _transact(self, write: Callable[[], int]) -> int:
        self._roll_back()  # only after a failed ROLLBACK is there anything
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            written = write()
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # the first error is the one to tell
                self._roll_back()
            raise
        return written

    def _write(self, lines: Sequence[tuple[Stamp, str, bytes]], kept: Mapping[str, bytes | None]) -> int:
        last = self._insert(lines)
        self._keep(kept)
        return last

    def _head(self) -> tuple[int, bytes, str | None]:
        # Read anew each time, not remembered: it costs microseconds, and after a failed COMMIT nothing in memory can
        # differ from the file.
        newest_first = "SELECT seq, digest, kind FROM entries ORDER BY seq DESC LIMIT 1"
        seq, digest, kind = self._connection.execute(newest_first).fetchone() or (0, seal.GENESIS, None)
        return seq, digest, kind

    def _insert(self, lines: Sequence[tuple[Stamp, str, bytes]]) -> int:
        seq, digest, _ = self._head()
        rows = []
        for stamp, kind, body in lines:
            seq += 1
            salt = self._salt(seal.SALT_BYTES)
            line = seal.Line(seq, stamp.utc_ms, stamp.boot_id.encode(), stamp.boot_ms, kind.encode(), body, salt)
            digest = seal.link(digest, line)
            rows.append((seq, stamp.utc_ms, stamp.boot_id, stamp.boot_ms, kind, body.decode(), salt, digest))
        columns = "seq, utc_ms, boot_id, boot_ms, kind, body, salt, digest"
        self._connection.executemany(f"INSERT INTO entries ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return int(seq)

    def _take_bodies(self, taken: Sequence[tuple[bytes, int]]) -> int:
        take = "UPDATE entries SET body = '', salt = zeroblob(16), commitment = ? WHERE seq = ?"
        self._connection.executemany(take, taken)
        return len(taken)

    def _keep(self, kept: Mapping[str, bytes | None]) -> None:
        written = [(name, value) for name, value in kept.items() if value is not None]
        deleted = [(name,) for name, value in kept.items() if value is None]
        self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", written)
        self._connection.executemany("DELETE FROM kept WHERE name = ?", deleted)

    def _roll_back(self) -> None:
        # Some failures end the transaction by themselves, so ask first.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class _OfVisit(msgspec.Struct):
    visit: str = ""


_of_visit: msgspec.json.Decoder[_OfVisit] = msgspec.json.Decoder(_OfVisit)


def _visit(body: str) -> str:
    """Which visit an entry tells of; "" if of none."""
    return _of_visit.decode(body).visit
