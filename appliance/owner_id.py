"""Whether what an owner typed can be an IIN or a BIN, and which of the two. Pure.

    >>> judged("990140000384"), judged("990140000385")
    (<OwnerKind.LEGAL: 'legal'>, <Fault.CHECKSUM: 'checksum'>)

Source: government decree No. 406 of 22.05.2007. Both have twelve digits and the same check digit. The fifth tells them
apart: in an IIN it begins the day of birth (0 to 3); in a BIN, after year and month of registration, it is 4 for a
resident legal entity, 5 for one of another country, 6 for entrepreneurs who work jointly; the sixth is then 0 for the
head office, 1 for a branch, 2 for a representation, 3 for a farm run jointly. Must not know: whose it is.
"""

from __future__ import annotations

import re
from enum import StrEnum

from appliance import identity
from appliance.wire_desk import Doubt


class OwnerKind(StrEnum):
    """Whose number it is."""

    PERSON = "person"
    """An IIN."""
    LEGAL = "legal"
    """A BIN of a legal entity."""
    JOINT = "joint"
    """A BIN of entrepreneurs who work jointly."""


class Fault(StrEnum):
    """Why it is no such number."""

    MALFORMED = "malformed"
    """Other than twelve digits."""
    DATE = "date"
    """Its digits name no date of birth, or no month of registration."""
    KIND = "kind"
    """Its fifth or sixth digit means nothing."""
    CHECKSUM = "checksum"
    """A digit is wrong, or two changed places."""


_KINDS = {"4": OwnerKind.LEGAL, "5": OwnerKind.LEGAL, "6": OwnerKind.JOINT}
_PARTS = "0123"
_FAULT_OF_DOUBT = {
    Doubt.IIN_MALFORMED: Fault.MALFORMED,
    Doubt.IIN_CENTURY: Fault.KIND,
    Doubt.IIN_DATE: Fault.DATE,
    Doubt.IIN_CHECKSUM: Fault.CHECKSUM,
}


def spelled(typed: str) -> str:
    """Without the blanks and hyphens that people group digits by."""
    return re.sub(r"[\s\u00a0-]+", "", typed)


def judged(number: str) -> OwnerKind | Fault:
    """Whose number it is, or the first thing that is wrong with it."""
    if not re.fullmatch(r"[0-9]{12}", number):
        return Fault.MALFORMED
    if number[4] in "0123":
        doubts = identity.doubts_about_iin(number)
        return _FAULT_OF_DOUBT[doubts[0]] if doubts else OwnerKind.PERSON
    if number[4] not in _KINDS or number[5] not in _PARTS:
        return Fault.KIND
    if not 1 <= int(number[2:4]) <= 12:
        return Fault.DATE
    if identity.check_digit(number[:11]) != int(number[11]):
        return Fault.CHECKSUM
    return _KINDS[number[4]]
