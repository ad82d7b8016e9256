"""Shares of the line as data: what is said to tc, ipset and iptables, and what is read out of their listings."""

from __future__ import annotations

import dataclasses
import ipaddress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from firewall import rules, shares
from firewall.errors import SettingsRefused
from firewall.rates import Rates
from firewall.settings import Settings
from firewall.shares import COMMON, Address, Class

RATES = Rates(line_down_kbit=50_000, line_up_kbit=10_000, visitor_down_kbit=5_000)
SETTINGS = Settings(
    "br-lan",
    ipaddress.IPv4Interface("10.77.0.1/16"),
    "wan0",
    lan6=ipaddress.IPv6Interface("fd77::1/64"),
    rates=RATES,
)
DOWN, UP = shares.directions(SETTINGS)
LINE = 1
GOLDEN = Path(__file__).parent / "golden"


def said(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text()


def test_what_is_said_to_tc() -> None:
    assert said([*shares.htb_lines(DOWN), *shares.class_lines(DOWN, 0xB)]) == golden("htb")
    assert said([shares.cake_line(DOWN), shares.cake_line(UP)]) == golden("cake")


def test_the_rules_do_not_know_how_many_visitors_there_are() -> None:
    assert rules.listing(shares.marking(SETTINGS)) == golden("marking")


def test_cake_is_taken_where_nobody_has_a_cap() -> None:
    assert shares.preferred(SETTINGS) == (shares.Queueing.HTB,)
    free = dataclasses.replace(SETTINGS, rates=Rates(line_down_kbit=50_000))
    assert shares.preferred(free) == (shares.Queueing.CAKE, shares.Queueing.HTB)
    assert [way.name for way in shares.directions(free)] == ["down"]
    assert shares.directions(dataclasses.replace(SETTINGS, rates=Rates())) == ()


def test_a_line_nobody_told_does_not_limit_and_a_visitor_without_cap_may_have_the_line() -> None:
    (way,) = shares.directions(dataclasses.replace(SETTINGS, rates=Rates(visitor_up_kbit=1_000)))
    assert "rate 100000000kbit" in shares.class_lines(way, LINE)[0]
    assert "ceil 1000kbit" in shares.class_lines(way, 0xB)[0]
    assert "ceil 10000kbit" in shares.class_lines(UP, 0xB)[0]


@pytest.mark.parametrize(
    ("kbit", "turn", "split"),
    [(64, 1_514, 4_000), (20_000, 2_500, 4_000), (100_000, 12_500, 12_500), (10**7, 70_000, 70_000)],
)
def test_a_turn_is_a_millisecond_of_the_line_and_no_piece_is_longer(kbit: int, turn: int, split: int) -> None:
    way = dataclasses.replace(DOWN, line_kbit=kbit, cap_kbit=0)
    made, queue = shares.class_lines(way, 0xB)
    assert made.endswith(f"quantum {turn}")
    assert f" burst {split} " in queue


def test_all_addresses_of_a_device_have_one_class() -> None:
    four, other, six, outside = (
        IPv4Address("10.77.0.12"),
        IPv4Address("10.77.0.11"),
        IPv6Address("fd77::11"),
        IPv4Address("10.99.0.7"),
    )
    assert shares.members([{four, other, six, outside}], SETTINGS) == {four: 0xB, other: 0xB, six: 0xB}
    assert shares.members([{six}, {outside, six}, set()], SETTINGS) == {}, "in the common class until it has an address"
    far = IPv4Address("10.77.255.254")
    assert shares.members([{far}], SETTINGS) == {far: 0xFFFE}


@pytest.mark.parametrize("network", ["10.77.0.0/16", "192.168.254.0/23", "192.168.255.0/24", "192.168.255.240/28"])
def test_the_lines_and_the_common_class_are_no_devices(network: str) -> None:
    lan = ipaddress.IPv4Network(network)
    settings = Settings("br-lan", ipaddress.IPv4Interface(f"{lan[1]}/{lan.prefixlen}"), "wan0", rates=RATES)
    line = shares.directions(settings)[0].line_class
    devices = [{address} for address in lan.hosts() if address != lan[1]]
    classes = shares.members(devices, settings).values()
    assert len(set(classes)) == len(devices) == len(classes)
    assert not {0, COMMON, line} & set(classes)


CLASSES = """\
class htb 7171:1 root rate 50Mbit ceil 50Mbit burst 31250b cburst 31250b
class htb 7171:ffff parent 7171:1 leaf 8001: prio 0 rate 1Kbit ceil 5Mbit burst 4000b cburst 4000b
class tbf 8001:1 parent 8001:
class htb 7171:b parent 7171:1 leaf 8002: prio 0 rate 1Kbit ceil 5Mbit burst 4000b cburst 4000b
class htb 7171:c parent 7171:1 leaf 8003: prio 0 rate 1Kbit ceil 512Kbit burst 4000b cburst 4000b
class htb 7171:d root leaf 8004: prio 0 rate 1Gbit ceil 1234Mbit burst 4000b cburst 4000b
class htb 1:e root leaf 8005: prio 0 rate 1Gbit ceil 1Gbit burst 4000b cburst 4000b
"""


def test_what_tc_shows_is_understood() -> None:
    there = shares.classes(CLASSES)
    own, slow = Class(LINE, 5_000), Class(LINE, 512)
    assert there == {LINE: Class(0, 50_000), COMMON: own, 0xB: own, 0xC: slow, 0xD: Class(0, 1_234_000)}
    assert [minor for minor in there if shares.right(DOWN, there, minor)] == [LINE, COMMON, 0xB]
    assert not shares.right(DOWN, there, 0xE)
    assert not shares.sound(DOWN, there), "d is outside of the line"
    del there[0xD]
    assert shares.sound(DOWN, there)
    del there[LINE]
    assert not shares.sound(DOWN, there)
    assert (
        shares.root_kind("qdisc htb 7171: root refcnt 2 r2q 10 default 0\nqdisc tbf 8001: parent 7171:b rate") == "htb"
    )
    assert shares.root_kind("qdisc noqueue 0: root refcnt 2\nqdisc ingress ffff: parent ffff:fff1 ----") == ""


def test_a_rate_that_tc_rounds_is_right() -> None:
    fast = dataclasses.replace(DOWN, cap_kbit=1_234_567)
    assert shares.right(fast, {0xB: Class(LINE, 1_234_000)}, 0xB)
    assert not shares.right(fast, {0xB: Class(LINE, 1_200_000)}, 0xB)


def test_a_turn_is_bounded_however_many_devices_there_are() -> None:
    crowd = set(range(2, 10_002))
    there = {LINE: Class(0, 50_000), COMMON: Class(LINE, 5_000)}
    turns = 0
    while True:
        make, remove, waiting = shares.turn(DOWN, there, crowd)
        assert len(make) * len(there) <= 1_000_000
        assert len(make) + len(waiting) == len(crowd) - (len(there) - 2)
        assert remove == []
        if not make:
            break
        there |= dict.fromkeys(make, Class(LINE, 5_000))
        turns += 1
    assert turns <= 120
    make, remove, waiting = shares.turn(DOWN, there, set())
    assert make == []
    assert waiting == set()
    assert 0 < len(remove) <= 100
    assert not {LINE, COMMON} & set(remove)


def test_sets_are_brought_from_what_they_hold_to_what_they_should() -> None:
    listing = (
        "create qq-share4 hash:ip family inet hashsize 1024 maxelem 65536 skbinfo bucketsize 12 initval 0x1\n"
        "add qq-share4 10.77.0.11 skbprio 7171:b\n"
        "add qq-share4 10.77.0.12 skbprio 7171:b\n"
        "add qq-share4 10.77.0.13 skbprio 1:d\n"
    )
    assert shares.is_ours(listing)
    assert not shares.is_ours("create qq-share4 hash:net family inet\nadd qq-share4 10.0.0.0/8 skbinfo")
    found = shares.classed(listing)
    wanted: dict[Address, int] = {
        IPv4Address("10.77.0.11"): 0xB,
        IPv4Address("10.77.0.13"): 0xD,
        IPv6Address("fd77::11"): 0xB,
    }
    assert shares.member_lines(found, wanted) == [
        "del qq-share4 10.77.0.12",
        "add qq-share4 10.77.0.13 skbprio 7171:d",
        "add qq-share6 fd77::11 skbprio 7171:b",
    ]
    assert shares.member_lines(wanted, wanted) == []


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"line_down_kbit": 63}, "line_down_kbit"),
        ({"visitor_up_kbit": -1}, "visitor_up_kbit"),
        ({"line_up_kbit": 10_000_001}, "line_up_kbit"),
        ({"line_up_kbit": 1_000, "visitor_up_kbit": 1_001}, "visitor_up_kbit"),
        ({"line_down_kbit": 1_000, "visitor_down_kbit": 1_001}, "visitor_down_kbit"),
    ],
)
def test_rates_that_cannot_be_are_refused_by_name(values: dict[str, int], setting: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Rates(**values)
    assert refused.value.setting == setting
