"""A phone in front of the application itself."""

from __future__ import annotations

import pytest

from appliance.wire import Reply, Request
from portal.visitor.app import create_app
from tests.unit.portal.gate import GateWithState
from tests.unit.portal.phone import PhoneInProcess

VENUE = "Кафе «Қақпа»"


class Relay:
    """Asks the gate of the test under way, so that one application, with its compiled templates, serves them all."""

    gate = GateWithState()

    def ask(self, request: Request) -> Reply:
        return self.gate.ask(request)


_relay = Relay()
_app = create_app(gate="/nowhere/gate.sock", venue=VENUE, asks=_relay)


def phone_at(gate: GateWithState) -> PhoneInProcess:
    """A phone in front of the one application, which asks ``gate`` from now on."""
    _relay.gate = gate
    return PhoneInProcess(_app, gate)


@pytest.fixture
def phone() -> PhoneInProcess:
    return phone_at(GateWithState())
