"""Wait for a condition, with an end: what every test and the lab use instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.lab.errors import TooLate

T = TypeVar("T")

PATIENCE_S = 60.0
"""With a program that begins or ends within a second or two where the machine has time for it. One that has died is
noticed at once."""
_LOOK_EVERY_S = 0.02


def until(condition: Callable[[], T | None], what: str, timeout_s: float = 30.0, every_s: float = _LOOK_EVERY_S) -> T:
    """The first true value that ``condition()`` gives; it is always asked at least once.

    Time in which this process was not run at all does not count: the machine's others did not run either.

    Args:
        every_s: the pause between two looks; longer where a look costs whoever is waited for.

    Raises:
        TooLate: there was none within ``timeout_s`` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        rests_at = time.monotonic()
        if rests_at >= deadline:
            raise TooLate(what, timeout_s)
        time.sleep(every_s)
        deadline += max(0.0, time.monotonic() - rests_at - every_s)
