"""When silence out there is trouble, and when it is only a slow line: the looks, one by one."""

from __future__ import annotations

import pytest

from appliance.uplink import Line


def looked(line: Line, at_ms: int, up: bool) -> bool:
    """Whether there is Internet after this look at the link."""
    line.looked(at_ms, up=up)
    return line.works(at_ms)


def asked(line: Line, at_ms: int, answered: bool) -> bool:
    """Whether there is Internet after this question, which was waited for as long as it may be."""
    line.looked(at_ms, up=True)
    line.asked(at_ms, answered=answered)
    return line.works(at_ms + 5_000)


def test_a_cut_is_trouble_after_some_seconds_and_over_at_once() -> None:
    line = Line()
    assert asked(line, 0, answered=True)
    assert looked(line, 10_000, up=False)
    assert looked(line, 14_999, up=False)
    assert not looked(line, 15_000, up=False)
    assert not looked(line, 60_000, up=False)
    assert looked(line, 61_000, up=True)
    assert looked(line, 62_000, up=False), "another cut has its own patience"


def test_a_link_that_blinks_is_a_link() -> None:
    line = Line()
    for at_ms in range(0, 60_000, 8_000):
        assert looked(line, at_ms, up=False)
        assert looked(line, at_ms + 4_000, up=False)
        assert asked(line, at_ms + 5_000, answered=True)


def test_silence_is_trouble_only_after_half_a_minute_and_several_questions() -> None:
    line = Line()
    told = [asked(line, at_ms, answered=False) for at_ms in range(0, 50_000, 7_000)]
    assert told == [True, True, True, True, False, False, False, False]
    assert asked(line, 60_000, answered=True)


def test_few_questions_in_a_long_time_are_no_silence() -> None:
    """A machine that slept, or a gate that was stalled."""
    line = Line()
    assert [asked(line, at_ms, answered=False) for at_ms in (0, 600_000, 1_200_000)] == [True] * 3


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_line_that_loses_most_packets_is_a_line(lost: int) -> None:
    line = Line()
    for look in range(200):
        assert asked(line, look * 7_000, answered=look % (lost + 1) == lost)


def test_a_blink_does_not_wipe_the_silence_before_it() -> None:
    line = Line()
    for at_ms in (0, 7_000, 14_000, 21_000):
        assert asked(line, at_ms, answered=False)
    assert looked(line, 28_000, up=False)
    assert not asked(line, 30_000, answered=False)
