"""Pairing codes: what staff may type for what stands on the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.codes import ALPHABET, CHARACTERS, from_random, grouped, well_formed

codes = st.lists(st.integers(0, len(ALPHABET) - 1), min_size=CHARACTERS, max_size=CHARACTERS).map(from_random)
LOOK_ALIKES = str.maketrans("ACEHKMPTXY", "АСЕНКМРТХУ")


def test_the_alphabet_has_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 25
    for alike in ("0OQ", "0OD", "1IL", "2Z", "5S", "8B", "6G"):
        assert sum(each in ALPHABET for each in alike) <= 1


@given(codes)
def test_what_stands_on_the_page_is_understood_however_it_is_typed(code: str) -> None:
    assert len(code) == 6
    for typed in (
        code,
        code.lower(),
        grouped(code),
        f" {code[:3]} - {code[3:]}\t",
        f"{code[:2]}\u2013{code[2:]}",
        code.translate(LOOK_ALIKES),
        code.translate(LOOK_ALIKES).lower(),
    ):
        assert well_formed(typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ACDEF",
        "ACDEFHJ",
        "ACDEFB",
        "ACDEF0",
        "ACDEFЖ",
        "ACDEF\n",
        "ACDEF\x00",
        "ＡＣＤＥＦＨ",
        "ΑСDEFH",
        "A" * 100_000,
        "ß" * 3,
    ],
)
def test_what_no_page_shows_is_no_code(typed: str) -> None:
    assert well_formed(typed) is None


@given(st.text(max_size=80))
def test_nothing_typed_breaks_it(typed: str) -> None:
    code = well_formed(typed)
    assert code is None or (len(code) == CHARACTERS and set(code) <= set(ALPHABET))


@pytest.mark.parametrize("numbers", [[], [0] * 5, [0] * 7, [0, 0, 0, 0, 0, -1], [0, 0, 0, 0, 0, 25]])
def test_a_code_is_made_of_six_numbers_of_its_alphabet(numbers: list[int]) -> None:
    with pytest.raises((ValueError, IndexError)):
        from_random(numbers)


def test_it_is_read_aloud_in_two_groups() -> None:
    assert grouped("K7MQ4T") == "K7M\u00a0Q4T"
