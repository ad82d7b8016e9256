"""The short campaign: every attack works against an open gate, and gets nothing through the product's."""

from __future__ import annotations

import pytest

from tests.attack.campaign import Result
from tests.attack.catalogue import ATTACKS, AWAITING


@pytest.mark.parametrize("name", [attack.name for attack in ATTACKS if attack.name not in AWAITING])
def test_withstood(short_campaign: Result, name: str) -> None:
    (outcome,) = [outcome for outcome in short_campaign.outcomes if outcome.name == name]
    assert outcome.open_gate, "against the open gate it did not work, so it proves nothing"
    assert not outcome.unadmitted
    assert not outcome.evicted


def test_nothing_came_out_of_the_uplink(short_campaign: Result) -> None:
    assert short_campaign.leaks == []


def test_what_is_awaited_is_an_attack() -> None:
    assert AWAITING.keys() <= {attack.name for attack in ATTACKS}


def test_names_differ() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
