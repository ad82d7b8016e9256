"""Who is forgotten when there are too many, and who is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from appliance.crowd import TENTH, without_oldest


def when(value: int) -> int:
    return value


def test_a_tenth_of_the_oldest_goes_when_there_are_too_many() -> None:
    hundred = Map({f"{each:03}": each for each in range(100)})
    assert without_oldest(hundred, 100, when) == (hundred, [])
    rest, gone = without_oldest(hundred.set("new", 100), 100, when)
    assert gone == [*range(10)]
    assert sorted(rest.values()) == [*range(10, 101)]


def test_the_spared_take_no_room() -> None:
    """Else a full venue would forget every stranger at once, and look for one in vain each time."""
    venue = {f"visitor{each}" for each in range(50)}
    remembered = Map(dict.fromkeys(venue, 0)).set("stranger", 1)
    assert without_oldest(remembered, 1, when, spared=venue) == (remembered, [])
    rest, gone = without_oldest(remembered.set("another", 2), 1, when, spared=venue)
    assert (len(rest), gone) == (51, [1])


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 5), max_size=60), st.integers(1, 40), st.data())
def test_whatever_comes_it_is_bounded_and_the_newest_stay(some: dict[str, int], most: int, data: st.DataObject) -> None:
    spared = set(data.draw(st.lists(st.sampled_from(sorted(some)), unique=True))) if some else set()
    rest, gone = without_oldest(Map(some), most, when, spared)
    assert len(gone) in (0, max(1, most // TENTH))
    assert set(rest) >= spared
    assert all(old <= new for old in gone for key, new in rest.items() if key not in spared)
