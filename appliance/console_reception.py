"""The reception's console: is what staff asks of the whole venue worth the session's time?

The console is less hostile than the portal, and yet every field is judged here (law 8). Must not know: what the session
makes of the event, pages.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, assert_never

from appliance.blocks import LONGEST_MS
from appliance.console_events import BlockAsked, BlocksLooked, SmsTested, UnblockAsked, VenueLooked, VisitsSought
from appliance.events import ActNoted, Event, Moment
from appliance.figures import Tally
from appliance.numbers import judge
from appliance.spending import Day
from appliance.wire import Refusal, Refused
from appliance.wire_console import (
    Block,
    ConsoleRequest,
    Figures,
    FindVisits,
    ListBlocks,
    LookAtFigures,
    LookAtVenue,
    NoteStaff,
    NoteTestSms,
    StaffAct,
    Unblock,
)
from journal.entries import StaffActed

_DEVICE = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Randomness(Protocol):
    """Of ``reception.Randomness``."""

    def token_hex(self, nbytes: int | None = None, /) -> str: ...


@dataclass(frozen=True)
class Counter:
    """For one request.

    Args:
        countries: whose numbers are served.
        tally: what was counted since the start.
        today: by the venue's calendar.
    """

    countries: Collection[str]
    random: Randomness
    tally: Tally
    now: Moment
    today: Day

    def understand(self, request: ConsoleRequest) -> Event | Refused | Figures:
        """The event that the request is, or why it is none, or the answer."""
        match request:
            case LookAtVenue():
                return VenueLooked(self.now, self.tally.since_utc_ms)
            case FindVisits():
                return VisitsSought(self.now, request)
            case ListBlocks():
                return BlocksLooked(self.now)
            case LookAtFigures():
                return self.tally.told()
            case NoteStaff(staff=staff, act=act, role=role, detail=detail):
                if not staff.isprintable() or not role.isprintable() or not detail.isprintable():
                    return Refused(Refusal.BAD_REQUEST)
                return ActNoted(self.now, StaffActed(act.value, staff, role, detail))
            case NoteTestSms(staff=staff, number=number):
                to = judge(number, frozenset(self.countries))
                if isinstance(to, Refusal) or not _named(staff):
                    return Refused(to if isinstance(to, Refusal) else Refusal.BAD_REQUEST)
                return SmsTested(self.now, StaffActed(StaffAct.SMS_TESTED.value, staff.strip(), "", to), self.today)
            case Block():
                return self._block(request)
            case Unblock(block=block, staff=staff):
                if not _named(staff):
                    return Refused(Refusal.BAD_REQUEST)
                return UnblockAsked(self.now, block, staff.strip())
            case _:
                assert_never(request)

    def _block(self, request: Block) -> Event | Refused:
        why, until_utc_ms = request.why.strip(), request.until_utc_ms
        in_time = until_utc_ms is None or 0 < until_utc_ms - self.now.utc_ms <= LONGEST_MS
        one = bool(request.device.strip()) != bool(request.number.strip())
        if not (one and in_time and why and why.isprintable() and _named(request.staff)):
            return Refused(Refusal.BAD_REQUEST)
        whom = self._whom(request)
        if isinstance(whom, Refusal):
            return Refused(whom)
        return BlockAsked(self.now, whom, self.random.token_hex(4), why, until_utc_ms, request.staff.strip())

    def _whom(self, request: Block) -> str | Refusal:
        if request.number.strip():
            return judge(request.number, frozenset(self.countries))
        device = spelled(request.device)
        return device if device else Refusal.UNKNOWN_DEVICE


def spelled(mac: str) -> str:
    """A MAC address as the gate spells it; "": it is none.

    >>> spelled(" 02-00-00-00-00-0A ")
    '02:00:00:00:00:0a'
    """
    plain = mac.strip().lower().replace("-", ":")
    return plain if _DEVICE.fullmatch(plain) else ""


def _named(staff: str) -> bool:
    return bool(staff.strip()) and staff.isprintable()
