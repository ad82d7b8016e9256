"""Stations that come, go and roam between BSSes: what is evidence of what."""

from __future__ import annotations

from firewall.presence.associations import GIVEN_UP_S, Associations
from firewall.presence.evidence import Evidence, Proof

ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"


def here(mac: str, bss: str) -> Evidence:
    return Evidence(mac, True, Proof.STATION, bss)


def gone(mac: str, bss: str) -> Evidence:
    return Evidence(mac, False, Proof.STATION, bss)


def test_with_one_bss_a_station_leaves_at_once() -> None:
    associations = Associations(roaming_s=0.5)
    assert associations.connected("a", ONE) == [here(ONE, "a")]
    assert associations.disconnected("a", ONE, 7.0) == [gone(ONE, "a")]
    assert associations.next_due_s() is None


def test_roaming_is_no_leave_whichever_is_told_first() -> None:
    associations = Associations(roaming_s=0.5)
    associations.listed("b", [TWO], 0.0)
    associations.connected("a", ONE)
    assert associations.connected("b", ONE) == [here(ONE, "b")]
    assert associations.disconnected("a", ONE, 1.0) == [here(ONE, "b")]
    assert associations.disconnected("b", ONE, 2.0) == []
    assert associations.next_due_s() == 2.5
    assert associations.connected("a", ONE) == [here(ONE, "a")]
    assert associations.due(9.0) == []


def test_with_several_a_station_has_left_when_it_turned_up_nowhere() -> None:
    associations = Associations(roaming_s=0.5)
    associations.listed("b", [], 0.0)
    associations.connected("a", ONE)
    assert associations.disconnected("a", ONE, 1.0) == []
    assert associations.disconnected("b", ONE, 1.4) == [], "said twice: the first time counts"
    assert associations.due(1.4) == []
    assert associations.due(1.5) == [gone(ONE, "a")]
    assert associations.due(9.0) == []


def test_who_leaves_where_it_came_last_is_gone_whatever_the_bss_before_still_believes() -> None:
    associations = Associations(roaming_s=0.5)
    associations.connected("a", ONE)
    associations.connected("b", ONE)
    assert associations.disconnected("b", ONE, 1.0) == []
    assert associations.disconnected("b", ONE, 1.1) == [], "said twice: that brings nobody back to the first"
    assert associations.due(1.5) == [gone(ONE, "b")]
    assert associations.listed("a", [ONE], 30.0) == [], "nor does its list"
    assert associations.disconnected("a", ONE, 300.0) == []
    assert associations.due(300.5) == [gone(ONE, "a")]


def test_a_late_loss_is_none_of_who_is_back_where_it_came_from() -> None:
    associations = Associations(roaming_s=0.5)
    for bss in ("a", "b", "a"):
        associations.connected(bss, ONE)
    assert associations.disconnected("b", ONE, 300.0) == [here(ONE, "a")]
    assert associations.disconnected("a", ONE, 301.0) == []


def test_a_list_has_no_order_so_who_is_in_two_has_left_neither() -> None:
    associations = Associations(roaming_s=0.5)
    associations.connected("a", ONE)
    associations.listed("b", [ONE], 0.0)
    assert associations.disconnected("b", ONE, 1.0) == [here(ONE, "a")]


def test_who_was_given_up_had_been_silent_since_the_lists_last_heard_it() -> None:
    associations = Associations(roaming_s=0.5)
    associations.connected("a", ONE)
    associations.listed("a", [ONE], 30.0, {ONE: 20.0})
    associations.listed("a", [ONE], 270.0, {ONE: 259.0})
    (left,) = associations.disconnected("a", ONE, 311.0 + 5.0)
    assert (left.present, left.silent_s) == (False, 305.0), "heard at 11 s, as the newest list has it"


def test_who_says_farewell_is_not_dated_back_however_quiet_it_was() -> None:
    associations = Associations(roaming_s=0.5)
    associations.connected("a", ONE)
    associations.listed("a", [ONE], 100.0, {ONE: 80.0})
    assert associations.disconnected("a", ONE, 20.0 + GIVEN_UP_S - 1.0) == [gone(ONE, "a")]
    associations.listed("a", [ONE], 1000.0, {ONE: 0.0})
    associations.connected("a", ONE)
    assert associations.disconnected("a", ONE, 2000.0) == [gone(ONE, "a")], "nothing is known since it came anew"


def test_where_there_are_several_the_silence_lasts_until_nobody_has_it() -> None:
    associations = Associations(roaming_s=0.5)
    associations.listed("b", [], 0.0)
    associations.connected("a", ONE)
    associations.listed("a", [ONE], 30.0, {ONE: 10.0})
    assert associations.disconnected("a", ONE, 330.0) == []
    (left,) = associations.due(330.5)
    assert (left.port, left.silent_s) == ("a", 310.5)


def test_a_list_tells_the_difference() -> None:
    associations = Associations(roaming_s=0.5)
    associations.expect("a", [ONE])
    assert associations.listed("a", [TWO], 0.0) == [here(TWO, "a"), gone(ONE, "a")]
    assert associations.listed("a", [TWO], 1.0) == []


def test_a_station_we_never_heard_of_may_leave() -> None:
    assert Associations(roaming_s=0.5).disconnected("a", ONE, 0.0) == [gone(ONE, "a")]


def test_a_bss_that_somebody_else_tells_of_is_forgotten_silently() -> None:
    associations = Associations(roaming_s=0.5)
    associations.connected("a", ONE)
    associations.forget("a")
    assert associations.listed("a", [], 0.0) == []
