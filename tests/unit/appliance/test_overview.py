"""What staff see of the whole venue: how many, which visits, in which order."""

from __future__ import annotations

import pytest
from immutables import Map
from msgspec.structs import replace

from appliance import seeking
from appliance.console_events import VenueLooked, VisitsSought
from appliance.effects import Answer
from appliance.events import Moment, Usage
from appliance.overview import found_visits
from appliance.state import Session, Terms, Visit
from appliance.wire import Trouble
from appliance.wire_console import FindVisits, FoundVisits, VenueNow, VisitSort
from tests.unit.appliance.dialogue import OTHER, PHONE, Dialogue

THIRD = "02:00:00:00:00:0c"
SESSION = Session(
    Terms(),
    devices=Map(
        {
            PHONE: Visit("v1", "+77011234567", ("10.77.0.10",), Moment(1_000, 1_000), used=Usage(0, 5, 0, 5)),
            OTHER: Visit("v2", "+77479876543", ("10.77.0.112", "fd77::2"), Moment(3_000, 3_000), left_utc_ms=9_000),
            THIRD: Visit("v3", "", ("10.77.0.3",), Moment(2_000, 2_000), used=Usage(0, 0, 0, 99), method="document"),
        }
    ),
)


def names(wanted: FindVisits) -> list[str]:
    return [visit.visit for visit in found_visits(SESSION, wanted).visits]


def now(talk: Dialogue) -> VenueNow:
    (answer,) = talk.step(VenueLooked(talk.at, 77))
    assert isinstance(answer, Answer) and isinstance(answer.reply, VenueNow)
    return answer.reply


def test_who_is_here_is_counted() -> None:
    talk = Dialogue()
    assert now(talk) == VenueNow(0, 0, 0, started_utc_ms=77)
    talk.step(talk.asked(device=OTHER, number="+77017654321"))
    talk.online()
    assert now(talk) == VenueNow(1, 0, 1, started_utc_ms=77)
    talk.step(talk.left())
    talk.step(talk.trouble(Trouble.UPLINK))
    assert now(talk) == VenueNow(0, 1, 1, (Trouble.UPLINK,), started_utc_ms=77)
    talk.wait(talk.terms.password_valid_s)
    assert now(talk).asked == 0, "its password is too old"


def test_a_closed_venue_says_so_first() -> None:
    talk = Dialogue(Terms(is_open=False))
    talk.step(talk.trouble(Trouble.JOURNAL))
    assert now(talk) == VenueNow(0, 0, 0, (Trouble.CLOSED, Trouble.JOURNAL), is_open=False, started_utc_ms=77)


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (VisitSort.BEGAN, ["v1", "v3", "v2"]),
        (VisitSort.NUMBER, ["v3", "v1", "v2"]),
        (VisitSort.DEVICE, ["v1", "v2", "v3"]),
        (VisitSort.USED, ["v2", "v1", "v3"]),
    ],
)
def test_each_order_in_both_directions(sort: VisitSort, ascending: list[str]) -> None:
    assert names(FindVisits(sort=sort, descending=False)) == ascending
    assert names(FindVisits(sort=sort, descending=True)) == ascending[::-1]


def test_of_two_alike_the_older_comes_first_whatever_the_order() -> None:
    alike = SESSION.devices.set(THIRD, replace(SESSION.devices[THIRD], number="+77011234567"))
    for descending in (True, False):
        found = found_visits(replace(SESSION, devices=alike), FindVisits(sort=VisitSort.NUMBER, descending=descending))
        both = [visit.visit for visit in found.visits if visit.number == "+77011234567"]
        assert both == ["v1", "v3"]


def test_a_page_and_how_many_there_are() -> None:
    found = found_visits(SESSION, FindVisits(offset=1, limit=1, descending=False))
    assert (found.total, [visit.visit for visit in found.visits]) == (3, ["v3"])
    assert found_visits(SESSION, FindVisits(offset=3)) == FoundVisits(3)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("701", ["v1"]),
        (" 8 (701) 123-45-67 ", ["v1"]),
        ("+7 747", ["v2"]),
        ("02:00:00:00:00:0C", ["v3"]),
        ("02-00-00-00-00-0c", ["v3"]),
        ("020000", ["v2", "v3", "v1"]),
        ("10.77.0.1", ["v2", "v1"]),
        ("FD77::", ["v2"]),
        ("нет", []),
        ("\u0661", []),
    ],
)
def test_what_is_typed_finds_numbers_devices_and_addresses(query: str, found: list[str]) -> None:
    assert names(FindVisits(query, by_part=True)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        *((number[:length], []) for number in ("+77011234567", "87011234567") for length in range(2, 11)),
        *(("+77011234567"[begin:], []) for begin in range(3, 11)),
        ("+77011234567", ["v1"]),
        ("8 701 123 45 67", ["v1"]),
        ("701 123 45 67", ["v1"]),
        ("10.77.0.1", ["v2", "v1"]),
        ("02:00:00:00:00:0C", ["v3"]),
    ],
)
def test_a_number_is_found_by_the_whole_of_it(query: str, found: list[str]) -> None:
    assert names(FindVisits(query)) == found


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", VisitSort)
def test_pages_are_pieces_of_one_order(sort: VisitSort, descending: bool) -> None:
    """Near ones are picked out, far ones cut from all in order."""
    crowd = {
        f"02:00:00:00:01:{n:02x}": Visit(
            f"v{n}", f"+7701{n % 7:07}", (), Moment(n * 37 % 50, 1), used=Usage(0, n % 5, 0, 0)
        )
        for n in range(200)
    }
    session = replace(SESSION, devices=Map(crowd))

    def found(offset: int, limit: int) -> list[str]:
        page = found_visits(session, FindVisits(sort=sort, descending=descending, offset=offset, limit=limit)).visits
        return [visit.visit for visit in page]

    whole = found(0, 200)
    assert len(set(whole)) == 200
    assert [each for offset in range(0, 200, 10) for each in found(offset, 10)] == whole
    by_visit = {visit.visit: (device, visit) for device, visit in crowd.items()}
    if sort is VisitSort.NUMBER:
        ages = [(by_visit[name][1].number, by_visit[name][1].began.utc_ms) for name in whole]
        assert ages == sorted(ages, key=lambda each: (-int(each[0]) if descending else int(each[0]), each[1]))


def test_it_changes_nothing() -> None:
    talk = Dialogue()
    talk.online()
    before = talk.session
    talk.says(VisitsSought(talk.at, FindVisits()), ["answer FoundVisits"])
    assert talk.session is before


def test_who_looks_for_nothing_finds_everybody() -> None:
    for by_part in (True, False):
        assert seeking.fits("  ", by_part=by_part)("02:00:00:00:00:01", "", ())
