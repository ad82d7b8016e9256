"""Which device is behind an address: one question to the kernel's neighbour table.

    >>> mac_of("br-lan", IPv4Address("10.77.0.10"))                         # doctest: +SKIP
    '02:00:00:00:00:01'

Must not know: who asks, what the answer is used for.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl.ndmsg import NUD_DELAY, NUD_PERMANENT, NUD_PROBE, NUD_REACHABLE, NUD_STALE

from firewall.errors import KernelRefused

# STALE counts: the entry was confirmed once and says nothing against the device (RFC 4861 7.3.2 names the states).
_USABLE = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT


def mac_of(lan_interface: str, ip: IPv4Address) -> str | None:
    """The MAC address of the device that has this address on the LAN; None if the kernel knows none.

    Raises:
        KernelRefused: no such interface, or netlink failed.
    """
    what = f"ask for the neighbour {ip} on {lan_interface}"
    try:
        index = socket.if_nametoindex(lan_interface)
        # One entry is asked for by its key: a dump would cost more with each visitor.
        with IPRoute() as kernel:
            found = list(kernel.neigh("get", dst=str(ip), ifindex=index, family=socket.AF_INET))
    except NetlinkError as error:
        if error.code in (errno.ENOENT, errno.EINVAL):  # EINVAL: an address that can be nobody's, such as multicast
            return None
        raise KernelRefused(what, str(error)) from error
    except OSError as error:
        raise KernelRefused(what, str(error)) from error
    return next((mac for mac in map(_usable_mac, found) if mac), None)


def _usable_mac(entry: Any) -> str | None:
    mac = entry.get_attr("NDA_LLADDR")
    return str(mac).lower() if mac and entry["state"] & _USABLE else None
