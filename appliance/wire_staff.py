"""What staff and administrators ask about the whole venue; a part of ``wire``.

Must not know: sockets, sessions, the desk.
"""

from __future__ import annotations

import msgspec

from appliance.wire_words import Mac, Phase, Text, Trouble


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class ListVisits(_Request, frozen=True, tag="list_visits"):
    """All live visits → Visits (staff and administrators)"""


class LookAtSpending(_Request, frozen=True, tag="look_at_spending"):
    """What was spent on SMS, and what came of it → Spending (staff and administrators)"""


class ListSources(_Request, frozen=True, tag="list_sources"):
    """Which sources of presence tell anything → Sources (staff and administrators)"""


class EndVisit(_Request, frozen=True, tag="end_visit"):
    """End this device's visit now → Done or Refused (staff and administrators)"""

    mac: Mac
    staff: Text = ""
    """Who ends it, as they signed in; "": nobody said."""


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


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
