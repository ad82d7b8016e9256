"""When silence out there is trouble, and when it is only a slow line: the looks, one by one."""

from __future__ import annotations

import pytest

from appliance.uplink import Line


def test_a_cut_is_trouble_after_some_seconds_and_over_at_once() -> None:
    line = Line()
    assert line.asked(0, 1_000, answered=True)
    assert line.cut(10_000)
    assert line.cut(14_999)
    assert not line.cut(15_000)
    assert not line.cut(60_000)
    assert line.asked(61_000, 61_100, answered=True)
    assert line.cut(62_000), "another cut has its own patience"


def test_a_cut_that_heals_at_once_is_none() -> None:
    line = Line()
    for at_ms in range(0, 60_000, 6_000):
        assert line.cut(at_ms)
        assert line.asked(at_ms + 3_000, at_ms + 3_100, answered=True)


def test_silence_is_trouble_only_after_half_a_minute_and_several_questions() -> None:
    line, told = Line(), []
    for at_ms in range(0, 50_000, 7_000):
        told.append(line.asked(at_ms, at_ms + 5_000, answered=False))
    assert told == [True, True, True, True, False, False, False, False]
    assert line.asked(60_000, 60_010, answered=True)


def test_few_questions_in_a_long_time_are_no_silence() -> None:
    """A machine that slept, or a gate that was stalled."""
    line = Line()
    assert [line.asked(at_ms, at_ms + 5_000, answered=False) for at_ms in (0, 600_000, 1_200_000)] == [True] * 3


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_line_that_loses_most_packets_is_a_line(lost: int) -> None:
    line = Line()
    for look in range(200):
        assert line.asked(look * 7_000, look * 7_000 + 5_000, answered=look % (lost + 1) == lost)


def test_a_cut_does_not_wipe_the_silence_before_it() -> None:
    """Nor does the silence behind a link that came back begin anew each time it blinks."""
    line = Line()
    for at_ms in (0, 7_000, 14_000, 21_000):
        assert line.asked(at_ms, at_ms + 5_000, answered=False)
    assert line.cut(28_000)
    assert not line.asked(30_000, 35_000, answered=False)
