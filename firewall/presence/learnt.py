"""What the bridge's forwarding table says: which device it learnt behind which port.

    >>> listed()                                                            # doctest: +SKIP
    [Learnt(mac='02:00:00:00:00:01', port=7)]

The kernel's bytes are read by hand: every device that comes is told of several times, in messages that the neighbour
table's of both families are among, and pyroute2 takes half a millisecond for each. Must not know: ports' names, who
asks.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import NamedTuple

from firewall.netlink import (
    HEADER,
    NLM_F_DUMP,
    NUD_PERMANENT,
    RTM_GETNEIGH,
    RTM_NEWNEIGH,
    Netlink,
    attributes,
    messages,
)

_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, interface, state, flags, type
_LLADDR = 2


class Learnt(NamedTuple):
    """A device, and the index of its port."""

    mac: str
    port: int


def learnt(message: bytes) -> Learnt | None:
    """What this message, header and all, tells of a device; None: nothing, or of another table, or of the bridge's
    own addresses."""
    _, kind, *_ = HEADER.unpack_from(message)
    if kind != RTM_NEWNEIGH:
        return None
    family, port, state, *_ = _NEIGHBOUR.unpack_from(message, HEADER.size)
    if family != socket.AF_BRIDGE or state & NUD_PERMANENT:
        return None
    mac = dict(attributes(message[HEADER.size + _NEIGHBOUR.size :])).get(_LLADDR)
    return Learnt(mac.hex(":"), port) if mac else None


def listed() -> list[Learnt]:
    """Everything that all bridges here have learnt.

    Raises:
        OSError
    """
    with contextlib.closing(Netlink(socket.NETLINK_ROUTE)) as kernel:
        answer = kernel.ask(RTM_GETNEIGH, NLM_F_DUMP, _NEIGHBOUR.pack(socket.AF_BRIDGE, 0, 0, 0, 0))
    return [found for message in messages(answer) if (found := learnt(message))]
