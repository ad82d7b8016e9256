"""What no safe gate can stand on is refused by name, and closed: interfaces, networks, and what a kernel lacks."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

import pytest

from firewall import abilities, checks, surroundings
from firewall.errors import FirewallError, KernelRefused, SettingsRefused
from firewall.gate import Gate
from firewall.rules import Chain, Match, Rule, Ruleset, Table
from firewall.settings import Settings
from tests.kernel.venue import GATE, SERVER, Venue, pings, sh, until, write_sysctl
from tests.lab.entering import inside

NewGate = Callable[[Settings], Gate]


def closed() -> bool:
    """The kernel would forward, were it not for the gate."""
    write_sysctl("net/ipv4/ip_forward", "1")
    return not pings("ktv1", SERVER)


@pytest.fixture
def open_road(venue: Venue) -> Settings:
    """Everything passes while no gate is there."""
    write_sysctl("net/ipv4/ip_forward", "1")
    until(lambda: pings("ktv1", SERVER), "the road to be open")
    return venue.settings


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"lan_interface": "br-lam"},
            "lan_interface: there is no interface br-lam; create it or name one of: br-lan",
        ),
        ({"wan_interface": "wan7"}, "wan_interface: there is no interface wan7; create it or name one of: br-lan"),
        (
            {"lan": IPv4Interface("198.51.0.1/16")},
            "lan: 198.51.0.0/16 overlaps 198.51.100.1/24, which wan0 has; take another network for the LAN, for "
            "example 10.77.0.1/16",
        ),
        ({"lan": IPv4Interface("198.51.100.129/25")}, "lan: 198.51.100.128/25 overlaps 198.51.100.1/24"),
        ({"lan6": IPv6Interface("2001:db8::77/64")}, "lan6: 2001:db8::/64 overlaps 2001:db8::1/64, which wan0 has"),
    ],
)
def test_refused_and_closed(open_road: Settings, new_gate: NewGate, change: dict[str, Any], told: str) -> None:
    with inside(GATE):
        gate = new_gate(dataclasses.replace(open_road, **change))
        with pytest.raises(SettingsRefused) as refused:
            gate.prepare()
        assert str(refused.value).startswith(told)
    assert closed()


def test_what_is_right_is_not_refused(gate: Gate, settings6: Settings) -> None:
    with inside(GATE):
        gate.prepare()
        surroundings.require(settings6)
        # Without an address yet, or with a link-local one, the WAN overlaps nothing.
        sh("ip addr flush dev wan0; ip addr add 169.254.3.3/16 dev wan0")
        surroundings.require(settings6)


def test_an_address_that_dhcp_gives_the_wan_later_is_said_once_and_by_the_doctor(
    gate: Gate, venue: Venue, caplog: pytest.LogCaptureFixture
) -> None:
    with inside(GATE), caplog.at_level(logging.ERROR):
        gate.sync({})
        assert caplog.messages == []
        sh("ip addr add 10.77.5.2/24 dev wan0")
        gate.sync({})
        gate.sync({})
        told = "10.77.0.0/16 overlaps 10.77.5.2/24, which wan0 has"
        remedy = "take another network for the LAN, for example 172.20.0.1/16"
        assert caplog.messages == [f"lan: {told}; {remedy}"]
        found = {finding.what: finding.remedy for finding in checks.findings(venue.settings) if not finding.ok}
        assert found == {f"lan: {told}": remedy}
        sh("ip addr del 10.77.5.2/24 dev wan0")
        gate.sync({})
        sh("ip addr add 10.77.5.2/24 dev wan0")
        gate.sync({})
        assert len(caplog.messages) == 2, "another time, another line"


def test_a_kernel_without_a_match_or_target_is_said_by_name_and_closed(open_road: Settings, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(open_road)
        wanted, sets = gate._projection()
        assert abilities.lacking(wanted) == []
        family, name, policies = wanted.tables[1].family, wanted.tables[1].name, wanted.tables[1].policies
        rules = (Rule("REJECT", matches=(Match("none", ()), Match("conntrack", ()))), Rule("NONE"), Rule("DROP"))
        more = Table(family, name, policies, (Chain("QQ-MORE", rules),))
        gate._made = Ruleset((*wanted.tables, more)), sets
        with pytest.raises(KernelRefused, match="this kernel has no ipv4 match none, no ipv4 target NONE;"):
            gate.prepare()
    assert closed()


def test_a_kernel_without_a_set_type_is_said_by_name_and_closed(open_road: Settings, new_gate: NewGate) -> None:
    with inside(GATE):
        gate = new_gate(open_road)
        _, sets = gate._projection()
        sets._definitions["qq-down4"] = ["hash:none", "timeout", "300"]
        with pytest.raises(FirewallError, match="create qq-down4 hash:none"):
            gate.setup()
    assert closed()
