"""What a process of ours tells systemd, if that started it: that it serves, and that it still works (sd_notify(3)).

    supervision = Supervision()
    while turn():
        supervision.works()

``works`` belongs into the loop that does the work: a thread of its own would go on saying so while everybody waits for
the work. If it is not said for a while, systemd ends the process and starts it again. Must not know: what the work is.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

_TIMES = 4
"""How often it is said within systemd's patience: one turn may take long, and a datagram may be lost."""


class Supervision:
    """For one thread.

    Args:
        told: the environment in which systemd started us.
        clock: monotonic seconds.
    """

    def __init__(self, told: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> None:
        self._address, self._clock = told.get("NOTIFY_SOCKET", ""), clock
        patience_us = int(told.get("WATCHDOG_USEC", "0"))
        meant = told.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.awaited = bool(self._address)
        """Whether anybody waits for a word of ours."""
        self.every_s: float | None = patience_us / 1e6 / _TIMES if self.awaited and patience_us and meant else None
        """How often ``works`` must be called; None: after the first time nobody waits for it."""
        self._due_s: float | None = None

    def works(self) -> None:
        """A turn of the work was done; the first says that we serve. Said no more often than needed, so that it may be
        called at every turn."""
        now_s = self._clock()
        if self._due_s is None:
            self._say("READY=1")
        elif self.every_s is None or now_s < self._due_s:
            return
        self._say("WATCHDOG=1")
        self._due_s = now_s + (self.every_s or 0) / 2

    def rests(self, why: str) -> None:
        """There is nothing to do here, and the process ends: no failure. `systemctl status` shows why."""
        # Of Type=notify, ending before READY=1 would be one whatever the exit code.
        self._say("READY=1", f"STATUS={why}")

    def _say(self, *lines: str) -> None:
        if not self.awaited:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
                notifier.setblocking(False)
                notifier.connect(address)
                notifier.sendall("\n".join(lines).encode())
        except OSError as error:
            # systemd finds out by its own patience; the work must not end for it.
            log.warning("systemd does not hear us (%s)", error)
