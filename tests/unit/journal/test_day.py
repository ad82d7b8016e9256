"""The day's figures, beside a plain count of the same entries."""

from __future__ import annotations

import doctest

from hypothesis import given
from hypothesis import strategies as st

from journal import day
from journal.day import SLOT_MS, Day, Figures
from journal.entries import (
    Entry,
    GateStopped,
    PasswordAsked,
    PasswordDelivered,
    PasswordSent,
    PasswordUndelivered,
    VisitBegan,
    VisitEnded,
)

PHONE, NUMBER = "02:00:00:00:00:01", "+77011234567"
SINCE_MS = 1_795_201_200_000
"""Midnight in Almaty."""
DAY_MS = 86_400_000


def began(visit: str, method: str = "sms") -> VisitBegan:
    return VisitBegan(visit, PHONE, (), NUMBER, method)


def ended(visit: str, left_utc_ms: int, proof: str = "port") -> VisitEnded:
    return VisitEnded(visit, PHONE, left_utc_ms, proof)


def counted(*told: tuple[int, Entry], since_ms: int = 0, until_ms: int = DAY_MS) -> Figures:
    """The figures of entries, each with when it was recorded."""
    made = Day(since_ms, until_ms)
    for utc_ms, entry in told:
        made.take(utc_ms, entry)
    return made.figures()


def test_the_example_is_true() -> None:
    assert doctest.testmod(day).failed == 0


def test_a_visit_over_midnight_was_there_from_the_days_beginning() -> None:
    figures = counted((-5, began("v1")), (3 * SLOT_MS, ended("v1", 2 * SLOT_MS)))
    assert (figures.before, figures.still, sum(figures.began), figures.ended.index(1)) == (1, 0, 0, 2)
    assert figures.online()[:4] == (1, 1, 0, 0)


def test_who_left_before_midnight_is_no_visitor_of_the_day() -> None:
    figures = counted((-SLOT_MS, began("v1")), (5, ended("v1", -1)))
    assert (figures.before, sum(figures.ended), figures.leaves) == (0, 0, {})


def test_the_gate_knows_who_came_yesterday_and_is_still_here() -> None:
    figures = counted((0, began("v1")), (1, began("v2")), (2, ended("v2", 2)))
    assert set(figures.online()) == {1}
    assert set(figures.online(now=4)) == {4}
    assert set(figures.online(now=0)) == {1}  # the gate is a moment ahead of the journal's reader


def test_the_first_and_the_last_moment_of_a_day() -> None:
    figures = counted((-1, began("a")), (0, began("b")), (DAY_MS - 1, began("c")), (DAY_MS, began("d")))
    assert (figures.began[0], figures.began[-1], sum(figures.began)) == (1, 1, 2)


def test_a_clock_set_back_ends_no_visit_before_it_began() -> None:
    figures = counted((5 * SLOT_MS, began("v1")), (5 * SLOT_MS + 1, ended("v1", 2 * SLOT_MS)))
    assert figures.ended.index(1) == 5
    assert min(figures.online()) >= 0


def test_delays_by_nearest_rank() -> None:
    delays = (9, 2, None, 30, 4)
    figures = counted(*((1, PasswordDelivered(PHONE, NUMBER, "m", delay)) for delay in delays))
    assert (figures.delay_ms(50), figures.delay_ms(95), sum(figures.delivered)) == (4, 30, 5)
    assert counted().delay_ms(50) is None


def test_a_password_is_entered_by_sms_or_at_the_desk() -> None:
    methods = ("sms", "desk", "document", "voucher", "sms")
    figures = counted(*((1, began(f"v{at}", method)) for at, method in enumerate(methods)))
    assert sum(figures.entered) == 3
    assert figures.admissions == {"sms": 2, "desk": 1, "document": 1, "voucher": 1}


MOMENTS = st.integers(SINCE_MS - DAY_MS, SINCE_MS + 2 * DAY_MS)
VISITS = st.sampled_from("abcdef")
ENTRIES = st.one_of(
    st.builds(began, VISITS, st.sampled_from(["sms", "desk", "document", "voucher"])),
    st.builds(ended, VISITS, MOMENTS, st.sampled_from(["port", "silence"])),
    st.just(PasswordAsked(PHONE, NUMBER, "m")),
    st.just(PasswordSent(PHONE, NUMBER, "m", "s")),
    st.builds(PasswordDelivered, st.just(PHONE), st.just(NUMBER), st.just("m"), st.none() | st.integers(0, 10**6)),
    st.just(PasswordUndelivered(PHONE, NUMBER, "m", "expired")),
    st.just(GateStopped(3)),
)


@given(st.lists(st.tuples(MOMENTS, ENTRIES), max_size=40))
def test_whatever_is_recorded_the_figures_are_a_plain_count(told: list[tuple[int, Entry]]) -> None:
    until_ms = SINCE_MS + DAY_MS
    figures = counted(*told, since_ms=SINCE_MS, until_ms=until_ms)
    within = [entry for utc_ms, entry in told if SINCE_MS <= utc_ms < until_ms]

    def count(kind: type) -> int:
        return sum(isinstance(entry, kind) for entry in within)

    assert sum(figures.asked) == count(PasswordAsked)
    assert sum(figures.sent) == count(PasswordSent)
    assert sum(figures.delivered) == count(PasswordDelivered)
    assert sum(figures.undelivered) == count(PasswordUndelivered)
    assert sum(figures.began) == sum(figures.admissions.values()) == count(VisitBegan)
    assert sum(figures.ended) == sum(figures.leaves.values())
    known = sorted(e.delay_ms for e in within if isinstance(e, PasswordDelivered) and e.delay_ms is not None)
    assert list(figures.delays_ms) == known
    for slot, begun in enumerate(figures.began):
        first_ms = SINCE_MS + slot * SLOT_MS
        here = [entry for utc_ms, entry in told if first_ms <= utc_ms < first_ms + SLOT_MS]
        assert begun == sum(isinstance(entry, VisitBegan) for entry in here)
    online = figures.online()
    assert len(online) == 144


@given(
    st.lists(
        st.tuples(st.integers(-DAY_MS, DAY_MS - 1), st.none() | st.integers(0, DAY_MS)),
        max_size=30,
    )
)
def test_the_line_of_visitors_is_who_was_there(stays: list[tuple[int, int | None]]) -> None:
    """Each stay begins at a moment and lasts so long, or is not over at the day's end; recorded in their order."""
    told: list[tuple[int, Entry]] = []
    spans = []
    for at, (from_ms, lasts_ms) in enumerate(stays):
        left_ms = None if lasts_ms is None or from_ms + lasts_ms >= DAY_MS else from_ms + lasts_ms
        spans.append((from_ms, left_ms))
        told.append((from_ms, began(f"v{at}")))
        if left_ms is not None:
            told.append((left_ms, ended(f"v{at}", left_ms)))
    told.sort(key=lambda each: each[0])
    now = sum(left_ms is None for _, left_ms in spans)
    online = counted(*told).online(now)
    for slot, there in enumerate(online):
        end_ms = (slot + 1) * SLOT_MS - 1
        assert there == sum(from_ms <= end_ms and (left_ms is None or left_ms > end_ms) for from_ms, left_ms in spans)
