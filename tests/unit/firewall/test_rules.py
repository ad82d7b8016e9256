"""The ruleset as readable text; the kernel rung compares the very same text with the kernel's."""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path
from typing import Any

import pytest

from firewall import datapath, rules
from firewall.errors import SettingsRefused
from firewall.members import ip_key, mac_key, mark_of
from firewall.sets import Entry, Sets
from firewall.settings import Settings

ABILITIES = datapath.Abilities(mac_sets=False, nat6=True)
LAN6 = ipaddress.IPv6Interface("fd77::1/64")
GOLDEN = Path(__file__).parents[2] / "kernel" / "golden"
SETTINGS = Settings("br-lan", ipaddress.IPv4Interface("10.77.0.1/16"), "wan0")


@pytest.mark.parametrize("family", list(rules.Family))
def test_listing(family: rules.Family) -> None:
    tables = tuple(table for table in datapath.ruleset(SETTINGS, ABILITIES).tables if table.family is family)
    assert rules.listing(rules.Ruleset(tables)) == (GOLDEN / f"{family}.txt").read_text()


@pytest.mark.parametrize("family", list(rules.Family))
def test_listing_with_a_console(family: rules.Family) -> None:
    """One port, from one interface; and neighbour discovery there, without which IPv6 finds nobody."""
    settings = dataclasses.replace(SETTINGS, console_interface="mgmt0")
    tables = tuple(table for table in datapath.ruleset(settings, ABILITIES).tables if table.family is family)
    assert rules.listing(rules.Ruleset(tables)) == (GOLDEN / f"{family}-console.txt").read_text()


@pytest.mark.parametrize(
    ("interface", "more"),
    [
        ("wan0", ["-A QQ-INPUT -i wan0 -p tcp -m tcp --dport 9443 -j ACCEPT"] * 2),
        (
            "mgmt0",
            [
                "-A QQ-INPUT -i mgmt0 -p tcp -m tcp --dport 9443 -j ACCEPT",
                "-A QQ-INPUT -i mgmt0 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT",
                "-A QQ-INPUT -i mgmt0 -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j ACCEPT",
                "-A QQ-INPUT -i mgmt0 -p tcp -m tcp --dport 9443 -j ACCEPT",
            ],
        ),
    ],
)
def test_a_console_adds_its_door_and_takes_nothing_away(interface: str, more: list[str]) -> None:
    """Also where IPv6 is open, and where staff come from the uplink, whose DHCP and neighbours stay as they are."""
    open_ = dataclasses.replace(SETTINGS, lan6=LAN6)
    with_console = dataclasses.replace(open_, console_interface=interface, console_port=9443)
    before, after = (
        rules.listing(datapath.ruleset(settings, ABILITIES)).splitlines() for settings in (open_, with_console)
    )
    assert sorted(after) == sorted(before + more)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"console_interface": "br-lan"}, "console_interface: br-lan is the visitors' side"),
        ({"console_interface": "mgmt+"}, "console_interface: 'mgmt+' is no interface name"),
        ({"console_interface": "mgmt0", "console_port": 8080}, "console_port: 8080"),
        ({"console_interface": "mgmt0", "console_port": 0}, "console_port: 0"),
    ],
)
def test_a_door_of_the_console_that_would_be_the_visitors_too(change: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        dataclasses.replace(SETTINGS, **change)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("abilities", "golden"),
    [
        (datapath.Abilities(mac_sets=True, nat6=True), "ipv6-open-by-mac"),
        (datapath.Abilities(mac_sets=False, nat6=True), "ipv6-open"),
        (datapath.Abilities(mac_sets=True, nat6=True, owner_marks=True), "ipv6-open-by-mac"),
        (datapath.Abilities(mac_sets=False, nat6=True, owner_marks=True), "ipv6-open-owned"),
        (datapath.Abilities(mac_sets=False, nat6=False), "ipv6-open-without-nat"),
    ],
)
def test_listing_of_open_ipv6(abilities: datapath.Abilities, golden: str) -> None:
    settings = dataclasses.replace(SETTINGS, lan6=LAN6, masquerade6=abilities.nat6)
    tables = tuple(table for table in datapath.ruleset(settings, abilities).tables if table.family is rules.Family.IPV6)
    assert rules.listing(rules.Ruleset(tables)) == (GOLDEN / f"{golden}.txt").read_text()


@pytest.mark.parametrize("mac_sets", [True, False])
def test_what_admits_a_device_in_either_way(mac_sets: bool) -> None:
    mac = mac_key("02:00:00:00:00:01")
    four, six = ip_key(ipaddress.IPv4Address("10.77.0.11")), ip_key(ipaddress.IPv6Address("fd77::11"))
    sets = Sets(dataclasses.replace(SETTINGS, lan6=LAN6), mac_sets)
    both = [Entry(rules.DOWN4, four, four), Entry(rules.UP4, four, four + mac)]
    by_mac = [Entry(rules.UP6, mac, mac)]
    assert [*sets.entries(four, mac)] == both + (by_mac if mac_sets else [])
    assert [*sets.entries(six, mac)] == [
        Entry(rules.DOWN6, six, six),
        *(by_mac if mac_sets else [Entry(rules.UP6, six, six)]),
    ]
    assert [*Sets(SETTINGS, mac_sets).entries(four, mac)] == both, "IPv6 is shut"


def test_an_ipv6_address_is_bound_to_its_device_half_by_half() -> None:
    sets = Sets(dataclasses.replace(SETTINGS, lan6=LAN6), mac_sets=False, owned=True)
    mac, six = mac_key("02:00:5e:a0:00:01"), ip_key(ipaddress.IPv6Address("fd77::11"))
    entries = sets.entries(six, mac)
    assert {entry.set_name: (entry.key, entry.member) for entry in entries} == {
        rules.DOWN6: (six, six),
        "qq-owner6-last": (six, six + mark_of(0x01A00001)),
        "qq-owner6-first": (six, six + mark_of(0x0202005E)),
        rules.UP6: (six, six),
    }
    assert entries[-1].set_name == rules.UP6, "last: from then on something passes"


def test_https_opens_one_port_of_the_gates_own_address_and_no_other() -> None:
    for address, owns in ((None, {"10.77.0.1/32"}), (LAN6, {"10.77.0.1/32", "fd77::1/128"})):
        settings = dataclasses.replace(SETTINGS, lan6=address)
        without, listed = (
            rules.listing(datapath.ruleset(dataclasses.replace(settings, portal_https=https), ABILITIES)).splitlines()
            for https in (False, True)
        )
        more = [line for line in listed if line not in without]
        assert sorted(more) == sorted(f"-A QQ-LAN-INPUT -d {own} -p tcp -m tcp --dport 443 -j ACCEPT" for own in owns)
        assert len(listed) == len(without) + len(more)
    with pytest.raises(SettingsRefused):
        dataclasses.replace(SETTINGS, portal_https=True, redirect_port=443)


def test_a_private_wan_is_opened_on_request_only() -> None:
    for private_wan in (False, True):
        settings = dataclasses.replace(SETTINGS, lan6=LAN6, private_wan=private_wan)
        text = rules.listing(datapath.ruleset(settings, ABILITIES))
        assert ("-d 192.168.0.0/16 -j QQ-PRIVATE" in text) is not private_wan
        assert ("-d fc00::/7 -j QQ-PRIVATE" in text) is not private_wan


def test_every_chain_is_named_as_ours_and_reached() -> None:
    for table in datapath.ruleset(dataclasses.replace(SETTINGS, lan6=LAN6), ABILITIES).tables:
        targets = {rule.target for chain in table.chains for rule in chain.rules}
        for chain in table.chains:
            assert chain.name.startswith(rules.OURS)
            assert len(chain.name) < 29  # XT_FUNCTION_MAXNAMELEN
            assert chain.hook or chain.name in targets


def test_settings_reach_the_rules() -> None:
    other = Settings("lan1", ipaddress.IPv4Interface("192.168.7.1/24"), "wan1", 8000, 8001, 5301, entry_timeout_s=60)
    text = rules.listing(datapath.ruleset(other, ABILITIES))
    for word in ("-i lan1", "-o wan1", "192.168.7.1/32", "-s 192.168.7.0/24", "dport 8000", "ports 8001", "ports 5301"):
        assert word in text
    for word in ("br-lan", "wan0", "10.77.", "8080", "5300"):
        assert word not in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lan": ipaddress.IPv4Interface("10.0.0.1/15")}, "lan"),
        ({"lan": ipaddress.IPv4Interface("10.0.0.1/31")}, "lan"),
        ({"lan": ipaddress.IPv4Interface("10.0.0.0/24")}, "lan"),
        ({"lan": ipaddress.IPv4Interface("10.0.0.255/24")}, "lan"),
        ({"lan_interface": ""}, "lan_interface"),
        ({"lan_interface": "br+"}, "lan_interface"),
        ({"wan_interface": "a-name-of-sixteen"}, "wan_interface"),
        ({"wan_interface": "br-lan"}, "wan_interface"),
        ({"wan_interface": "a b"}, "wan_interface"),
        ({"portal_port": 0}, "ports"),
        ({"redirect_port": 65536}, "ports"),
        ({"redirect_port": 80}, "ports"),
        ({"captive_dns_port": 53}, "ports"),
        ({"entry_timeout_s": 0}, "entry_timeout_s"),
        ({"lan6": ipaddress.IPv6Interface("fd77::1/60")}, "lan6"),
        ({"lan6": ipaddress.IPv6Interface("fd77::/64")}, "lan6"),
        ({"lan6": ipaddress.IPv6Interface("fe80::1/64")}, "lan6"),
        ({"lan6": ipaddress.IPv6Interface("ff02::1/64")}, "lan6"),
        ({"masquerade6": True}, "masquerade6"),
        ({"new_connections_per_s": 0}, "new_connections_per_s"),
        ({"new_connections_per_s": 10_001}, "new_connections_per_s"),
        ({"new_connections_burst": 0}, "new_connections_burst"),
        ({"connections_per_device": 0}, "connections_per_device"),
        ({"entry_timeout_s": 2**31}, "entry_timeout_s"),
    ],
)
def test_unsafe_settings_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsRefused, match=told):
        dataclasses.replace(SETTINGS, **change)  # type: ignore[arg-type]
