"""Where in the journal a number, a MAC address or a name is to be found: derived, rebuilt at will, never believed.

It lies beside the journal as ``<journal>-index``, a database of its own, so that the journal keeps no second copy of
any field. What it points to is read from the journal and compared (``journal.search``): whoever edits it can hide a
visit from a search, and nothing else. Extracts do not use it. What retention takes from the journal goes here too.

Must not know: what is asked for, who keeps it up to date.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from journal.database import connect_writer, reading, translated
from journal.errors import JournalCorrupt, JournalError
from journal.opening import FILE_MODE
from journal.shutting_out import let_read, log_is_too_long, stood_in_the_way
from journal.terms import Told, terms_of

CHUNK = 2_000
"""Entries taken in at a time: 20 ms."""
CANDIDATES = 10_000
"""A beginning that more terms than this have in common gives some of their visits, not all."""
BLOCK = 1_024
"""Entries whose times are kept together: the earliest and the latest. Clocks go back, so numbers alone say nothing."""
LAYOUT = b"5"
KINDS = "(kind LIKE 'visit\\_%' ESCAPE '\\' OR kind IN ('visitor_identified', 'voucher_redeemed', 'address_claimed'))"
"""Entries that tell of a visit."""
_SCHEMA = (
    "CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
    "CREATE TABLE visits (visit TEXT PRIMARY KEY, began INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE parts (began INTEGER, seq INTEGER, PRIMARY KEY (began, seq)) WITHOUT ROWID",
    "CREATE TABLE terms (term TEXT, began INTEGER, PRIMARY KEY (term, began)) WITHOUT ROWID",
    "CREATE TABLE blocks (block INTEGER PRIMARY KEY, least_ms INTEGER NOT NULL, most_ms INTEGER NOT NULL)",
)
_told: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)

Row = tuple[int, bytes, bytes]
"""Number, kind and body of an entry."""


def beside(journal: Path) -> Path:
    """Where the index lies."""
    return journal.with_name(f"{journal.name}-index")


class Index:
    """An index in an open database; sqlite3.Error is for ``translated`` to translate.

    Args:
        elsewhere: which entry began a visit that this index does not know.
    """

    def __init__(self, connection: sqlite3.Connection, elsewhere: Callable[[str], int | None] = lambda _: None) -> None:
        self._connection, self._elsewhere = connection, elsewhere

    @classmethod
    def in_memory(cls, elsewhere: Callable[[str], int | None] = lambda _: None) -> Index:
        """An empty one that nobody else sees."""
        made = cls(sqlite3.connect(":memory:", isolation_level=None), elsewhere)
        made.lay_out()
        return made

    def lay_out(self) -> None:
        """Make the tables of an empty database."""
        for statement in _SCHEMA:
            self._connection.execute(statement)

    def close(self) -> None:
        """Of an index in memory nothing is left."""
        self._connection.close()

    def state(self, name: str) -> bytes:
        """What was remembered under that name; empty: nothing."""
        row = self._connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else b""

    def remember(self, **values: bytes) -> None:
        """Remember these."""
        self._connection.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", values.items())

    def take(self, rows: Iterable[Row]) -> None:
        """Take in entries that tell of visits, in order."""
        begun: dict[str, int] = {}
        parts: list[tuple[int, int]] = []
        terms: list[tuple[str, int]] = []
        for seq, kind, body in rows:
            try:
                told = _told.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # expired, or not ours: whoever verifies will say so
            began: int | None = seq if kind == b"visit_began" else begun.get(told.visit) or self.began(told.visit)
            if not told.visit or began is None:
                continue
            begun[told.visit] = began
            parts.append((began, seq))
            if told.number or told.surname or told.given_name:
                terms += ((term, began) for term in terms_of(told))
        self._connection.executemany("INSERT OR REPLACE INTO visits VALUES (?, ?)", begun.items())
        self._connection.executemany("INSERT OR IGNORE INTO parts VALUES (?, ?)", parts)
        self._connection.executemany("INSERT OR IGNORE INTO terms VALUES (?, ?)", terms)

    def take_times(self, times: Iterable[tuple[int, int, int]]) -> None:
        """Take in what ``times_of`` told."""
        widen = "DO UPDATE SET least_ms = min(least_ms, excluded.least_ms), most_ms = max(most_ms, excluded.most_ms)"
        self._connection.executemany(f"INSERT INTO blocks VALUES (?, ?, ?) ON CONFLICT (block) {widen}", times)

    def blocks(self, since_ms: int, until_ms: int) -> list[int]:
        """The blocks with an entry that may have been recorded in [since, until), in order."""
        query = "SELECT block FROM blocks WHERE most_ms >= ? AND least_ms < ? ORDER BY block"
        return [int(row[0]) for row in self._connection.execute(query, (since_ms, until_ms))]

    def began(self, visit: str) -> int | None:
        """Which entry began the visit."""
        row = self._connection.execute("SELECT began FROM visits WHERE visit = ?", (visit,)).fetchone()
        return int(row[0]) if row else self._elsewhere(visit)

    def begun_like(self, start: str) -> list[int]:
        """Which entries began visits that have a term with this beginning; not all where there are too many."""
        query = "SELECT began FROM terms WHERE term >= ? AND term < ? LIMIT ?"
        bounds = (start, start[:-1] + chr(ord(start[-1]) + 1), CANDIDATES)
        return [int(row[0]) for row in self._connection.execute(query, bounds)]

    def begun_before(self, before: int, limit: int) -> list[int]:
        """Which entries before that number began visits, the newest first."""
        query = "SELECT DISTINCT began FROM parts WHERE began < ? ORDER BY began DESC LIMIT ?"
        return [int(row[0]) for row in self._connection.execute(query, (before, limit))]

    def parts(self, began: int) -> list[int]:
        """The entries of the visit that this one began."""
        query = "SELECT seq FROM parts WHERE began = ? ORDER BY seq"
        return [int(row[0]) for row in self._connection.execute(query, (began,))]

    def forget(self, last: int, still: Iterable[int]) -> None:
        """Forget the visits that began up to the entry ``last``, but for those that ``still`` names."""
        self._connection.execute("CREATE TEMP TABLE still (began INTEGER PRIMARY KEY)")
        self._connection.executemany("INSERT INTO still VALUES (?)", ((began,) for began in still))
        for table in ("terms", "parts", "visits"):
            self._connection.execute(f"DELETE FROM {table} WHERE began <= ? AND began NOT IN still", (last,))
        self._connection.execute("DROP TABLE still")


class Indexer:
    """Keeps the file up to date; for one thread.

    Args:
        journal: beside which it lies.
    """

    def __init__(self, journal: Path) -> None:
        self._journal, self._path = journal, beside(journal)
        self._connection: sqlite3.Connection | None = None

    def step(self) -> bool:
        """Take in the next entries; True: there may be more at once.

        An index that is damaged, of another journal or held by a reader is thrown away, and the next step begins a
        new one.

        Raises:
            JournalUnavailable, JournalCorrupt: of the journal, or of the index.
        """
        try:
            with translated(self._path):
                if self._connection is None:
                    self._connection = self._opened()
                more = self._take_next(self._connection)
        except JournalError as error:
            damaged = isinstance(error, JournalCorrupt) and error.path == self._path
            if not damaged and not stood_in_the_way(self._path):
                raise
        else:
            if not log_is_too_long(self._path):
                return more
        self.close()
        self._throw_away()
        return True

    def close(self) -> None:
        """Let the file go."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        self._path.touch(FILE_MODE)
        let_read(self._path, FILE_MODE)
        connection = connect_writer(self._path)
        # What a power failure takes from an index is taken in again.
        connection.execute("PRAGMA synchronous = NORMAL")
        if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            connection.execute("BEGIN")
            Index(connection).lay_out()
            Index(connection).remember(layout=LAYOUT)
            connection.execute("COMMIT")
        elif Index(connection).state("layout") != LAYOUT:
            connection.close()
            raise JournalCorrupt(self._path, "of another version")
        return connection

    def _take_next(self, connection: sqlite3.Connection) -> bool:
        index = Index(connection)
        with reading(self._journal) as journal:
            upto = int(index.state("upto") or 0)
            if not same_journal(index, journal):
                raise JournalCorrupt(self._path, "of another journal")
            newest = journal.execute("SELECT seq, digest FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
            last, digest = newest or (0, b"")
            reached = min(last, upto + CHUNK)
            if reached < last:
                (digest,) = journal.execute("SELECT digest FROM entries WHERE seq = ?", (reached,)).fetchone()
            query = f"SELECT seq, kind, body FROM entries WHERE seq > ? AND seq <= ? AND {KINDS} ORDER BY seq"
            rows = journal.execute(query, (upto, reached)).fetchall()
            times = times_of(journal, upto, reached)
            retained = journal.execute("SELECT value FROM kept WHERE name = 'retention'").fetchone()
            expired = bytes(retained[0]) if retained else b""
            still = None
            if expired and expired != index.state("expired"):
                through = int(expired.split()[1])
                query = "SELECT seq FROM entries WHERE seq <= ? AND kind = 'visit_began' AND body <> ''"
                still = [int(row[0]) for row in journal.execute(query, (through,))]
        connection.execute("BEGIN")
        try:
            index.take(rows)
            index.take_times(times)
            index.remember(upto=b"%d" % reached, digest=digest)
            if still is not None:
                index.forget(int(expired.split()[1]), still)
                index.remember(expired=expired)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        if still is not None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return reached < last

    def _throw_away(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with translated(self._path):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)


def times_of(journal: sqlite3.Connection, after: int, last: int = 2**62) -> list[tuple[int, int, int]]:
    """Of each block with an entry in (``after``, ``last``]: the earliest and the latest time that was recorded, ms."""
    query = f"SELECT seq / {BLOCK}, min(utc_ms), max(utc_ms) FROM entries WHERE seq > ? AND seq <= ? GROUP BY 1"
    return journal.execute(query, (after, last)).fetchall()


def same_journal(index: Index, journal: sqlite3.Connection) -> bool:
    """Whether the index was made of this journal, as far as it goes."""
    upto = int(index.state("upto") or 0)
    if not upto:
        return True
    row = journal.execute("SELECT digest FROM entries WHERE seq = ?", (upto,)).fetchone()
    return row is not None and bytes(row[0]) == index.state("digest")
