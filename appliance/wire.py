"""The gate's socket, its whole vocabulary: a request and its reply, each one line of JSON.

    >>> encode(Look(ip="10.77.0.10"))
    b'{"request":"look","ip":"10.77.0.10"}'

The portal names a device by its IP address only; the gate finds the MAC address by itself (law 8). Must not know:
sockets, sessions, pages.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.errors import WireError
from appliance.wire_console import (
    Block,
    Blocks,
    Figures,
    FindVisits,
    FoundVisits,
    ListBlocks,
    LookAtFigures,
    LookAtVenue,
    NoteStaff,
    NoteTestSms,
    Unblock,
    VenueNow,
)
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
from appliance.wire_staff import EndVisit as EndVisit
from appliance.wire_staff import ListSources as ListSources
from appliance.wire_staff import ListVisits as ListVisits
from appliance.wire_staff import LiveVisit as LiveVisit
from appliance.wire_staff import LookAtSpending as LookAtSpending
from appliance.wire_staff import Source as Source
from appliance.wire_staff import Sources as Sources
from appliance.wire_staff import Spending as Spending
from appliance.wire_staff import Visits as Visits
from appliance.wire_words import Delivery as Delivery
from appliance.wire_words import Ended as Ended
from appliance.wire_words import Ip as Ip
from appliance.wire_words import Language as Language
from appliance.wire_words import Mac as Mac
from appliance.wire_words import Phase as Phase
from appliance.wire_words import Refusal as Refusal
from appliance.wire_words import Text as Text
from appliance.wire_words import Trouble as Trouble

MAX_REQUEST_BYTES = 8192
"""The largest request, a person with names of a thousand letters, fits: those are answered by name. More is refused
unread."""
_LONGEST_TOLD = 200
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
    | LookAtVenue
    | FindVisits
    | Block
    | Unblock
    | ListBlocks
    | NoteStaff
    | NoteTestSms
    | LookAtFigures
)


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
    blocked_until_utc_ms: int | None = None
    """Until when staff keep this device out; None: until they lift it."""
    blocked: bool = False
    """Staff keep this device out (not while online)."""


class Refused(_Reply, frozen=True, tag="refused"):
    """The request was not carried out; nothing was half done."""

    refusal: Refusal
    retry_in_s: int | None = None
    tries_left: int | None = None


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
    | VenueNow
    | FoundVisits
    | Blocks
    | Figures
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
        # Hostile text: escaped and short in the log.
        raise WireError(f"not a request: {str(error)[:_LONGEST_TOLD]!r}") from error


def decode_reply(line: bytes) -> Reply:
    """
    Raises:
        WireError: no reply of this vocabulary.
    """
    try:
        return _reply_decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise WireError(f"not a reply: {error}") from error
