"""One visit's story, from a journal that the real store wrote, with an index, without, and with half of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from journal.entries import (
    AddressClaimed,
    Entry,
    PasswordAsked,
    PasswordDelivered,
    PasswordSent,
    PasswordWrong,
    Stamp,
    VisitBegan,
    VisitEnded,
    VisitorIdentified,
    VoucherRedeemed,
)
from journal.index import Indexer
from journal.store import Store
from journal.story import LOOKED_THROUGH, Story, story
from tests.edge.journal.samples import NUMBER, PHONE, at, began, ended, stay, used, write

OTHER = "02:00:00:00:00:02"
STAY = [
    "PasswordAsked",
    "PasswordSent",
    "PasswordDelivered",
    "VisitBegan",
    "VisitAway",
    "VisitResumed",
    "VisitMoved",
    "VisitEnded",
]


def kinds(told: Story | None) -> list[str]:
    assert told is not None
    return [type(each.entry).__name__ for each in told.happened]


def index(path: Path) -> None:
    indexer = Indexer(path)
    while indexer.step():
        pass
    indexer.close()


@pytest.mark.parametrize("indexed", [0, 6, len(stay())], ids=["no index", "half an index", "index"])
def test_a_stay_is_told_from_the_first_password_to_the_end(tmp_path: Path, indexed: int) -> None:
    path = tmp_path / "journal.db"
    store = Store.open(path)
    if indexed:
        store.append(stay()[:indexed])
        index(path)
    store.append(stay()[indexed:])
    store.close()
    told = story(path, "v1")
    assert kinds(told) == STAY
    assert told is not None and told.visit.ended is not None
    # Leaving is told when the device left, not when it was noticed.
    assert [each.at.second for each in told.happened if "Away" in type(each.entry).__name__] == [8]


def test_a_visit_that_goes_on_has_a_story_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    write(path, stay()[:6])
    told = story(path, "v1")
    assert told is not None and told.visit.ended is None
    assert kinds(told) == STAY[:5]


def test_others_and_earlier_visits_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    entries: list[tuple[Stamp, Entry]] = [
        (at(0), PasswordAsked(PHONE, NUMBER, "long ago")),
        (at(4000), PasswordAsked(PHONE, NUMBER, "m0")),
        (at(4001), began("v0")),
        (at(4002), ended("v0", 4002)),
        (at(4003), PasswordAsked(PHONE, NUMBER, "m1")),
        (at(4004), PasswordAsked(OTHER, NUMBER, "m2")),
        (at(4005), PasswordWrong(PHONE, NUMBER, 4)),
        (at(4006), PasswordSent(OTHER, NUMBER, "m2", "s2")),
        (at(4007), began("v1")),
        (at(4008), PasswordDelivered(PHONE, NUMBER, "m1", 4000)),
        (at(4009), PasswordDelivered(PHONE, NUMBER, "m0", 9000)),
        (at(4010), VisitBegan("v2", OTHER, (), NUMBER, "sms")),
        (at(4011), used("v1", 1000, 5000)),
        (at(4012), ended("v1", 4012)),
    ]
    write(path, entries)
    told = story(path, "v1")
    assert kinds(told) == [
        "PasswordAsked",
        "PasswordWrong",
        "VisitBegan",
        "PasswordDelivered",
        "VisitUsed",
        "VisitEnded",
    ]
    assert told is not None and [each.seq for each in told.happened] == [5, 7, 9, 10, 13, 14]
    assert kinds(story(path, "v0"))[:2] == ["PasswordAsked", "VisitBegan"]


def test_the_desks_entries_and_a_claimed_address_are_in_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    identified = VisitorIdentified("v1", PHONE, "Ахметов", "Ерлан", "", "", "", "", "", "3", "aigul")
    entries: list[tuple[Stamp, Entry]] = [
        (at(1), VisitBegan("v1", PHONE, ("10.77.0.10",), "", "document", "aigul")),
        (at(1), identified),
        (at(1), VoucherRedeemed("b1", PHONE, "v1")),
        (at(2), AddressClaimed("v1", PHONE, "10.77.0.10", OTHER, True)),
        (at(3), VisitEnded("v1", PHONE, at(3).utc_ms, "staff", "aigul")),
    ]
    write(path, entries)
    for _ in range(2):
        told = story(path, "v1")
        assert kinds(told) == ["VisitBegan", "VisitorIdentified", "VoucherRedeemed", "AddressClaimed", "VisitEnded"]
        assert told is not None and (told.visit.surname, told.visit.ended_by) == ("Ахметов", "aigul")
        index(path)


@pytest.mark.parametrize("name", ["", "v2", "' OR 1=1 --", "\0", "x" * 1000])
def test_what_the_journal_does_not_have_has_no_story(tmp_path: Path, name: str) -> None:
    path = tmp_path / "journal.db"
    write(path, stay())
    assert story(path, name) is None


def test_a_password_asked_too_long_ago_is_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    write(path, [(at(0), PasswordAsked(PHONE, NUMBER, "m1")), (at(3601), began("v1"))])
    assert kinds(story(path, "v1")) == ["VisitBegan"]


def test_not_the_whole_journal_is_looked_through(tmp_path: Path) -> None:
    """Crowds of others between the password and the visit are passed over to a bound, not to the beginning."""
    path = tmp_path / "journal.db"
    crowd: list[tuple[Stamp, Entry]] = [(at(1), PasswordWrong(OTHER, NUMBER, 1))] * LOOKED_THROUGH
    write(path, [(at(0), PasswordAsked(PHONE, NUMBER, "m1"))], crowd, [(at(2), began("v1"))])
    assert kinds(story(path, "v1")) == ["VisitBegan"]
