"""Frames of one protocol from one interface, by a thread of its own that a flood keeps no busier than a trickle.

    >>> listening = Listening("br-lan", ETH_P_ARP, ARP_CLAIMS, heard=print, name="claims")   # doctest: +SKIP
    >>> listening.start()

What the kernel's filter lets through waits in a small buffer, which is emptied ten times a second; what comes beyond
it the kernel drops, more cheaply than we could look at it. Must not know: what the frames mean.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable, Sequence

from firewall.errors import KernelRefused
from firewall.presence import filters

log = logging.getLogger(__name__)

_PACE_S = 0.1
_BATCH = 64
_RECEIVE_BYTES = 128
"""Enough of a frame for whoever listens: the longest, a neighbour solicitation, has 86 without options."""
_BUFFER_BYTES = 64 << 10
_RETRY_S = 1.0


class Listening:
    """The socket, and the thread that reads it.

    Args:
        ethertype: the frames' protocol, as Ethernet numbers it. No other frame costs anything, nor do the gate's own.
        program: what of them is wanted (``presence.filters``).
        heard: called in our thread with each frame's first 128 bytes.
        name: the thread's.
    """

    def __init__(
        self,
        interface: str,
        ethertype: int,
        program: Sequence[filters.Instruction],
        *,
        heard: Callable[[bytes], None],
        name: str,
    ) -> None:
        self._interface, self._ethertype, self._program = interface, ethertype, program
        self._heard, self._name = heard, name
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._wake, self._woken = socket.socketpair()

    def start(self) -> None:
        """Listen from now on.

        Raises:
            KernelRefused: no such interface, or no CAP_NET_RAW.
        """
        try:
            sock = self._open()
        except OSError as error:
            raise KernelRefused(f"listen to {self._name} on {self._interface}", str(error)) from error
        self._thread = threading.Thread(
            target=self._listen, args=(sock,), name=f"firewall.presence.{self._name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._stop.set()
        self._wake.send(b"x")
        if self._thread is not None:
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def _open(self) -> socket.socket:
        # Protocol 0 hears nothing until the filter is there. Not promiscuous: what is to be believed must reach the
        # gate.
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            filters.attach(sock, self._program)
            sock.bind((self._interface, self._ethertype))
            sock.setblocking(False)
        except OSError:
            sock.close()
            raise
        return sock

    def _listen(self, sock: socket.socket | None) -> None:
        while not self._stop.is_set():
            try:
                if sock is None:
                    sock = self._open()
                readable, _, _ = select.select([sock, self._woken], [], [])
                if self._woken in readable:
                    break
                for _ in range(_BATCH):
                    self._heard(sock.recv(_RECEIVE_BYTES))
                self._stop.wait(_PACE_S)
            except BlockingIOError:
                self._stop.wait(_PACE_S)
            except OSError as error:
                # The interface went down or away; a socket does not follow one of the same name that comes later.
                log.info("%s on %s are not heard for the moment: %s", self._name, self._interface, error)
                if sock is not None:
                    sock.close()
                    sock = None
                self._stop.wait(_RETRY_S)
        if sock is not None:
            sock.close()
