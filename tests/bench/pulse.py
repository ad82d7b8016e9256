"""One small UDP flow from a phone to the Internet and back, both ends held by this process: is the gate open, and when?

    with Pulse("qb-visitor1", "qb-operator", "198.51.100.10") as pulse:
        pulse.beat(0.001)

A socket belongs to the network namespace in which it was opened, so one thread can be phone and Internet at once, and
all times are of one clock. Must not know: the gate.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Self

from tests.lab.entering import inside

_DATAGRAM = struct.Struct("!Q")
_UNDER_WAY_S = 5.0
"""The longest that an answer may still be under way: a machine that stands still keeps it for so long."""


class Pulse:
    """The flow. Times are seconds of CLOCK_MONOTONIC; for one thread at a time."""

    def __init__(self, phone: str, internet: str, address: str) -> None:
        with inside(phone):
            self._phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with inside(internet):
            self._internet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._internet.bind((address, 0))
        self._address = self._internet.getsockname()
        self.sent = 0
        self.answered = 0
        self.arrived_s = 0.0
        """When the last datagram came through to the Internet."""
        self.first_answered_s = 0.0
        """When the first answer came back in the last beat that had one."""

    def beat(self, length_s: float) -> bool:
        """Send one datagram, and for ``length_s`` seconds echo and receive what comes; whether an answer came."""
        # Not connected: then a rejection (ICMP) is no error of the next call.
        self._phone.sendto(_DATAGRAM.pack(self.sent), self._address)
        self.sent += 1
        before = self.answered
        self._receive(length_s)
        return self.answered > before

    def _receive(self, length_s: float) -> None:
        """Echo and receive what comes for so long."""
        before, end_s = self.answered, time.monotonic() + length_s
        while (left_s := end_s - time.monotonic()) > 0:
            for ready in select.select([self._phone, self._internet], [], [], left_s)[0]:
                data, sender = ready.recvfrom(64)
                if ready is self._internet:
                    self.arrived_s = time.monotonic()
                    self._internet.sendto(data, sender)
                else:
                    if self.answered == before:
                        self.first_answered_s = time.monotonic()
                    self.answered += 1

    @contextlib.contextmanager
    def going_on(self, every_s: float) -> Iterator[None]:
        """Beat in a thread of its own until the block ends, and then as long as an answer may still be under way."""
        ended = threading.Event()

        def go_on() -> None:
            while not ended.is_set():
                self.beat(every_s)

        thread = threading.Thread(target=go_on, name="pulse")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            end_s = time.monotonic() + _UNDER_WAY_S
            while self.answered < self.sent and time.monotonic() < end_s:
                self._receive(0.2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._phone.close()
        self._internet.close()
