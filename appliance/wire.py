"""The gate's socket, its whole vocabulary: a request and its reply, each one line of JSON.

    >>> encode(Look(ip="10.77.0.10"))
    b'{"request":"look","ip":"10.77.0.10"}'

The portal names a device by its IP address only; the gate finds the MAC address by itself (law 8). Must not know:
sockets, sessions, pages.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.errors import WireError
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    DeskRefused,
    EnterPasswordAtDesk,
    FindDevice,
    Found,
    ListVouchers,
    ListWorkstations,
    MadeVouchers,
    MakeVouchers,
    VoidVouchers,
    Vouchers,
    Workstations,
)
from appliance.wire_journal import Key, LookAtKey, NoteBackup, NoteLook, Signed, SignExtract
from appliance.wire_words import Ip as Ip
from appliance.wire_words import Language as Language
from appliance.wire_words import Mac as Mac
from appliance.wire_words import Phase as Phase
from appliance.wire_words import Text as Text

MAX_REQUEST_BYTES = 8192
"""The largest request, a person with names of a thousand letters, fits: those are answered by name. More is refused
unread."""
MAX_REPLY_BYTES = 16 * 1024 * 1024
"""A list of 60,000 live visits fits."""


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class Look(_Request, frozen=True, tag="look"):
    """What is the state of the device behind this address? → Status"""

    ip: Ip


class AskPassword(_Request, frozen=True, tag="ask_password"):
    """«Get password» (¶5) → Status or Refused"""

    ip: Ip
    number: Text
    """As the visitor typed it."""
    language: Language
    terms: Annotated[str, Meta(max_length=64)] = ""
    """SHA-256 (hex) of the terms text the visitor agreed to; "" = the venue has none."""


class EnterPassword(_Request, frozen=True, tag="enter_password"):
    """Password entered (¶7) → Status with ``Phase.ONLINE``, or Refused"""

    ip: Ip
    password: Text
    """As the visitor typed it."""


class ListVisits(_Request, frozen=True, tag="list_visits"):
    """All live visits → Visits (staff and administrators)"""


class LookAtSpending(_Request, frozen=True, tag="look_at_spending"):
    """What was spent on SMS, and what came of it → Spending (administrators only)"""


class ListSources(_Request, frozen=True, tag="list_sources"):
    """Which sources of presence tell anything → Sources (administrators only)"""


class EndVisit(_Request, frozen=True, tag="end_visit"):
    """End this device's visit now → Done or Refused (staff and administrators)"""

    mac: Mac
    staff: Text = ""
    """Who ends it, as they signed in; "": nobody said."""


class ChooseLanguage(_Request, frozen=True, tag="choose_language"):
    """The visitor's pages are to be in this language; kept by device → Status"""

    ip: Ip
    language: Language


class AskCode(_Request, frozen=True, tag="ask_code"):
    """“Ask at the desk”: a code by which staff find this device → Status with ``code``, or Refused"""

    ip: Ip


class Leave(_Request, frozen=True, tag="leave"):
    """The visitor's own button: end this device's visit now → Status with ``Ended.VISITOR``, or Refused"""

    ip: Ip


class RedeemVoucher(_Request, frozen=True, tag="redeem_voucher"):
    """A voucher entered → Status: online, or a stranger as before if a password by SMS is needed too; or Refused"""

    ip: Ip
    voucher: Text
    """As the visitor typed it."""
    terms: Annotated[str, Meta(max_length=64)] = ""
    """As in ``AskPassword``."""


Request = (
    Look
    | AskPassword
    | EnterPassword
    | ListVisits
    | LookAtSpending
    | ListSources
    | EndVisit
    | ChooseLanguage
    | AskCode
    | Leave
    | RedeemVoucher
    | NoteBackup
    | LookAtKey
    | SignExtract
    | NoteLook
    | FindDevice
    | ListWorkstations
    | AdmitByDocument
    | AskPasswordAtDesk
    | EnterPasswordAtDesk
    | MakeVouchers
    | ListVouchers
    | VoidVouchers
)


class Ended(StrEnum):
    """Why a visit ended, where its visitor may wonder: what was used up by the venue's terms, or who ended it."""

    TIME = "time"
    QUOTA = "quota"
    VISITOR = "visitor"
    """Left by the button."""
    STAFF = "staff"


class Trouble(StrEnum):
    """What keeps visitors from the Internet, the gravest first."""

    JOURNAL = "journal"
    """Nothing can be recorded: full or broken."""
    SMS = "sms"
    """No provider is bound."""
    UPLINK = "uplink"
    """No Internet behind the gate."""


class Delivery(StrEnum):
    """How far the SMS with the password has come."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why a request was refused: the program's side of a sentence that the portal says."""

    BAD_REQUEST = "bad_request"
    """No request of this vocabulary."""
    TOO_LARGE = "too_large"
    FORBIDDEN = "forbidden"
    """The peer's uid may not ask this."""
    BUSY = "busy"
    NOT_ON_LAN = "not_on_lan"
    """The address is not one of the visitors' network."""
    UNKNOWN_DEVICE = "unknown_device"
    """No MAC address is known behind the address."""
    NOT_A_NUMBER = "not_a_number"
    NOT_MOBILE = "not_mobile"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    TOO_SOON = "too_soon"
    """Wait ``retry_in_s`` before asking for another password."""
    NUMBER_LIMIT = "number_limit"
    """This number was sent enough passwords for now."""
    DEVICE_LIMIT = "device_limit"
    """This device asked for enough passwords for now."""
    VENUE_LIMIT = "venue_limit"
    """The venue, or its newcomers together, have used up their SMS for now."""
    PREFIX_LIMIT = "prefix_limit"
    """Too many passwords were sent to numbers that begin like this one, and not entered."""
    NOT_YOUR_TURN = "not_your_turn"
    """Many passwords are asked for and not entered; whoever asks again after ``retry_in_s`` is served."""
    BUDGET_SPENT = "budget_spent"
    """What the owner is ready to pay for SMS is spent, but for what is reserved for others."""
    ALREADY_ONLINE = "already_online"
    NO_PASSWORD_ASKED = "no_password_asked"
    PASSWORD_MALFORMED = "password_malformed"
    """Not six digits 0–9; does not count as a try."""
    PASSWORD_WRONG = "password_wrong"
    PASSWORD_EXPIRED = "password_expired"
    TOO_MANY_TRIES = "too_many_tries"
    """The password is void; a new one must be asked."""
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    """Nothing can be recorded now, so nobody is admitted."""
    NO_SUCH_VISIT = "no_such_visit"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    """The venue's terms are others, or none were agreed to."""
    SMS_UNAVAILABLE = "sms_unavailable"
    """No provider is bound: nothing was asked or counted."""
    VOUCHER_MALFORMED = "voucher_malformed"
    VOUCHER_UNKNOWN = "voucher_unknown"
    VOUCHER_USED = "voucher_used"
    VOUCHER_EXPIRED = "voucher_expired"
    """Too late, or the venue has declared its batch void."""
    TOO_MANY_VOUCHERS = "too_many_vouchers"
    """Too many that do not exist were tried; wait ``retry_in_s``."""


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


class Status(_Reply, frozen=True, tag="status"):
    """The state of one device; fields that do not apply to its phase are None."""

    phase: Phase
    number: str | None = None
    """The subscriber number: whole, E.164 (asked); with all but its ends hidden, for a person (online)."""
    delivery: Delivery | None = None
    tries_left: int | None = None
    expires_in_s: int | None = None
    """Whole seconds until the password is void."""
    resend_in_s: int | None = None
    """Whole seconds until another password may be asked; 0 = now."""
    online_for_s: int | None = None
    """Whole seconds since admission (online, away); how many a visit may last (stranger, ended by time)."""
    bytes_used: int | None = None
    """Of IP packets in both directions, as last counted, a few seconds ago at most (online, away); how many a visit may
    use (stranger, ended by quota)."""
    seconds_remaining: int | None = None
    """Whole seconds until the visit's time is up (online, away); None if it is unlimited."""
    bytes_remaining: int | None = None
    """What the visit may still use (online, away); None if it is unlimited."""
    ended: Ended | None = None
    """Why the device's visit ended a while ago, if that is worth a word (stranger)."""
    language: Language | None = None
    """What the visitor chose on this device; None: never chose."""
    code: str | None = None
    """The pairing code that staff type to find this device; None: not asked for, or no longer valid."""
    code_expires_in_s: int | None = None
    """Whole seconds; each look at the page makes it the full time again."""
    trouble: Trouble | None = None
    """What stops this visitor from logging in just now, if anything (not while online, except UPLINK)."""
    method: str | None = None
    """How the visit was authorised: "sms", "desk", "document", "voucher" (online, away)."""
    voucher: bool = False
    """The venue's visitors may also use a voucher."""


class Refused(_Reply, frozen=True, tag="refused"):
    """The request was not carried out; nothing was half done."""

    refusal: Refusal
    retry_in_s: int | None = None
    tries_left: int | None = None


class LiveVisit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of ``qaqpa visits``."""

    visit: str
    device: str
    number: str
    phase: Phase
    addresses: tuple[str, ...]
    began_utc_ms: int
    left_utc_ms: int | None
    up_bytes: int
    """From the device, as last counted."""
    down_bytes: int
    method: str = "sms"
    """How it was authorised: "sms", "desk", "document", "voucher". Only the first two have a number."""


class Visits(_Reply, frozen=True, tag="visits"):
    """All live visits, oldest first."""

    visits: tuple[LiveVisit, ...]
    troubles: tuple[Trouble, ...] = ()
    """What keeps visitors from the Internet just now."""


class Spending(_Reply, frozen=True, tag="spending"):
    """What was spent on SMS on the venue's day and in its month, and what came of the newest."""

    day_sms: int
    month_sms: int
    left: int
    """How many more may be sent today to numbers that logged in here before."""
    left_to_newcomers: int
    """How many more to others."""
    sent: int
    """In the last hours."""
    entered: int
    """In the same hours."""
    alarming: bool
    """Far fewer were entered than visitors enter."""
    waiting: tuple[str, ...]
    """Prefixes to which nothing is sent for now, since nobody enters it, the longest wait first; at most 10. "" means
    all numbers that never logged in here."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source of presence."""

    name: str
    live: bool
    why: str
    """What it watches; if it is not live, why not."""


class Sources(_Reply, frozen=True, tag="sources"):
    """All sources of presence."""

    sources: tuple[Source, ...]


class Done(_Reply, frozen=True, tag="done"):
    """Carried out."""


Reply = (
    Status
    | Refused
    | Visits
    | Spending
    | Sources
    | Done
    | Key
    | Signed
    | Found
    | Workstations
    | MadeVouchers
    | Vouchers
    | DeskRefused
)

_encoder = msgspec.json.Encoder()
_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_reply_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encode(message: Request | Reply) -> bytes:
    """The message as one line of JSON, without the newline that ends it on the socket."""
    return _encoder.encode(message)


def decode_request(line: bytes) -> Request:
    """
    Raises:
        WireError: no request of this vocabulary, or a field out of bounds.
    """
    try:
        return _request_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise WireError(f"not a request: {error}") from error


def decode_reply(line: bytes) -> Reply:
    """
    Raises:
        WireError: no reply of this vocabulary.
    """
    try:
        return _reply_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise WireError(f"not a reply: {error}") from error
