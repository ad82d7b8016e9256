"""The staff's half of the wire: admitting a visitor by identity document or told password, and vouchers.

    >>> FindDevice(staff="aigul", code="K7M Q4T").workstation
    ''

Every request names the employee, as they signed in. A device is named by the pairing code on the visitor's page or by a
workstation number, never by an address. Must not know: sockets, sessions, what the visitor's page says.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.wire_words import Language, Phase, Text

Typed = Annotated[str, Meta(max_length=1100)]
"""As staff typed it; longer than any name, so that what is too long is told by name."""


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor as an identity document shows them. ¶10 demands the first three; the rest is off unless configured."""

    surname: Typed
    given_name: Typed
    patronymic: Typed = ""
    """"": has none."""
    document_kind: Typed = ""
    document_number: Typed = ""
    iin: Typed = ""
    """Individual identification number: 12 digits."""
    birth_date: Typed = ""
    """ISO 8601."""


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    staff: Text


class _AboutDevice(_Request, frozen=True):
    code: Text = ""
    """The pairing code, as typed; with a workstation number beside it, the code names the device."""
    workstation: Text = ""
    """¶10's number of the owner's computer, as configured."""


class FindDevice(_AboutDevice, frozen=True, tag="find_device"):
    """Which device is it, and where does it stand? → Found or DeskRefused"""


class ListWorkstations(_Request, frozen=True, tag="list_workstations"):
    """The owner's computers, as configured, and who is at them → Workstations"""


class AdmitByDocument(_AboutDevice, frozen=True, tag="admit_by_document", kw_only=True):
    """¶10: let the device in for the person whose document was shown → Found, Refused or DeskRefused"""

    person: Person


class AskPasswordAtDesk(_AboutDevice, frozen=True, tag="ask_password_at_desk", kw_only=True):
    """Send a password to the number that the visitor names → Status, Refused or DeskRefused"""

    number: Text
    language: Language


class EnterPasswordAtDesk(_AboutDevice, frozen=True, tag="enter_password_at_desk", kw_only=True):
    """The password that the visitor read out (order No. 58 ¶7.2) → Status, Refused or DeskRefused"""

    password: Text


class MakeVouchers(_Request, frozen=True, tag="make_vouchers", kw_only=True):
    """A batch of vouchers → MadeVouchers or DeskRefused; their codes are told this once"""

    label: Text
    count: Annotated[int, Meta(ge=1, le=500)]
    max_s: Annotated[int, Meta(ge=0, le=2_592_000)] = 0
    """How long a visit with one lasts; 0 = as long as the device stays."""
    quota_mb: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    valid_days: Annotated[int, Meta(ge=1, le=1096)] = 90
    """How long they may be redeemed."""


class ListVouchers(_Request, frozen=True, tag="list_vouchers"):
    """All batches → Vouchers"""


class VoidVouchers(_Request, frozen=True, tag="void_vouchers", kw_only=True):
    """Nobody may redeem this batch any more → Done or DeskRefused"""

    batch: Text


DeskRequest = (
    FindDevice
    | ListWorkstations
    | AdmitByDocument
    | AskPasswordAtDesk
    | EnterPasswordAtDesk
    | MakeVouchers
    | ListVouchers
    | VoidVouchers
)


class DeskRefusal(StrEnum):
    """Why the desk's request was not carried out; what visitors are refused too is said by ``wire.Refusal``."""

    STAFF_UNNAMED = "staff_unnamed"
    """Nobody would be recorded as having done it."""
    DEVICE_UNNAMED = "device_unnamed"
    """Neither code nor workstation."""
    CODE_MALFORMED = "code_malformed"
    CODE_UNKNOWN = "code_unknown"
    """No page shows it, or not for a quarter of an hour."""
    TOO_MANY_CODES = "too_many_codes"
    """Too many wrong ones; wait ``retry_in_s``."""
    WORKSTATION_UNKNOWN = "workstation_unknown"
    NOBODY_THERE = "nobody_there"
    """The workstation, or the device of the code, is not on the network."""
    SEVERAL_THERE = "several_there"
    """More than one device is behind the workstation's port."""
    NAME_MISSING = "name_missing"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    """Something else than letters, blanks, hyphens and apostrophes; elsewhere also digits."""
    FIELD_OFF = "field_off"
    """The venue's configuration does not ask for this."""
    DATE_IMPOSSIBLE = "date_impossible"
    NO_SUCH_BATCH = "no_such_batch"
    TOO_MANY_VOUCHERS_OUT = "too_many_vouchers_out"


class Doubt(StrEnum):
    """What staff should look at once more; it keeps nobody out."""

    LATIN_NAME = "latin_name"
    """The document's own spelling is in Cyrillic."""
    IIN_MALFORMED = "iin_malformed"
    IIN_CHECKSUM = "iin_checksum"
    IIN_DATE = "iin_date"
    """Its first six digits are no date."""
    IIN_CENTURY = "iin_century"
    """Its seventh digit names no century and sex."""
    IIN_OTHER_BIRTH_DATE = "iin_other_birth_date"


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


class Found(_Reply, frozen=True, tag="found"):
    """A device, and where it stands."""

    device: str
    phase: Phase
    number: str | None = None
    """Asked: where the password went."""
    tries_left: int | None = None
    expires_in_s: int | None = None
    method: str | None = None
    """Online, away: how it was authorised."""
    doubts: tuple[Doubt, ...] = ()


class Workstation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the owner's computers."""

    number: str
    device: str | None
    """None: nobody is there, or it cannot be told who."""
    phase: Phase | None


class Workstations(_Reply, frozen=True, tag="workstations"):
    """All of them, as configured."""

    workstations: tuple[Workstation, ...]


class MadeVouchers(_Reply, frozen=True, tag="made_vouchers"):
    """A new batch. Only keyed hashes of the codes are kept: they are told here and never again."""

    batch: str
    codes: tuple[str, ...]


class VoucherBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One batch of vouchers."""

    batch: str
    label: str
    count: int
    used: int
    max_s: int
    quota_bytes: int
    expires_utc_ms: int
    void: bool


class Vouchers(_Reply, frozen=True, tag="vouchers"):
    """All batches, the oldest first."""

    batches: tuple[VoucherBatch, ...]


class DeskRefused(_Reply, frozen=True, tag="desk_refused"):
    """The request was not carried out; nothing was half done."""

    why: DeskRefusal
    field: str = ""
    """Which field of the person it is about."""
    retry_in_s: int | None = None
