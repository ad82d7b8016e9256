"""What a visit has used and how much of it is left, as dialogues (``dialogue.py`` says how to read them)."""

from __future__ import annotations

import msgspec

from appliance import wire
from appliance.effects import Answer, Keep
from appliance.events import Counted, VisitsListed
from appliance.kept import COUNTED_KEY
from appliance.state import Terms
from tests.unit.appliance.dialogue import ADDRESS, OTHER, PHONE, Dialogue, used

IPV6 = "fd77::10"
AWAY = [f"revoke 01 {ADDRESS}", "record visit_away by port at 1000"]

KAZAKH = wire.Language.KAZAKH


def status(talk: Dialogue) -> wire.Status:
    """What the visitor's page is told."""
    (answer,) = talk.step(talk.looked())
    assert isinstance(answer, Answer) and isinstance(answer.reply, wire.Status)
    return answer.reply


def read(talk: Dialogue, up: int, down: int) -> list[str]:
    """A reading a second later; whether it brought more than being kept."""
    talk.wait(1)
    return [type(effect).__name__ for effect in talk.step(talk.counted(up, down)) if not isinstance(effect, Keep)]


# ── accounting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_stretch_is_recorded_once_and_the_page_shows_their_sum() -> None:
    talk = Dialogue()
    talk.online()
    assert status(talk).bytes_used == 0
    assert read(talk, 100, 1000) == []
    assert status(talk).bytes_used == 1100
    talk.wait(-1)
    talk.says(talk.left(), AWAY)
    talk.wait(2)
    talk.says(talk.closed(used(150, 2000)), ["record visit_used 150 up 2000 down"])
    assert status(talk).bytes_used == 2150, "away: what the last reading said is in it already"
    talk.step(talk.seen())
    assert status(talk).bytes_used == 2150
    assert read(talk, 10, 20) == []
    assert status(talk).bytes_used == 2180
    talk.step(talk.end())
    talk.says(talk.closed(used(10, 20)), ["record visit_used 10 up 20 down"])
    assert status(talk).bytes_used is None, "a stranger again"


def test_a_device_that_stays_away_has_nothing_more_to_tell() -> None:
    talk = Dialogue()
    talk.online()
    talk.says(talk.left(), AWAY)
    talk.says(talk.closed(used(5, 6)), ["record visit_used 5 up 6 down"])
    talk.wait(60)
    talk.says(talk.tick(), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1000"])
    assert talk.ending == []


def test_reading_that_began_before_a_closing_is_not_counted_again() -> None:
    """The reader has a thread of its own: what it saw may have been recorded by the time it tells."""
    talk = Dialogue(Terms(quota_bytes=2000))
    talk.online()
    talk.wait(1)
    before = talk.counted(100, 1000)
    talk.wait(1)
    talk.step(talk.left())
    talk.says(talk.closed(used(100, 1000)), ["record visit_used 100 up 1000 down"])
    talk.step(talk.seen())
    talk.says(before, [])
    assert status(talk).bytes_used == 1100
    assert read(talk, 7, 8) == []
    assert status(talk).bytes_used == 1115


def test_an_address_that_goes_in_mid_visit_leaves_what_it_used() -> None:
    talk = Dialogue()
    talk.online()
    read(talk, 100, 1000)
    talk.wait(1)
    talk.says(talk.moved("10.77.0.99"), [f"revoke 01 {ADDRESS}", "record visit_moved", "admit 01 10.77.0.99"])
    talk.says(talk.closed(used(120, 1100)), ["record visit_used 120 up 1100 down"])
    assert read(talk, 3, 4) == [], "the new address's counters begin at nothing: no fall"
    assert status(talk).bytes_used == 1227
    talk.step(talk.learnt(IPV6))
    assert read(talk, 30, 40) == []
    talk.wait(1)
    talk.step(talk.learnt(IPV6, device=OTHER, previous=PHONE))  # disputed: closed for both
    talk.says(talk.closed(used(20, 30)), ["record visit_used 20 up 30 down"])
    assert read(talk, 10, 10) == []
    assert status(talk).bytes_used == 1220 + 50 + 20
    talk.step(talk.end())
    talk.says(talk.closed(used(10, 10)), ["record visit_used 10 up 10 down"])


def test_counters_that_fell_without_a_closing_are_told_as_a_part() -> None:
    """A stranger emptied the sets."""
    talk = Dialogue()
    talk.online()
    read(talk, 100, 1000)
    talk.wait(1)
    talk.says(talk.counted(5, 5), ["record visit_used 100 up 1000 down at least"])
    assert status(talk).bytes_used == 1110
    assert read(talk, 6, 6) == []
    talk.wait(1)
    talk.step(talk.end())
    talk.says(talk.closed(used(1, 1)), ["record visit_used 6 up 6 down at least"])


def test_the_gate_restarts_between_two_readings() -> None:
    talk = Dialogue()
    talk.online()
    assert read(talk, 100, 1000) == []
    talk.crash()
    talk.step(talk.started())
    assert status(talk).bytes_used == 1100, "as last kept"
    assert read(talk, 200, 2000) == [], "the kernel counted on"
    assert status(talk).bytes_used == 2200
    talk.step(talk.end())
    talk.says(talk.closed(used(200, 2000)), ["record visit_used 200 up 2000 down"])


def test_kept_reading_of_a_stretch_that_was_recorded_counts_for_nothing() -> None:
    talk = Dialogue()
    talk.online()
    read(talk, 100, 1000)
    talk.step(talk.left())
    talk.says(talk.closed(used(100, 1000)), ["record visit_used 100 up 1000 down"])
    talk.step(talk.seen())
    talk.crash()
    talk.step(talk.started())
    assert status(talk).bytes_used == 1100
    assert read(talk, 1, 1) == []
    assert status(talk).bytes_used == 1102
    # The same once more after a fall, which leaves the kept reading of before as well.
    talk.wait(1)
    talk.step(talk.counted(0, 0))
    talk.crash()
    assert read(talk, 0, 0) == []
    assert status(talk).bytes_used == 1102


def test_power_cut_leaves_what_was_last_kept_or_nothing() -> None:
    talk = Dialogue()
    talk.online()
    read(talk, 100, 1000)
    talk.crash()
    talk.step(talk.started(same_boot=False))
    talk.says(talk.closed(None), ["record visit_used 100 up 1000 down at least"])
    assert COUNTED_KEY not in talk.kept, "the boot clock begins anew"
    talk.online()
    talk.crash()
    talk.step(talk.started(same_boot=False))
    talk.says(talk.closed(None), ["record visit_used None up None down at least"])


def test_readings_are_kept_once_a_minute_in_one_row() -> None:
    talk = Dialogue()
    talk.online()

    def kept() -> bool:
        talk.wait(20)
        everybody = {f"02:00:00:00:01:{n:02x}": used(talk.now_ms, n) for n in range(200)}
        effects = talk.step(Counted(talk.at, everybody))
        assert len(effects) <= 1
        return bool(effects)

    assert [kept() for _ in range(7)] == [True, False, False, True, False, False, True]
    assert len(talk.kept[COUNTED_KEY]) < 200 * 150
    talk.wait(60)
    talk.step(Counted(talk.at, {}))
    talk.wait(60)
    assert talk.step(Counted(talk.at, {})) == [], "nobody is online, nothing is written"
    assert msgspec.json.decode(talk.kept[COUNTED_KEY])["usage"] == {}


def test_visits_are_listed_with_what_they_used() -> None:
    talk = Dialogue()
    talk.online()
    read(talk, 100, 1000)
    (answer,) = talk.step(VisitsListed(talk.at))
    assert isinstance(answer, Answer) and isinstance(answer.reply, wire.Visits)
    (visit,) = answer.reply.visits
    assert (visit.up_bytes, visit.down_bytes) == (100, 1000)


# ── quota ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_visit_ends_when_its_quota_is_used_up() -> None:
    talk = Dialogue(Terms(quota_bytes=1000))
    talk.online()
    assert status(talk).bytes_remaining == 1000
    assert read(talk, 99, 900) == []
    assert (status(talk).bytes_used, status(talk).bytes_remaining) == (999, 1)
    talk.wait(1)
    talk.says(talk.counted(100, 900), [f"revoke 01 {ADDRESS}", "record visit_ended by quota at 1002"])
    talk.says(talk.closed(used(110, 910)), ["record visit_used 110 up 910 down"])
    assert status(talk) == wire.Status(wire.Phase.STRANGER, bytes_used=1000, ended=wire.Ended.QUOTA, language=KAZAKH)
    talk.says(talk.asked(), ["record password_asked", "send to +77011234567", "answer asked"])
    talk.step(talk.entered())
    assert status(talk).bytes_remaining == 1000, "a new visit, a new quota"


def test_quota_is_that_of_all_stretches_together() -> None:
    talk = Dialogue(Terms(quota_bytes=1000))
    talk.online()
    talk.wait(1)
    talk.step(talk.left())
    talk.step(talk.closed(used(100, 500)))
    talk.step(talk.seen())
    assert status(talk).bytes_remaining == 400
    assert read(talk, 100, 299) == []
    talk.wait(1)
    talk.says(talk.counted(100, 300), [f"revoke 01 {ADDRESS}", "record visit_ended by quota at 1003"])


def test_leaving_and_returning_does_not_escape_the_quota() -> None:
    talk = Dialogue(Terms(quota_bytes=1000))
    talk.online()
    talk.step(talk.left())
    talk.step(talk.closed(used(500, 501)))
    assert status(talk).bytes_remaining == 0
    talk.step(talk.seen())
    talk.wait(1)
    talk.says(talk.counted(0, 0), [f"revoke 01 {ADDRESS}", "record visit_ended by quota at 1001"])


def test_without_quota_nothing_is_too_much() -> None:
    talk = Dialogue()
    talk.online()
    assert read(talk, 10**15, 10**15) == []
    assert (status(talk).bytes_remaining, status(talk).seconds_remaining) == (None, None)


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_visit_ends_when_its_time_is_up() -> None:
    talk = Dialogue(Terms(max_s=600))
    talk.online()
    assert status(talk).seconds_remaining == 600
    talk.wait(599.5)
    talk.says(talk.tick(), [])
    assert status(talk).seconds_remaining == 1
    talk.wait(0.5)
    talk.says(talk.tick(), [f"revoke 01 {ADDRESS}", "record visit_ended by time at 1600"])
    talk.says(talk.seen(), [])
    assert status(talk) == wire.Status(wire.Phase.STRANGER, online_for_s=600, ended=wire.Ended.TIME, language=KAZAKH)
    talk.says(talk.asked(), ["record password_asked", "send to +77011234567", "answer asked"])


def test_why_it_ended_is_told_for_ten_minutes_and_to_nobody_else() -> None:
    talk = Dialogue(Terms(max_s=600, grace_s=0))
    talk.online()
    talk.wait(600)
    talk.step(talk.tick())
    (answer,) = talk.step(talk.looked(OTHER))
    assert answer == Answer(wire.Status(wire.Phase.STRANGER))
    talk.wait(599)
    talk.says(talk.tick(), [])
    assert status(talk).ended is wire.Ended.TIME
    talk.wait(1)
    talk.says(talk.tick(), [])
    assert (status(talk), len(talk.session.endings)) == (wire.Status(wire.Phase.STRANGER, language=KAZAKH), 0)


def test_who_asked_anew_is_told_nothing_of_the_visit_before() -> None:
    talk = Dialogue(Terms(max_s=600, grace_s=0))
    talk.online()
    talk.wait(600)
    talk.step(talk.tick())
    talk.online()
    talk.step(talk.left())
    assert status(talk) == wire.Status(wire.Phase.STRANGER, language=KAZAKH)


def test_time_runs_on_while_the_device_is_away_and_the_end_is_when_it_left() -> None:
    talk = Dialogue(Terms(max_s=600, grace_s=60))
    talk.online()
    talk.wait(570)
    talk.step(talk.left())
    talk.wait(29)
    talk.says(talk.tick(), [])
    assert status(talk).seconds_remaining == 1
    talk.wait(1)
    talk.says(talk.seen(), [f"revoke 01 {ADDRESS}", "record visit_ended by port at 1570"])


def test_clock_that_jumps_neither_ends_nor_prolongs() -> None:
    talk = Dialogue(Terms(max_s=600))
    talk.online()
    for jump_ms in (10**10, -(10**11)):
        at = msgspec.structs.replace(talk.at, utc_ms=talk.at.utc_ms + jump_ms)
        talk.says(msgspec.structs.replace(talk.tick(), at=at), [])
    talk.wait(600)
    at = msgspec.structs.replace(talk.at, utc_ms=talk.at.utc_ms - 10**11)
    (first, *_) = talk.step(msgspec.structs.replace(talk.tick(), at=at))
    assert type(first).__name__ == "Revoke"


def test_time_goes_on_over_a_restart() -> None:
    talk = Dialogue(Terms(max_s=600))
    talk.online()
    talk.wait(600)
    talk.crash()
    talk.step(talk.started())
    talk.says(talk.tick(), [f"revoke 01 {ADDRESS}", "record visit_ended by time at 1600"])
