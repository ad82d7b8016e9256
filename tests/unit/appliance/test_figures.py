"""What the gate counts of itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pytest

from appliance.events import Moment
from appliance.figures import BOUNDS_S, REMEMBERED, Counting, Tally
from journal.entries import (
    Entry,
    GateStopped,
    PasswordDelivered,
    PasswordSent,
    PasswordUndelivered,
    Stamp,
    VisitBegan,
    VisitEnded,
)

PHONE, NUMBER = "02:00:00:00:00:01", "+77011234567"


def sent(message: str, provider: str) -> PasswordSent:
    return PasswordSent(PHONE, NUMBER, message, "s1", provider, parts=2)


def test_entries_are_counted_by_what_they_tell() -> None:
    tally = Tally(5, sets=lambda: {"qq-up4": 3}, free_bytes=lambda: 700)
    tally.recorded(
        [
            VisitBegan("v1", PHONE, (), NUMBER, "sms"),
            VisitBegan("v2", PHONE, (), "", "document"),
            VisitBegan("v3", PHONE, (), NUMBER, "sms"),
            VisitEnded("v1", PHONE, 0, "port"),
            VisitEnded("v2", PHONE, 0, "blocked"),
            sent("m1", "one"),
            sent("m2", "two"),
            sent("m3", "one"),
            PasswordDelivered(PHONE, NUMBER, "m1"),
            PasswordUndelivered(PHONE, NUMBER, "m2", "0x45"),
            PasswordUndelivered(PHONE, NUMBER, "m9", "expired"),
        ],
        41,
        0.25,
    )
    told = tally.told()
    assert (told.since_utc_ms, told.journal_entries, told.journal_lag_s) == (5, 41, 0.25)
    assert (told.sets, told.disk_free_bytes) == ({"qq-up4": 3}, 700)
    assert told.admissions == {"sms": 2, "document": 1}
    assert told.leaves == {"port": 1, "blocked": 1}
    assert told.sms == {"one": {"sent": 2, "delivered": 1}, "two": {"sent": 1, "failed": 1}, "": {"failed": 1}}
    assert told.sms_parts == {"one": 4, "two": 2}
    assert told.entries == {
        "visit_began": 3,
        "visit_ended": 2,
        "password_sent": 3,
        "password_delivered": 1,
        "password_undelivered": 2,
    }


def test_carriers_are_not_remembered_for_ever() -> None:
    tally = Tally()
    tally.recorded([sent(f"m{each}", "one") for each in range(REMEMBERED + 1)], 1, 0)
    tally.recorded([PasswordDelivered(PHONE, NUMBER, "m0"), PasswordDelivered(PHONE, NUMBER, "m1")], 1, 0)
    assert tally.told().sms == {"one": {"sent": REMEMBERED + 1, "delivered": 1}, "": {"delivered": 1}}


@pytest.mark.parametrize(
    ("seconds", "place"), [(0, 0), (0.001, 0), (0.0011, 1), (10, len(BOUNDS_S) - 1), (11, len(BOUNDS_S))]
)
def test_a_span_falls_between_its_bounds(seconds: float, place: int) -> None:
    tally = Tally()
    tally.answered("look", seconds)
    (kind, spans), *others = tally.told().wire.items()
    assert (kind, others, spans.sum_s, spans.bounds_s) == ("look", [], seconds, BOUNDS_S)
    assert [at for at, count in enumerate(spans.counts) if count] == [place]
    assert len(spans.counts) == len(BOUNDS_S) + 1


def test_no_answer_is_lost_between_threads() -> None:
    tally = Tally()

    def many() -> None:
        for _ in range(2_000):
            tally.answered("look", 0.5)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    spans = tally.told().wire["look"]
    assert (sum(spans.counts), spans.sum_s) == (8_000, 4_000)


def test_a_disk_that_says_nothing_has_nothing_free() -> None:
    def dead() -> int:
        raise OSError("no such disk")

    assert Tally(free_bytes=dead).told().disk_free_bytes == 0


class Books:
    """A journal that is durable after a quarter of a second, or full."""

    def __init__(self) -> None:
        self.now_ms, self.has_room = 1_000, True

    def clock(self) -> Moment:
        return Moment(0, self.now_ms)

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        assert entries or kept
        if not self.has_room:
            raise OSError("full")
        self.now_ms += 250
        return 7


def test_only_what_is_durable_counts() -> None:
    books, tally = Books(), Tally()
    journal = Counting(books, tally, books.clock)
    assert journal.append([(Stamp(0, "b", 900), GateStopped(0))], {}) == 7
    assert (tally.told().entries, tally.told().journal_lag_s) == ({"gate_stopped": 1}, 0.35)
    journal.append([], {"alive": b""})
    assert tally.told().journal_lag_s == 0.35, "a sign of life is no entry's"
    books.has_room = False
    with pytest.raises(OSError, match="full"):
        journal.append([(Stamp(0, "b", 900), GateStopped(0))], {})
    assert tally.told().entries == {"gate_stopped": 1}
    assert not journal.has_room
