"""What the console asks the gate about the whole venue, and what it has it do; a part of ``wire``.

Must not know: sockets, sessions, pages.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.wire_journal import Instant, Reason
from appliance.wire_staff import LiveVisit
from appliance.wire_words import Text, Trouble


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class LookAtVenue(_Request, frozen=True, tag="look_at_venue"):
    """How many are here just now, and what is in the way → VenueNow (staff and administrators)"""


class VisitSort(StrEnum):
    """By what live visits are put in order."""

    BEGAN = "began"
    NUMBER = "number"
    DEVICE = "device"
    USED = "used"
    """Bytes in both directions."""


class FindVisits(_Request, frozen=True, tag="find_visits"):
    """Some of the live visits → FoundVisits (staff and administrators)"""

    query: Text = ""
    """A whole number, hexadecimal digits of a MAC address, an address; "": all."""
    sort: VisitSort = VisitSort.BEGAN
    descending: bool = True
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    by_part: bool = False
    """A part of a number will do: only for whoever sees numbers whole, and has that recorded."""


class Block(_Request, frozen=True, tag="block"):
    """Nobody with this device, or with this number, is admitted until then; a visit ends now → Done or Refused
    (BAD_REQUEST: neither or both are named, or the end is past or too far; staff and administrators)"""

    staff: Text
    why: Reason
    device: Text = ""
    """A MAC address; either this or a number."""
    number: Text = ""
    """As typed."""
    until_utc_ms: Instant | None = None
    """None: until it is lifted; five years at most, in any case."""


class Unblock(_Request, frozen=True, tag="unblock"):
    """Lift a block → Done or Refused (NO_SUCH_BLOCK) (staff and administrators)"""

    staff: Text
    block: Text


class ListBlocks(_Request, frozen=True, tag="list_blocks"):
    """All blocks that hold → Blocks (staff and administrators)"""


class StaffAct(StrEnum):
    """What a member of staff did, or failed to do, at the console."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    CLAIMED = "claimed"
    """The box was new and is theirs now."""
    ACCOUNT_MADE = "account_made"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_REMOVED = "account_removed"
    PASSWORD_CHANGED = "password_changed"
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SESSION_ENDED = "session_ended"
    """Somebody's session, by another or from another device."""
    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_USED = "token_used"
    """A program asked for a change; ``staff`` is the token's label, ``detail`` says which."""
    SETTINGS_APPLIED = "settings_applied"
    SETTINGS_KEPT = "settings_kept"
    SETTINGS_UNDONE = "settings_undone"
    SECRET_SAVED = "secret_saved"
    SHELL_OPENED = "shell_opened"
    """Somebody at the box's own screen and keyboard began a root shell; nobody is signed in there."""
    SMS_TESTED = "sms_tested"
    """A test SMS was sent; ``detail`` is the number."""
    HEALTH_ASKED = "health_asked"
    """The box tried itself, as after an update; ``detail`` is the version."""
    UPDATE_BEGUN = "update_begun"
    """A version is being installed; ``detail`` says which, and from where."""
    RESTARTED = "restarted"
    """The whole box."""
    STICK_WRITTEN = "stick_written"
    """A back-up was asked for on a USB stick."""
    FACTORY_RESET = "factory_reset"
    """Everything is to be forgotten at the next start."""
    RESET_WITHDRAWN = "reset_withdrawn"
    """Not after all."""
    LOOKED = "looked"
    """An inspector opened a page; ``detail`` says which."""


class NoteStaff(_Request, frozen=True, tag="note_staff"):
    """A member of staff did this: record it → Done or Refused (staff and administrators)"""

    staff: Text
    act: StaffAct
    role: Text = ""
    detail: Annotated[str, Meta(max_length=200)] = ""
    """Whom or what it concerns, and from where; no secret."""


class NoteTestSms(_Request, frozen=True, tag="note_test_sms"):
    """A test SMS is about to be sent: record it, and take it from the budget → Done or Refused (BUDGET_SPENT: it must
    not be sent; staff and administrators)"""

    staff: Text
    number: Text
    """In E.164."""


class LookAtFigures(_Request, frozen=True, tag="look_at_figures"):
    """What the gate counted since it started → Figures (staff and administrators)"""


ConsoleRequest = LookAtVenue | FindVisits | Block | Unblock | ListBlocks | NoteStaff | NoteTestSms | LookAtFigures


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


class VenueNow(_Reply, frozen=True, tag="venue_now"):
    """The venue as the gate sees it."""

    online: int
    away: int
    asked: int
    """A password is on its way or waits to be entered."""
    troubles: tuple[Trouble, ...] = ()
    """What keeps visitors from the Internet just now."""
    is_open: bool = True
    """False: the owner has it closed (``venue.open``)."""
    started_utc_ms: int = 0
    """When the gate began to serve."""


class FoundVisits(_Reply, frozen=True, tag="found_visits"):
    """Live visits in the order asked for."""

    total: int
    """How many match, wherever the page begins."""
    visits: tuple[LiveVisit, ...] = ()


class HeldBlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device or number that is kept out."""

    block: str
    """Its name, for ``Unblock``."""
    device: str
    number: str
    why: str
    staff: str
    since_utc_ms: int
    until_utc_ms: int | None


class Blocks(_Reply, frozen=True, tag="blocks"):
    """All that hold, the newest first."""

    blocks: tuple[HeldBlock, ...] = ()


class Histogram(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Spans of time by size."""

    bounds_s: tuple[float, ...]
    """Upper bounds, each included."""
    counts: tuple[int, ...]
    """How many were no longer than that and longer than the bound before; one more for those beyond all."""
    sum_s: float


class Figures(_Reply, frozen=True, tag="figures"):
    """What the gate counted since it started, each name → how often."""

    since_utc_ms: int
    entries: dict[str, int]
    """Journal entries by kind, without those that the journal makes about itself."""
    admissions: dict[str, int]
    """By method: sms, desk, document, voucher."""
    leaves: dict[str, int]
    """Ended visits by proof."""
    sms: dict[str, dict[str, int]]
    """By provider ("": not known), then by state: sent, delivered, failed."""
    wire: dict[str, Histogram]
    """How long answers took, by kind of request."""
    sets: dict[str, int]
    """Members of the kernel's sets, by name, as last synchronised."""
    journal_entries: int
    """The newest entry's number."""
    journal_lag_s: float
    """How long the last transaction with entries took, from when its batch was begun until it was on the disk."""
    disk_free_bytes: int
    sms_parts: dict[str, int] = {}
    """By provider: what is paid of those that were sent."""
