"""The venue each test gets, made anew."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable, Iterator

import pytest

from firewall.datapath import Abilities
from firewall.gate import Gate
from firewall.settings import Settings
from tests.kernel.venue import GATE, GATE_LAN6, SERVER6, Venue, pings, until
from tests.lab.entering import inside


@pytest.fixture
def venue() -> Iterator[Venue]:
    """Namespaces, cables and addresses; no rule yet."""
    with Venue() as made:
        yield made


@pytest.fixture
def new_gate(venue: Venue) -> Iterator[Callable[..., Gate]]:
    """Makes gates, and closes them in the end. Call them inside GATE."""
    made: list[Gate] = []

    def make(settings: Settings = venue.settings, known: Abilities | None = None) -> Gate:
        made.append(Gate(settings, known))
        return made[-1]

    yield make
    with inside(GATE):
        for gate in made:
            gate.close()


@pytest.fixture
def gate(venue: Venue, new_gate: Callable[..., Gate]) -> Gate:
    """A gate that was set up in its namespace. Call it inside GATE."""
    with inside(GATE):
        made = new_gate(venue.settings)
        made.setup()
    return made


@pytest.fixture
def settings6(venue: Venue) -> Settings:
    """The venue's settings with IPv6 open."""
    return dataclasses.replace(venue.settings, lan6=ipaddress.IPv6Interface(f"{GATE_LAN6}/64"))


@pytest.fixture
def gate6(settings6: Settings, new_gate: Callable[..., Gate]) -> Gate:
    """A gate with IPv6 open, set up in its namespace, when the cables carry IPv6. Call it inside GATE."""
    with inside(GATE):
        made = new_gate(settings6)
        made.setup()
    # An interface that has just come up hears no multicast for a moment, so no neighbour solicitation.
    until(lambda: pings(GATE, SERVER6) and pings("ktv1", GATE_LAN6) and pings("ktv2", GATE_LAN6), "IPv6 on the cables")
    return made
