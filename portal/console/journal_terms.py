"""A period and a filter as the journal's pages have them in their addresses, and back. Pure.

    >>> asked({"period": "today", "number": "8 701 123 45 67"}, date(2026, 11, 22)).typed.until
    datetime.date(2026, 11, 22)

Must not know: requests, the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from appliance.errors import QueryRefused
from appliance.journal_query import Field, Typed


class Period(StrEnum):
    """What a person chooses from."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    MONTH = "month"
    """This calendar month."""
    RANGE = "range"
    """From a day to a day, both included."""


FILTERS = ("number", "device", "name", "workstation")
_LONGEST = 100


@dataclass(frozen=True)
class Asked:
    """What was chosen."""

    period: Period
    typed: Typed
    kept: dict[str, str]
    """The same for hidden fields."""


def asked(given: Mapping[str, str], today: date) -> Asked:
    """What the fields of a page mean on this day at the venue; nothing is today.

    Raises:
        QueryRefused: the period is none, or something is too long.
    """
    try:
        period = Period(given.get("period") or Period.TODAY)
    except ValueError as error:
        raise QueryRefused(Field.PERIOD) from error
    since, until = _days(period, given, today)
    texts = {name: given.get(name, "").strip() for name in FILTERS}
    for name, text in texts.items():
        if len(text) > _LONGEST:
            raise QueryRefused(name)
    kept = {"period": period.value, **{name: text for name, text in texts.items() if text}}
    if period is Period.RANGE:
        kept |= {name: given.get(name, "") for name in ("from", "to") if given.get(name)}
    return Asked(period, Typed(since, until, **texts), kept)


def days_of(address: Mapping[str, str]) -> dict[str, str]:
    """Of what an address says, the days alone: whoever is looked for does not stand in one."""
    return {name: address[name] for name in ("period", "from", "to") if name in address}


def _days(period: Period, given: Mapping[str, str], today: date) -> tuple[date | None, date | None]:
    match period:
        case Period.TODAY:
            return today, today
        case Period.YESTERDAY:
            return today - timedelta(days=1), today - timedelta(days=1)
        case Period.MONTH:
            return today.replace(day=1), today
        case Period.RANGE:
            return _day(given.get("from", "")), _day(given.get("to", ""))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise QueryRefused(Field.PERIOD) from error
