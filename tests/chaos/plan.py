"""Which fault comes when, drawn from a seed: the same seed makes the same plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos.faults import Fault

_AFTER_S = (0.5, 4.0)


@dataclass(frozen=True)
class Planned:
    """One fault to come."""

    number: int
    fault: Fault
    after_s: float
    """Of undisturbed life before it."""
    holds_s: float


def plan(faults: Sequence[Fault], count: int, seed: int) -> Iterator[Planned]:
    """So many faults: all there are in a drawn order, then all in another, so that none is forgotten."""
    chance = Random(seed)
    turn: list[Fault] = []
    for number in range(1, count + 1):
        if not turn:
            turn = list(faults)
            chance.shuffle(turn)
        fault = turn.pop()
        yield Planned(number, fault, chance.uniform(*_AFTER_S), chance.uniform(*fault.hold_s))
