"""The thread of a source that lists stations: it waits, looks when it is time, and ends when it is told to.

    >>> watch = Watch("firewall.presence.stations", turn, lambda: (look_due_s, None))      # doctest: +SKIP
    >>> watch.start(lambda: not listed)                                                    # doctest: +SKIP

Must not know: what is heard, and from whom.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence

_FIRST_S = 1.0
"""How long ``start`` waits for the first lists."""
_GLANCE_S = 0.05


class Watch:
    """
    Args:
        name: the thread's.
        turn: takes what comes within so many seconds and does what is due; waits for ``woken`` too, and returns False
            once that is readable.
        dues: when something is due by time.monotonic(); None: nothing is.
    """

    def __init__(self, name: str, turn: Callable[[float], bool], dues: Callable[[], Sequence[float | None]]) -> None:
        self._turn, self._dues = turn, dues
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._wake, self.woken = socket.socketpair()

    def start(self, incomplete: Callable[[], bool]) -> None:
        """Take turns here while the first lists are incomplete, for a second at most, and then in the thread."""
        deadline_s = time.monotonic() + _FIRST_S
        self._turn(0)
        while incomplete() and time.monotonic() < deadline_s:
            self._turn(_GLANCE_S)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._wake.send(b"x")
        if self._thread.ident is not None:
            self._thread.join()
        self._wake.close()

    def close(self) -> None:
        """After ``stop``, once nobody waits for ``woken`` any more."""
        self.woken.close()

    def _run(self) -> None:
        while self._turn(self._wait_s()):
            pass

    def _wait_s(self) -> float:
        next_s = min(due_s for due_s in self._dues() if due_s is not None)
        return max(0.0, next_s - time.monotonic())
