"""The machine's network ports as the kernel has them just now: what is plugged in, and behind which the Internet is.

    >>> [port.name for port in ports() if port.default_route]              # doctest: +SKIP
    ['enp1s0']

Changes nothing. Must not know: which port is for visitors, pages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from firewall.errors import KernelRefused

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
        with IPRoute() as kernel:
            links = list(kernel.get_links())
            addresses = list(kernel.get_addr())
            routes = [
                index
                for family in (AF_INET, AF_INET6)
                for route in kernel.get_default_routes(family=family)
                for index in _ways_out(route)
            ]
    except (NetlinkError, OSError) as error:
        raise KernelRefused("look at the network ports", str(error)) from error
    names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in links}
    return tuple(_port(link, names, addresses, routes) for link in links if _can_be_plugged(link))


def _ways_out(route: Any) -> Iterable[int]:
    """Of a route with several hops each."""
    if (index := route.get_attr("RTA_OIF")) is not None:
        yield index
    for hop in route.get_attr("RTA_MULTIPATH") or ():
        yield hop["oif"]


def _can_be_plugged(link: Any) -> bool:
    return not link["flags"] & _LOOPBACK and link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") not in _NOT_FOR_PEOPLE


def _port(link: Any, names: dict[int, str], addresses: list[Any], routes: list[int]) -> MachinePort:
    name, master = names[link["index"]], link.get_attr("IFLA_MASTER")
    sides = {link["index"], master}
    held = (
        f"{each.get_attr('IFA_LOCAL') or each.get_attr('IFA_ADDRESS')}/{each['prefixlen']}"
        for each in addresses
        # 253 is RT_SCOPE_LINK: the same on every port.
        if each["index"] in sides and each["scope"] != 253
    )
    return MachinePort(
        name=name,
        mac=str(link.get_attr("IFLA_ADDRESS") or ""),
        carrier=bool(link.get_attr("IFLA_CARRIER")),
        speed_mbit=_speed(name),
        wireless=(_SYSFS / name / "phy80211").exists(),
        bridge=names.get(master, "") if master is not None else "",
        addresses=tuple(held),
        default_route=not sides.isdisjoint(routes),
    )


def _speed(name: str) -> int | None:
    # EINVAL while nothing is plugged in; -1 where the driver does not know.
    with contextlib.suppress(OSError, ValueError):
        speed = int((_SYSFS / name / "speed").read_text(encoding="ascii"))
        return speed if speed > 0 else None
    return None
