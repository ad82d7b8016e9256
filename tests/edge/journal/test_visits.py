"""Entries and visits of a period, read from a real file."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from journal.entries import Entry, Stamp, VisitAway, VisitEnded, VisitMoved, VisitResumed
from journal.errors import JournalCorrupt
from journal.visit import Visit
from journal.visits import entries, visits
from tests.edge.journal.samples import NOON_MS, NUMBER, PHONE, at, began, ended, moment, stay, used, write
from tests.support.csv_file import write_csv


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def _names(path: Path, since: int | None = None, until: int | None = None) -> list[str]:
    bounds = [None if second is None else moment(second) for second in (since, until)]
    return [visit.visit for visit in visits(path, bounds[0], bounds[1])]


def test_one_whole_stay_is_one_visit(path: Path) -> None:
    write(path, stay())
    assert list(visits(path)) == [
        Visit(
            visit="v1",
            number=NUMBER,
            device=PHONE,
            addresses=("10.77.0.10", "10.77.0.11", "10.77.0.12"),
            began=moment(4),
            ended=moment(59),
            method="sms",
            proof="port",
            away=1,
        )
    ]


def test_leaving_for_good_is_no_gap_and_being_away_is_no_end(path: Path) -> None:
    away = VisitAway("v1", PHONE, NOON_MS + 2000, "port")
    write(path, [(at(1), began("v1")), (at(2), away)])
    (visit,) = visits(path)
    assert (visit.away, visit.ended, visit.proof) == (0, None, None)
    write(path, [(at(9), ended("v1", 2))])
    (visit,) = visits(path)
    assert (visit.away, visit.ended, visit.proof) == (0, moment(2), "port")


def test_bytes_are_the_sum_of_what_is_known(path: Path) -> None:
    write(
        path,
        [(at(1), began("all")), (at(1), began("part")), (at(1), began("lost")), (at(1), began("none"))],
        [(at(2), used("all", 10, 200)), (at(3), used("all", 0, 0))],
        [(at(2), used("part", 10, 200)), (at(3), used("part", None, None, complete=False))],
        [(at(4), used("part", 20, 300)), (at(4), used("lost", None, None, complete=False))],
    )
    told = {visit.visit: (visit.up_bytes, visit.down_bytes, visit.in_part) for visit in visits(path)}
    assert told == {
        "all": (10, 200, False),
        "part": (30, 500, True),
        "lost": (None, None, True),
        "none": (None, None, False),
    }


def test_ended_visits_come_first_then_those_online(path: Path) -> None:
    write(
        path,
        [(at(1), began("a")), (at(2), began("b")), (at(3), began("c")), (at(4), began("d"))],
        [(at(5), ended("d", 5)), (at(6), ended("a", 6))],
    )
    assert _names(path) == ["d", "a", "b", "c"]


def test_a_visit_belongs_to_every_period_it_overlaps(path: Path) -> None:
    write(
        path,
        [(at(10), began("short")), (at(20), ended("short", 20))],
        [(at(30), began("long")), (at(50), began("blink")), (at(50), ended("blink", 50)), (at(90), ended("long", 90))],
        [(at(95), began("online"))],
    )
    assert _names(path) == ["short", "blink", "long", "online"]
    assert _names(path, until=10) == []
    assert _names(path, until=11) == ["short"]
    assert _names(path, 19, 30) == ["short"]
    assert _names(path, 20, 30) == [], "an end at the bound is outside"
    assert _names(path, 40, 45) == ["long"]
    assert _names(path, 50, 51) == ["blink", "long"], "a visit without length is in the period in which it began"
    assert _names(path, 89, 96) == ["long", "online"]
    assert _names(path, 90) == ["online"]
    assert _names(path, 1_000_000) == ["online"]


def test_entries_of_a_period_by_the_time_they_were_recorded(path: Path) -> None:
    write(path, stay())
    assert [seq for seq, _, _ in entries(path, moment(2), moment(9))] == [3, 4, 5]
    assert [seq for seq, _, _ in entries(path, since=moment(60))] == [9, 10]
    assert [entry for _, _, entry in entries(path, until=moment(1))] == [stay()[0][1]]


def test_bounds_in_any_zone_up_to_the_ends_of_time(path: Path) -> None:
    write(path, stay())
    east = timezone(timedelta(hours=5))
    assert len(list(entries(path, moment(2).astimezone(east), moment(9).astimezone(east)))) == 3
    assert len(list(entries(path, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)))) == 10
    assert list(visits(path, datetime(9999, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))) == []


def test_a_bound_without_zone_is_refused_at_once(path: Path) -> None:
    for read in (entries, visits):
        with pytest.raises(ValueError, match="time zone"):
            read(path, since=datetime(2026, 11, 21))  # noqa: DTZ001


def test_a_clock_that_was_set_back_changes_no_order(path: Path) -> None:
    write(path, [(at(1000), began("a")), (at(10), ended("a", 10)), (at(11), began("b")), (at(12), ended("b", 12))])
    assert [(visit.visit, visit.began, visit.ended) for visit in visits(path)] == [
        ("a", moment(1000), moment(10)),
        ("b", moment(11), moment(12)),
    ]
    assert _names(path, 999, 1001) == ["a"]


def test_entries_without_their_visits_beginning_give_no_visit(path: Path) -> None:
    orphans: list[tuple[Stamp, Entry]] = [
        (at(1), VisitAway("x", PHONE, NOON_MS, "port")),
        (at(2), VisitResumed("x", PHONE, ("10.77.0.9",), "dhcp")),
        (at(3), VisitMoved("x", PHONE, ("10.77.0.8",))),
        (at(4), used("x", 1, 1)),
        (at(4), VisitEnded("x", PHONE, NOON_MS, "port")),
    ]
    write(path, orphans)
    assert list(visits(path)) == []


def test_an_identifier_used_twice_loses_neither_visit(path: Path) -> None:
    write(path, [(at(1), began("a")), (at(5), began("a")), (at(9), ended("a", 9))])
    assert [(visit.began, visit.ended) for visit in visits(path)] == [(moment(1), None), (moment(5), moment(9))]


def test_an_entry_of_an_unknown_kind_is_named(path: Path) -> None:
    write(path, stay())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER entries_refuse_update")
        connection.execute("""UPDATE entries SET body = '{"kind":"hologram"}' WHERE seq = 7""")
    with pytest.raises(JournalCorrupt, match="entry 7"):
        list(visits(path))


def test_an_impossible_time_is_named(path: Path) -> None:
    write(path, [(Stamp(2**62, "b", 0), began("a"))])
    with pytest.raises(JournalCorrupt, match="entry 1 holds an impossible time"):
        list(visits(path))


def test_csv_of_a_period(path: Path) -> None:
    write(path, stay())
    out = io.BytesIO()
    assert write_csv(visits(path, moment(0), moment(60)), out, ZoneInfo("Asia/Almaty")) == 1
    assert out.getvalue().decode("utf-8-sig").splitlines()[1] == (
        "v1;;;;'+77011234567;;;;02:00:00:00:00:01;10.77.0.10 10.77.0.11 10.77.0.12;"
        "2026-11-21 17:00:04;UTC+05:00;2026-11-21 17:00:59;UTC+05:00;password by SMS;;network port;;1;;;;"
    )
