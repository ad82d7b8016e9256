"""An owner who wants an inconvenient entry emptied, and says himself that retention did it."""

from __future__ import annotations

from pathlib import Path

import pytest

from journal.entries import RetentionRan, Stamp
from journal.seal import verify
from journal.signing import SealKey
from journal.store import Store
from tests.edge.journal.samples import NOON_MS, at, stay, write

KEY = SealKey(b"k" * 32)
DAY_S = 86_400
DAY_MS = DAY_S * 1000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = tmp_path / "journal.sqlite3"
    write(path, stay())
    return Store.open(path)


def _emptied(store: Store, stamp: Stamp, run: RetentionRan) -> None:
    """The attack that needs no key: append a run, empty the visit's beginning, and wait for the gate's checkpoint."""
    store.append([(stamp, run)])
    assert store.expire(4, 5, (), 100).count == 1
    store.seal(KEY, stamp)
    store.close()


@pytest.mark.parametrize(
    ("second", "run"),
    [
        (63, RetentionRan(730, NOON_MS - 730 * DAY_MS, 10)),  # honest words, and a younger entry is emptied
        (63, RetentionRan(730, NOON_MS + 62_000, 10)),  # the period had not passed
        (63, RetentionRan(0, NOON_MS + 62_000, 10)),  # no period at all
        (63, RetentionRan(-1, NOON_MS + DAY_MS, 10)),
        (63 + DAY_S, RetentionRan(2, NOON_MS + 62_000, 10)),
        (63 + 2 * DAY_S, RetentionRan(1, NOON_MS + 62_000, 4)),  # not that entry
        (63 + 2 * DAY_S, RetentionRan(1, NOON_MS + 62_000, 20)),  # what comes after the run
    ],
)
def test_a_run_explains_only_what_can_be_true(store: Store, tmp_path: Path, second: int, run: RetentionRan) -> None:
    _emptied(store, at(second), run)
    verdict = verify(tmp_path / "journal.sqlite3")
    assert verdict.first_bad == 5 and "no retention run" in verdict.problem


def test_an_honest_run_explains_and_its_period_is_told(store: Store, tmp_path: Path) -> None:
    _emptied(store, at(63 + DAY_S), RetentionRan(1, NOON_MS + 62_000, 10))
    verdict = verify(tmp_path / "journal.sqlite3")
    assert (verdict.first_bad, verdict.expired, verdict.days) == (None, 1, 1)


@pytest.mark.parametrize("utc_ms", [5_000, NOON_MS + 3650 * DAY_MS])
def test_of_a_clock_that_was_not_set_the_neighbours_tell(tmp_path: Path, utc_ms: int) -> None:
    path = tmp_path / "journal.sqlite3"
    unset = [(Stamp(utc_ms, stamp.boot_id, stamp.boot_ms), entry) for stamp, entry in stay()]
    write(path, unset)
    _emptied(Store.open(path), at(63 + DAY_S), RetentionRan(1, NOON_MS, 10))
    assert verify(path).first_bad is None
