"""Behind which ports does a DHCP server answer? Asked when a box is new: there the Internet is, or another network.

    >>> offered(["enp1s0", "enp2s0"], wait_s=10)                           # doctest: +SKIP
    frozenset({'enp1s0'})

Packet sockets, because no port has an address yet; nothing is taken of what is offered. Must not know: what a port is
for, what DHCP offers.
"""

from __future__ import annotations

import contextlib
import secrets
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Sequence

from firewall.errors import KernelRefused
from firewall.presence.dhcp import discover, is_offer
from firewall.presence.filters import DHCP_ANSWERS, attach

_CLIENT, _SERVER = 68, 67
_UDP, _IPV4, _EVERYTHING = 17, 0x0800, 0x0003
_EVERYBODY = b"\xff" * 6
_AGAIN_S = 2.0
"""A switch with spanning tree passes nothing for up to half a minute after a cable was plugged in."""
_IP_HEADER = struct.Struct("!BBHHHBBH4s4s")
_UDP_HEADER = struct.Struct("!4H")


def offered(ports: Sequence[str], wait_s: float, more_s: float = 4.0) -> frozenset[str]:
    """Those with a server, looked for until all ports have one, or so long.

    A port that is down or has no carrier has none; one that comes up meanwhile is asked.

    Args:
        more_s: how long others may answer after the first; most servers look for a second whether an address is taken.

    Raises:
        KernelRefused: no packet socket can be had.
    """
    with contextlib.ExitStack() as held, selectors.DefaultSelector() as waiting:
        exchange = secrets.randbits(32)
        sockets = {port: sock for port in ports if (sock := _opened(port)) is not None}
        for port, sock in sockets.items():
            held.enter_context(sock)
            waiting.register(sock, selectors.EVENT_READ, port)
        return frozenset(_answered(sockets, waiting, exchange, wait_s, more_s))


def _answered(
    sockets: dict[str, socket.socket], waiting: selectors.BaseSelector, exchange: int, wait_s: float, more_s: float
) -> set[str]:
    end_s = time.monotonic() + wait_s
    found: set[str] = set()
    ask_s = 0.0
    while len(found) < len(sockets) and (now_s := time.monotonic()) < end_s:
        if now_s >= ask_s:
            for port in sockets.keys() - found:
                _ask(sockets[port], port, exchange)
            ask_s = now_s + _AGAIN_S
        heard = set(_heard(waiting, exchange, min(ask_s, end_s) - now_s))
        if heard and not found:
            end_s = min(end_s, time.monotonic() + more_s)
        found |= heard
    return found


def _opened(port: str) -> socket.socket | None:
    """None: the port is not there any more."""
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
    except OSError as error:
        raise KernelRefused("look for DHCP servers", str(error)) from error
    try:
        # The filter first: bound, the socket gets whatever the port hears. All of it, since of a bridge's port a socket
        # for IPv4 alone would get nothing: the bridge takes the frame before.
        attach(sock, DHCP_ANSWERS)
        sock.bind((port, _EVERYTHING))
    except OSError:
        sock.close()
        return None
    return sock


def _ask(sock: socket.socket, port: str, exchange: int) -> None:
    mac = sock.getsockname()[4]
    # Down or unplugged: it may yet come.
    with contextlib.suppress(OSError):
        sock.sendto(packet(discover(mac, exchange)), (port, _IPV4, 0, 0, _EVERYBODY))


def _heard(waiting: selectors.BaseSelector, exchange: int, wait_s: float) -> Iterator[str]:
    for key, _ in waiting.select(max(0.0, wait_s)):
        assert isinstance(key.fileobj, socket.socket)
        # Errors too: a port that goes down says so once.
        with contextlib.suppress(OSError):
            heard = key.fileobj.recv(2048)
            if is_offer(heard[4 * (heard[0] & 15) + _UDP_HEADER.size :], exchange):
                yield str(key.data)


def packet(message: bytes) -> bytes:
    """IPv4 and UDP around what a client without an address says to all (RFC 2131 4.1)."""
    length = _UDP_HEADER.size + len(message)
    # No checksum of UDP: zero says so (RFC 768).
    udp = _UDP_HEADER.pack(_CLIENT, _SERVER, length, 0)
    fields = (0x45, 0, _IP_HEADER.size + length, 0, 0, 64, _UDP)
    bare = _IP_HEADER.pack(*fields, 0, bytes(4), b"\xff" * 4)
    total = sum(struct.unpack("!10H", bare))
    total = (total & 0xFFFF) + (total >> 16)
    return _IP_HEADER.pack(*fields, ~(total + (total >> 16)) & 0xFFFF, bytes(4), b"\xff" * 4) + udp + message
