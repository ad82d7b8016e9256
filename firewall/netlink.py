"""Netlink as bytes: one question, the kernel's answers undecoded; for every process that stays.

    >>> kernel = Netlink(socket.NETLINK_ROUTE)                              # doctest: +SKIP
    >>> [len(message) for message in messages(kernel.ask(RTM_GETNEIGH, NLM_F_DUMP, bytes(12)))]
    [88, 88, 88]

pyroute2 needs a second to decode ten thousand, and its import takes 16 MB and a quarter of a second: so no process that
stays has it. Must not know: what is asked.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

# linux/netlink.h and linux/netfilter/nfnetlink.h
NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_DUMP, NLM_F_CREATE = 0x1, 0x4, 0x100, 0x200, 0x300, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
NETLINK_NETFILTER = 12
"""Python has no name for it."""
NETLINK_GENERIC = 16
# linux/rtnetlink.h and linux/neighbour.h
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30
RTMGRP_LINK, RTMGRP_NEIGH = 0x1, 0x4
NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_PERMANENT = 0x2, 0x4, 0x8, 0x10, 0x80

NESTED, NET_BYTEORDER = 0x8000, 0x4000
"""Flags of an attribute's type (linux/netlink.h)."""
ATTRIBUTE = struct.Struct("=HH")
"""struct nlattr: length with this header, type."""
HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length with this header, type, flags, sequence number, port."""

_ERROR = struct.Struct("=i")
_RECEIVE_BYTES = 1 << 17
_PATIENCE_S = 10.0


class Netlink:
    """One socket, opened when it is first used, in the network namespace of that moment. For one thread.

    Args:
        protocol: NETLINK_ROUTE or another of linux/netlink.h.
    """

    def __init__(self, protocol: int) -> None:
        self._protocol = protocol
        self._socket: socket.socket | None = None

    def ask(self, kind: int, flags: int, body: bytes) -> bytes:
        """All messages that answer, header and all, but the last word; for NLM_F_DUMP or NLM_F_ACK, which have one.

        Raises:
            OSError: the kernel's refusal; its number may be a subsystem's own (from 4096).
        """
        answered: list[bytes] = []
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, self._protocol)
                self._socket.settimeout(_PATIENCE_S)
            self._socket.send(HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | flags, 1, 0) + body)
            while True:
                data, offset = self._socket.recv(_RECEIVE_BYTES), 0
                while offset < len(data):
                    length, said, *_ = HEADER.unpack_from(data, offset)
                    if said in (NLMSG_DONE, NLMSG_ERROR):
                        refused = -_ERROR.unpack_from(data, offset + HEADER.size)[0]
                        if refused:
                            raise OSError(refused, os.strerror(refused))
                        return b"".join([*answered, data[:offset]])
                    offset += max(padded(length), HEADER.size)
                answered.append(data)
        except BaseException:
            # An answer that is still to come must not be taken for the next question's.
            self.close()
            raise

    def close(self) -> None:
        """Give the socket back; the next question opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def messages(data: bytes) -> Iterator[bytes]:
    """One by one, header and all."""
    offset = 0
    while offset < len(data):
        length: int = HEADER.unpack_from(data, offset)[0]
        yield data[offset : offset + length]
        offset += max(padded(length), HEADER.size)


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    length = ATTRIBUTE.size + len(value)
    return (ATTRIBUTE.pack(length, kind) + value).ljust(padded(length), b"\0")


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type (without flags) and value of each attribute."""
    offset = 0
    while offset + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        yield kind & ~(NESTED | NET_BYTEORDER), data[offset + ATTRIBUTE.size : offset + length]
        offset += max(padded(length), ATTRIBUTE.size)


def padded(length: int) -> int:
    """Up to the next multiple of four bytes, at which messages and attributes begin."""
    return (length + 3) & ~3
