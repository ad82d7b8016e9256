"""The venue that a module's tests share; a module says in CHANGES where it differs from the example
configuration, and in OFFICE whether staff have a side of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.lab.venue import Venue
from tests.system.audit import kernel, settled
from tests.system.guest import Guest, opened
from tests.system.siege import People


@pytest.fixture(scope="module")
def venue(request: pytest.FixtureRequest) -> Iterator[Venue]:
    """A running venue without visitors; each test brings its own."""
    changes: Mapping[str, object] = getattr(request.module, "CHANGES", {})
    with opened("qt-", changes, office=getattr(request.module, "OFFICE", False)) as made:
        yield made


@pytest.fixture(scope="module")
def people(venue: Venue) -> People:
    """The same for the whole module: no attack may change where they stand."""
    stranger, evicted, victim = (Guest.new(venue) for _ in range(3))
    stranger.phone.connect()
    evicted.go_online()
    venue.qaqpa("end", evicted.phone.mac)
    victim.go_online()
    return People(stranger, evicted, victim)


@pytest.fixture
def nothing_gained(venue: Venue, people: People) -> Iterator[None]:
    """After every attack the victim alone is admitted, by the kernel's word and the journal's."""
    yield
    settled(venue)
    assert {mac for mac, _ in kernel(venue).up} == {people.victim.phone.mac}
