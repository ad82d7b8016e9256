"""A page at a time is the same as reading everything: long stays, a clock that goes back, what no index has yet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from journal.entries import Entry, Stamp, VisitBegan
from journal.index import Indexer
from journal.listing import listed
from journal.store import Store
from journal.visit import Visit
from journal.visits import visits
from journal.wanted import Wanted
from tests.edge.journal.samples import NUMBER, at, ended, moment

MINUTE = 60


def _entries() -> list[tuple[Stamp, Entry]]:
    """1,500 visits of two minutes, one of them a day long, and an hour in which the clock was a month behind."""
    found: list[tuple[Stamp, Entry]] = []
    for n in range(1500):
        begins = n * MINUTE - (30 * 86_400 if 600 <= n < 660 else 0)
        device = f"02:00:00:00:{n // 256:02x}:{n % 256:02x}"
        found.append((at(begins), VisitBegan(f"v{n}", device, ("10.77.0.10",), NUMBER if n % 100 == 3 else "", "sms")))
        if n != 100:
            found.append((at(begins + 120), ended(f"v{n}", begins + 120)))
    found.append((at(1500 * MINUTE), ended("v100", 1500 * MINUTE)))
    return found


@pytest.fixture(scope="module", params=["index", "half an index", "no index"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("listing") / "journal.db"
    store, lines = Store.open(made), _entries()
    store.append(lines[:2000])
    indexer = Indexer(made)
    while request.param != "no index" and indexer.step():
        pass
    store.append(lines[2000:])
    while request.param == "index" and indexer.step():
        pass
    indexer.close()
    store.close()
    return made


@pytest.mark.parametrize("wanted", [
    Wanted(),
    Wanted(moment(1200 * MINUTE), moment(1230 * MINUTE)),
    Wanted(moment(0) - timedelta(days=30), moment(0) - timedelta(days=29)),
    Wanted(moment(3600), moment(30_000), number=NUMBER),
    Wanted(since=moment(1499 * MINUTE)),
    Wanted(until=moment(0) - timedelta(days=60)),
    Wanted(workstation="7"),
])  # fmt: skip
def test_all_pages_are_all_visits(path: Path, wanted: Wanted) -> None:
    found: list[Visit] = []
    before: int | None = None
    while True:
        page = listed(path, wanted, before, limit=200)
        assert len(page.visits) <= 200
        found += page.visits
        if page.further is None:
            break
        before = page.further
    everything = [visit for visit in visits(path, wanted.since, wanted.until) if wanted.takes(visit)]
    assert [visit.visit for visit in found] == sorted((each.visit for each in everything), key=_number, reverse=True)


def _number(name: str) -> int:
    return int(name[1:])
