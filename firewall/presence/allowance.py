"""How often something may happen: at once a few times, for long a few times a second (a token bucket). Pure.

>>> allowance = Allowance(burst=2, per_s=1.0, now_s=0.0)
>>> [allowance.take(0.0), allowance.take(0.0), allowance.take(0.5), allowance.take(1.0)]
[True, True, False, True]
"""

from __future__ import annotations


class Allowance:
    """For one thread; the clock is the caller's."""

    def __init__(self, burst: int, per_s: float, now_s: float) -> None:
        self._burst, self._per_s = burst, per_s
        self._left, self._at_s = float(burst), now_s

    def take(self, now_s: float) -> bool:
        """Whether it may happen once more now."""
        self._left = min(float(self._burst), self._left + self._per_s * (now_s - self._at_s))
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
