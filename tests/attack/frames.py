"""Raw frames: send what no honest network stack sends, hear what arrives anywhere in the venue.

    with Ear(venue.operator, "isp0") as ear:
        transmit(visitor.namespace, "eth0", Ether(…) / IP(…) / UDP() / Raw(marker))
        ear.hears(marker)

A socket belongs to the namespace in which it was opened, so one process can hold sockets everywhere. Must not know:
which frame is an attack, whether hearing one is good or bad.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from scapy.packet import Packet

from tests.lab.entering import inside
from tests.lab.namespaces import ip

_ETH_P_ALL = 3  # linux/if_ether.h
_OUTGOING = 4  # PACKET_OUTGOING of linux/if_packet.h
_BUFFER_BYTES = 16 * 1024 * 1024


def marker() -> bytes:
    """16 bytes that nothing else holds."""
    return os.urandom(8).hex().encode()


def link_address(namespace: str, interface: str) -> str:
    """The interface's MAC address."""
    words = ip(namespace, "-brief", "link", "show", interface).split()
    return words[2]


def _wire(namespace: str, interface: str, protocol: int = 0) -> socket.socket:
    with inside(namespace):
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        made.bind((interface, protocol))
    return made


def transmit(namespace: str, interface: str, *frames: Packet) -> None:
    """Put frames on the wire, in order."""
    with _wire(namespace, interface) as wire:
        for frame in frames:
            wire.send(bytes(frame))


def pour(namespace: str, interface: str, frames: Iterable[bytes], until_s: float) -> int:
    """Send as fast as one thread can, for at most ``until_s`` seconds; how many went out."""
    end, sent = time.monotonic() + until_s, 0
    with _wire(namespace, interface) as wire:
        for frame in frames:
            # ENOBUFS: the interface is full, which is what a flood wants; the frame is lost, the next is tried.
            with contextlib.suppress(OSError):
                wire.send(frame)
            sent += 1
            if sent % 256 == 0 and time.monotonic() > end:
                break
    return sent


class Ear:
    """Hears every frame that arrives at an interface from when it is made. Closed at the end of its context."""

    def __init__(self, namespace: str, interface: str) -> None:
        self._wire = _wire(namespace, interface, _ETH_P_ALL)
        with contextlib.suppress(PermissionError):  # SO_RCVBUFFORCE; without it the usual size has to do
            self._wire.setsockopt(socket.SOL_SOCKET, 33, _BUFFER_BYTES)

    def hears(self, what: bytes, timeout_s: float = 1.0) -> bool:
        """Whether a frame that holds these bytes arrives within ``timeout_s`` seconds, or has already."""
        return any(what in frame for frame in self.frames(timeout_s))

    def frames(self, timeout_s: float) -> Iterator[bytes]:
        """What has arrived and arrives until ``timeout_s`` seconds have passed, also if we were not run meanwhile."""
        end = time.monotonic() + timeout_s
        while True:
            self._wire.settimeout(max(0.0, end - time.monotonic()))
            try:
                frame, address = self._wire.recvfrom(65535)
            except (TimeoutError, BlockingIOError):
                return
            if address[2] != _OUTGOING:
                yield frame

    def so_far(self, counts: Callable[[bytes], bool]) -> list[bytes]:
        """What has arrived until now and counts."""
        found = []
        self._wire.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                frame, address = self._wire.recvfrom(65535)
                if address[2] != _OUTGOING and counts(frame):
                    found.append(frame)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()
