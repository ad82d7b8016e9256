"""What of ``[lan]``, ``[wan]``, ``[wifi]`` and the console's port is good alone and wrong together.

Must not know: the file, who uses which setting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from appliance import wifi
from appliance.sections_network import carrier_of, vlan_of
from appliance.wifi import Security

if TYPE_CHECKING:
    from appliance.config import Config

_TAGS = range(1, 4095)
"""IEEE 802.1Q 9.6: 0 and 4095 name no VLAN."""
_LONGEST_RADIO = 11
"""Characters: ``-owe`` is added for the second network, and Linux takes 15."""


def of_the_wifi(config: Config) -> Iterator[tuple[str, str]]:
    """(key, problem) pairs."""
    chosen = config.wifi
    if (size := len(chosen.name.encode())) > wifi.LONGEST_NAME:
        yield (
            "wifi.name",
            f"takes {size} bytes; a network's name has at most {wifi.LONGEST_NAME} (a Cyrillic letter is two)",
        )
    if chosen.channel and chosen.channel not in wifi.CHANNELS[chosen.band]:
        listed = ", ".join(map(str, wifi.CHANNELS[chosen.band]))
        yield "wifi.channel", f"{chosen.channel} is none of {chosen.band.value} GHz; allowed: 0 (automatic), {listed}"
    if chosen.security is Security.OWE and len(chosen.interface) > _LONGEST_RADIO:
        yield (
            "wifi.interface",
            f'"{chosen.interface}" is longer than {_LONGEST_RADIO} characters, and security "owe" needs a second '
            "network's name made of it; rename the interface, or take another security",
        )


def of_the_sides(config: Config) -> Iterator[tuple[str, str]]:
    """(key, problem) pairs."""
    yield from _of_the_ports(config)
    yield from _of_the_radio(config)
    yield from _of_the_uplink(config)


def _of_the_ports(config: Config) -> Iterator[tuple[str, str]]:
    ports = config.lan.ports
    if config.lan.interface == config.wan.interface:
        yield "wan.interface", f'is the LAN\'s too ("{config.lan.interface}"); the two sides must differ'
    for key, names in (
        ("lan.ports", ports),
        ("wan.interface", (config.wan.interface,)),
        ("console.interface", (config.console.interface,)),
    ):
        for name in names:
            vlan = vlan_of(name)
            if config.makes_network and vlan and vlan[1] not in _TAGS:
                yield key, f'"{name}" names the VLAN {vlan[1]}; allowed: 1 to 4094'
    for number, name in enumerate(ports):
        if name in ports[:number]:
            yield "lan.ports", f'"{name}" is there twice'
        if name == config.lan.interface:
            yield "lan.ports", f'"{name}" is the bridge itself (lan.interface); name what is plugged in'
        elif name == config.wan.interface:
            yield "lan.ports", f'"{name}" leads to the Internet (wan.interface); visitors come by another port'
        elif carrier_of(name) != name and carrier_of(name) in ports:
            yield "lan.ports", f'"{name}" is part of "{carrier_of(name)}", which is in the bridge as a whole'
    # Whoever is behind a port that is in the bridge as a whole may send frames with any tag.
    for key, name in (("wan.interface", config.wan.interface), ("console.interface", config.console.interface)):
        if carrier_of(name) != name and carrier_of(name) in ports:
            yield key, f'"{name}" is a VLAN of "{carrier_of(name)}", by which visitors come (lan.ports); take another'
    if config.console.interface and config.console.interface in ports:
        yield (
            "console.interface",
            f'"{config.console.interface}" is on the visitors\' side (lan.ports); name a port or VLAN of its own',
        )


def _of_the_radio(config: Config) -> Iterator[tuple[str, str]]:
    radio = config.wifi.interface
    taken = [
        ("lan.interface", config.lan.interface),
        ("wan.interface", config.wan.interface),
        ("console.interface", config.console.interface),
        *(("lan.ports", name) for name in config.lan.ports),
    ]
    for key, name in taken:
        if radio and name == radio:
            yield "wifi.interface", f'"{radio}" is {key} too; the radio is for visitors, and joins the bridge by itself'


def _of_the_uplink(config: Config) -> Iterator[tuple[str, str]]:
    wan = config.wan
    if wan.address or wan.gateway:
        yield from _of_a_fixed_address(config)
    for server in wan.dns:
        try:
            address = ipaddress.ip_address(server)
            unscoped(server)
        except ValueError:
            yield "wan.dns", f'"{server}" is no IP address'
            continue
        for lan in _networks(config):
            if address in lan:
                yield "wan.dns", f'"{server}" is on the visitors\' side ({lan}); name a server behind the uplink'


def _of_a_fixed_address(config: Config) -> Iterator[tuple[str, str]]:
    wan = config.wan
    if not config.makes_network:
        key = "wan.address" if wan.address else "wan.gateway"
        yield key, "is of no use while lan.ports and wifi.interface are empty: whoever made the bridge sets it"
    try:
        own = ipaddress.IPv4Interface(wan.address)
    except ValueError:
        yield "wan.address", f'"{wan.address}" is no address/prefix, for example "198.51.100.7/24"; empty: by DHCP'
        return
    try:
        gateway = ipaddress.IPv4Address(wan.gateway)
    except ValueError:
        yield "wan.gateway", f'"{wan.gateway}" is no address; with wan.address it is needed: your provider tells it'
        return
    if gateway not in own.network or gateway == own.ip:
        yield "wan.gateway", f"{gateway} is no neighbour of {own}; your provider tells both"
    for lan in _networks(config):
        if lan.version == 4 and own.network.overlaps(lan):
            yield "wan.address", f"{own.network} overlaps the visitors' network {lan}; change lan.address"
    if not wan.dns:
        yield "wan.dns", "is empty, and with a fixed wan.address nobody else tells us any; name your provider's"


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
