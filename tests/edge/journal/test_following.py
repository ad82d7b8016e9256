"""The day's figures out of a real file, however it grows: found from its end, read once, right beside a plain count."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from journal.clock import clocks_of
from journal.day import SLOT_MS, Figures
from journal.entries import ClockSet, Entry, GateStarted, PasswordAsked, Stamp, VisitBegan, VisitEnded, decode
from journal.errors import JournalCorrupt, JournalUnavailable
from journal.following import Followed, Follower
from journal.store import Store
from journal.visits import visits
from tests.edge.journal.samples import BOOT, NUMBER, PHONE
from tests.lab.waiting import until

ZONE = ZoneInfo("Asia/Almaty")
MIDNIGHT = datetime(2026, 11, 22, tzinfo=ZONE)
MIDNIGHT_MS = int(MIDNIGHT.timestamp() * 1000)
HOUR_MS = 3_600_000
BOOTED_MS = MIDNIGHT_MS - 100 * 24 * HOUR_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def stamp(utc_ms: int, boot: str = BOOT) -> Stamp:
    return Stamp(utc_ms, boot, utc_ms - BOOTED_MS)


def began(visit: str, utc_ms: int) -> tuple[Stamp, Entry]:
    return stamp(utc_ms), VisitBegan(visit, PHONE, (), NUMBER, "sms")


def ended(visit: str, utc_ms: int) -> tuple[Stamp, Entry]:
    return stamp(utc_ms), VisitEnded(visit, PHONE, utc_ms, "port")


def write(path: Path, lines: list[tuple[Stamp, Entry]]) -> None:
    store = Store.open(path)
    try:
        store.append(lines)
    finally:
        store.close()


def look(follower: Follower, day: datetime = MIDNIGHT) -> Followed:
    return follower.look(day, day + timedelta(days=1))


def whole(follower: Follower, day: datetime = MIDNIGHT) -> Figures:
    """The figures once everything is counted."""
    until(lambda: look(follower, day).whole, "all entries are counted")
    figures = look(follower, day).figures
    assert figures is not None
    return figures


@contextmanager
def bodies_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is decoded meanwhile."""
    seen: list[bytes] = []

    def counting(body: bytes | str) -> Entry:
        seen.append(body if isinstance(body, bytes) else body.encode())
        return decode(body)

    with monkeypatch.context() as patch:
        patch.setattr("journal.following.decode", counting)
        yield seen


def busy(days: int, a_day: int) -> list[tuple[Stamp, Entry]]:
    """The days before, and the one in question: a visit at even times, each over after two hours."""
    lines: list[tuple[Stamp, Entry]] = []
    for at in range(days * a_day):
        utc_ms = MIDNIGHT_MS - (days - 1) * 24 * HOUR_MS + at * (24 * HOUR_MS // a_day)
        lines += [began(f"v{at}", utc_ms), ended(f"v{at}", utc_ms + 2 * HOUR_MS)]
    return sorted(lines, key=lambda line: line[0].utc_ms)


def test_an_empty_journal_is_a_day_without_figures(path: Path) -> None:
    write(path, [])
    seen = look(Follower(path))
    assert seen.whole
    assert seen.figures is not None and not any(seen.figures.began)


def test_the_day_is_found_and_counted_as_the_visits_say(path: Path) -> None:
    write(path, busy(days=5, a_day=60))
    figures = whole(Follower(path, chunk=7))
    end = MIDNIGHT + timedelta(days=1)
    told = list(visits(path))
    assert sum(figures.began) == sum(MIDNIGHT <= each.began < end for each in told) == 60
    left = [each for each in told if each.ended is not None and MIDNIGHT <= each.ended < end]
    assert sum(figures.ended) == len(left)
    assert figures.before == sum(each.began < MIDNIGHT for each in left)


def test_what_came_before_the_day_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, busy(days=40, a_day=50))
    with bodies_read(monkeypatch) as read:
        whole(Follower(path, chunk=20))
    assert len(read) <= 2 * 50 + 2 * 20


def test_a_look_reads_what_is_new(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, busy(days=1, a_day=30))
    follower = Follower(path)
    before = whole(follower)
    write(path, [(stamp(MIDNIGHT_MS + HOUR_MS), PasswordAsked(PHONE, NUMBER, "m9"))])
    with bodies_read(monkeypatch) as read:
        after = whole(follower)
    assert len(read) == 1
    assert sum(after.asked) == sum(before.asked) + 1
    assert after.began == before.began


def test_a_long_day_is_not_counted_while_somebody_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, busy(days=1, a_day=200))
    follower = Follower(path, chunk=10)
    with bodies_read(monkeypatch) as read:
        first = look(follower)
        assert not first.whole
        until(lambda: look(follower).whole, "the rest is counted meanwhile")
    assert len(read) == 400
    assert sum(whole(follower).began) == 200


def test_midnight_begins_another_day(path: Path) -> None:
    write(path, [began("v1", MIDNIGHT_MS + 23 * HOUR_MS)])
    follower = Follower(path)
    assert sum(whole(follower).began) == 1
    write(path, [ended("v1", MIDNIGHT_MS + 25 * HOUR_MS), began("v2", MIDNIGHT_MS + 25 * HOUR_MS)])
    next_day = whole(follower, MIDNIGHT + timedelta(days=1))
    assert (sum(next_day.began), next_day.before, next_day.still) == (1, 1, 1)
    assert next_day.online(now=1)[0] == 1


def test_a_day_of_another_length_has_as_many_slots(path: Path) -> None:
    """Almaty's clocks went back for the last time on the first of March 2024."""
    write(path, [])
    day = datetime(2024, 2, 29, tzinfo=ZONE)
    seen = Follower(path).look(day.astimezone(UTC), datetime(2024, 3, 1, tzinfo=ZONE).astimezone(UTC))
    assert seen.figures is not None
    assert len(seen.figures.began) == 150


def _wrong(wrong_by_ms: int, true_ms: int, entry: Entry) -> tuple[Stamp, Entry]:
    return Stamp(true_ms + wrong_by_ms, "b2", true_ms - MIDNIGHT_MS), entry


def _clock(wrong_by_ms: int, true_ms: int, after_wrong_by_ms: int, trusted: bool, reason: str) -> tuple[Stamp, Entry]:
    at = true_ms - MIDNIGHT_MS
    told = ClockSet(true_ms + wrong_by_ms, true_ms + after_wrong_by_ms, "b2", at, trusted, reason)
    return Stamp(true_ms + after_wrong_by_ms, "b2", at), told


@pytest.mark.parametrize("wrong_by_ms", [-20 * 365 * 24 * HOUR_MS, -30 * HOUR_MS, 30 * HOUR_MS])
@pytest.mark.parametrize("looked_before", [False, True])
def test_what_was_recorded_before_the_clock_was_right_is_counted_where_it_belongs(
    path: Path, wrong_by_ms: int, looked_before: bool
) -> None:
    start_ms, right_ms = MIDNIGHT_MS + 2 * HOUR_MS, MIDNIGHT_MS + 4 * HOUR_MS
    visit = VisitBegan("w", PHONE, (), NUMBER, "sms")
    left = VisitEnded("w", PHONE, MIDNIGHT_MS + 3 * HOUR_MS + HOUR_MS // 2 + wrong_by_ms, "port")
    write(path, [*busy(days=2, a_day=50)[:60], began("v", MIDNIGHT_MS + HOUR_MS)])
    follower = Follower(path, chunk=10)
    write(path, [_clock(wrong_by_ms, start_ms, wrong_by_ms, False, "start")])
    asked = PasswordAsked(PHONE, NUMBER, "m")
    write(path, [_wrong(wrong_by_ms, start_ms + at, asked) for at in range(25)])
    write(path, [_wrong(wrong_by_ms, MIDNIGHT_MS + 3 * HOUR_MS, visit), _wrong(wrong_by_ms, right_ms - 1, left)])
    if looked_before:
        whole(follower)
    write(path, [_clock(wrong_by_ms, right_ms, 0, True, "jump"), began("x", MIDNIGHT_MS + 5 * HOUR_MS)])
    figures = whole(follower)
    plain = [each for each in visits(path, correct=clocks_of(path).correct) if each.began >= MIDNIGHT]
    assert sorted(_slots(each.began for each in plain)) == sorted(_filled(figures.began))
    assert sorted(_slots(each.ended for each in plain if each.ended)) == sorted(_filled(figures.ended))
    assert figures.began[18] == figures.ended[21] == 1  # what the clock placed elsewhere
    assert figures.asked[12] == 25
    assert figures.began[6] == 1  # and what was recorded before it was wrong


def _slots(moments: Iterable[datetime]) -> list[int]:
    return [(moment - MIDNIGHT) // timedelta(milliseconds=SLOT_MS) for moment in moments]


def _filled(counts: Iterable[int]) -> list[int]:
    return [slot for slot, count in enumerate(counts) for _ in range(count)]


def test_another_journal_in_its_place_is_read_anew(path: Path, tmp_path: Path) -> None:
    write(path, busy(days=1, a_day=20))
    follower = Follower(path)
    assert sum(whole(follower).began) == 20
    path.rename(tmp_path / "damaged")
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    write(path, busy(days=1, a_day=50))
    assert sum(whole(follower).began) == 50


def test_a_journal_that_is_not_there_says_so_and_is_read_once_it_is(path: Path) -> None:
    follower = Follower(path)
    with pytest.raises(JournalUnavailable):
        look(follower)
    write(path, [began("v1", MIDNIGHT_MS)])
    assert sum(whole(follower).began) == 1


def test_a_damaged_entry_is_told(path: Path) -> None:
    write(path, [began("v1", MIDNIGHT_MS), (stamp(MIDNIGHT_MS), GateStarted("1", 0, 0))])
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER entries_refuse_update")
        connection.execute("UPDATE entries SET body = '{' WHERE seq = 1")
    connection.close()
    with pytest.raises(JournalCorrupt, match="of the day"):
        look(Follower(path))
