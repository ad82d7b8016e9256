"""The words that both halves of the wire are made of: ``appliance.wire``, and ``appliance.wire_desk`` for staff.

Must not know: requests, replies.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

# Bounds are on the wire types themselves: nothing longer ever reaches the core.
Ip = Annotated[str, Meta(min_length=2, max_length=45)]
Text = Annotated[str, Meta(max_length=64)]
Mac = Annotated[str, Meta(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")]


class Language(StrEnum):
    """The languages of pages and messages (ISO 639-1)."""

    KAZAKH = "kk"
    RUSSIAN = "ru"
    ENGLISH = "en"


class Phase(StrEnum):
    """Where a device stands."""

    STRANGER = "stranger"
    """Nothing asked yet."""
    ASKED = "asked"
    """A password is on its way or waits to be entered."""
    ONLINE = "online"
    AWAY = "away"
    """It left and may still return within the grace."""


class Ended(StrEnum):
    """Why a visit ended, where its visitor may wonder: what was used up by the venue's terms, or who ended it."""

    TIME = "time"
    QUOTA = "quota"
    VISITOR = "visitor"
    """Left by the button."""
    STAFF = "staff"
    BLOCKED = "blocked"
    """By staff, and this device or number is not admitted for now."""


class Trouble(StrEnum):
    """What keeps visitors from the Internet, the gravest first."""

    CLOSED = "closed"
    """The owner has the venue closed to whoever is new."""
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
    """Too many were tried that do not exist, or exchanged for others; wait ``retry_in_s``."""
    BLOCKED = "blocked"
    """Staff keep this device or number out, for ``retry_in_s`` or until they lift it."""
    VENUE_CLOSED = "venue_closed"
    """The owner admits nobody just now."""
    NO_SUCH_BLOCK = "no_such_block"
    TOO_MANY_BLOCKS = "too_many_blocks"
