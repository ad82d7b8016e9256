"""Whether the kernel could send anything to the Internet's side at all: a carrier, and a route to strangers.

    >>> link_trouble("wan0")                                                # doctest: +SKIP
    'wan0 has no carrier'

Sends nothing: connecting a UDP socket only looks the route up. Must not know: whether anybody answers out there.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import struct

_SIOCGIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8913, 0x1, 0x40  # linux/sockios.h, linux/if.h
_IFREQ = struct.Struct("16sH22x")
_STRANGERS = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "100::1"))
"""Addresses that belong to nobody (RFC 5737, RFC 6666), so that only a default route leads there."""


def link_trouble(interface: str) -> str:
    """Why nothing can leave by this interface; "" if nothing speaks against it."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            told = fcntl.ioctl(asking, _SIOCGIFFLAGS, _IFREQ.pack(interface.encode(), 0))
    except OSError:
        return f"there is no interface {interface}"
    _, flags = _IFREQ.unpack(told)
    if not flags & _IFF_UP:
        return f"{interface} is down"
    if not flags & _IFF_RUNNING:
        return f"{interface} has no carrier"
    if not any(_leads_somewhere(family, address) for family, address in _STRANGERS):
        return "there is no default route"
    return ""


def _leads_somewhere(family: int, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as looking:
            looking.connect((address, 9))
    except OSError as error:
        # Whatever else is wrong with these addresses (an owner may have forbidden them) says nothing about others.
        return error.errno not in (errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
    return True
