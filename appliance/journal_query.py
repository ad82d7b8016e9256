"""What a person asks of the journal, as typed, judged: a period in the venue's days, and whom it concerns.

    >>> wanted(Config(), Typed(since=date(2026, 11, 21), until=date(2026, 11, 21))).until
    datetime.datetime(2026, 11, 21, 19, 0, tzinfo=datetime.timezone.utc)

Must not know: the journal's layout, terminals, pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from appliance.config import Config
from appliance.errors import QueryRefused
from appliance.wire_words import Refusal
from journal.wanted import Wanted


class Field(StrEnum):
    """What can be typed wrongly."""

    PERIOD = "period"
    NUMBER = "number"
    DEVICE = "device"


@dataclass(frozen=True)
class Typed:
    """What was typed; what is None or empty lets everything through."""

    since: date | None = None
    """A day, or a ``datetime``; without a time zone it is the venue's."""
    until: date | None = None
    """The last day, included, or the time when the period ends."""
    number: str = ""
    device: str = ""
    name: str = ""
    workstation: str = ""


def day_or_time(text: str) -> date:
    """``2026-11-21`` or ``2026-11-21T18:00``.

    Raises:
        ValueError
    """
    return date.fromisoformat(text) if len(text) == len("2026-11-21") else datetime.fromisoformat(text)


def wanted(config: Config, typed: Typed) -> Wanted:
    """What that means at this venue.

    Raises:
        QueryRefused: says which field it is about.
    """
    since, until = _instant(config, typed.since), _instant(config, typed.until, whole_day=True)
    if since and until and since >= until:
        raise QueryRefused(Field.PERIOD)
    device = typed.device.strip().lower().replace("-", ":")
    if device and not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", device):
        raise QueryRefused(Field.DEVICE)
    number = ""
    if typed.number.strip():
        from appliance.numbers import judge  # loads every country's numbers

        judged = judge(typed.number, frozenset(config.password.countries))
        if isinstance(judged, Refusal):
            raise QueryRefused(Field.NUMBER)
        number = judged
    return Wanted(
        since,
        until,
        number=number,
        device=device,
        name=typed.name.strip(),
        workstation=typed.workstation.strip(),
    )


def _instant(config: Config, moment: date | None, whole_day: bool = False) -> datetime | None:
    """A day begins at midnight in the venue's zone; ``whole_day``: it is included, so the period ends with it. None
    also for what lies at the ends of time: no visit is beyond."""
    if moment is None:
        return None
    try:
        if not isinstance(moment, datetime):
            day = moment + timedelta(days=1) if whole_day else moment
            moment = datetime.combine(day, time(), tzinfo=config.venue.zone)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=config.venue.zone)
        return zoned.astimezone(UTC)
    except OverflowError:
        return None
