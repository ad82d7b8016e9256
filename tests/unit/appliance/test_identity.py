"""What staff may type of a document: names of any script, IINs in doubt, zones that a scanner read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import identity, mrz, vouchers
from appliance.codes import ALPHABET
from appliance.wire_desk import DeskRefusal, DeskRefused, Doubt, Person

TODAY = date(2026, 11, 22)
ALL = frozenset(identity.OPTIONAL)
# ICAO Doc 9303's own examples, parts 4 and 5.
PASSPORT = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
CARD = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")


def judged(surname: str = "Ахметов", **fields: str) -> Person | DeskRefused:
    return identity.judged(Person(surname, "Әлия", **fields), ALL, TODAY)


@pytest.mark.parametrize(
    "name", ["Әбдіғапар", "O'Брайен", "Салтыков-Щедрин", "ван дер Берг", "李", "Ó", "أحمد", "नमिता"]
)
def test_names_of_any_script(name: str) -> None:
    assert judged(name) == Person(name, "Әлия")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", DeskRefusal.NAME_MISSING),
        ("  ", DeskRefusal.NAME_MISSING),
        ("А" * 101, DeskRefusal.TOO_LONG),
        ("А" * 1000, DeskRefusal.TOO_LONG),
        ("Али😀", DeskRefusal.CHARACTERS),
        ("Али\u202eили", DeskRefusal.CHARACTERS),
        ("Али\x00", DeskRefusal.CHARACTERS),
        ("Али\nхан", DeskRefusal.CHARACTERS),
        ("<b>Али</b>", DeskRefusal.CHARACTERS),
        ("Али'); DROP TABLE entries;--", DeskRefusal.CHARACTERS),
        ("-", DeskRefusal.CHARACTERS),
        ("Али7", DeskRefusal.CHARACTERS),
    ],
)
def test_what_is_no_name_is_told_by_field(name: str, why: DeskRefusal) -> None:
    assert judged(name) == DeskRefused(why, "surname")


@given(st.text(max_size=120))
def test_a_judged_name_is_short_and_has_nothing_that_acts(name: str) -> None:
    person = judged(name)
    if isinstance(person, Person):
        assert 1 <= len(person.surname) <= 100
        assert person.surname.isprintable()
        assert not set(person.surname) & set('<>"&;=+@()0123456789')
        assert identity.judged(person, ALL, TODAY) == person


def test_fields_beyond_the_order_are_off_until_switched_on() -> None:
    person = Person("Ахметов", "Али", iin="850101300018")
    assert identity.judged(person, frozenset(), TODAY) == DeskRefused(DeskRefusal.FIELD_OFF, "iin")
    assert identity.judged(person, frozenset({"iin"}), TODAY) == person


@pytest.mark.parametrize("birth", ["2026-11-23", "1849-12-31", "2000-02-30", "01.02.2000", "20000101", "9999-01-01"])
def test_impossible_birth_dates(birth: str) -> None:
    assert judged(birth_date=birth) == DeskRefused(DeskRefusal.DATE_IMPOSSIBLE, "birth_date")


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.booleans(), st.integers(0, 9999))
def test_an_iin_made_by_the_rule_is_without_doubt_and_one_wrong_digit_is_not(
    born: date, male: bool, serial: int
) -> None:
    first = f"{born:%y%m%d}{(3 if born.year < 2000 else 5) + (not male)}{serial:04}"
    digit = identity.check_digit(first)
    if digit is None:
        assert Doubt.IIN_CHECKSUM in identity.doubts_about_iin(f"{first}0")
        return
    iin = f"{first}{digit}"
    assert identity.doubts_about_iin(iin) == ()
    assert identity.birth_date_of_iin(iin) == born
    assert Doubt.IIN_CHECKSUM in identity.doubts_about_iin(f"{first}{(digit + 1) % 10}")


def test_the_second_pass_decides_where_the_first_gives_ten() -> None:
    tens = [f"850101300{serial:02}" for serial in range(100)]
    first_pass = {text: sum(w * int(d) for w, d in zip(range(1, 12), text, strict=True)) % 11 for text in tens}
    (text, *_) = [text for text, rest in first_pass.items() if rest == 10]
    weights = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
    rest = sum(w * int(d) for w, d in zip(weights, text, strict=True)) % 11
    assert identity.check_digit(text) == (rest if rest < 10 else None)


def test_doubts_are_told_and_refuse_nothing() -> None:
    person = judged("Akhmetov", iin="850231900010", birth_date="1985-01-01")
    assert isinstance(person, Person)
    assert set(identity.doubts(person)) >= {Doubt.LATIN_NAME, Doubt.IIN_DATE, Doubt.IIN_CENTURY}
    assert identity.doubts_about_iin("12345") == (Doubt.IIN_MALFORMED,)
    other = Person("Ахметов", "Али", iin="850101300018", birth_date="1985-01-02")
    assert Doubt.IIN_OTHER_BIRTH_DATE in identity.doubts(other)


def test_what_is_longer_than_any_document_says_is_refused() -> None:
    assert judged(document_number="1" * 40) == Person("Ахметов", "Әлия", document_number="1" * 40)
    assert judged(document_number="1" * 41) == DeskRefused(DeskRefusal.TOO_LONG, "document_number")


# ── the machine-readable zone ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spell", ["\n".join, "".join, "\r\n".join, " ".join])
@pytest.mark.parametrize("lines", [PASSPORT, CARD])
def test_a_zone_however_the_scanner_sends_it(lines: tuple[str, ...], spell: type[str]) -> None:
    for text in (spell(lines), spell(lines).lower(), spell(lines).replace("<", "«"), spell(lines).replace("<", "‹")):
        zone = mrz.read(text, TODAY)
        assert zone is not None
        assert (zone.surname, zone.given_name, zone.birth_date, zone.wrong) == (
            "ERIKSSON",
            "ANNA MARIA",
            "1974-08-12",
            (),
        )
        assert zone.document_number == ("L898902C3" if lines is PASSPORT else "D23145890")


@pytest.mark.parametrize(
    ("lines", "place", "field"),
    [
        (PASSPORT, 44, "document_number"),
        (PASSPORT, 44 + 13, "birth_date"),
        (PASSPORT, 44 + 21, "expiry"),
        (PASSPORT, 44 + 30, "optional"),
        (CARD, 5, "document_number"),
        (CARD, 30, "birth_date"),
        (CARD, 30 + 8, "expiry"),
    ],
)
def test_one_wrong_character_is_named_and_its_field_left_out(lines: tuple[str, ...], place: int, field: str) -> None:
    text = "".join(lines)
    # Letters count as their last digit does, so that some pass for a digit: "5" is none of those here.
    other = "5" if text[place] != "5" else "6"
    zone = mrz.read(text[:place] + other + text[place + 1 :], TODAY)
    assert zone is not None
    assert zone.wrong == (field, "whole")
    assert getattr(zone, field, "") == ""


@given(st.integers(0, 43), st.sampled_from("0123456789"))
def test_a_wrong_digit_never_passes_for_another_document(place: int, digit: str) -> None:
    """9303-3 4.9: the weights 7, 3, 1 find every single wrong digit."""
    lower = PASSPORT[1]
    if lower[place].isdigit() and lower[place] != digit:
        zone = mrz.read(PASSPORT[0] + lower[:place] + digit + lower[place + 1 :], TODAY)
        assert zone is not None and zone.wrong


def test_the_iin_of_a_kazakh_card() -> None:
    first = "85010130001"
    iin = f"{first}{identity.check_digit(first)}"
    number = "012345678"
    lines = [
        f"IDKAZ{number}{mrz.check_digit(number)}{iin}<<<",
        "8501017M3001014KAZ<<<<<<<<<<<",
        "AKHMETOV<<ALI<<<<<<<<<<<<<<<<<",
    ]
    lines[1] = f"850101{mrz.check_digit('850101')}M300101{mrz.check_digit('300101')}KAZ<<<<<<<<<<<"
    whole = lines[0][5:] + lines[1][:7] + lines[1][8:15] + lines[1][18:29]
    lines[1] += str(mrz.check_digit(whole))
    zone = mrz.read("".join(lines), TODAY)
    assert zone is not None
    assert (zone.iin, zone.document_number, zone.wrong) == (iin, number, ())


@given(st.text(max_size=200))
def test_anything_else_is_no_zone(text: str) -> None:
    zone = mrz.read(text, TODAY)
    assert zone is None or len("".join(text.split())) in (88, 90)


@pytest.mark.parametrize("born", ["260101", "251122"])
def test_the_latest_century_that_is_past_is_meant(born: str) -> None:
    lower = PASSPORT[1]
    text = PASSPORT[0] + lower[:13] + born + str(mrz.check_digit(born)) + lower[20:]
    zone = mrz.read(text, date(2025, 12, 31))
    assert zone is not None
    assert zone.birth_date == ("1926-01-01" if born == "260101" else "2025-11-22")


def _card(first: str, second: str, names: str = CARD[2]) -> mrz.Zone | None:
    """A card's zone, whose last check digit is reckoned here."""
    second = second.ljust(29, "<")
    whole = first[5:] + second[:7] + second[8:15] + second[18:29]
    return mrz.read(first + second + str(mrz.check_digit(whole)) + names, TODAY)


def test_a_long_number_goes_on_in_the_optional_data() -> None:
    """9303-5's own example of a number with more than nine characters."""
    zone = _card("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO")
    assert zone is not None
    assert (zone.document_number, zone.wrong, zone.birth_date) == ("D23145890734", (), "1934-07-12")


def test_an_empty_field_needs_no_check_digit_and_another_document_is_none() -> None:
    empty = PASSPORT[1][:28] + "<" * 14 + "<"
    whole = empty[:10] + empty[13:20] + empty[21:43]
    zone = mrz.read(PASSPORT[0] + empty + str(mrz.check_digit(whole)), TODAY)
    assert zone is not None and zone.wrong == ()
    assert mrz.read("V" + "".join(PASSPORT)[1:], TODAY) is None, "a visa"
    assert mrz.read("X" + "".join(CARD)[1:], TODAY) is None


@pytest.mark.parametrize("born", ["740230", "741301"])
def test_a_day_that_there_is_not_is_no_birth_date(born: str) -> None:
    zone = _card(CARD[0], f"{born}{mrz.check_digit(born)}F1204159UTO")
    assert zone is not None
    assert (zone.birth_date, zone.wrong) == ("", ())


# ── voucher codes ───────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, len(ALPHABET) - 1), min_size=12, max_size=12))
def test_a_voucher_is_read_back_however_it_is_typed(numbers: list[int]) -> None:
    code = vouchers.from_random(numbers)
    cyrillic = code.translate(str.maketrans("ACEHKMPTXY", "АСЕНКМРТХУ"))
    for typed in (
        code,
        code.lower(),
        vouchers.grouped(code),
        f" {vouchers.grouped(code)} ".replace("-", " "),
        cyrillic,
    ):
        assert vouchers.well_formed(typed) == code


@given(st.text(max_size=64))
def test_what_is_read_is_a_code(typed: str) -> None:
    code = vouchers.well_formed(typed)
    assert code is None or (len(code) == 12 and set(code) <= set(ALPHABET))


def test_vouchers_are_too_many_to_guess_and_kept_as_keyed_hashes() -> None:
    assert len(ALPHABET) ** vouchers.CHARACTERS > 2**50
    one = vouchers.digest(b"k" * 32, "ACDEFHJKLMNP")
    assert one != vouchers.digest(b"l" * 32, "ACDEFHJKLMNP")
    assert "ACDE" not in one.upper()


@pytest.mark.parametrize("numbers", [[0] * 11, [0] * 13, [-1] * 12])
def test_what_makes_no_code_is_a_mistake_of_ours(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="no numbers of a voucher"):
        vouchers.from_random(numbers)
