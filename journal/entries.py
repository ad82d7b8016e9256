"""The vocabulary of the journal: every kind of entry that can be recorded, and nothing else.

    >>> encode(VisitEnded(visit="v1", device="02:00:00:00:00:01", left_utc_ms=0, proof="port"))
    b'{"kind":"visit_ended","visit":"v1","device":"02:00:00:00:00:01","left_utc_ms":0,"proof":"port"}'

An entry is a fact about a device, said in primitive values so that a reader in ten years needs no code of ours.
Must not know: SQL, clocks, what a visit means to the appliance.
"""

from __future__ import annotations

import msgspec

from journal.book_entries import BackupMade as BackupMade
from journal.book_entries import ClockSet as ClockSet
from journal.book_entries import ConfigurationChanged as ConfigurationChanged
from journal.book_entries import ExtractMade as ExtractMade
from journal.book_entries import IdentifierShown as IdentifierShown
from journal.book_entries import JournalBegan as JournalBegan
from journal.book_entries import RetentionRan as RetentionRan
from journal.book_entries import Sealed as Sealed
from journal.desk_entries import DeskFailed as DeskFailed
from journal.desk_entries import VisitorIdentified as VisitorIdentified
from journal.desk_entries import VoucherRedeemed as VoucherRedeemed
from journal.desk_entries import VouchersMade as VouchersMade
from journal.desk_entries import VouchersVoided as VouchersVoided
from journal.entry import Kind
from journal.entry import Stamp as Stamp
from journal.staff_entries import Blocked as Blocked
from journal.staff_entries import StaffActed as StaffActed
from journal.staff_entries import Unblocked as Unblocked


class GateStarted(Kind, frozen=True, tag="gate_started"):
    """The gate began to serve; ``online`` visits went on from before, ``ended`` ones could not."""

    version: str
    online: int
    ended: int


class GateStopped(Kind, frozen=True, tag="gate_stopped"):
    """The gate was stopped in an orderly way."""

    online: int


class PasswordAsked(Kind, frozen=True, tag="password_asked"):
    """A visitor asked for a one-time password (¶5). The password itself is never in the journal."""

    device: str
    number: str
    """E.164, for example ``+77011234567``."""
    message: str
    """Our identifier of the SMS; later entries about the same SMS carry it too."""
    terms: str = ""
    """SHA-256 (hex) of the venue's terms as the visitor agreed to them; "": the venue had none."""
    language: str = ""
    """In which language the visitor asked (ISO 639-1); "": an earlier version did not say."""
    staff: str = ""
    """The employee who asked for a visitor at the desk; "": the visitor did."""


class PasswordSent(Kind, frozen=True, tag="password_sent"):
    """An SMSC took the SMS (¶6)."""

    device: str
    number: str
    message: str
    smsc_message: str
    """The SMSC's own identifier."""
    provider: str = ""
    """What the owner calls the SMSC's operator."""
    parts: int = 0
    """How many SMS the text took; each is paid."""


class PasswordDelivered(Kind, frozen=True, tag="password_delivered"):
    """The SMSC's receipt says that the phone has the SMS."""

    device: str
    number: str
    message: str
    delay_ms: int | None = None
    """Since the SMSC took it."""


class PasswordUndelivered(Kind, frozen=True, tag="password_undelivered"):
    """The SMS will not arrive: refused, expired or undeliverable."""

    device: str
    number: str
    message: str
    reason: str


class PasswordWrong(Kind, frozen=True, tag="password_wrong"):
    """A wrong password was entered and refused."""

    device: str
    number: str
    tries_left: int
    staff: str = ""
    """The employee to whom the visitor read it; "": the visitor entered it."""


class VisitBegan(Kind, frozen=True, tag="visit_began"):
    """The visitor was authorised (¶7, ¶10); recorded before the gate opens."""

    visit: str
    device: str
    addresses: tuple[str, ...]
    number: str
    method: str
    """How the visitor was authorised: ``sms``, ``desk`` (the password told to staff), ``document`` (¶10),
    ``voucher``."""
    staff: str = ""
    """The employee who confirmed it; "": nobody had to."""


class VisitAway(Kind, frozen=True, tag="visit_away"):
    """The device left and the gate is closed for it; within the grace it may still return."""

    visit: str
    device: str
    left_utc_ms: int
    proof: str
    """Which source said so, for example ``port``."""


class VisitResumed(Kind, frozen=True, tag="visit_resumed"):
    """The device returned within the grace; recorded before the gate opens again."""

    visit: str
    device: str
    addresses: tuple[str, ...]
    proof: str


class VisitMoved(Kind, frozen=True, tag="visit_moved"):
    """The device has these addresses now: DHCP gave another, or it took one more of IPv6 (RFC 8981)."""

    visit: str
    device: str
    addresses: tuple[str, ...]


class AddressClaimed(Kind, frozen=True, tag="address_claimed"):
    """Another device claims an address of a running visit. The visit keeps it, or loses it and nobody has it."""

    visit: str
    device: str
    address: str
    by: str
    """The MAC address of the claimant."""
    kept: bool
    """True: the kernel binds it to the device's own MAC address and a claim changes nothing. False: it was closed."""


class VisitEnded(Kind, frozen=True, tag="visit_ended"):
    """The visit is over; its password is void (¶8). ``left_utc_ms`` is when the device left, not when we noticed."""

    visit: str
    device: str
    left_utc_ms: int
    proof: str
    staff: str = ""
    """The employee who ended it; "": nobody did, or did not say who."""


class VisitUsed(Kind, frozen=True, tag="visit_used"):
    """What passed of the device since it was let in, recorded once, when the gate is closed for it or for one of its
    addresses; all such entries of a visit together are what it used. IP packets, and their bytes with headers."""

    visit: str
    device: str
    up_packets: int | None
    """From the device. None: nothing is known."""
    up_bytes: int | None
    down_packets: int | None
    """To the device."""
    down_bytes: int | None
    complete: bool
    """False: the kernel lost its counters (a power cut, a gate dead for long); it was at least what is told here."""


Entry = (
    GateStarted
    | GateStopped
    | PasswordAsked
    | PasswordSent
    | PasswordDelivered
    | PasswordUndelivered
    | PasswordWrong
    | VisitBegan
    | VisitAway
    | VisitResumed
    | VisitMoved
    | AddressClaimed
    | VisitEnded
    | VisitUsed
    | Sealed
    | ClockSet
    | RetentionRan
    | JournalBegan
    | BackupMade
    | ConfigurationChanged
    | VisitorIdentified
    | ExtractMade
    | IdentifierShown
    | VouchersMade
    | VoucherRedeemed
    | VouchersVoided
    | DeskFailed
    | StaffActed
    | Blocked
    | Unblocked
)

NEVER_EXPIRE = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (
        GateStarted,
        GateStopped,
        Sealed,
        ClockSet,
        RetentionRan,
        JournalBegan,
        BackupMade,
        ConfigurationChanged,
        ExtractMade,
    )
)
"""Kinds that say nothing of a visitor, and without which the others prove less. Everything else expires."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """The entry as JSON with its fields in declared order: the bytes the chain's digest covers."""
    return _encoder.encode(entry)


def decode(body: bytes | str) -> Entry:
    """The entry that ``encode`` wrote.

    Raises:
        msgspec.ValidationError, msgspec.DecodeError: ``body`` is no entry of this vocabulary.
    """
    return _decoder.decode(body)
