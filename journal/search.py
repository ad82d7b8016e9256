"""Finding visits in a journal of any size: by number, MAC address or name, or simply the newest. Read-only.

    >>> find(Path("/var/lib/qaqpa/gate/journal.db"), "+7 701 123", limit=20)      # doctest: +SKIP

The index says where to look; what is shown is read from the journal's own rows and compared with what was asked. What
the index does not have yet is looked through, so that a visit is found as soon as it is recorded; without a usable
index that is the whole journal, and takes its time. Must not know: who asks, what they may see whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from journal.database import reading
from journal.entries import decode
from journal.errors import JournalCorrupt, JournalError
from journal.index import CANDIDATES, KINDS, Index, beside, same_journal, times_of
from journal.terms import Asked, Told, asked, terms_of
from journal.visit import Visit
from journal.visits import Row, as_recorded, projection

_Found = TypeVar("_Found")


def find(path: Path, text: str, limit: int) -> list[Visit]:
    """The visits that the text may mean, the newest first, at most ``limit``.

    A text that fits more than ten thousand visits gives some of them.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    wanted = asked(text)
    return with_any_index(path, lambda look: look.find(wanted, limit)) if wanted.starts else []


def page(path: Path, before: int | None, limit: int) -> list[tuple[int, Visit]]:
    """Visits with the number of the entry that began each, the newest first; ``before``: only older ones than that.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    return with_any_index(path, lambda look: look.page(2**62 if before is None else before, limit))


def with_any_index(path: Path, search: Callable[[Look], _Found]) -> _Found:
    """What ``search`` finds in one state of the journal, whether or not the index is usable.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    try:
        with _index_of(path) as kept, reading(path) as journal:
            usable = kept is not None and same_journal(kept, journal)
            return _search(path, journal, kept if usable else None, search)
    except JournalError:
        # Perhaps only the index is at fault: if it is the journal, it says so again.
        with reading(path) as journal:
            return _search(path, journal, None, search)


def _search(path: Path, journal: sqlite3.Connection, kept: Index | None, search: Callable[[Look], _Found]) -> _Found:
    newest = Index.in_memory(kept.began if kept else lambda _: None)
    try:
        upto = int(kept.state("upto") or 0) if kept else 0
        query = f"SELECT seq, kind, body FROM entries WHERE seq > ? AND {KINDS} ORDER BY seq"
        newest.take(journal.execute(query, (upto,)))
        newest.take_times(times_of(journal, upto))
        return search(Look(path, journal, [kept, newest] if kept else [newest]))
    finally:
        newest.close()


@contextmanager
def _index_of(path: Path) -> Iterator[Index | None]:
    """What lies beside the journal. Opened before it, so that it is never ahead of what is read."""
    with ExitStack() as stack:
        index = None
        with suppress(JournalError):
            index = Index(stack.enter_context(reading(beside(path))))
        yield index


class Look:
    """One state of the journal, with all that leads into it."""

    def __init__(self, path: Path, journal: sqlite3.Connection, indexes: Sequence[Index]) -> None:
        self.path, self.journal, self._indexes = path, journal, indexes

    def find(self, wanted: Asked, limit: int) -> list[Visit]:
        """See the function of this name."""
        begun = {began for start in wanted.starts for index in self._indexes for began in index.begun_like(start)}
        found: list[Visit] = []
        for began in sorted(begun, reverse=True):
            if len(found) == limit:
                break
            found += self.visit(began, wanted)
        return found

    def page(self, before: int, limit: int) -> list[tuple[int, Visit]]:
        """See the function of this name."""
        found: list[tuple[int, Visit]] = []
        while len(found) < limit:
            wanted = limit - len(found)
            begun = self.begun_before(before, wanted)
            if not begun:
                break
            for began in begun:
                found += ((began, visit) for visit in self.visit(began))
            before = begun[-1]
        return found

    def begun_before(self, before: int, limit: int) -> list[int]:
        """Which entries before that number began visits, the newest first."""
        return sorted({b for index in self._indexes for b in index.begun_before(before, limit)}, reverse=True)[:limit]

    def begun_like(self, start: str) -> list[int] | None:
        """Which entries began visits that have a term with this beginning, the newest first; None: too many."""
        found = {began for index in self._indexes for began in index.begun_like(start)}
        return None if len(found) >= CANDIDATES else sorted(found, reverse=True)

    def blocks(self, since_ms: int, until_ms: int) -> list[int]:
        """The blocks with an entry that may have been recorded in [since, until), in order."""
        return sorted({block for index in self._indexes for block in index.blocks(since_ms, until_ms)})

    def reaches(self, began: int, seq: int) -> bool:
        """Whether the visit that this entry began was not over when the entry ``seq`` was recorded."""
        parts = sorted({part for index in self._indexes for part in index.parts(began)})
        if not parts or parts[-1] >= seq:
            return True
        ended = "SELECT 1 FROM entries WHERE seq IN (?, ?) AND kind = 'visit_ended'"
        return self.journal.execute(ended, (parts[-1], parts[-2:][0])).fetchone() is None

    def began(self, visit: str) -> int | None:
        """Which entry began the visit, as far as any index knows."""
        return next((began for index in self._indexes if (began := index.began(visit)) is not None), None)

    def entries_of(self, began: int) -> tuple[list[Row], set[str]]:
        """The entries of the visit that this one began, and under which terms it is found."""
        rows: list[Row] = []
        terms: set[str] = set()
        name = None
        for seq in sorted({seq for index in self._indexes for seq in index.parts(began)}):
            query = "SELECT utc_ms, boot_id, boot_ms, body FROM entries WHERE seq = ? AND body <> ''"
            row = self.journal.execute(query, (seq,)).fetchone()
            if row is None:
                continue
            utc_ms, boot_id, boot_ms, body = row
            try:
                told, entry = msgspec.json.decode(body, type=Told), decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise JournalCorrupt(self.path, f"entry {seq} cannot be understood: {error}") from error
            name = told.visit if name is None else name
            if told.visit == name:  # whatever else the index claims
                terms |= terms_of(told)
                rows.append((seq, utc_ms, boot_id, boot_ms, entry))
        return rows, terms

    def visit(self, began: int, wanted: Asked | None = None) -> list[Visit]:
        """The visit that this entry began, if there is such a one and it is what is wanted."""
        rows, terms = self.entries_of(began)
        if wanted is not None and not wanted.fits(terms):
            return []
        return list(projection(self.path, rows, as_recorded))
