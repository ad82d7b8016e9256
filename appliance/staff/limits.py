"""How long whoever guesses must wait. In memory: nobody but root restarts the console.

    limits = Limits(time.time)
    limits.enter("login aigerim", "address 192.168.50.7")     # 0: go on, and it is counted already
    limits.forgive("login aigerim")                           # it was right

Counted before it is judged, so that many at once are not judged as one. Must not know: what is guessed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

FREE = 10
"""Wrong ones without any wait."""
FIRST_WAIT_S, LONGEST_WAIT_S = 60, 15 * 60
"""The wait doubles from one to the other and ends: nobody is kept out for ever. What comes meanwhile is not counted."""
FORGOTTEN_S = 60 * 60
MOST = 4096


@dataclass(frozen=True)
class _Guesses:
    count: int
    last_s: float


class Limits:
    """Guesses by whatever they are counted by.

    Args:
        clock: UTC, seconds; one that is set back begins the waits under way anew, at most.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._of: dict[str, _Guesses] = {}
        self._lock = threading.Lock()

    def enter(self, *keys: str) -> int:
        """Count one more guess under each of them, unless one must wait: then it is how many seconds."""
        with self._lock:
            now_s = self._clock()
            wait_s = max(self._wait_s(key, now_s) for key in keys)
            if wait_s > 0:
                return wait_s
            for key in keys:
                self._put(key, self._count(key, now_s) + 1, now_s)
            return 0

    def give_back(self, *keys: str) -> None:
        """One of each was none."""
        with self._lock:
            for key in keys:
                if known := self._of.get(key):
                    self._of[key] = _Guesses(max(0, known.count - 1), known.last_s)

    def forgive(self, *keys: str) -> None:
        """Begin anew with them."""
        with self._lock:
            for key in keys:
                self._of.pop(key, None)

    def _count(self, key: str, now_s: float) -> int:
        known = self._of.get(key)
        return known.count if known and now_s - known.last_s < FORGOTTEN_S else 0

    def _wait_s(self, key: str, now_s: float) -> int:
        count = self._count(key, now_s)
        if count < FREE:
            return 0
        known = self._of[key]
        if known.last_s > now_s:
            known = self._of[key] = _Guesses(count, now_s)
        whole_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(count - FREE, 10))
        return max(0, -int(-(known.last_s + whole_s - now_s) // 1))

    def _put(self, key: str, count: int, now_s: float) -> None:
        self._of.pop(key, None)
        if len(self._of) >= MOST:
            # The oldest: who would push a guesser's count out this way has 4,096 addresses, and needs no such thing.
            del self._of[next(iter(self._of))]
        self._of[key] = _Guesses(count, now_s)


def origin(address: str) -> str:
    """What one person may be expected to have: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
