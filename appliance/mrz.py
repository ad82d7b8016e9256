"""The machine-readable zone of a passport (TD3) or an identity card (TD1), as pasted or typed by a wedge scanner. Pure.

    >>> read("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10").surname
    'ERIKSSON'

Line breaks, blanks and lower case do not matter, nor what keyboards and editors make of ``<``. A field whose check
digit is wrong is named and left out. Source: ICAO Doc 9303 parts 3 (check digits, 7-3-1), 4 (TD3) and 5 (TD1).
Kazakhstan's identity card has the IIN at the end of its first line (Russian Wikinews, on the IIN); from optional data
of ``KAZ`` it is taken when its own digits are right. Names are transliterated, so staff types them in Cyrillic from the
document. Must not know: desks, journals.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from appliance import identity

_FILLERS = str.maketrans(dict.fromkeys("«‹＜〈≤《", "<"))
_TD1, _TD3 = 90, 88
_WEIGHTS = (7, 3, 1)


@dataclass(frozen=True)
class Zone:
    """What could be read; "": not there, or its check digit is wrong."""

    surname: str
    """In Latin letters, as all names here."""
    given_name: str
    document_kind: str
    document_number: str
    birth_date: str
    """ISO 8601."""
    iin: str
    wrong: tuple[str, ...]
    """What has a wrong check digit: ``document_number``, ``birth_date``, ``expiry``, ``optional``, ``whole``."""


@dataclass(frozen=True)
class _Checked:
    name: str
    text: str
    digit: str

    @property
    def right(self) -> bool:
        # 9303-4 4.2.2: an empty optional field may have a filler for its check digit.
        if self.digit == "<" and not self.text.strip("<"):
            return True
        return self.digit == str(check_digit(self.text))


def read(typed: str, today: date | None = None) -> Zone | None:
    """The zone's fields; None: it is neither a TD1 nor a TD3 zone.

    Args:
        today: a birth date has two digits of its year; the latest that is not after this day is meant.
    """
    text = re.sub(r"\s", "", typed.translate(_FILLERS)).upper()
    if len(text) not in (_TD1, _TD3) or not re.fullmatch(r"[A-Z0-9<]+", text):
        return None
    return _td3(text, today) if len(text) == _TD3 else _td1(text, today)


def asked_of(zone: Zone, asked_for: Collection[str]) -> dict[str, str]:
    """What the venue's configuration asks for beside names, as far as the zone has it.

    Args:
        asked_for: which of ``identity.OPTIONAL`` are switched on.
    """
    read = {"document_kind": zone.document_kind, "document_number": zone.document_number, "iin": zone.iin}
    read["birth_date"] = zone.birth_date
    return {field: read[field] for field, switch in identity.FIELD_OF.items() if switch in asked_for}


def check_digit(text: str) -> int:
    """9303-3 4.9: digits count as they are, letters from 10, fillers 0, in the weights 7, 3, 1 by turns."""
    return sum(_value(each) * _WEIGHTS[place % 3] for place, each in enumerate(text)) % 10


def _td3(text: str, today: date | None) -> Zone | None:
    if text[0] != "P":
        return None
    upper, lower = text[:44], text[44:]
    checks = (
        _Checked("document_number", lower[:9], lower[9]),
        _Checked("birth_date", lower[13:19], lower[19]),
        _Checked("expiry", lower[21:27], lower[27]),
        _Checked("optional", lower[28:42], lower[42]),
        _Checked("whole", lower[:10] + lower[13:20] + lower[21:43], lower[43]),
    )
    return _zone(checks, upper[5:], "passport", upper[2:5], optional=lower[28:42], today=today)


def _td1(text: str, today: date | None) -> Zone | None:
    if text[0] not in "AIC":
        return None
    first, second, third = text[:30], text[30:60], text[60:]
    number, digit, optional = first[5:14], first[14], first[15:]
    if digit == "<" and optional.strip("<"):
        # 9303-5 4.2.2: a number of more than nine characters goes on in the optional data, its check digit last.
        tail, _, optional = optional.partition("<")
        number, digit = number + tail[:-1], tail[-1:]
    checks = (
        _Checked("document_number", number, digit),
        _Checked("birth_date", second[:6], second[6]),
        _Checked("expiry", second[8:14], second[14]),
        _Checked("whole", first[5:] + second[:7] + second[8:15] + second[18:29], second[29]),
    )
    return _zone(checks, third, "identity card", first[2:5], optional=optional + "<" + second[18:29], today=today)


def _zone(
    checks: tuple[_Checked, ...], names: str, kind: str, issuer: str, *, optional: str, today: date | None
) -> Zone:
    wrong = tuple(check.name for check in checks if not check.right)
    held = {check.name: "" if check.name in wrong else check.text for check in checks}
    surname, _, given = names.rstrip("<").partition("<<")
    iin = ""
    if issuer.strip("<") == "KAZ" and "optional" not in wrong:
        found = [part for part in optional.split("<") if re.fullmatch(r"[0-9]{12}", part)]
        iin = next((part for part in found if not identity.doubts_about_iin(part)), "")
    return Zone(
        surname=surname.replace("<", " ").strip(),
        given_name=re.sub(" +", " ", given.replace("<", " ")).strip(),
        document_kind=kind,
        document_number=held["document_number"].replace("<", ""),
        birth_date=_iso(held["birth_date"], today),
        iin=iin,
        wrong=wrong,
    )


def _iso(six: str, today: date | None) -> str:
    if not re.fullmatch(r"[0-9]{6}", six):
        return ""
    for century in (2000, 1900):
        try:
            born = date(century + int(six[:2]), int(six[2:4]), int(six[4:]))
        except ValueError:
            continue
        if today is None or born <= today:
            return born.isoformat()
    return ""


def _value(each: str) -> int:
    return 0 if each == "<" else int(each, 36)
