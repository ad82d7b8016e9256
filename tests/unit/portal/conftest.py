"""A phone in front of the application itself."""

from __future__ import annotations

import pytest

from portal.visitor.app import create_app
from tests.unit.portal.gate import GateWithState
from tests.unit.portal.phone import PhoneInProcess

VENUE = "Кафе «Қақпа»"


@pytest.fixture
def phone() -> PhoneInProcess:
    gate = GateWithState()
    return PhoneInProcess(create_app(gate="/nowhere/gate.sock", venue=VENUE, asks=gate), gate)
