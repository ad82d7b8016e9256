"""Time and chance, as the process finds them. Must not know: what they are for."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the pure parts are told of the world."""

    monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000
    utc_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    chance: Callable[[], float] = random.random
