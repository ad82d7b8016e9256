"""One venue for the tests of the resolver, the garden and running flows; the campaign has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attack.campaign import Result, campaign
from tests.attack.catalogue import ATTACKS
from tests.attack.field import Field


@pytest.fixture(scope="session")
def place() -> Iterator[Field]:
    with Field.open("qa-") as field:
        yield field


@pytest.fixture(scope="session")
def whole_campaign() -> Result:
    return campaign("qk-", ATTACKS, print)
