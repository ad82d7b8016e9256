"""What is remembered of anybody must not grow with whoever invents devices: the oldest are forgotten. Pure.

Must not know: what is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from immutables import Map

V = TypeVar("V")

TENTH = 10


def without_oldest(
    remembered: Map[str, V], most: int, when: Callable[[V], int], spared: Collection[str] = ()
) -> tuple[Map[str, V], list[V]]:
    """What is left, and what was forgotten: nothing, unless there are more than ``most`` besides the spared.

    A tenth goes at once: looking for one oldest at each newcomer would cost a flood nothing and us a scan.
    """
    if len(remembered) <= most + len(spared):
        return remembered, []
    oldest = sorted((when(value), key) for key, value in remembered.items() if key not in spared)
    keys = [key for _, key in oldest[: max(1, most // TENTH)]]
    gone = [remembered[key] for key in keys]
    rest = remembered.mutate()
    for key in keys:
        del rest[key]
    return rest.finish(), gone
