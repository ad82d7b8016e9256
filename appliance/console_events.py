"""What staff asks about the whole venue, and whom they keep out: the console's part of ``appliance.events``.

Must not know: where an event came from, what follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from appliance.spending import Day
from appliance.wire_console import FindVisits
from journal.entries import StaffActed

if TYPE_CHECKING:
    from appliance.events import Moment


class _Event(msgspec.Struct, frozen=True):
    at: Moment


class VenueLooked(_Event, frozen=True):
    """Staff wants to know how many are here; ``started_utc_ms``: when the gate began to serve."""

    started_utc_ms: int


class VisitsSought(_Event, frozen=True):
    """Staff wants to see some of the live visits."""

    wanted: FindVisits


class BlocksLooked(_Event, frozen=True):
    """Staff wants to see who is kept out."""


class BlockAsked(_Event, frozen=True):
    """Staff keeps a device or a number out; judged good. ``block`` is random: its name, if it is a new one."""

    whom: str
    """The MAC address, or the number in E.164."""
    block: str
    why: str
    until_utc_ms: int | None
    staff: str


class UnblockAsked(_Event, frozen=True):
    """Staff lifts a block."""

    block: str
    staff: str


class SmsTested(_Event, frozen=True):
    """Staff sends a test SMS; ``day``: as in ``events.PasswordAsked``."""

    act: StaffActed
    day: Day


ConsoleEvent = VenueLooked | VisitsSought | BlocksLooked | BlockAsked | UnblockAsked | SmsTested
