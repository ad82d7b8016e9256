"""What of ``[lan]``, ``[wan]``, ``[wifi]`` and the console's port is good alone and wrong together.

Must not know: the file, who uses which setting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from appliance import wifi
from appliance.found import Found, wrong
from appliance.sections_network import carrier_of, vlan_of
from appliance.wifi import Security

if TYPE_CHECKING:
    from appliance.config import Config

_TAGS = range(1, 4095)
"""IEEE 802.1Q 9.6: 0 and 4095 name no VLAN."""
_LONGEST_RADIO = 11
"""Characters: ``-owe`` is added for the second network, and Linux takes 15."""


def of_the_wifi(config: Config) -> Iterator[tuple[str, Found]]:
    """(key, problem) pairs."""
    chosen = config.wifi
    if (size := len(chosen.name.encode())) > wifi.LONGEST_NAME:
        yield "wifi.name", wrong("wifi.name", size=size, most=wifi.LONGEST_NAME)
    if chosen.channel and chosen.channel not in wifi.CHANNELS[chosen.band]:
        listed = ", ".join(map(str, wifi.CHANNELS[chosen.band]))
        yield "wifi.channel", wrong("wifi.channel", channel=chosen.channel, band=chosen.band.value, channels=listed)
    if chosen.security is Security.OWE and len(chosen.interface) > _LONGEST_RADIO:
        yield "wifi.interface", wrong("wifi.interface.long", port=chosen.interface, most=_LONGEST_RADIO)


def of_the_sides(config: Config) -> Iterator[tuple[str, Found]]:
    """(key, problem) pairs."""
    yield from _of_the_ports(config)
    yield from _of_the_radio(config)
    yield from _of_the_uplink(config)


def _of_the_ports(config: Config) -> Iterator[tuple[str, Found]]:
    ports = config.lan.ports
    if config.lan.interface == config.wan.interface:
        yield "wan.interface", wrong("wan.same", port=config.lan.interface)
    for key, names in (
        ("lan.ports", ports),
        ("wan.interface", (config.wan.interface,)),
        ("console.interface", (config.console.interface,)),
    ):
        for name in names:
            vlan = vlan_of(name)
            if config.makes_network and vlan and vlan[1] not in _TAGS:
                yield key, wrong("port.vlan", port=name, vlan=vlan[1])
    for number, name in enumerate(ports):
        if name in ports[:number]:
            yield "lan.ports", wrong("lan.ports.twice", port=name)
        if name == config.lan.interface:
            yield "lan.ports", wrong("lan.ports.bridge", port=name)
        elif name == config.wan.interface:
            yield "lan.ports", wrong("lan.ports.wan", port=name)
        elif carrier_of(name) != name and carrier_of(name) in ports:
            yield "lan.ports", wrong("lan.ports.part", port=name, carrier=carrier_of(name))
    # Whoever is behind a port that is in the bridge as a whole may send frames with any tag.
    for key, name in (("wan.interface", config.wan.interface), ("console.interface", config.console.interface)):
        if carrier_of(name) != name and carrier_of(name) in ports:
            yield key, wrong("port.visitors", port=name, carrier=carrier_of(name))
    if config.console.interface and config.console.interface in ports:
        yield "console.interface", wrong("console.visitors.ports", port=config.console.interface)


def _of_the_radio(config: Config) -> Iterator[tuple[str, Found]]:
    radio = config.wifi.interface
    taken = [
        ("lan.interface", config.lan.interface),
        ("wan.interface", config.wan.interface),
        ("console.interface", config.console.interface),
        *(("lan.ports", name) for name in config.lan.ports),
    ]
    for key, name in taken:
        if radio and name == radio:
            yield "wifi.interface", wrong("wifi.interface.taken", port=radio, key=key)


def _of_the_uplink(config: Config) -> Iterator[tuple[str, Found]]:
    wan = config.wan
    if wan.address or wan.gateway:
        yield from _of_a_fixed_address(config)
    for server in wan.dns:
        try:
            address = ipaddress.ip_address(server)
            unscoped(server)
        except ValueError:
            yield "wan.dns", wrong("wan.dns.address", server=server)
            continue
        for lan in _networks(config):
            if address in lan:
                yield "wan.dns", wrong("wan.dns.visitors", server=server, lan=lan)


def _of_a_fixed_address(config: Config) -> Iterator[tuple[str, Found]]:
    wan = config.wan
    if not config.makes_network:
        key = "wan.address" if wan.address else "wan.gateway"
        yield key, wrong("wan.useless")
    try:
        own = ipaddress.IPv4Interface(wan.address)
    except ValueError:
        yield "wan.address", wrong("wan.address", address=wan.address)
        return
    try:
        gateway = ipaddress.IPv4Address(wan.gateway)
    except ValueError:
        yield "wan.gateway", wrong("wan.gateway", address=wan.gateway)
        return
    if gateway not in own.network or gateway == own.ip:
        yield "wan.gateway", wrong("wan.neighbour", gateway=gateway, own=own)
    for lan in _networks(config):
        if lan.version == 4 and own.network.overlaps(lan):
            yield "wan.address", wrong("wan.overlaps", network=own.network, lan=lan)
    if not wan.dns:
        yield "wan.dns", wrong("wan.dns.missing")


def _networks(config: Config) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The visitors' networks, as far as they can be read: what cannot is told as the LAN's."""
    try:
        yield config.lan.gate.network
        if config.lan.gate6 is not None:
            yield config.lan.gate6.network
    except ValueError:
        return


def unscoped(address: str) -> None:
    """Python takes whatever stands behind a "%" for a zone (RFC 4007), line ends too; dnsmasq reads it line by line.

    Raises:
        ValueError
    """
    if "%" in address:
        raise ValueError("an address with a zone (%)")
