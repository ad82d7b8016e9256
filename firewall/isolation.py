"""Visitors cannot reach each other: every port of the LAN bridge is isolated, so that frames pass to the gate only.

    >>> isolate("br-lan")                                                   # doctest: +SKIP
    3

Devices behind the *same* port (an access point of somebody else's) are out of the bridge's sight: there the access
point must isolate its clients. Must not know: addresses, rules, who is admitted.
"""

from __future__ import annotations

import errno
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from firewall.errors import KernelRefused

_NO_BRIDGE_PORT = (errno.ENODEV, errno.EINVAL, errno.EOPNOTSUPP)


def isolate(bridge: str) -> int:
    """Isolate every port that is not; returns how many were not. 0 too if there is no such bridge (yet).

    Raises:
        KernelRefused
    """
    try:
        with IPRoute() as kernel:
            index = next(iter(kernel.link_lookup(ifname=bridge)), None)
            if index is None:
                return 0
            ports = [link for link in kernel.get_links() if link.get_attr("IFLA_MASTER") == index]
            return sum(_isolate(kernel, link["index"]) for link in ports if isolated(link) is False)
    except (NetlinkError, OSError) as error:
        raise KernelRefused(f"isolate the ports of {bridge}", str(error)) from error


def isolate_port(index: int) -> None:
    """Isolate one port, by interface index; one that has gone meanwhile needs none.

    Raises:
        KernelRefused
    """
    try:
        with IPRoute() as kernel:
            _isolate(kernel, index)
    except (NetlinkError, OSError) as error:
        raise KernelRefused(f"isolate port {index}", str(error)) from error


def isolated(link: Any) -> bool | None:
    """What the kernel's message says of a port; None if the interface is no bridge's port or the message is silent."""
    said = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_DATA", "IFLA_BRPORT_ISOLATED")
    return None if said is None else bool(said)


def _isolate(kernel: IPRoute, index: int) -> int:
    try:
        kernel.brport("set", index=index, isolated=1)
    except NetlinkError as error:
        if error.code in _NO_BRIDGE_PORT:  # taken out of the bridge, or gone, since we looked
            return 0
        raise
    return 1
