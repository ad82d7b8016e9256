"""Ports, addresses and the radio, as the configuration is judged: what is wrong is told with key and cure."""

from __future__ import annotations

import pytest

from appliance.config import parse
from appliance.errors import ConfigError
from appliance.wifi import Security

GOOD = """
[lan]
ports = ["enp2s0", "enp3s0.20"]
[wan]
interface = "enp1s0"
address = "198.51.100.7/24"
gateway = "198.51.100.1"
dns = ["9.9.9.9"]
[console]
interface = "enp3s0.30"
[wifi]
interface = "wlp4s0"
security = "psk"
"""


def test_what_a_box_may_be_wired_like() -> None:
    config = parse(GOOD, "q.toml")
    assert config.makes_network
    assert config.wifi.security is Security.PSK
    trunk = parse('[lan]\nports = ["eth0.20"]\n[wan]\ninterface = "eth0"\n[console]\ninterface = "eth0"', "q.toml")
    assert trunk.makes_network
    assert not parse("", "q.toml").makes_network


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"enp2s0",', '"enp1s0",', 'lan.ports: "enp1s0" leads to the Internet'),
        ('"enp2s0",', '"enp3s0.20",', 'lan.ports: "enp3s0.20" is there twice'),
        ('"enp2s0",', '"br-lan",', 'lan.ports: "br-lan" is the bridge itself'),
        ('"enp2s0",', '"enp3s0",', 'lan.ports: "enp3s0.20" is part of "enp3s0"'),
        ('"enp2s0",', '"enp2s0.0",', 'lan.ports: "enp2s0.0" names the VLAN 0; allowed: 1 to 4094'),
        ('"enp1s0"', '"enp1s0.4095"', 'wan.interface: "enp1s0.4095" names the VLAN 4095'),
        ('"enp1s0"', '"enp2s0.7"', 'wan.interface: "enp2s0.7" is a VLAN of "enp2s0", by which visitors come'),
        ('"enp3s0.30"', '"enp2s0.30"', 'console.interface: "enp2s0.30" is a VLAN of "enp2s0", by which visitors come'),
        ('"enp3s0.30"', '"enp2s0"', 'console.interface: "enp2s0" is on the visitors\' side'),
        ('"enp3s0.30"', '"enp3s0.20"', 'console.interface: "enp3s0.20" is on the visitors\' side'),
        ('"wlp4s0"', '"enp1s0"', 'wifi.interface: "enp1s0" is wan.interface too'),
        ('"wlp4s0"', '"enp2s0"', 'wifi.interface: "enp2s0" is lan.ports too'),
        ('"198.51.100.7/24"', '"198.51.100.7.1"', 'wan.address: "198.51.100.7.1" is no address/prefix'),
        ('"198.51.100.7/24"', '"198.51.100.7/24\\nGateway=x"', "wan.address: "),
        ('"198.51.100.7/24"', '""', 'wan.address: "" is no address/prefix'),
        ('"198.51.100.7/24"', '"10.77.3.1/24"', "wan.gateway: 198.51.100.1 is no neighbour of 10.77.3.1/24"),
        ('"198.51.100.1"', '"198.51.100.7"', "wan.gateway: 198.51.100.7 is no neighbour"),
        ('"198.51.100.1"', '""', 'wan.gateway: "" is no address; with wan.address it is needed'),
        ('"9.9.9.9"', "", "wan.dns: is empty"),
        ('security = "psk"', 'security = "wep"', "wifi.security: "),
    ],
)
def test_what_is_wrong_is_told(before: str, after: str, told: str) -> None:
    assert before in GOOD
    with pytest.raises(ConfigError) as raised:
        parse(GOOD.replace(before, after), "q.toml")
    assert f": {told}" in str(raised.value), str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[wan]\naddress = "198.51.100.7/24"\ngateway = "198.51.100.1"', "wan.address: is of no use while lan.ports"),
        ('[wifi]\ninterface = "wlp0s20f0u3i2"\nsecurity = "owe"', "wifi.interface: "),
        (
            '[lan]\nports = ["p1"]\n[wan]\naddress = "10.77.9.9/16"\ngateway = "10.77.0.2"\ndns = ["9.9.9.9"]',
            "wan.address: 10.77.0.0/16 overlaps the visitors' network",
        ),
    ],
)
def test_what_is_of_no_use_is_told_too(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, "q.toml")
    assert f": {told}" in str(raised.value), str(raised.value)


def test_a_name_with_a_dot_is_somebody_elses_where_we_make_no_network() -> None:
    assert parse('[wan]\ninterface = "wan.9999"', "q.toml").wan.interface == "wan.9999"
