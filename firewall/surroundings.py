"""What must be true of the machine around the gate: its interfaces are there, and the two sides do not overlap.

    >>> require(settings)                                                   # doctest: +SKIP
    firewall.errors.SettingsRefused: lan: 10.77.0.0/16 overlaps 10.77.5.2/16, which wan0 has; take for example ...

Changes nothing. Must not know: rules, sets, who set the addresses.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network

from firewall import links, stacking
from firewall.errors import KernelRefused, SettingsRefused
from firewall.found import Finding, wrong
from firewall.settings import Settings

_PROPOSED = ("10.77.0.1/16", "172.20.0.1/16", "192.168.77.1/24")


def require(settings: Settings) -> None:
    """Refuse to go on where no safe gate can stand.

    Raises:
        SettingsRefused: with what to do.
        KernelRefused: the kernel does not tell.
    """
    for setting, problem in (*missing(settings), *overlaps(settings), *mixed(settings)):
        raise SettingsRefused(setting, problem.sentence)


def missing(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """(setting, problem) for each interface that is not there."""
    present = {name for _, name in socket.if_nameindex()}
    for setting, name in (("lan_interface", settings.lan_interface), ("wan_interface", settings.wan_interface)):
        if name not in present:
            others = ", ".join(sorted(present - {"lo"}))
            yield setting, _no_interface(name, others)


def overlaps(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """(setting, problem) for each of the LAN's networks that an address of the WAN lies in, or the other way round.

    DHCP may give the WAN such an address at any time: then no answer would find its way back.
    """
    held = addresses_of(settings.wan_interface)
    for setting, lan in (("lan", settings.lan), ("lan6", settings.lan6)):
        for address in held:
            if lan is not None and address.version == lan.version and address.network.overlaps(lan.network):
                told = {"lan": lan.network, "address": address, "port": settings.wan_interface}
                yield setting, _overlap(lan, held, told)


def mixed(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """(setting, problem) if staff would come in where visitors do: by a port of the bridge, or by a VLAN over the
    bridge or over a port of it, into which whoever is behind that port can send tagged frames."""
    console, lan = settings.console_interface, settings.lan_interface
    if console and (carrier := stacking.shared(stacking.links(), console, lan)):
        if carrier == console:
            yield "console_interface", wrong("staff.mixed", port=console, lan=lan)
        else:
            yield "console_interface", wrong("staff.stacked", port=console, carrier=carrier, lan=lan)


def without_staff(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """(setting, problem) if staff can come from nowhere, or no answer would find its way to them.

    No reason for the gate not to start: visitors lose nothing by it.
    """
    name = settings.console_interface
    if not name:
        return
    present = {each for _, each in socket.if_nameindex()}
    if name not in present:
        others = ", ".join(sorted(present - {"lo", settings.lan_interface}))
        yield "console_interface", _no_interface(name, others)
    for lan in (settings.lan, settings.lan6):
        for address in addresses_of(name):
            if lan is not None and address.version == lan.version and address.network.overlaps(lan.network):
                yield "console_interface", wrong("staff.overlap", port=name, address=address, lan=lan.network)


def _no_interface(name: str, others: str) -> Finding:
    return wrong("interface.missing", port=name, others=others) if others else wrong("interface.alone", port=name)


def _overlap(
    lan: IPv4Interface | IPv6Interface, held: list[IPv4Interface | IPv6Interface], told: Mapping[str, object]
) -> Finding:
    if lan.version == 6:
        return wrong("overlap.ipv6", **told)
    free = (text for text in _PROPOSED if not any(ip_network(text, False).overlaps(other.network) for other in held))
    found = next(free, "")
    return wrong("overlap", free=found, **told) if found else wrong("overlap.no_free", **told)


def addresses_of(interface: str) -> list[IPv4Interface | IPv6Interface]:
    """What the interface has, link-local ones aside: every link has the same. None, if there is no such interface.

    Raises:
        KernelRefused: the kernel does not tell.
    """
    try:
        index = next((link.index for link in links.links() if link.name == interface), None)
        held = links.addresses()
    except OSError as error:
        raise KernelRefused(f"look for the addresses of {interface}", str(error)) from error
    texts = (each.text for each in held if each.index == index)
    return [address for address in map(ip_interface, texts) if not address.is_link_local]
