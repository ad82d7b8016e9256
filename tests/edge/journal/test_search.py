"""Visits found by number, MAC address and name, in real files; and an index that nobody needs to believe."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from journal.entries import Entry, GateStopped, RetentionRan, Stamp, VisitBegan, VisitEnded, VisitUsed
from journal.index import Index, Indexer, beside
from journal.search import find, page
from journal.store import Store
from journal.visits import visits
from tests.bench.big_journal import device_of, documented, lines, name_of, number_of, person_of
from tests.edge.journal.samples import NOON_MS, at
from tests.edge.journal.tampering import tampering

VISITS = 300


def _up_to_date(path: Path) -> None:
    indexer = Indexer(path)
    while indexer.step():
        pass
    indexer.close()


@pytest.fixture(scope="module", params=["no index", "index", "half an index"])
def whole(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    path = tmp_path_factory.mktemp("search") / "journal.db"
    written = list(lines(VISITS))
    store = Store.open(path)
    store.append(written[:701])
    if request.param == "half an index":  # a visit lies across its end
        _up_to_date(path)
    store.append(written[701:])
    if request.param == "index":
        _up_to_date(path)
    store.close()
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    for file in whole.parent.glob("journal.db*"):
        shutil.copy(file, tmp_path)
    return tmp_path / "journal.db"


@pytest.mark.parametrize("spell", [str, lambda n: n[1:], lambda n: n[2:], lambda n: "8 " + n[2:], lambda n: n[-7:]])
def test_a_number_is_found_however_it_is_spelled(path: Path, spell: object) -> None:
    assert callable(spell)
    for visit in (0, 174, 175, 176, VISITS - 1):
        (found,) = find(path, spell(number_of(visit)), 10)
        assert (found.visit, found.ended is not None, found.up_bytes) == (name_of(visit), True, 200_000)


@pytest.mark.parametrize("spell", [str, str.upper, lambda m: m.replace(":", "-"), lambda m: m.replace(":", "")])
def test_a_device_is_found_however_it_is_spelled(path: Path, spell: object) -> None:
    assert callable(spell)
    (found,) = find(path, spell(device_of(17)), 10)
    assert found.device == device_of(17)


def test_a_person_is_found_by_the_beginnings_of_their_names(path: Path) -> None:
    surname, given_name, _ = person_of(173)
    found = find(path, f"{given_name[:3].lower()} {surname}", 50)
    assert name_of(173) in [visit.visit for visit in found]
    assert all((visit.surname, visit.given_name) == (surname, given_name) for visit in found)


def test_a_beginning_finds_the_newest_first_and_no_more_than_asked(path: Path) -> None:
    found = find(path, "+7701", 7)
    assert [visit.visit for visit in found] == [
        name_of(visit) for visit in reversed(range(VISITS)) if not documented(visit)
    ][:7]


@pytest.mark.parametrize(
    "text", ["", " ", "+7", "7", "aa", "нет такого", "+77019999999", "' OR 1=1 --", "%", "\0", "🦊"]
)
def test_what_is_not_there_is_not_found(path: Path, text: str) -> None:
    assert find(path, text, 10) == []


def test_pages_are_all_visits_newest_first(path: Path) -> None:
    before, seen = None, []
    while found := page(path, before, 50):
        assert len(found) <= 50
        before = found[-1][0]
        seen += [visit for _, visit in found]
    assert [visit.visit for visit in seen] == [name_of(visit) for visit in reversed(range(VISITS))]
    assert sorted(seen, key=lambda visit: visit.began) == list(visits(path))


def test_an_index_of_another_journal_is_not_used_and_replaced(path: Path) -> None:
    other = path.with_name("other.db")
    store = Store.open(other)
    store.append([(at(n), VisitBegan(f"x{n}", device_of(n), (), number_of(n), "sms")) for n in range(2000)])
    store.close()
    _up_to_date(other)
    beside(path).unlink(missing_ok=True)
    beside(other).rename(beside(path))
    assert [visit.visit for visit in find(path, number_of(9), 10)] == [name_of(9)]
    _up_to_date(path)
    assert [visit.visit for visit in find(path, number_of(9), 10)] == [name_of(9)]


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000, None])
def test_a_damaged_index_costs_time_and_nothing_else(path: Path, damage: bytes | None) -> None:
    _up_to_date(path)
    if damage is None:
        whole = bytearray(beside(path).read_bytes())
        whole[4096:] = b"\xaa" * (len(whole) - 4096)
        damage = bytes(whole)
    beside(path).write_bytes(damage)
    assert [visit.visit for visit in find(path, number_of(9), 10)] == [name_of(9)]
    _up_to_date(path)
    assert [visit.visit for visit in find(path, number_of(9), 10)] == [name_of(9)]


def test_a_forged_index_shows_nothing_that_the_journal_does_not_say(path: Path) -> None:
    _up_to_date(path)
    with closing(sqlite3.connect(beside(path), isolation_level=None)) as forged:
        forged.execute("UPDATE OR IGNORE terms SET began = 2")
        forged.execute("INSERT OR IGNORE INTO parts SELECT 2, seq FROM parts")
    (found,) = find(path, number_of(0), 10)
    assert (found.visit, found.number, found.addresses) == (name_of(0), number_of(0), ("10.77.0.1",))
    assert find(path, number_of(9), 10) == []


def test_names_of_whatever_kind_of_entry_are_found_by_the_beginnings_of_their_words() -> None:
    """The desk's entries are another's to define: an index takes a visit's names from wherever they are."""
    index = Index.in_memory()
    body = '{"kind":"visit_identified","visit":"v1","surname":"Әбдірахманов","given_name":"Ерлан Қайрат"}'
    index.take([(1, b"visit_began", b'{"visit":"v1"}'), (2, b"visit_identified", body.encode())])
    for start in ("wәбдір", "wерлан", "wқайрат"):
        assert index.begun_like(start) == [1]
    assert index.parts(1) == [1, 2]
    index.close()


def test_what_retention_took_is_gone_from_the_index_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    store = Store.open(path)
    old: list[tuple[Stamp, Entry]] = [
        (at(1), VisitBegan("old", "02:00:00:00:00:01", ("10.77.0.10",), "+77010000001", "sms")),
        (at(1), VisitBegan("held", "02:00:00:00:00:02", ("10.77.0.11",), "+77010000002", "sms")),
        (at(2), VisitUsed("old", "02:00:00:00:00:01", 1, 1, 1, 1, True)),
        (at(2), VisitEnded("old", "02:00:00:00:00:01", NOON_MS, "port")),
        (at(3), GateStopped(0)),
    ]
    store.append(old)
    _up_to_date(path)
    assert find(path, "+77010000001", 9)
    store.append([(at(4), RetentionRan(1, NOON_MS, 5))])
    store.expire(0, 5, {"held"}, 100)
    assert find(path, "+77010000001", 9) == [], "before the index knows"
    store.append([], {"retention": b"20000 5"})
    store.forget_log()
    _up_to_date(path)
    assert [visit.visit for visit in find(path, "+7701000000", 9)] == ["held"]
    index = b"".join(
        Path(f"{beside(path)}{rest}").read_bytes() for rest in ("", "-wal") if Path(f"{beside(path)}{rest}").exists()
    )
    assert b"n77010000002" in index and b"n77010000001" not in index
    store.close()


def test_an_entry_that_cannot_be_understood_is_named(path: Path) -> None:
    with tampering(path) as connection:
        connection.execute(
            'UPDATE entries SET body = replace(body, \'"kind":"visit_began"\', \'"kind":"v"\') WHERE seq = 2'
        )
    with pytest.raises(Exception, match="entry 2"):
        find(path, number_of(0), 10)
