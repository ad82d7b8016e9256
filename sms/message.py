"""A text message, and what became of it.

Both travel between gate and sender as one line of JSON each. Must not know: sockets, PDUs, alphabets, what the text
is for.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sms.errors import LineRefused

MAX_LINE_BYTES = 4096
"""The longest line on the sender's socket, without its newline."""

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}\Z")]
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
    provider: str = ""
    """Whose SMSC took it; empty when none did."""
    parts: int = 0
    """How many SMS that SMSC counts."""
    delay_ms: int | None = None
    """DELIVERED: from the SMSC's word that it took it to the receipt."""


_encoder = msgspec.json.Encoder()
_message_decoder = msgspec.json.Decoder(Message)
_report_decoder = msgspec.json.Decoder(Report)


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
