"""How often somebody may look for a number in a minute. A desk has one visitor at a time; who tries numbers has many.

In memory: nobody but root restarts the console. Must not know: what is looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

A_MINUTE = 10
_MINUTE_S = 60.0


class Searches:
    """Those of the last minute, by login.

    Args:
        clock: UTC, seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._of: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def enter(self, login: str) -> bool:
        """Count one more; False: these were enough for now."""
        with self._lock:
            now_s = self._clock()
            recent_s = [each for each in self._of.get(login, ()) if abs(now_s - each) < _MINUTE_S]
            may = len(recent_s) < A_MINUTE
            self._of[login] = [*recent_s, now_s] if may else recent_s
            return may
