"""Interfaces, their addresses and the ways out as rtnetlink tells them, and the two things that are changed of a link.

    >>> [link.name for link in links() if link.kind == "bridge"]            # doctest: +SKIP
    ['br-lan']

The bytes are read by hand (rtnetlink(7)): pyroute2 would take as much memory as all the rest of whoever only looks.
All raise OSError, the kernel's refusal. Must not know: what an interface is for.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from firewall.netlink import HEADER, NESTED, NLM_F_ACK, NLM_F_DUMP, Netlink, attribute, attributes, messages

# linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
RTM_NEWLINK, RTM_DELLINK = 16, 17
_GETLINK, _SETLINK, _GETADDR, _GETROUTE = 18, 19, 22, 26
_LINK, _ADDRESS, _ROUTE = struct.Struct("=BxHiII"), struct.Struct("=BBBBi"), struct.Struct("=8BI")
_MAC, _NAME, _CARRIED_BY, _MASTER, _INFO = 1, 3, 5, 10, 18
_CARRIER, _ELSEWHERE, _CARRIER_LOSSES = 33, 37, 48  # IFLA_CARRIER, IFLA_LINK_NETNSID, IFLA_CARRIER_DOWN_COUNT
_INFO_KIND, _INFO_OF_PORT, _ISOLATED = 1, 5, 33  # IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_ISOLATED
_FAR, _OWN = 1, 2  # IFA_ADDRESS, IFA_LOCAL
_DESTINATION_BITS, _TABLE = 1, 4
"""The places of rtm_dst_len and rtm_table in struct rtmsg."""
_MAIN = 254  # RT_TABLE_MAIN
_OUT, _HOPS = 4, 9  # RTA_OIF, RTA_MULTIPATH
_HOP = struct.Struct("=HBBi")
"""struct rtnexthop; its attributes follow, and their length is counted in its first number."""


@dataclass(frozen=True)
class Link:
    """One interface; others are named by their indexes, 0 is none."""

    index: int
    name: str
    mac: str
    flags: int
    """IFF_… of linux/if.h."""
    master: int
    """Whose port or member it is."""
    carried_by: int
    """On which it stands; of a cable's end, the other."""
    elsewhere: bool
    """What it stands on is in another namespace."""
    kind: str
    """Such as "bridge"; "": hardware."""
    carrier: bool
    carrier_losses: int | None
    """Since it exists; None: the message did not say."""
    isolated: bool | None
    """Of a bridge's port; None: it is none, or the message did not say."""


@dataclass(frozen=True)
class Held:
    """One address of an interface."""

    index: int
    text: str
    """With its prefix."""
    scope: int
    """253 (RT_SCOPE_LINK): the same on every link."""


def links() -> list[Link]:
    """All interfaces, in the order in which the kernel found them."""
    return [link_of(message) for message in _dumped(_GETLINK, _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0))]


def link_of(message: bytes) -> Link:
    """What one message, header and all, says of an interface."""
    _, _, index, flags, _ = _LINK.unpack_from(message, HEADER.size)
    said = dict(attributes(message[HEADER.size + _LINK.size :]))
    about = dict(attributes(said.get(_INFO, b"")))
    isolated = dict(attributes(about.get(_INFO_OF_PORT, b""))).get(_ISOLATED)
    losses = said.get(_CARRIER_LOSSES)
    return Link(
        index,
        _text(said.get(_NAME, b"")),
        said.get(_MAC, b"").hex(":"),
        flags,
        _number(said.get(_MASTER, b"")),
        _number(said.get(_CARRIED_BY, b"")),
        _ELSEWHERE in said,
        _text(about.get(_INFO_KIND, b"")),
        said.get(_CARRIER, b"\0") != b"\0",
        None if losses is None else _number(losses),
        None if isolated is None else isolated != b"\0",
    )


def addresses() -> list[Held]:
    """All addresses of all interfaces, in both families."""
    found = []
    for message in _dumped(_GETADDR, _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
        _, prefix, _, scope, index = _ADDRESS.unpack_from(message, HEADER.size)
        said = dict(attributes(message[HEADER.size + _ADDRESS.size :]))
        # Where there are both, the first is that of a point-to-point link's other end, whose length it tells.
        if packed := said.get(_OWN) or said.get(_FAR):
            found.append(Held(index, f"{ip_address(packed)}/{prefix}", scope))
    return found


def ways_out() -> list[int]:
    """The indexes of the interfaces that default routes of the main table lead through, in either family."""
    found: list[int] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        for message in _dumped(_GETROUTE, _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)):
            about = _ROUTE.unpack_from(message, HEADER.size)
            if about[0] == family and about[_DESTINATION_BITS] == 0 and about[_TABLE] == _MAIN:
                said = dict(attributes(message[HEADER.size + _ROUTE.size :]))
                found += [_number(said[_OUT])] if _OUT in said else _hops(said.get(_HOPS, b""))
    return found


def isolate(index: int) -> None:
    """Frames of this bridge's port pass to no other isolated one."""
    told = attribute(_INFO | NESTED, attribute(_INFO_OF_PORT | NESTED, attribute(_ISOLATED, b"\1")))
    _change(RTM_NEWLINK, index, told)


def keep_mac(link: Link) -> None:
    """The MAC address that it has is from now on one that was set."""
    _change(_SETLINK, link.index, attribute(_MAC, bytes.fromhex(link.mac.replace(":", ""))))


def _hops(data: bytes) -> Iterator[int]:
    while len(data) >= _HOP.size:
        length, _, _, index = _HOP.unpack_from(data)
        yield index
        data = data[max(length, _HOP.size) :]


def _dumped(kind: int, body: bytes) -> Iterator[bytes]:
    with contextlib.closing(Netlink(socket.NETLINK_ROUTE)) as kernel:
        return messages(kernel.ask(kind, NLM_F_DUMP, body))


def _change(kind: int, index: int, told: bytes) -> None:
    with contextlib.closing(Netlink(socket.NETLINK_ROUTE)) as kernel:
        kernel.ask(kind, NLM_F_ACK, _LINK.pack(socket.AF_UNSPEC, 0, index, 0, 0) + told)


def _number(value: bytes) -> int:
    return int(struct.unpack("=I", value)[0]) if len(value) == 4 else 0


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")
