"""What stands in the kernel, line by line, and that it comes back to it."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable
from pathlib import Path

import pytest

from firewall import datapath, rules, tables
from firewall.errors import KernelRefused
from firewall.gate import Gate, Repairs
from firewall.settings import Settings
from tests.kernel.venue import GATE, Venue, descriptors, read_sysctl, rules_of, sh, write_sysctl
from tests.lab.entering import inside
from tests.lab.waiting import until

NewGate = Callable[[Settings], Gate]

ABILITIES = datapath.Abilities(mac_sets=False, nat6=True)
GOLDEN = Path(__file__).parent / "golden"


def in_kernel(family: str) -> str:
    command = {"ipv4": "iptables-legacy-save", "ipv6": "ip6tables-legacy-save"}[family]
    names = {"ipv4": ("filter", "nat"), "ipv6": ("filter",)}[family]
    return "".join(f"# {family} {name}\n" + "".join(f"{line}\n" for line in rules_of(command, name)) for name in names)


@pytest.mark.usefixtures("gate")
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_the_kernel_holds_exactly_the_golden_listing(family: str) -> None:
    assert in_kernel(family) == (GOLDEN / f"{family}.txt").read_text()


@pytest.mark.usefixtures("gate")
def test_forwarding_is_on_for_ipv4_and_off_for_ipv6() -> None:
    assert read_sysctl("net/ipv4/ip_forward") == "1"
    assert read_sysctl("net/ipv6/conf/all/forwarding") == "0"


@pytest.mark.usefixtures("gate")
def test_no_other_table_is_created() -> None:
    # Each table costs every packet a walk through its hooks.
    assert set(sh("cat /proc/net/ip_tables_names").split()) == {"filter", "nat"}
    assert sh("cat /proc/net/ip6_tables_names").split() == ["filter"]


def test_setup_and_sync_change_nothing_that_is_right(gate: Gate) -> None:
    def as_before() -> bool:
        """Not even a counter; a packet that happens to come meanwhile is counted, so it is tried again."""
        with inside(GATE):
            sh(
                "iptables-legacy -Z && iptables-legacy -I QQ-FROM-LAN 1 -c 7 7 -j DROP "
                "&& iptables-legacy -D QQ-FROM-LAN 1"
            )
            before = sh("iptables-legacy-save -c | grep -v '^#'")
            gate.setup()
            assert gate.sync({}) == Repairs(0, 0, 0)
        return sh("iptables-legacy-save -c | grep -v '^#'") == before

    until(as_before, "setup and sync that change nothing")


@pytest.mark.parametrize(
    "damage",
    [
        "iptables-legacy -F",
        "iptables-legacy -F QQ-FROM-LAN",
        "iptables-legacy -D FORWARD -j QQ-FORWARD",
        "iptables-legacy -P FORWARD ACCEPT",
        "iptables-legacy -R QQ-TO-LAN 2 -j ACCEPT",
        "iptables-legacy -I QQ-FROM-LAN -j ACCEPT",
        "iptables-legacy -I FORWARD -j ACCEPT",
        "iptables-legacy -R FORWARD 1 -s 192.0.2.0/24 -j QQ-FORWARD",
        "iptables-legacy -A FORWARD -j QQ-FORWARD",
        "iptables-legacy -A OUTPUT -j QQ-FORWARD",
        "iptables-legacy -R QQ-FROM-LAN 2 -o wan0 -m set ! --match-set qq-up4 src,src -j ACCEPT",
        "iptables-legacy -R QQ-FROM-LAN 2 -o wan0 -m set --match-set qq-down4 src -j ACCEPT",
        "iptables-legacy -R QQ-FROM-LAN 2 ! -o wan0 -m set --match-set qq-up4 src,src -j ACCEPT",
        "iptables-legacy -t nat -F && iptables-legacy -t nat -X",
        "iptables-legacy -t nat -R QQ-CAPTIVE 2 -p udp -m udp --dport 53 -j REDIRECT --to-ports 53",
        "iptables-legacy -F && iptables-legacy -t nat -F && ipset destroy",
        "iptables-legacy -N QQ-OLD && iptables-legacy -A QQ-OLD -j QQ-OLD2 2>/dev/null || iptables-legacy -N QQ-OLD2",
        "ip6tables-legacy -F && ip6tables-legacy -P FORWARD ACCEPT",
        "ip6tables-legacy -I QQ-FORWARD -j ACCEPT",
    ],
)
def test_sync_repairs_what_a_stranger_changed(gate: Gate, damage: str) -> None:
    sh(damage)
    with inside(GATE):
        first, second = gate.sync({}), gate.sync({})
    assert first.rules > 0
    assert second == Repairs(0, 0, 0)
    both = {family: in_kernel(family) for family in ("ipv4", "ipv6")}
    if damage == "iptables-legacy -I FORWARD -j ACCEPT":  # a stranger's rule stays, but behind ours
        assert "-A FORWARD -j QQ-FORWARD\n-A FORWARD -j ACCEPT\n" in both["ipv4"]
        both["ipv4"] = both["ipv4"].replace("-A FORWARD -j ACCEPT\n", "")
    assert both == {family: (GOLDEN / f"{family}.txt").read_text() for family in both}


def test_forwarding_switched_off_comes_back(gate: Gate) -> None:
    write_sysctl("net/ipv4/ip_forward", "0")
    with inside(GATE):
        gate.sync({})
    assert read_sysctl("net/ipv4/ip_forward") == "1"


def test_a_strangers_rules_and_chains_survive(venue: Venue, new_gate: NewGate) -> None:
    sh(
        "iptables-legacy -N STRANGER; iptables-legacy -A STRANGER -p tcp -m multiport --dports 22,2222 -j ACCEPT;"
        "iptables-legacy -A INPUT -i wan0 -j STRANGER; iptables-legacy -A OUTPUT -m owner --uid-owner 7 -j LOG;"
        "iptables-legacy -t nat -A OUTPUT -d 192.0.2.7 -j DNAT --to-destination 192.0.2.8;"
        "ip6tables-legacy -N STRANGER6"
    )
    theirs = [
        line
        for command, table in (("iptables-legacy-save", "filter"), ("iptables-legacy-save", "nat"))
        for line in rules_of(command, table)
        if line.startswith("-A") or "STRANGER" in line
    ]
    assert len(theirs) == 5
    with inside(GATE):
        gate = new_gate(venue.settings)
        gate.setup()
        sh("iptables-legacy -F QQ-FORWARD")
        gate.sync({})
    now = rules_of("iptables-legacy-save", "filter") + rules_of("iptables-legacy-save", "nat")
    assert [line for line in theirs if line not in now] == []
    assert ":STRANGER6 -" in rules_of("ip6tables-legacy-save", "filter")


def test_a_restart_with_other_settings_replaces_ours(gate: Gate, venue: Venue, new_gate: NewGate) -> None:
    other = dataclasses.replace(
        venue.settings, lan=ipaddress.IPv4Interface("10.99.0.1/24"), redirect_port=8181, wan_interface="wan9"
    )
    with inside(GATE):
        gate.admit("02:00:00:00:00:01", [ipaddress.IPv4Address("10.77.0.11")])
        changed = new_gate(other)
        changed.setup()
        wanted = {"02:00:00:00:00:09": frozenset({ipaddress.IPv4Address("10.99.0.9")})}
        # The address of the old LAN went from the up set with it; what is left of it in the down set is removed.
        assert changed.sync(wanted) == Repairs(admitted=1, revoked=1, rules=0)
        assert changed.sync(wanted) == Repairs(0, 0, 0)
    listing = rules.listing(datapath.ruleset(other, ABILITIES))
    assert "".join(f"{line}\n" for line in rules_of("iptables-legacy-save", "nat")) in listing
    assert "range 10.99.0.0-10.99.0.255" in sh("ipset list -t qq-up4")
    assert "10.99.0.9,02:00:00:00:00:09" in sh("ipset list qq-up4")
    assert sorted(sh("ipset list -n").split()) == ["qq-down4", "qq-garden", "qq-up4"]


def test_a_set_of_another_type_under_our_name_is_refused_and_stays_closed(venue: Venue, new_gate: NewGate) -> None:
    sh("ipset create qq-up4 hash:ip")
    with inside(GATE), pytest.raises(KernelRefused, match="ipset swap qq-up4-new qq-up4"):
        new_gate(venue.settings).setup()
    assert ":FORWARD DROP" in rules_of("iptables-legacy-save", "filter")
    assert read_sysctl("net/ipv4/ip_forward") == "0"


@pytest.mark.usefixtures("venue")
def test_a_missing_match_is_told_and_stays_closed() -> None:
    broken = rules.Ruleset(
        (
            rules.Table(
                rules.Family.IPV4,
                rules.TableName.FILTER,
                (("FORWARD", rules.Verdict.DROP),),
                (rules.Chain("QQ-X", (rules.Rule("DROP", matches=(rules.Match("nonesuch", ()),)),)),),
            ),
        )
    )
    with inside(GATE):
        tables.drop(broken)
        with pytest.raises(KernelRefused, match="nonesuch"):
            tables.load(broken)
    assert rules_of("iptables-legacy-save", "filter") == [":INPUT ACCEPT", ":FORWARD DROP", ":OUTPUT ACCEPT"]


def test_nothing_is_left_open_by_many_syncs(gate: Gate) -> None:
    with inside(GATE):
        gate.sync({})
        before = descriptors()
        for _ in range(30):
            gate.sync({})
        assert descriptors() <= before
