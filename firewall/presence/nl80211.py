"""nl80211's messages, as far as stations need them: what is asked, and what comes (linux/nl80211.h, netlink(7)).

    >>> station_dump(family=29, ifindex=3)[:4]
    b'\\x1c\\x00\\x00\\x00'

Pure. Must not know: sockets, what follows from a message.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER, _COMMAND, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBH"), struct.Struct("=HH")
_REQUEST_DUMP = 0x1 | 0x300  # NLM_F_REQUEST, NLM_F_DUMP
_ERROR, _DONE = 2, 3
_GET_INTERFACE, _NEW_INTERFACE, _GET_STATION, _NEW_STATION, _DEL_STATION = 5, 7, 17, 19, 20
_IFINDEX, _IFNAME, _MAC = 3, 4, 6
_SEQUENCE = 1


@dataclass(frozen=True)
class Interface:
    """There is a wireless interface."""

    index: int
    name: str


@dataclass(frozen=True)
class Station:
    """A station is connected to this interface, or not any more."""

    index: int
    mac: str
    connected: bool
    listed: bool
    """It is part of the list that was asked for, and no event."""


@dataclass(frozen=True)
class End:
    """The list that was asked for is complete, or will not be (``errno``; 0: it is)."""

    errno: int


Message = Interface | Station | End


def interface_dump(family: int) -> bytes:
    """Which wireless interfaces are there?"""
    return _dump(family, _GET_INTERFACE, b"")


def station_dump(family: int, ifindex: int) -> bytes:
    """Which stations are connected to this interface?"""
    return _dump(family, _GET_STATION, _ATTRIBUTE.pack(8, _IFINDEX) + struct.pack("=I", ifindex))


def _dump(family: int, command: int, attributes: bytes) -> bytes:
    length = _HEADER.size + _COMMAND.size + len(attributes)
    return _HEADER.pack(length, family, _REQUEST_DUMP, _SEQUENCE, 0) + _COMMAND.pack(command, 0, 0) + attributes


def messages(family: int, datagram: bytes) -> Iterator[Message]:
    """All messages in what was received that mean something here; a cut one ends it."""
    place = 0
    while place + _HEADER.size <= len(datagram):
        length, kind, _, sequence, _ = _HEADER.unpack_from(datagram, place)
        if length < _HEADER.size or place + length > len(datagram):
            return
        found = _message(family, kind, sequence, datagram[place + _HEADER.size : place + length])
        if found is not None:
            yield found
        place += length + 3 & ~3


def _message(family: int, kind: int, sequence: int, body: bytes) -> Message | None:
    if kind in (_DONE, _ERROR):
        return End(-int.from_bytes(body[:4], sys.byteorder, signed=True)) if sequence == _SEQUENCE else None
    if kind != family or len(body) < _COMMAND.size:
        return None
    command, attributes = body[0], _attributes(body[_COMMAND.size :])
    index, mac = int.from_bytes(attributes.get(_IFINDEX, b""), sys.byteorder), attributes.get(_MAC, b"")
    if command == _NEW_INTERFACE and index:
        return Interface(index, attributes.get(_IFNAME, b"").rstrip(b"\0").decode(errors="replace"))
    if command in (_NEW_STATION, _DEL_STATION) and index and len(mac) == 6:
        return Station(index, mac.hex(":"), connected=command == _NEW_STATION, listed=sequence == _SEQUENCE)
    return None


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    place = 0
    while place + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, place)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = data[place + _ATTRIBUTE.size : place + length]  # without NLA_F_NESTED and its like
        place += length + 3 & ~3
    return found
