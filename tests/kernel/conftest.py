"""The venue each test gets, made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from firewall.gate import Gate
from firewall.settings import Settings
from tests.kernel.venue import GATE, Venue, inside


@pytest.fixture
def venue() -> Iterator[Venue]:
    """Namespaces, cables and addresses; no rule yet."""
    with Venue() as made:
        yield made


@pytest.fixture
def new_gate(venue: Venue) -> Iterator[Callable[[Settings], Gate]]:
    """Makes gates, and closes them in the end. Call them inside GATE."""
    made: list[Gate] = []

    def make(settings: Settings = venue.settings) -> Gate:
        made.append(Gate(settings))
        return made[-1]

    yield make
    with inside(GATE):
        for gate in made:
            gate.close()


@pytest.fixture
def gate(venue: Venue, new_gate: Callable[[Settings], Gate]) -> Gate:
    """A gate that was set up in its namespace. Call it inside GATE."""
    with inside(GATE):
        made = new_gate(venue.settings)
        made.setup()
    return made
