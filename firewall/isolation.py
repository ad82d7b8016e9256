"""Visitors cannot reach each other: every port of the LAN bridge is isolated, so that frames pass to the gate only.

    >>> isolate("br-lan")                                                   # doctest: +SKIP
    3

Devices behind the *same* port (an access point of somebody else's) are out of the bridge's sight: there the access
point must isolate its clients. Must not know: addresses, rules, who is admitted.
"""

from __future__ import annotations

import errno

from firewall import links
from firewall.errors import KernelRefused

_NO_BRIDGE_PORT = (errno.ENODEV, errno.EINVAL, errno.EOPNOTSUPP)


def isolate(bridge: str) -> int:
    """Isolate every port that is not; returns how many were not. 0 too if there is no such bridge (yet).

    Raises:
        KernelRefused
    """
    try:
        known = links.links()
        index = next((link.index for link in known if link.name == bridge), None)
        if index is None:
            return 0
        ports = [link for link in known if link.master == index]
        return sum(_isolate(port.index) for port in ports if port.isolated is False)
    except OSError as error:
        raise KernelRefused(f"isolate the ports of {bridge}", str(error)) from error


def isolate_port(index: int) -> None:
    """Isolate one port, by interface index; one that has gone meanwhile needs none.

    Raises:
        KernelRefused
    """
    try:
        _isolate(index)
    except OSError as error:
        raise KernelRefused(f"isolate port {index}", str(error)) from error


def _isolate(index: int) -> int:
    try:
        links.isolate(index)
    except OSError as error:
        if error.errno in _NO_BRIDGE_PORT:  # taken out of the bridge, or gone, since we looked
            return 0
        raise
    return 1
