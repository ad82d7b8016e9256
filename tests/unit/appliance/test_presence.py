"""Who has left without a word, and who only slept: the policy by table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from appliance.events import DeviceLeft, Moment, Usage
from appliance.presence import Patience, Presence
from appliance.state import Visit
from tests.unit.appliance.watching import NOON_MS, PHONE, Watching, always, never

IDLE_S, SLEEP_S = Patience().idle_s, Patience().sleep_s
SLACK_S = 45
"""The probes after the window, their answers, and a reading of the counters after them."""


def until(deaf_from_s: float, deaf_to_s: float = float("inf")) -> Callable[[float], bool]:
    """Answers, but for this stretch of the visit."""
    return lambda asked_s: not deaf_from_s <= asked_s < deaf_to_s


def test_a_device_that_never_answered_asleep_has_the_long_window() -> None:
    watching = Watching()
    watching.run(SLEEP_S + SLACK_S, never)
    (left,) = watching.left
    assert SLEEP_S < left.after_s <= SLEEP_S + SLACK_S < 16 * 60
    assert left.last_life_s == 0, "the end is the last proof of life"
    assert len(watching.asked) >= 10, "not on the word of a few probes"


def test_a_device_that_answered_while_idle_and_then_does_not_is_gone_sooner() -> None:
    watching = Watching()
    watching.run(3600, until(1200))
    (left,) = watching.left
    assert 1200 - IDLE_S / 2 <= left.last_life_s <= 1200
    assert IDLE_S < left.after_s - left.last_life_s <= IDLE_S + SLACK_S < 5 * 60


def test_answers_of_a_device_that_was_just_busy_teach_nothing() -> None:
    """Awake phones answer; that says nothing about how they sleep."""
    watching = Watching()
    watching.run(1200, always, sends_every_s=100)
    assert len(watching.asked) > 5
    since_s = watching.now_s
    watching.run(SLEEP_S - 10, never)
    assert watching.left == []
    watching.run(SLACK_S + 10, never)
    (left,) = watching.left
    assert left.after_s - since_s > SLEEP_S - IDLE_S / 2


def test_a_device_that_was_deaf_once_keeps_the_long_window() -> None:
    watching = Watching()
    watching.run(1000, until(100, 700))
    watching.run(2000, always)  # and were it idle for ever so long afterwards
    assert watching.left == []
    gone_s = watching.now_s
    watching.run(SLEEP_S - 100, never)
    assert watching.left == []
    watching.run(100 + SLACK_S, never)
    assert watching.left and watching.left[0].last_life_s <= gone_s


def test_a_lost_probe_or_three_make_nobody_deaf() -> None:
    lost = iter([False, True, False, False, False])
    watching = Watching()
    watching.run(1500, lambda _: next(lost, True))
    assert watching.left == []
    gone_s = watching.now_s
    watching.run(IDLE_S + SLACK_S, never)
    assert watching.left and watching.left[0].after_s <= gone_s + 5 * 60


@pytest.mark.parametrize("between", [True, False])
def test_what_was_learnt_is_forgotten_with_the_visit(between: bool) -> None:
    watching = Watching()
    watching.run(1200, always)
    if between:  # else one visit ended and the next began in the same batch
        watching.follow(None)
    watching.follow(replace(watching.visit, visit="v2"))
    began_s = watching.now_s
    watching.run(SLEEP_S, never)
    assert watching.left == []
    watching.run(SLACK_S, never)
    assert watching.left[0].last_life_s == began_s


def test_what_was_learnt_outlives_a_short_absence() -> None:
    watching = Watching()
    watching.run(1200, always)
    watching.follow(replace(watching.visit, left_utc_ms=1))
    watching.run(30)
    watching.follow(watching.visit)
    resumed_s = watching.now_s
    watching.run(IDLE_S + SLACK_S, never)
    assert [left.last_life_s for left in watching.left] == [resumed_s]


def test_who_is_away_is_neither_asked_nor_judged() -> None:
    watching = Watching()
    watching.follow(replace(watching.visit, left_utc_ms=1))
    watching.run(2 * SLEEP_S, never)
    assert (watching.asked, watching.left) == ([], [])


@pytest.mark.parametrize("asleep_from_s", range(0, 300, 7))
def test_fourteen_minutes_of_sleep_end_no_visit_whenever_they_begin(asleep_from_s: int) -> None:
    """An iPhone with a dark screen: nothing for 14 minutes, however the last sign of life lay to the probes."""
    for last_packet_s in range(0, min(asleep_from_s, 60) + 1, 9):
        watching = Watching()
        watching.run(max(1, asleep_from_s - last_packet_s), always, sends_every_s=1)
        watching.run(last_packet_s, always)
        watching.run(14 * 60, never)
        assert watching.left == [], (asleep_from_s, last_packet_s)
        watching.run(5, always)
        watching.run(30, always, sends_every_s=5)
        watching.run(14 * 60, never)
        assert watching.left == [], (asleep_from_s, last_packet_s)


def test_after_a_long_silence_it_is_asked_as_soon_as_ever() -> None:
    """It woke just after it was asked, with the next probe two minutes away, and may turn deaf again any moment."""
    watching = Watching()
    watching.run(300, never)
    asked = len(watching.asked)
    while len(watching.asked) == asked:
        watching.run(0.5, never)
    watching.packets += 1
    watching.read()
    life_s = watching.now_s
    watching.run(60, never)
    assert len(watching.asked) > asked + 1 and watching.asked[asked + 1] - life_s <= 46


def test_who_wakes_a_moment_after_its_window_is_still_there() -> None:
    watching = Watching()
    watching.run(2 * SLEEP_S, until(0, SLEEP_S + 20))
    assert watching.left == []


def test_one_packet_up_is_life() -> None:
    watching = Watching()
    watching.run(4 * 3600, never, sends_every_s=SLEEP_S)
    assert watching.left == []


def test_being_seen_at_a_port_is_life() -> None:
    watching = Watching()
    for _ in range(10):
        watching.run(SLEEP_S - 10, never)
        watching.presence.seen(watching.at, PHONE)
    assert watching.left == []


def test_counters_that_fall_are_no_life_and_go_on_from_there() -> None:
    """An address was taken from it, and its counter with it: perhaps because another device claimed it."""
    watching = Watching()
    watching.packets = 100
    watching.read()
    watching.run(300, never)
    watching.packets = 40
    watching.run(SLEEP_S + SLACK_S - 300, never)
    assert [left.last_life_s for left in watching.left] == [0]

    watching = Watching()
    watching.packets = 100
    watching.read()
    watching.packets = 40
    watching.run(300, never)
    watching.packets = 41
    watching.run(SLEEP_S, never)
    assert watching.left == []


def test_what_comes_down_to_it_is_no_life() -> None:
    """A server that goes on sending, or the neighbour's ping, keeps nobody there who is gone."""
    watching = Watching()
    for _ in range(SLEEP_S // 5 + 10):
        watching.run(5, never, reads=False)
        usage = Usage(up_packets=0, down_packets=len(watching.asked), down_bytes=watching.boot_ms)
        watching.presence.counted(watching.at, {PHONE: usage})
    assert watching.left


def test_an_answer_that_nobody_asked_for_is_none() -> None:
    watching = Watching()
    for _ in range(SLEEP_S // 10 + 5):
        if not watching.asked:
            watching.answer()
        watching.run(10, never)
    assert [left.last_life_s for left in watching.left] == [0]


def test_without_the_counters_nobody_is_judged() -> None:
    watching = Watching()
    watching.run(10 * 3600, never, reads=False)
    assert watching.left == []
    watching.run(SLEEP_S - 60, never)
    assert watching.left == [], "the hours without eyes count for nobody"
    watching.run(60 + SLACK_S, never)
    assert watching.left


def test_nobody_is_gone_before_the_counters_were_read_once_more() -> None:
    watching = Watching()
    watching.run(SLEEP_S + 25, never)
    watching.packets += 1  # it woke, and the reading that would tell is late
    watching.run(25, never, reads=False)
    assert watching.left == []
    watching.read()
    watching.run(SLEEP_S - 60, never)
    assert watching.left == []


def test_after_a_restart_the_window_begins_anew_and_the_end_does_not() -> None:
    began = Moment(NOON_MS, 1_000_000)
    visit = Visit("v1", "+77011234567", ("10.77.0.10",), began=began)
    presence = Presence(Patience())
    presence.follow(Moment(NOON_MS + 100_000, 1_100_000), PHONE, visit, life_boot_ms=1_040_000)
    left: tuple[DeviceLeft, ...] = ()
    seconds = 0
    presence.counted(Moment(NOON_MS + 100_000, 1_100_000), {PHONE: Usage(up_packets=7)})
    while not left:
        seconds += 1
        at = Moment(NOON_MS + 100_000 + seconds * 1000, 1_100_000 + seconds * 1000)
        presence.counted(at, {PHONE: Usage(up_packets=7)})
        left = presence.judge(at).left
    assert SLEEP_S < seconds <= SLEEP_S + SLACK_S, "nobody looked before"
    assert left[0].left_utc_ms == NOON_MS + 40_000, "when it was last known to be there"


def test_a_verdict_is_told_until_the_visit_is_gone() -> None:
    """The journal may refuse it; then the engine has taken everything back."""
    watching = Watching()
    watching.run(SLEEP_S + SLACK_S, never)
    watching.follow(watching.visit)
    watching.run(SLEEP_S + SLACK_S, never)
    assert len(watching.left) == 2
    presence = Presence(Patience(idle_s=10, sleep_s=10))
    told = 0
    for second in range(60):
        at = Moment(NOON_MS, second * 1000)
        presence.follow(at, PHONE, watching.visit)
        presence.counted(at, {})
        told += len(presence.judge(at).left)
    assert told > 10


def test_where_both_windows_are_the_same_nobody_turns_deaf_too_late() -> None:
    """For a venue that wants no visit to end in sleep, whatever a phone did before."""
    for asleep_from_s in range(2400, 2540, 7):
        watching = Watching(Patience(SLEEP_S, SLEEP_S))
        watching.run(asleep_from_s, always)
        watching.run(14 * 60, never)
        watching.run(120, always)
        assert watching.left == [], asleep_from_s


@pytest.mark.parametrize("idle_s, sleep_s", [(10, 10), (10, 60), (60, 7200), (3600, 3600)])
def test_any_configured_window_holds(idle_s: int, sleep_s: int) -> None:
    watching = Watching(Patience(idle_s, sleep_s))
    watching.run(sleep_s + idle_s / 8 + 15, never)
    (left,) = watching.left
    assert sleep_s < left.after_s


def test_a_crowd_that_is_met_at_once_is_not_asked_at_once() -> None:
    presence = Presence(Patience())
    visit = Visit("v1", "+77011234567", ("10.77.0.10",), began=Moment(0, 0))
    for number in range(10_000):
        presence.follow(Moment(0, 0), f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}", visit)
    asked = []
    for second in range(60):
        at = Moment(0, second * 1000)
        presence.counted(at, {})
        asked.append(len(presence.judge(at).ask))
    assert sum(asked) >= 10_000 and max(asked) < 1_500


def test_the_end_is_told_by_the_clock_of_today() -> None:
    """A router without a battery clock learns the time after the device was last heard of."""
    watching = Watching()
    watching.run(600, never)
    watching.utc_off_ms += 10**12
    watching.run(SLEEP_S, never)
    assert [left.last_life_s for left in watching.left] == [0]
