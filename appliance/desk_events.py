"""What can happen at the venue's desk: the staff's part of ``appliance.events``, and what a voucher brings about.

Must not know: where an event came from, what follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from appliance.wire_desk import Doubt, Person

if TYPE_CHECKING:
    from appliance.events import Moment


class _Event(msgspec.Struct, frozen=True):
    at: Moment


class DocumentShown(_Event, frozen=True):
    """¶10: an identity document was shown to ``staff``, who typed it; judged good.

    ``port``: as in ``PasswordEntered``. ``workstation``: the owner's computer, "" for a device of the visitor's own.
    """

    device: str
    addresses: tuple[str, ...]
    visit: str
    port: str | None
    person: Person
    doubts: tuple[Doubt, ...]
    workstation: str
    staff: str


class DeviceLooked(_Event, frozen=True):
    """Staff wants to know where a device stands."""

    device: str


class CodeWrong(_Event, frozen=True):
    """Staff typed a pairing code that no page shows."""

    staff: str


class VouchersAsked(_Event, frozen=True):
    """Staff makes a batch; ``codes`` are random, ``digests`` their keyed hashes in the same order."""

    batch: str
    label: str
    codes: tuple[str, ...]
    digests: tuple[str, ...]
    max_s: int
    quota_bytes: int
    valid_ms: int
    staff: str


class VouchersVoidAsked(_Event, frozen=True):
    """Staff declares a batch void."""

    batch: str
    staff: str


class VouchersLooked(_Event, frozen=True):
    """Staff wants to see all batches."""


class VoucherEntered(_Event, frozen=True):
    """A visitor entered a well-formed voucher; ``terms`` as in ``PasswordAsked``, the rest as in
    ``PasswordEntered``."""

    device: str
    addresses: tuple[str, ...]
    digest: str
    visit: str
    port: str | None
    terms: str


DeskEvent = DocumentShown | DeviceLooked | CodeWrong | VouchersAsked | VouchersVoidAsked | VouchersLooked
