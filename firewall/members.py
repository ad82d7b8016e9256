"""The sets' members as the kernel's own bytes: read, added and removed by the thousand.

    >>> members = Members()                                                 # doctest: +SKIP
    >>> members.add("qq-down4", [ip_key(IPv4Address("10.77.0.10"))], timeout_s=300)
    >>> members.read("qq-down4")
    {b'...': 299}

The gate's one thread looks at every member every few seconds. So what is kept of a member is the very bytes in which
the kernel writes its address, or MAC address, or both: ten thousand are read and compared by the interpreter's own
loops in a few milliseconds, where ``ipset save`` takes a process and as many lines of text. Must not know: which sets
there are, what they mean.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from typing import NamedTuple

from firewall.netlink import (
    ATTRIBUTE,
    HEADER,
    NESTED,
    NET_BYTEORDER,
    NETLINK_NETFILTER,
    NLM_F_ACK,
    NLM_F_DUMP,
    Netlink,
    attribute,
    attributes,
    messages,
    padded,
)

# linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/ipset/ip_set.h
_FLUSH, _LIST, _ADD, _DEL, _TYPE = 6 << 8 | 4, 6 << 8 | 7, 6 << 8 | 9, 6 << 8 | 10, 6 << 8 | 13
_PROTOCOL, _SETNAME, _TYPENAME, _REVISION, _FAMILY_ATTRIBUTE, _FLAGS, _DATA, _ADT, _LINENO = 1, 2, 3, 4, 5, 6, 7, 8, 9
_IP, _IP_TO, _TIMEOUT, _CADT_FLAGS, _ETHER, _MAXELEM = 1, 2, 6, 8, 17, 19
_LIST_HEADER = 1 << 2
"""IPSET_FLAG_LIST_HEADER: describe the set, leave its members out."""
_NO_SUCH_TYPE = 4098
"""IPSET_ERR_FIND_TYPE."""
_IPADDR = {4: 1, 6: 2}
_IP_HEADS = {
    4: ATTRIBUTE.pack(12, _IP | NESTED) + ATTRIBUTE.pack(8, _IPADDR[4]),
    6: ATTRIBUTE.pack(24, _IP | NESTED) + ATTRIBUTE.pack(20, _IPADDR[6]),
}
_ETHER_HEAD = ATTRIBUTE.pack(10, _ETHER)
_OLDEST_PROTOCOL = b"\x06"  # spoken by every kernel since 2.6.39
_FAMILY = bytes([socket.AF_INET, 0, 0, 0])  # struct nfgenmsg; a member says by itself what it is
_TIMEOUT_HEAD = ATTRIBUTE.pack(8, _TIMEOUT | NET_BYTEORDER)
_BYTES, _PACKETS, _MARK = 24, 25, 27
_MARK_HEAD = ATTRIBUTE.pack(12, _MARK | NET_BYTEORDER)
_ZEROS = b"".join(ATTRIBUTE.pack(12, kind | NET_BYTEORDER) + bytes(8) for kind in (_BYTES, _PACKETS))
_IPV4_KEY_BYTES = 12
"""An IPv6 address's key has 24."""
_AT_ONCE = 500
"""Members a message: the length of the attribute around them has 16 bits, and one needs up to 64 bytes."""


def ip_key(address: IPv4Address | IPv6Address) -> bytes:
    """An address as the kernel writes it; with ``mac_key`` behind it, one that is bound to a MAC address."""
    return _IP_HEADS[address.version] + address.packed


def mac_key(mac: str) -> bytes:
    """A MAC address as the kernel writes it."""
    return _ETHER_HEAD + bytes.fromhex(mac.replace(":", "")) + b"\0\0"


def is_ipv4(key: bytes) -> bool:
    """Whether an address's key is one of IPv4."""
    return len(key) == _IPV4_KEY_BYTES


def mark_of(mark: int) -> bytes:
    """A packet mark, all its bits, as the kernel writes it behind an address in a set with skbinfo."""
    return _MARK_HEAD + struct.pack("!II", mark, 0xFFFFFFFF)


def address_of(member: bytes) -> bytes:
    """The key of the address in a member that may have a MAC address or a mark behind it."""
    length, _ = ATTRIBUTE.unpack_from(member)
    return member[:length]


def bare(key: bytes) -> bytes:
    """The four, sixteen or six bytes of an address or MAC address alone."""
    length, kind = ATTRIBUTE.unpack_from(key)
    # An address stands in an attribute in an attribute, a MAC address in one, with padding.
    return key[2 * ATTRIBUTE.size :] if kind == _IP | NESTED else key[ATTRIBUTE.size : length]


def ip_text(member: bytes) -> str:
    """The IP address in a member; "" if it has none."""
    for kind, value in attributes(member):
        if kind == _IP:
            ((_, packed),) = attributes(value)
            return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
    return ""


class Shape(NamedTuple):
    """What a set is."""

    kind: str
    """Such as "hash:ip"."""
    family: int
    """AF_…; of what knows no family, AF_UNSPEC."""
    flags: int
    """IPSET_FLAG_WITH_…"""
    timed: bool
    bounds: tuple[str, str] | int
    """First and last address of a bitmap; of others, how many members it takes."""


class Members:
    """For one thread, in the network namespace in which it is first used. All methods raise OSError."""

    def __init__(self) -> None:
        self._kernel = Netlink(NETLINK_NETFILTER)

    def read(self, set_name: str) -> dict[bytes, int]:
        """Every member, with the seconds until the kernel removes it by itself; 0: never."""
        found: dict[bytes, int] = {}
        for message in messages(self._kernel.ask(_LIST, NLM_F_DUMP, _FAMILY + _head(set_name))):
            for kind, value in attributes(message[HEADER.size + len(_FAMILY) :]):
                if kind == _ADT and value:
                    found.update(_taken_apart(value))
        return found

    def shape(self, set_name: str) -> Shape | None:
        """None: there is no such set."""
        only = attribute(_FLAGS | NET_BYTEORDER, _LIST_HEADER.to_bytes(4, "big"))
        try:
            told = self._kernel.ask(_LIST, NLM_F_DUMP, _FAMILY + _head(set_name) + only)
        except FileNotFoundError:
            return None
        said = dict(attributes(next(messages(told))[HEADER.size + len(_FAMILY) :]))
        data = dict(attributes(said[_DATA]))
        ends = [value for end in (_IP, _IP_TO) for _, value in attributes(data.get(end, b""))]
        return Shape(
            said[_TYPENAME].rstrip(b"\0").decode(),
            said[_FAMILY_ATTRIBUTE][0],
            int.from_bytes(data.get(_CADT_FLAGS, b""), "big"),
            _TIMEOUT in data,
            (socket.inet_ntop(socket.AF_INET, ends[0]), socket.inet_ntop(socket.AF_INET, ends[1]))
            if len(ends) == 2
            else int.from_bytes(data.get(_MAXELEM, b""), "big"),
        )

    def newest_revision(self, kind: str) -> int | None:
        """Of this type of set, as far as this kernel knows it; None: it does not. Asking loads its module."""
        asked = attribute(_PROTOCOL, _OLDEST_PROTOCOL) + attribute(_TYPENAME, kind.encode() + b"\0")
        family = attribute(_FAMILY_ATTRIBUTE, bytes([socket.AF_UNSPEC]))
        try:
            told = self._kernel.ask(_TYPE, NLM_F_ACK, _FAMILY + asked + family)
        except OSError as error:
            if error.errno in (_NO_SUCH_TYPE, errno.ENOENT):
                return None
            raise
        return dict(attributes(next(messages(told))[HEADER.size + len(_FAMILY) :]))[_REVISION][0]

    def empty(self, set_name: str) -> None:
        """Remove them all."""
        self._kernel.ask(_FLUSH, NLM_F_ACK, _FAMILY + _head(set_name))

    def add(self, set_name: str, members: Iterable[bytes], timeout_s: int, anew: bool) -> None:
        """Add, or renew.

        Args:
            anew: counters begin at zero. They must be told to: a bitmap keeps those of a member that was deleted, and
                of another MAC address. Else neither packets nor bytes are passed along: then the kernel keeps them (it
                sets them only if the message names them), whereas passing along what was read a moment ago would lose
                the packets since.
        """
        tail = _TIMEOUT_HEAD + timeout_s.to_bytes(4, "big") + (_ZEROS if anew else b"")
        self._change(_ADD, set_name, (_sent(member) + tail for member in members))

    def remove(self, set_name: str, members: Iterable[bytes]) -> None:
        """Removing what is not there is no error. bitmap:ip,mac goes by the address alone, whatever stands behind."""
        self._change(_DEL, set_name, map(_sent, members))

    def close(self) -> None:
        """Give the socket back."""
        self._kernel.close()

    def _change(self, command: int, set_name: str, members: Iterable[bytes]) -> None:
        left = iter(members)
        while batch := b"".join(attribute(_DATA | NESTED, member) for member in islice(left, _AT_ONCE)):
            # Where there may be several, the kernel insists on a line number, as if they stood in a file. Without
            # NLM_F_EXCL it is content with what is there already, or is not.
            body = _FAMILY + _head(set_name) + attribute(_LINENO, bytes(4)) + attribute(_ADT | NESTED, batch)
            self._kernel.ask(command, NLM_F_ACK, body)


def _head(set_name: str) -> bytes:
    return attribute(_PROTOCOL, _OLDEST_PROTOCOL) + attribute(_SETNAME, set_name.encode() + b"\0")


def _sent(member: bytes) -> bytes:
    """The kernel writes an address without a word about its byte order, and takes none without."""
    length, kind = ATTRIBUTE.unpack_from(member, ATTRIBUTE.size)
    if kind not in _IPADDR.values() or ATTRIBUTE.unpack_from(member)[1] != _IP | NESTED:
        return member
    return member[: ATTRIBUTE.size] + ATTRIBUTE.pack(length, kind | NET_BYTEORDER) + member[2 * ATTRIBUTE.size :]


def _taken_apart(listed: bytes) -> Iterator[tuple[bytes, int]]:
    """Each member and its time, which stands behind it in the kernel's list."""
    size = padded(ATTRIBUTE.unpack_from(listed)[0])
    # Not by looking for the time's bytes: a device chooses its addresses, and may choose them in one.
    time_at = ATTRIBUTE.size
    while time_at < size and listed[time_at : time_at + len(_TIMEOUT_HEAD)] != _TIMEOUT_HEAD:
        time_at += max(padded(ATTRIBUTE.unpack_from(listed, time_at)[0]), ATTRIBUTE.size)
    member_size = time_at - ATTRIBUTE.size if time_at < size else 0
    count = len(listed) // size
    # As a rule all are of one length (the first bytes of their lengths are the same, and the second): then they are of
    # one layout too, and one call takes them apart.
    alike = all(listed[byte::size] == listed[byte : byte + 1] * count for byte in range(2))
    if len(listed) == count * size and alike and member_size > 0:
        rest = size - 2 * ATTRIBUTE.size - member_size - 4
        layout = f"!{ATTRIBUTE.size}x{member_size}s{ATTRIBUTE.size}xI"
        if listed[size - rest : size].startswith(_MARK_HEAD):
            yield from ((member + mark, left) for member, left, mark in struct.iter_unpack(f"{layout}{rest}s", listed))
        else:
            yield from struct.iter_unpack(f"{layout}{rest}x", listed)
        return
    for _, described in attributes(listed):
        member, left_s = b"", 0
        for kind, value in attributes(described):
            if kind == _IP:
                member += attribute(_IP | NESTED, value)
            elif kind == _ETHER:
                member += attribute(_ETHER, value)
            elif kind == _MARK:
                member += attribute(_MARK | NET_BYTEORDER, value)
            elif kind == _TIMEOUT:
                left_s = int.from_bytes(value, "big")
        yield member, left_s
