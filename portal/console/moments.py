"""Moments and spans as pages of staff tell them: the venue's time, to the second. Pure.

Must not know: pages, clocks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

from portal.words import Words


def of_utc_ms(utc_ms: int, zone: ZoneInfo) -> datetime:
    """The moment in the venue's time."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)


def second(moment: datetime, words: Words) -> str:
    """The time of the day to the second."""
    return format_time(moment, "medium", locale=words.locale)


def day(moment: datetime, words: Words) -> str:
    """The day, with its month in words."""
    return format_date(moment, "long", locale=words.locale)


def since(moment: datetime, now: datetime, words: Words) -> str:
    """The time of the day, and the day unless it is today."""
    same_day = moment.date() == now.astimezone(moment.tzinfo).date()
    return words.time_of_day(moment) if same_day else format_datetime(moment, "d MMM HH:mm", locale=words.locale)
