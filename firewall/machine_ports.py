"""The machine's network ports as the kernel has them just now: what is plugged in, and behind which the Internet is.

    >>> [port.name for port in ports() if port.default_route]              # doctest: +SKIP
    ['enp1s0']

Changes nothing. Must not know: which port is for visitors, pages.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from firewall import links
from firewall.errors import KernelRefused
from firewall.links import Held, Link

_SYSFS = Path("/sys/class/net")
_NOT_FOR_PEOPLE = frozenset({"bridge", "dummy", "ifb", "tun", "sit", "ip6tnl", "ipip", "gre", "wireguard"})
"""Kinds of links that nothing can be plugged into."""
_LOOPBACK = 0x8
"""IFF_LOOPBACK of linux/if.h."""


@dataclass(frozen=True)
class MachinePort:
    """One port."""

    name: str
    mac: str
    carrier: bool
    speed_mbit: int | None
    """None: nothing is plugged in, or the driver does not say."""
    wireless: bool
    bridge: str
    """Of which bridge it is a part; "": of none."""
    addresses: tuple[str, ...]
    """Its own and its bridge's, each with its prefix; link-local ones aside."""
    default_route: bool


def ports() -> tuple[MachinePort, ...]:
    """All ports that a cable or the air can end at, in the order in which the kernel found them.

    Raises:
        KernelRefused: the kernel does not tell.
    """
    try:
        found, addresses, ways_out = links.links(), links.addresses(), links.ways_out()
    except OSError as error:
        raise KernelRefused("look at the network ports", str(error)) from error
    names = {link.index: link.name for link in found}
    return tuple(_port(link, names, addresses, ways_out) for link in found if _can_be_plugged(link))


def _can_be_plugged(link: Link) -> bool:
    return not link.flags & _LOOPBACK and link.kind not in _NOT_FOR_PEOPLE


def _port(link: Link, names: dict[int, str], addresses: list[Held], ways_out: list[int]) -> MachinePort:
    sides = {link.index, link.master} - {0}
    # 253 is RT_SCOPE_LINK: the same on every port.
    held = (each.text for each in addresses if each.index in sides and each.scope != 253)
    return MachinePort(
        name=link.name,
        mac=link.mac,
        carrier=link.carrier,
        speed_mbit=_speed(link.name),
        wireless=(_SYSFS / link.name / "phy80211").exists(),
        bridge=names.get(link.master, ""),
        addresses=tuple(held),
        default_route=not sides.isdisjoint(ways_out),
    )


def _speed(name: str) -> int | None:
    # EINVAL while nothing is plugged in; -1 where the driver does not know.
    with contextlib.suppress(OSError, ValueError):
        speed = int((_SYSFS / name / "speed").read_text(encoding="ascii"))
        return speed if speed > 0 else None
    return None
