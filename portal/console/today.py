"""What the landing page shows: what gate, steward and journal say of today, gathered for a template.

None of them must be there: what one does not say is shown as not known. Must not know: words, HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from appliance import wire
from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.wire_console import LookAtVenue, VenueNow
from journal.day import SLOT_MS, Figures
from journal.errors import Cause, JournalCorrupt, JournalError, JournalUnavailable
from journal.following import Follower
from portal.console.examiner import Examiner
from portal.console.lights import Light, Verdict, lights, verdict
from portal.console.site import AsksGate

HOUR = 3_600_000 // SLOT_MS
"""So many slots of the day's figures are an hour."""


class Gap(StrEnum):
    """Why the day's figures are not there, or not whole."""

    COUNTING = "counting"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Day:
    """The day's figures as they are plotted."""

    figures: Figures
    midnight: datetime
    """When the day began, in the venue's time."""
    online: tuple[int, ...]
    """At the end of each ten minutes that are over, and now."""
    sent: tuple[int, ...]
    """By hours of the whole day, as the next two."""
    delivered: tuple[int, ...]
    entered: tuple[int, ...]

    @property
    def slots(self) -> int:
        """How many times ten minutes the day has."""
        return len(self.figures.began)

    @property
    def hours_begun(self) -> int:
        """How many hours of the day have begun."""
        return -(-len(self.online) // HOUR)

    def at(self, hour: int) -> datetime:
        """When that hour begins, as the venue's clocks say."""
        return (self.midnight.astimezone(UTC) + timedelta(hours=hour)).astimezone(self.midnight.tzinfo)


@dataclass(frozen=True)
class Seen:
    """All of the page."""

    now: datetime
    """In the venue's time."""
    verdict: Verdict
    lights: tuple[Light, ...]
    venue: VenueNow | None
    spending: wire.Spending | None
    day: Day | None
    gap: Gap | None


class Today:
    """Looks around for whoever opens the page."""

    def __init__(self, config: Config, gate: AsksGate, examiner: Examiner, follower: Follower) -> None:
        self._config, self._gate, self._examiner, self._follower = config, gate, examiner, follower

    def look(self, now: datetime) -> Seen:
        """How it is just now; ``now``: aware."""
        venue, answers = self._ask_venue()
        shown = lights(venue, answers, self._examiner.findings(), https=self._config.portal.https)
        now = now.astimezone(self._config.venue.zone)
        day, gap = self._ask_journal(now, venue)
        spending = self._ask_spending() if answers else None
        return Seen(now, verdict(shown, venue), shown, venue, spending, day, gap)

    def _ask_venue(self) -> tuple[VenueNow | None, bool]:
        try:
            reply = self._gate.ask(LookAtVenue())
        except ApplianceError:
            return None, False
        return (reply if isinstance(reply, VenueNow) else None), True

    def _ask_spending(self) -> wire.Spending | None:
        try:
            reply = self._gate.ask(wire.LookAtSpending())
        except ApplianceError:
            return None
        return reply if isinstance(reply, wire.Spending) else None

    def _ask_journal(self, now: datetime, venue: VenueNow | None) -> tuple[Day | None, Gap | None]:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            followed = self._follower.look(midnight, midnight + timedelta(days=1))
        except JournalError as error:
            return None, _gap(error)
        gap = None if followed.whole else Gap.COUNTING
        if followed.figures is None:
            return None, gap
        return _day(followed.figures, midnight, now, venue), gap


def _gap(error: JournalError) -> Gap:
    match error:
        case JournalUnavailable(cause=Cause.MISSING):
            return Gap.MISSING
        case JournalCorrupt():
            return Gap.DAMAGED
        case _:
            return Gap.UNREADABLE


def _day(figures: Figures, midnight: datetime, now: datetime, venue: VenueNow | None) -> Day:
    begun = (int(now.timestamp() * 1000) - figures.since_utc_ms) // SLOT_MS + 1
    here = venue.online + venue.away if venue else None
    return Day(
        figures,
        midnight,
        figures.online(here)[: max(0, begun)],
        _by_hours(figures.sent),
        _by_hours(figures.delivered),
        _by_hours(figures.entered),
    )


def _by_hours(slots: Sequence[int]) -> tuple[int, ...]:
    return tuple(sum(slots[at : at + HOUR]) for at in range(0, len(slots), HOUR))
