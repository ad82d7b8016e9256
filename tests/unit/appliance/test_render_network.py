"""systemd-networkd's files, as they stand for a box with two ports, a trunk, a fixed address, and for none."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import render_network
from appliance.config import parse

GOLDEN = Path(__file__).parent / "golden"
TWO_PORTS = """
[lan]
ports = ["enp2s0", "enp3s0"]
[wan]
interface = "enp1s0"
[console]
interface = "enp1s0"
"""
TRUNK = """
[lan]
ports = ["eth0.20", "eth1.21"]
address6 = "fd77:6b7a:1::1/64"
[wan]
interface = "eth0"
address = "198.51.100.7/24"
gateway = "198.51.100.1"
dns = ["198.51.100.1", "9.9.9.9"]
[console]
interface = "eth0.30"
"""
RADIO = """
[wan]
interface = "eth0.10"
[wifi]
interface = "wlan0"
[console]
interface = "eth1"
"""


def listing(files: dict[str, str]) -> str:
    return "\n".join(f"# {name}\n{text}" for name, text in sorted(files.items()))


@pytest.mark.parametrize(("name", "text"), [("two_ports", TWO_PORTS), ("trunk", TRUNK), ("radio", RADIO)])
def test_what_networkd_is_told(name: str, text: str) -> None:
    assert listing(render_network.files(parse(text, "q.toml"))) == (GOLDEN / f"network_{name}.txt").read_text()


def test_without_a_configuration_every_port_asks_and_none_is_bridged() -> None:
    told = listing(render_network.without_configuration())
    assert "DHCP=ipv4" in told and "Bridge" not in told
    assert told == (GOLDEN / "network_none.txt").read_text()


def test_nothing_is_written_for_somebody_elses_bridge() -> None:
    theirs = parse("[lan]\ninterface = 'br0'\n[wan]\ninterface = 'eth0.10'", "q.toml")
    assert render_network.files(theirs) == {}
    assert render_network.made(theirs) == frozenset()
    assert list(render_network.needed(theirs)) == []


def test_which_ports_must_be_there_and_which_are_made() -> None:
    trunk = parse(TRUNK, "q.toml")
    assert render_network.made(trunk) == {"br-lan", "eth0.20", "eth1.21", "eth0.30"}
    assert set(render_network.needed(trunk)) == {
        ("lan.ports", "eth0"),
        ("lan.ports", "eth1"),
        ("wan.interface", "eth0"),
        ("console.interface", "eth0"),
    }
