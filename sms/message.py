"""A text message, what became of it, and the alphabet it is written in.

    >>> encode_text("Құпия сөз: 123456").coding, encode_text("Password: 123456").coding
    (<Coding.UCS2: 8>, <Coding.GSM: 0>)

Both travel between gate and sender as one line of JSON each. Must not know: sockets, PDUs, what the text is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sms.errors import LineRefused, TextRefused

MAX_LINE_BYTES = 4096
"""The longest line on the sender's socket, without its newline."""

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$")]
UtcMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class State(StrEnum):
    """How far a message has come."""

    SENT = "sent"
    """The SMSC took it."""
    DELIVERED = "delivered"
    """The SMSC's receipt says that the phone has it."""
    FAILED = "failed"
    """It will not arrive; the report's ``reason`` says why."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message to be sent; ``id`` is ours, and the same id is never sent twice."""

    id: Id
    to: Number
    """E.164, for example ``+77011234567``."""
    text: Annotated[str, Meta(min_length=1, max_length=1000)]
    expires_utc_ms: UtcMs
    """Milliseconds since 1970-01-01T00:00:00Z; at this time it is worthless and no longer sent."""

    def __repr__(self) -> str:  # a stray log line or traceback must show neither text nor number
        return f"Message(id={self.id!r}, to={mask(self.to)!r})"


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of the message ``id``."""

    id: Id
    state: State
    smsc_id: str = ""
    """The SMSC's own identifier, as it wrote it."""
    reason: str = ""
    """The program's code for a failure, for example ``expired`` or ``0x0b invalid destination``."""


class Coding(IntEnum):
    """SMPP 3.4 §5.2.19 data_coding."""

    GSM = 0
    """GSM 03.38, one septet an octet: what 0 means at nearly every SMSC."""
    UCS2 = 8
    """UTF-16, big end first."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as one short_message."""

    coding: Coding
    octets: bytes


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

_encoder = msgspec.json.Encoder()
_message_decoder = msgspec.json.Decoder(Message)
_report_decoder = msgspec.json.Decoder(Report)


def encode_text(text: str) -> Encoded:
    """The text as one part: GSM 03.38 when every character fits it, UCS2 otherwise.

    Raises:
        TextRefused: it needs more than one part, is empty, or holds half a surrogate pair.
    """
    needed = parts(text)
    if needed != 1:
        problem = f"the text needs {needed} parts and one is the limit; shorten it" if needed else "the text is empty"
        raise TextRefused("text too long" if needed else "text empty", problem, needed)
    units = _units(text)
    if units is not None:
        return Encoded(Coding.GSM, b"".join(units))
    return Encoded(Coding.UCS2, text.encode("utf-16-be"))


def parts(text: str) -> int:
    """How many message parts the text takes: 160 septets or 70 UTF-16 units in one, 153 or 67 in each of several
    (3GPP TS 23.040 §9.2.3.24.1); no escape sequence or surrogate pair is split.

    Raises:
        TextRefused: the text holds half a surrogate pair, which no alphabet can write.
    """
    gsm = _units(text)
    try:
        sizes = [len(unit) for unit in gsm] if gsm is not None else [len(c.encode("utf-16-be")) // 2 for c in text]
    except UnicodeEncodeError as error:
        raise TextRefused("text malformed", "the text holds half a surrogate pair", 0) from error
    single, several = (160, 153) if gsm is not None else (70, 67)
    total = sum(sizes)
    if total <= single:
        return 1 if total else 0
    count, room = 1, several
    for size in sizes:
        if size > room:
            count, room = count + 1, several
        room -= size
    return count


def encode(item: Message | Report) -> bytes:
    """The item as one line of JSON, without its newline."""
    return _encoder.encode(item)


def decode_message(line: bytes) -> Message:
    """The message that ``encode`` wrote.

    Raises:
        LineRefused: no message, or a field out of bounds. Does not quote the line: it may hold a password.
    """
    try:
        return _message_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise LineRefused(f"no message: {type(error).__name__}") from None


def decode_report(line: bytes) -> Report:
    """The report that ``encode`` wrote.

    Raises:
        LineRefused: no report.
    """
    try:
        return _report_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise LineRefused(f"no report: {type(error).__name__}") from None


def mask(number: str) -> str:
    """The number as it may be logged: its last two digits."""
    return f"…{number[-2:]}"


def _units(text: str) -> list[bytes] | None:
    """Each character in GSM 03.38, or None when one is not in it."""
    units = []
    for character in text:
        unit = _GSM.get(character)
        if unit is None:
            return None
        units.append(unit)
    return units
