"""A text in the alphabet of the air, GSM 03.38 when every character fits it and UCS2 otherwise, in parts if need be.

    >>> split("Құпия сөз: 123456")[0].coding, split("Password: 123456")[0].coding
    (<Coding.UCS2: 8>, <Coding.GSM: 0>)

Must not know: PDUs, how a provider wants the parts of a long text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sms.errors import TextRefused

MAX_PARTS = 6
"""No owner's text is worth more SMS than this."""


class Coding(IntEnum):
    """SMPP 3.4 §5.2.19 data_coding, as the standard numbers it; a provider may have other numbers."""

    GSM = 0
    """GSM 03.38, one septet an octet: what 0 means at nearly every SMSC."""
    UCS2 = 8
    """UTF-16, big end first."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text, or one part of it, without any header."""

    coding: Coding
    octets: bytes

    def __repr__(self) -> str:  # octets hold a password
        return f"Encoded({self.coding.name}, {len(self.octets)} octets)"

    @property
    def fits_one(self) -> bool:
        """Whether it is no longer than an SMS without a header."""
        return len(self.octets) <= (160 if self.coding is Coding.GSM else 140)


# GSM 03.38 §6.2.1: the position of a character is its septet. 0x1B is the escape and stands for no character.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_GSM: dict[str, bytes] = {
    **{character: bytes((septet,)) for septet, character in enumerate(_BASIC) if septet != _ESCAPE},
    **{character: bytes((_ESCAPE, septet)) for character, septet in _EXTENSION.items()},
}


def split(text: str) -> tuple[Encoded, ...]:
    """The text's parts, in order; no escape sequence or surrogate pair is cut.

    Raises:
        TextRefused: it needs more than ``MAX_PARTS`` parts, is empty, or holds half a surrogate pair.
    """
    coding, pieces = _cut(text)
    if not pieces:
        raise TextRefused("text empty", "the text is empty", 0)
    if len(pieces) > MAX_PARTS:
        problem = f"the text needs {len(pieces)} parts and {MAX_PARTS} is the limit; shorten it"
        raise TextRefused("text too long", problem, len(pieces))
    return tuple(Encoded(coding, piece) for piece in pieces)


def parts(text: str) -> int:
    """How many message parts the text takes.

    Raises:
        TextRefused: the text holds half a surrogate pair, which no alphabet can write.
    """
    return len(_cut(text)[1])


def _cut(text: str) -> tuple[Coding, list[bytes]]:
    """160 septets or 70 UTF-16 units in one part, 153 or 67 in each of several (3GPP TS 23.040 §9.2.3.24.1)."""
    coding, units = _units(text)
    single, several = (160, 153) if coding is Coding.GSM else (140, 134)
    if sum(map(len, units)) <= single:
        return coding, [b"".join(units)] if units else []
    pieces = [b""]
    for unit in units:
        if len(pieces[-1]) + len(unit) > several:
            pieces.append(b"")
        pieces[-1] += unit
    return coding, pieces


def _units(text: str) -> tuple[Coding, list[bytes]]:
    """Each character's octets, which stay together."""
    try:
        return Coding.GSM, [_GSM[character] for character in text]
    except KeyError:
        pass
    try:
        return Coding.UCS2, [character.encode("utf-16-be") for character in text]
    except UnicodeEncodeError as error:
        raise TextRefused("text malformed", "the text holds half a surrogate pair", 0) from error
