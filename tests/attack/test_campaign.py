"""The campaign: every attack works against an open gate, and gets nothing through the product's."""

from __future__ import annotations

import pytest

from tests.attack.campaign import Result
from tests.attack.catalogue import ATTACKS


@pytest.mark.parametrize("name", [attack.name for attack in ATTACKS])
def test_withstood(whole_campaign: Result, name: str) -> None:
    (outcome,) = [outcome for outcome in whole_campaign.outcomes if outcome.name == name]
    assert outcome.open_gate, "against the open gate it did not work, so it proves nothing"
    assert not outcome.unadmitted
    assert not outcome.evicted


def test_nothing_came_out_of_the_uplink(whole_campaign: Result) -> None:
    assert whole_campaign.leaks == []


def test_names_differ() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
