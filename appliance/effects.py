"""What the session wants done; ``appliance.performer`` performs it, in the order that law 2 demands.

Must not know: how any of it is done.
"""

from __future__ import annotations

import msgspec

from appliance import wire
from appliance.events import Stretch
from appliance.wire import Language
from journal.entries import Entry


class Record(msgspec.Struct, frozen=True):
    """Write this into the journal before anything opens."""

    entry: Entry


class Keep(msgspec.Struct, frozen=True):
    """Save (or, with None, forget) a piece of the session's state together with the entries that explain it."""

    key: str
    value: bytes | None


class Admit(msgspec.Struct, frozen=True):
    """Open the gate for the device, after the record is durable."""

    device: str
    addresses: tuple[str, ...]


class Revoke(msgspec.Struct, frozen=True):
    """Close the gate for the device, before anything is recorded."""

    device: str
    addresses: tuple[str, ...]
    stretch: Stretch | None
    """What ends with it and is to be counted; None: it was closed before."""


class SendPassword(msgspec.Struct, frozen=True):
    """Hand the SMS with the device's password to the SMS process; it is worth nothing after ``expires_utc_ms``. The
    same again is the same SMS: the password follows from device and message, and a message's name is taken once."""

    device: str
    message: str
    number: str
    language: Language
    expires_utc_ms: int


class Answer(msgspec.Struct, frozen=True):
    """The reply to the request that this event was."""

    reply: wire.Reply


Effect = Record | Keep | Admit | Revoke | SendPassword | Answer
