"""The name or number that a visitor's phone shows as the sender of the SMS, and how SMPP writes its kind. Pure.

    >>> judged("Qaqpa"), judged("+77011234567")
    (Sender(source='Qaqpa', ton=5, npi=0), Sender(source='77011234567', ton=1, npi=1))

A name has at most 11 characters of GSM 03.38's basic alphabet (3GPP TS 23.040 §9.1.2.5), a number goes as digits
(SMPP 3.4 §5.2.5). Must not know: providers, whether the name is registered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_NAME = 11
LONGEST_NUMBER = 15
# Basic, of one septet each, and ASCII: what GSM 03.38 escapes (^ { } \ [ ] ~ |) or has not (`) no operator registers.
_NAME = re.compile(r"[A-Za-z0-9 !\"#%&'()*+,./:;<=>?@_$-]*")


@dataclass(frozen=True)
class Sender:
    """As a configuration has it."""

    source: str
    ton: int
    npi: int


class SenderFault(StrEnum):
    """Why it cannot be a sender."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    """Something that the alphabet of sender names does not have, such as Cyrillic letters."""


def judged(typed: str) -> Sender | SenderFault:
    """The sender, or the first thing that is wrong with it."""
    text = re.sub(r" +", " ", typed).strip(" ")
    if not text:
        return SenderFault.MISSING
    digits = re.sub(r"[ ()-]", "", text)
    if re.fullmatch(r"\+?[0-9]+", digits):
        digits = digits.removeprefix("+")
        return Sender(digits, 1, 1) if len(digits) <= LONGEST_NUMBER else SenderFault.TOO_LONG
    if not _NAME.fullmatch(text):
        return SenderFault.CHARACTERS
    return Sender(text, 5, 0) if len(text) <= LONGEST_NAME else SenderFault.TOO_LONG
