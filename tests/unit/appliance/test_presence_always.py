"""What must hold of the policy of silence whatever happens, whenever: properties, by hypothesis."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.events import Usage
from appliance.presence import Patience
from tests.unit.appliance.watching import PHONE, Watching, never

IDLE_S, SLEEP_S = Patience().idle_s, Patience().sleep_s
SLACK_S = 45
"""The probes after the window, their answers, and a reading of the counters after them."""

lives = st.lists(
    st.tuples(st.integers(1, 1200), st.sampled_from(["packet", "answers", "deaf", "seen", "silent"])), max_size=12
)


def lived(happened: list[tuple[int, str]], watching: Watching | None = None) -> tuple[Watching, float]:
    """A visit in which this happened, each thing after so many seconds; and when it last showed life."""
    watching = watching or Watching()
    life_s = 0.0
    answering = False

    def answers(asked_s: float) -> bool:
        nonlocal life_s
        if answering:
            life_s = asked_s
        return answering

    for seconds, what in happened:
        watching.run(seconds, answers)
        if watching.left:
            break
        match what:
            case "packet":
                watching.packets += 1
                watching.read()
                life_s = watching.now_s
            case "seen":
                watching.presence.seen(watching.at, PHONE)
                life_s = watching.now_s
            case _:
                answering = what == "answers"
    return watching, life_s


@given(lives)
@settings(max_examples=60, deadline=None)
def test_no_visit_ends_before_its_window_is_over_since_the_last_life(happened: list[tuple[int, str]]) -> None:
    watching, life_s = lived(happened)
    for left in watching.left:
        assert left.last_life_s == life_s
        assert left.after_s - left.last_life_s > IDLE_S
        assert len([asked_s for asked_s in watching.asked if asked_s > life_s]) >= 6


@given(lives)
@settings(max_examples=60, deadline=None)
def test_a_silent_device_always_leaves_in_time(happened: list[tuple[int, str]]) -> None:
    watching, _ = lived(happened)
    gone_s = watching.now_s
    watching.run(SLEEP_S + SLACK_S, never)
    (left,) = watching.left
    assert left.after_s - left.last_life_s <= SLEEP_S + SLACK_S
    assert left.last_life_s <= gone_s


@given(
    # Every step ends with life, well before the window is over: else a hole of a few seconds may decide.
    st.lists(st.tuples(st.integers(1, 800), st.sampled_from(["packet", "seen"])), max_size=8),
    st.lists(st.integers(1, 31_536_000_000), min_size=1, max_size=8),
    st.integers(-(10**12), 10**12),
)
@settings(max_examples=60, deadline=None)
def test_a_suspended_machine_neither_ends_nor_prolongs(
    happened: list[tuple[int, str]], holes_ms: list[int], utc_jump_ms: int
) -> None:
    """The same visit with holes of up to a year in it, and UTC set meanwhile."""
    plain, _ = lived([*happened, (SLEEP_S + SLACK_S, "silent")])
    holed = Watching()
    for step, hole_ms in zip([*happened, (SLEEP_S + SLACK_S, "silent")], [*holes_ms, *[0] * 8], strict=False):
        holed.suspend(hole_ms)
        holed.utc_off_ms += utc_jump_ms
        assert not holed.judge(), "by the hole itself"
        lived([step], holed)
        if holed.left:
            break
    assert len(holed.left) == len(plain.left)
    for one, other in zip(holed.left, plain.left, strict=True):
        assert abs(one.after_s - other.after_s) <= 5 * len(holes_ms) + 10


idle_events = st.permutations(["read", "stranger counted", "stranger answers", "stranger seen", "followed", "judged"])


@given(lives, idle_events, st.integers(0, 300))
@settings(max_examples=60, deadline=None)
def test_what_is_of_no_account_may_come_in_any_order(
    happened: list[tuple[int, str]], order: list[str], at_s: int
) -> None:
    plain, _ = lived([(at_s + 1, "silent"), *happened, (SLEEP_S + SLACK_S, "silent")])
    stirred = Watching()
    stirred.run(at_s + 1)
    for event in order:
        match event:
            case "read":
                stirred.read()
            case "stranger counted":
                stirred.presence.counted(stirred.at, {"02:00:00:00:00:66": Usage(up_packets=5), PHONE: Usage()})
            case "stranger answers":
                stirred.presence.answered(stirred.at, frozenset({"02:00:00:00:00:66"}))
            case "stranger seen":
                stirred.presence.seen(stirred.at, "02:00:00:00:00:66")
            case "followed":
                stirred.follow(stirred.visit)
            case _:
                stirred.judge()
    stirred, _ = lived([*happened, (SLEEP_S + SLACK_S, "silent")], stirred)
    assert stirred.left == plain.left
    assert stirred.asked == plain.asked
