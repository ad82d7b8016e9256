"""One small lab for all tests of this folder; each test that changes a visitor brings its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.edge.lab.small_lab import SmallLab, small_lab
from tests.lab.visitor import Visitor


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLab]:
    with small_lab("lb-", tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture(scope="session")
def new_visitor(lab: SmallLab) -> Iterator[Callable[[], Visitor]]:
    made: list[Visitor] = []
    numbers = itertools.count(1)

    def make() -> Visitor:
        made.append(lab.visitor(next(numbers)))
        return made[-1]

    yield make
    for visitor in made:
        visitor.disconnect()


@pytest.fixture(scope="session")
def phone(new_visitor: Callable[[], Visitor]) -> Visitor:
    """A connected phone, for tests that leave it so."""
    visitor = new_visitor()
    visitor.connect()
    return visitor
