"""Bulk traffic of several visitors at once, and how much of it arrived.

    with Traffic() as traffic:
        traffic.start("ktv1", "down", connections=20)
        traffic.rates_kbit(lambda rates: rates["ktv1", "down"] < 3_000)

Must not know: how it is shaped.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.kernel.venue import OUTSIDE, SERVER, connect, listener

_PORT = 5201
_CHUNK = bytes(16_384)

_SETTLE_S = 0.5
LONGEST_S = 30.0

Stream = tuple[str, str]
"""Who, and "up" or "down"."""
Rates = dict[Stream, float]
"""Kilobits a second."""


class Traffic:
    """A server outside, and what visitors send it and fetch from it, until the block ends."""

    def __init__(self) -> None:
        self._arrived: Counter[Stream] = Counter()
        """Bytes; each stream has one key, whichever family and connection it came by."""
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = False

    def __enter__(self) -> Self:
        self._listener = listener(OUTSIDE, _PORT, socket.AF_INET6)  # takes IPv4 too
        self._listener.settimeout(None)
        self._run(self._serve)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over = True
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
                # What was written and not sent yet is forgotten, instead of filling the line for seconds more.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        for thread in self._threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self._threads)

    def start(self, visitor: str, way: str, connections: int = 1, server: str = SERVER) -> None:
        """As much as it can get, by so many connections."""
        for _ in range(connections):
            sock = connect(visitor, server, _PORT)
            sock.settimeout(None)
            sock.sendall(f"{visitor} {way}".encode().ljust(16))
            self._sockets.append(sock)
            self._run(self._pump if way == "up" else self._drain, sock, (visitor, way))

    def rates_kbit(self, good: Callable[[Rates], bool]) -> Rates:
        """What arrived of each stream a second, once the connections have found their speed: over a second, or over as
        many more as it takes to be good, at most LONGEST_S. A machine that stalls tells little in one second."""
        time.sleep(_SETTLE_S)
        with self._lock:
            before, began = self._arrived.copy(), time.monotonic()
        while True:
            time.sleep(1.0)
            with self._lock:
                passed_s = time.monotonic() - began
                rates = {who: (n - before[who]) * 8 / 1000 / passed_s for who, n in self._arrived.items()}
            if good(rates) or passed_s > LONGEST_S:
                return rates

    def _run(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments)
        thread.start()
        self._threads.append(thread)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over:
                sock, _ = self._listener.accept()
                self._sockets.append(sock)
                visitor, way = sock.recv(16, socket.MSG_WAITALL).decode().split()
                self._run(self._pump if way == "down" else self._drain, sock, (visitor, way))

    def _pump(self, sock: socket.socket, _: Stream) -> None:
        with contextlib.suppress(OSError):
            while not self._over:
                sock.sendall(_CHUNK)

    def _drain(self, sock: socket.socket, stream: Stream) -> None:
        with contextlib.suppress(OSError):
            while data := sock.recv(65_536):
                with self._lock:
                    self._arrived[stream] += len(data)
