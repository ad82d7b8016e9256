"""The faults' order: the same for the same seed, and none forgotten."""

from __future__ import annotations

from tests.chaos.catalogue import FAULTS
from tests.chaos.plan import plan


def test_the_same_seed_makes_the_same_plan() -> None:
    faults = tuple(FAULTS.values())
    assert list(plan(faults, 50, 7)) == list(plan(faults, 50, 7))
    assert list(plan(faults, 50, 7)) != list(plan(faults, 50, 8))


def test_no_fault_is_forgotten() -> None:
    faults = tuple(FAULTS.values())
    planned = list(plan(faults, 2 * len(faults), 1))
    for half in (planned[: len(faults)], planned[len(faults) :]):
        assert {one.fault.name for one in half} == set(FAULTS)
    assert all(one.fault.hold_s[0] <= one.holds_s <= one.fault.hold_s[1] for one in planned)
