"""Whether what staff typed of an identity document can be one: names, dates, the IIN. Pure.

    >>> doubts_about_iin("850101300018")
    (<Doubt.IIN_CHECKSUM: 'iin_checksum'>,)

A name is letters of any script with blanks, hyphens and apostrophes. A wrong IIN is a doubt, never a refusal: whoever
stands at the desk with a document is served. Sources: order No. 67 ¶10; for the IIN government
decree No. 406 of 22.05.2007: year, month and day of birth, century and sex, four digits of a serial number, and a check
digit modulo 11 in two passes. Must not know: who asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date

import msgspec

from appliance.wire_desk import DeskRefusal, DeskRefused, Doubt, Person

LONGEST_NAME = 100
LONGEST_OTHER = 40
NAMES = ("surname", "given_name", "patronymic")
OPTIONAL = ("document", "iin", "birth_date")
"""What a configuration may switch on; ``document`` is kind and number."""
FIELD_OF = {"document_kind": "document", "document_number": "document", "iin": "iin", "birth_date": "birth_date"}
_APOSTROPHES = "'’ʼ‘`ʻ"
_HYPHENS = "-\u2010\u2011"
_CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
_FIRST_PASS = tuple(range(1, 12))
_SECOND_PASS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


def judged(person: Person, asked_for: Collection[str], today: date) -> Person | DeskRefused:
    """The person as the journal is to have them, or which field cannot be so.

    Args:
        asked_for: which of ``OPTIONAL`` the venue's configuration switches on.
    """
    clean: dict[str, str] = {}
    for field in NAMES:
        name = _tidy(getattr(person, field))
        if problem := _wrong_name(name, needed=field != "patronymic"):
            return DeskRefused(problem, field)
        clean[field] = name
    for field, switch in FIELD_OF.items():
        text = _tidy(getattr(person, field))
        if text and switch not in asked_for:
            return DeskRefused(DeskRefusal.FIELD_OFF, field)
        if problem := _wrong_text(text):
            return DeskRefused(problem, field)
        clean[field] = text
    if clean["birth_date"] and _past_date(clean["birth_date"], today) is None:
        return DeskRefused(DeskRefusal.DATE_IMPOSSIBLE, "birth_date")
    return msgspec.structs.replace(person, **clean)


def doubts(person: Person) -> tuple[Doubt, ...]:
    """What staff should look at once more, of a person that was judged good."""
    latin = any(_is_latin(getattr(person, field)) for field in NAMES)
    found: tuple[Doubt, ...] = (Doubt.LATIN_NAME,) if latin else ()
    if not person.iin:
        return found
    found += doubts_about_iin(person.iin)
    born = birth_date_of_iin(person.iin)
    if born and person.birth_date and born.isoformat() != person.birth_date:
        found += (Doubt.IIN_OTHER_BIRTH_DATE,)
    return found


def doubts_about_iin(iin: str) -> tuple[Doubt, ...]:
    """What is wrong with it, as far as its digits tell."""
    if not re.fullmatch(r"[0-9]{12}", iin):
        return (Doubt.IIN_MALFORMED,)
    found: tuple[Doubt, ...] = ()
    if iin[6] not in _CENTURIES:
        found += (Doubt.IIN_CENTURY,)
        # 2000 is a leap year: a date that is none in it is none in any century.
        if _date(2000 + int(iin[:2]), iin) is None:
            found += (Doubt.IIN_DATE,)
    elif birth_date_of_iin(iin) is None:
        found += (Doubt.IIN_DATE,)
    if check_digit(iin[:11]) != int(iin[11]):
        found += (Doubt.IIN_CHECKSUM,)
    return found


def birth_date_of_iin(iin: str) -> date | None:
    """The date of birth that its digits name; None: they name none."""
    if not re.fullmatch(r"[0-9]{12}", iin) or iin[6] not in _CENTURIES:
        return None
    return _date(_CENTURIES[iin[6]] + int(iin[:2]), iin)


def check_digit(first: str) -> int | None:
    """The twelfth digit for the first eleven; None: such a number is never given out."""
    for weights in (_FIRST_PASS, _SECOND_PASS):
        rest = sum(weight * int(digit) for weight, digit in zip(weights, first, strict=True)) % 11
        if rest < 10:
            return rest
    return None


def _date(year: int, iin: str) -> date | None:
    try:
        return date(year, int(iin[2:4]), int(iin[4:6]))
    except ValueError:
        return None


def _tidy(typed: str) -> str:
    # NFC: a letter and its accent as one; what looks alike is found alike in the journal.
    return re.sub(" +", " ", unicodedata.normalize("NFC", typed).replace("\u00a0", " ")).strip(" ")


def _wrong_name(name: str, *, needed: bool) -> DeskRefusal | None:
    if not name:
        return DeskRefusal.NAME_MISSING if needed else None
    if len(name) > LONGEST_NAME:
        return DeskRefusal.TOO_LONG
    # L: letters; M: marks that belong to the letter before them, in scripts where NFC has no letter for both.
    letters = [each for each in name if unicodedata.category(each)[0] in "LM"]
    if len(letters) + sum(
        name.count(each) for each in f" {_APOSTROPHES.replace('ʼ', '').replace('ʻ', '')}{_HYPHENS}"
    ) < len(name):
        return DeskRefusal.CHARACTERS
    return None if unicodedata.category(name[0])[0] == "L" else DeskRefusal.CHARACTERS


def _wrong_text(text: str) -> DeskRefusal | None:
    if len(text) > LONGEST_OTHER:
        return DeskRefusal.TOO_LONG
    good = all(unicodedata.category(each)[0] in "LN" or each in " -./№" for each in text)
    return None if good else DeskRefusal.CHARACTERS


def _past_date(text: str, today: date) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1850, 1, 1) <= found <= today else None


def _is_latin(name: str) -> bool:
    return any(unicodedata.name(each, "").startswith("LATIN") for each in name)
