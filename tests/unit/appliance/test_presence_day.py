"""A day of phones in virtual time: nobody loses a visit to sleep, and everybody who left is noticed in time."""

from __future__ import annotations

import pytest

from tests.lab.phones import HARD_PROFILES, HOUR, PROFILES
from tests.lab.truth import Found
from tests.lab.virtual import READ_MS, VirtualVenue


@pytest.fixture(scope="module")
def found() -> Found:
    """Half a day of six phones of each kind, at default settings."""
    venue = VirtualVenue(dict.fromkeys(PROFILES, 6), seed=67_2016)
    venue.run(hours=12)
    return venue.found


def test_no_phone_that_is_here_loses_its_visit(found: Found) -> None:
    assert set(found.here_ms) == set(PROFILES)
    assert sum(found.here_ms.values()) > 300 * HOUR
    assert found.false_leaves == {}


@pytest.mark.parametrize(
    ("evidence", "within_s"),
    [
        ("station", 1),
        ("port", 1),
        ("lease", 1),
        ("silence, answers idle", 5 * 60),
        ("silence, else", 16 * 60),
    ],
)
def test_whoever_leaves_is_noticed_in_time(found: Found, evidence: str, within_s: int) -> None:
    delays_ms = found.delays_ms[evidence]
    assert len(delays_ms) >= 5, "the day must have shown it"
    assert max(delays_ms) <= within_s * 1000


def test_no_recorded_end_is_later_than_the_truth(found: Found) -> None:
    """Law 3, but for the distance between two readings of the counters."""
    assert max(found.late_ends_ms) <= READ_MS


def test_the_same_seed_is_the_same_day() -> None:
    days = []
    for _ in range(2):
        venue = VirtualVenue({"walker-away": 3, "two that swap": 2}, seed=5)
        venue.run(hours=3)
        days.append(venue.found)
    assert days[0] == days[1] and days[0].packets > 0


def test_what_nobody_can_tell_from_leaving_is_measured() -> None:
    """The simulator can show a false leave: a phone that answered asleep for long, and then turns deaf."""
    venue = VirtualVenue(dict.fromkeys(HARD_PROFILES, 8), seed=1)
    venue.run(hours=12)
    assert sum(venue.found.false_leaves.values()) > 0
