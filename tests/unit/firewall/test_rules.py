"""The ruleset as readable text; the kernel rung compares the very same text with the kernel's."""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path

import pytest

from firewall import datapath, rules
from firewall.errors import SettingsRefused
from firewall.settings import Settings

ABILITIES = datapath.Abilities(mac_sets=False, nat6=True)
GOLDEN = Path(__file__).parents[2] / "kernel" / "golden"
SETTINGS = Settings("br-lan", ipaddress.IPv4Interface("10.77.0.1/16"), "wan0")


@pytest.mark.parametrize("family", list(rules.Family))
def test_listing(family: rules.Family) -> None:
    tables = tuple(table for table in datapath.ruleset(SETTINGS, ABILITIES).tables if table.family is family)
    assert rules.listing(rules.Ruleset(tables)) == (GOLDEN / f"{family}.txt").read_text()


def test_every_chain_is_named_as_ours_and_reached() -> None:
    for table in datapath.ruleset(SETTINGS, ABILITIES).tables:
        targets = {rule.target for chain in table.chains for rule in chain.rules}
        for chain in table.chains:
            assert chain.name.startswith(rules.OURS)
            assert len(chain.name) < 29  # XT_FUNCTION_MAXNAMELEN
            assert chain.hook or chain.name in targets


def test_settings_reach_the_rules() -> None:
    other = Settings("lan1", ipaddress.IPv4Interface("192.168.7.1/24"), "wan1", 8000, 8001, 5301, 60)
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
        ({"entry_timeout_s": 2**31}, "entry_timeout_s"),
    ],
)
def test_unsafe_settings_are_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsRefused, match=told):
        dataclasses.replace(SETTINGS, **change)  # type: ignore[arg-type]
