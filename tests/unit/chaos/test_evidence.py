"""What the auditor reads of the journal's own file, held against the journal's own word."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from journal.entries import GateStarted, PasswordAsked, Stamp
from journal.store import Store
from tests.chaos.book import Book, Came, Left, Note
from tests.chaos.evidence import Person, journal, notes_of

STAMP = Stamp(1_000, "boot", 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with four entries that the product wrote."""
    path = tmp_path / "journal.db"
    store = Store.open(path)
    asked = PasswordAsked("02:00:00:00:00:01", "+77012000001", "m1")
    store.append([(STAMP, GateStarted("1", 0, 0)), (STAMP, asked), (STAMP, GateStarted("1", 0, 0))])
    store.append([(STAMP, asked)])
    store.close()
    return path


def edit(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for refused in ("update", "delete", "gap"):
            connection.execute(f"DROP TRIGGER entries_refuse_{refused}")
        connection.execute(statement)
        connection.commit()


def test_what_the_product_wrote_is_whole(path: Path) -> None:
    entries = journal(path)
    assert [entry.seq for entry in entries if entry.whole] == [1, 2, 3, 4]
    assert (entries[1].kind, entries[1].device, entries[1].at_ms) == ("password_asked", "02:00:00:00:00:01", 1_000)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("DELETE FROM entries WHERE seq = 2", [3, 4]),
        ("UPDATE entries SET body = replace(body, '2000001', '2000002') WHERE seq = 2", [2]),
        ("UPDATE entries SET utc_ms = utc_ms + 1 WHERE seq = 3", [3]),
        ("UPDATE entries SET boot_id = 'another' WHERE seq = 1", [1]),
        ("UPDATE entries SET digest = zeroblob(32) WHERE seq = 3", [3, 4]),
    ],
)
def test_what_somebody_changed_is_not(path: Path, statement: str, broken: list[int]) -> None:
    edit(path, statement)
    assert [entry.seq for entry in journal(path) if not entry.whole] == broken


def test_a_body_that_retention_took_away_is_whole(path: Path) -> None:
    store = Store.open(path)
    assert store.expire(after=0, last=4, running=(), limit=10).count == 2
    store.close()
    assert all(entry.whole for entry in journal(path))


def test_a_book_s_half_written_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    book = notes_of(tmp_path, Person(1, "02:00:00:00:00:01", "+77012000001"))
    notes: list[Note] = [Came(1, 2), Left(3, 4)]
    book.write(Came(1, 2))
    with book.path.open("ab") as file:
        file.write(b'{"note":"left","began_ms":3')
    assert book.lines() == notes[:1]
    with book.path.open("ab") as file:
        file.write(b',"at_ms":4}\n')
    assert book.lines() == notes
    assert Book(book.path, Came).path == book.path
