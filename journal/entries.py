"""The vocabulary of the journal: every kind of entry that can be recorded, and nothing else.

    >>> encode(VisitEnded(visit="v1", device="02:00:00:00:00:01", left_utc_ms=0, proof="port"))
    b'{"kind":"visit_ended","visit":"v1","device":"02:00:00:00:00:01","left_utc_ms":0,"proof":"port"}'

An entry is a fact about a device, said in primitive values so that a reader in ten years needs no code of ours.
Must not know: SQL, clocks, what a visit means to the appliance.
"""

from __future__ import annotations

import msgspec


class Stamp(msgspec.Struct, frozen=True):
    """When an entry was recorded, on both clocks: a router has no battery clock, so UTC alone may lie."""

    utc_ms: int
    """Milliseconds since 1970-01-01T00:00:00Z as the system clock said."""
    boot_id: str
    """/proc/sys/kernel/random/boot_id: which boot ``boot_ms`` counts from."""
    boot_ms: int
    """Milliseconds since boot (CLOCK_BOOTTIME), which no clock setting moves."""


class _Entry(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=False, forbid_unknown_fields=True):
    pass


class GateStarted(_Entry, frozen=True, tag="gate_started"):
    """The gate began to serve; ``online`` visits went on from before, ``ended`` ones could not."""

    version: str
    online: int
    ended: int


class GateStopped(_Entry, frozen=True, tag="gate_stopped"):
    """The gate was stopped in an orderly way."""

    online: int


class PasswordAsked(_Entry, frozen=True, tag="password_asked"):
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


class PasswordSent(_Entry, frozen=True, tag="password_sent"):
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


class PasswordDelivered(_Entry, frozen=True, tag="password_delivered"):
    """The SMSC's receipt says that the phone has the SMS."""

    device: str
    number: str
    message: str
    delay_ms: int | None = None
    """Since the SMSC took it."""


class PasswordUndelivered(_Entry, frozen=True, tag="password_undelivered"):
    """The SMS will not arrive: refused, expired or undeliverable."""

    device: str
    number: str
    message: str
    reason: str


class PasswordWrong(_Entry, frozen=True, tag="password_wrong"):
    """A wrong password was entered and refused."""

    device: str
    number: str
    tries_left: int
    staff: str = ""
    """The employee to whom the visitor read it; "": the visitor entered it."""


class VisitBegan(_Entry, frozen=True, tag="visit_began"):
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


class VisitAway(_Entry, frozen=True, tag="visit_away"):
    """The device left and the gate is closed for it; within the grace it may still return."""

    visit: str
    device: str
    left_utc_ms: int
    proof: str
    """Which source said so, for example ``port``."""


class VisitResumed(_Entry, frozen=True, tag="visit_resumed"):
    """The device returned within the grace; recorded before the gate opens again."""

    visit: str
    device: str
    addresses: tuple[str, ...]
    proof: str


class VisitMoved(_Entry, frozen=True, tag="visit_moved"):
    """The device has these addresses now: DHCP gave another, or it took one more of IPv6 (RFC 8981)."""

    visit: str
    device: str
    addresses: tuple[str, ...]


class AddressClaimed(_Entry, frozen=True, tag="address_claimed"):
    """Another device claims an address of a running visit. The visit keeps it, or loses it and nobody has it."""

    visit: str
    device: str
    address: str
    by: str
    """The MAC address of the claimant."""
    kept: bool
    """True: the kernel binds it to the device's own MAC address and a claim changes nothing. False: it was closed."""


class VisitEnded(_Entry, frozen=True, tag="visit_ended"):
    """The visit is over; its password is void (¶8). ``left_utc_ms`` is when the device left, not when we noticed."""

    visit: str
    device: str
    left_utc_ms: int
    proof: str
    staff: str = ""
    """The employee who ended it; "": nobody did, or did not say who."""


class VisitUsed(_Entry, frozen=True, tag="visit_used"):
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


class Sealed(_Entry, frozen=True, tag="sealed"):
    """A checkpoint: the appliance's key vouches for the entry before this one, and so for all before that."""

    seq: int
    """The number of the entry before."""
    head: str
    """Its digest, 64 hexadecimal digits."""
    public: str
    """The key's public half, 64 hexadecimal digits."""
    signature: str
    """See ``journal.checkpoints``; 128 hexadecimal digits."""


class ClockSet(_Entry, frozen=True, tag="clock_set"):
    """What is known of the system's clock from here on; entries of the same boot before it are corrected by it."""

    before_utc_ms: int
    """What the clock would say now, had nobody set it."""
    after_utc_ms: int
    """What it says now."""
    boot_id: str
    boot_ms: int
    trusted: bool
    """Whether the kernel says that it is synchronised with a time server."""
    reason: str
    """``start`` (a gate began and it is not trusted), ``jump``, ``trusted`` (it became so) or ``lost``."""


class RetentionRan(_Entry, frozen=True, tag="retention_ran"):
    """From now on what entries up to ``last`` say of persons may be missing: they are older than the period."""

    days: int
    before_utc_ms: int
    last: int


class JournalBegan(_Entry, frozen=True, tag="journal_began"):
    """This file does not go on where the one before stopped: it was damaged, cut short or put back from a back-up."""

    previous: str
    """The name under which the file before was set aside; empty: it is this one."""
    seq: int
    """The last entry before that a checkpoint sealed; 0: none is known."""
    head: str
    """Its digest, 64 hexadecimal digits; empty: none is known."""
    why: str


class BackupMade(_Entry, frozen=True, tag="backup_made"):
    """A copy of the journal was written."""

    file: str
    entries: int
    head: str
    by: str
    """Who asked for it."""


class VisitorIdentified(_Entry, frozen=True, tag="visitor_identified"):
    """¶10: whom an identity document showed at the desk. Recorded with the beginning of the visit that it is about.
    What the venue does not ask for, and what the visitor has not, is empty."""

    visit: str
    device: str
    surname: str
    given_name: str
    patronymic: str
    document_kind: str
    document_number: str
    iin: str
    birth_date: str
    """ISO 8601."""
    workstation: str
    """Number of the owner's computer on which the visitor works; "": on a device of their own."""
    staff: str


class ExtractMade(_Entry, frozen=True, tag="extract_made"):
    """Visits of a period were written to a file that leaves the box; recorded before the gate signs its manifest."""

    by: str
    why: str
    since_utc_ms: int | None
    """None: from the journal's beginning."""
    until_utc_ms: int | None
    """None: to its end."""
    manifest: str
    """SHA-256 of the manifest, 64 hexadecimal digits: by it this entry and the extract find each other."""


class IdentifierShown(_Entry, frozen=True, tag="identifier_shown"):
    """Somebody looked at whole numbers and names where lists mask them."""

    by: str
    what: str
    """Which list, with its filter."""


class VouchersMade(_Entry, frozen=True, tag="vouchers_made"):
    """A batch of vouchers was made. Their codes are never in the journal."""

    batch: str
    label: str
    count: int
    max_s: int
    """How long a visit with one may last; 0: without limit."""
    quota_bytes: int
    expires_utc_ms: int
    staff: str


class VoucherRedeemed(_Entry, frozen=True, tag="voucher_redeemed"):
    """A voucher was used up for this visit; recorded with its beginning."""

    batch: str
    device: str
    visit: str


class VouchersVoided(_Entry, frozen=True, tag="vouchers_voided"):
    """A batch may not be redeemed any more; ``unused`` had not been."""

    batch: str
    unused: int
    staff: str


class DeskFailed(_Entry, frozen=True, tag="desk_failed"):
    """Somebody tries pairing codes or vouchers that do not exist, and must wait; told once until the wait is over."""

    what: str
    """``code`` or ``voucher``."""
    staff: str
    """Who typed codes; "": visitors."""
    device: str
    """Who typed vouchers; "": staff did, or many devices together."""
    tries: int


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
    | VisitorIdentified
    | ExtractMade
    | IdentifierShown
    | VouchersMade
    | VoucherRedeemed
    | VouchersVoided
    | DeskFailed
)

NEVER_EXPIRE = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (GateStarted, GateStopped, Sealed, ClockSet, RetentionRan, JournalBegan, BackupMade, ExtractMade)
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
