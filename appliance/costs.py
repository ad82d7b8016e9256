"""What SMS cost the owner and how they went, today and this month, by provider: the journal's word, times the prices.

The month's price is the one that is configured now. Must not know: how figures are shown, how the links are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from appliance.config import Config
from journal.carried import Figures, Sms, by_provider, messages


class Period(msgspec.Struct, frozen=True):
    """What one provider carried in a time."""

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    """Taken by the SMSC, and then undeliverable."""
    parts: int = 0
    """What is paid."""
    tenge: float | None = None
    """None: no price is configured."""
    delay_p50_ms: int | None = None
    """From the SMSC's word that it took an SMS to the receipt that says delivered; None: there was none."""
    delay_p95_ms: int | None = None


class Carried(msgspec.Struct, frozen=True):
    """One provider's figures."""

    provider: str
    """As it is called in the configuration; a name that is there no longer has no price."""
    today: Period
    month: Period


def carried(config: Config, path: Path, now: datetime) -> tuple[Carried, ...]:
    """Every configured provider in the owner's order, then those of before; days and months are the venue's.

    Args:
        path: the journal.
        now: an aware time.

    Raises:
        JournalError: it cannot be read.
    """
    today = now.astimezone(config.venue.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    of_month = messages(path, today.replace(day=1))
    midnight_ms = int(today.timestamp() * 1000)
    month, day = by_provider(of_month), by_provider(_since(of_month, midnight_ms))
    prices = {provider.name: provider.price for provider in config.sms.provider}
    names = dict.fromkeys([*prices, *month])
    return tuple(
        Carried(name, _period(day.get(name), prices.get(name, 0)), _period(month.get(name), prices.get(name, 0)))
        for name in names
    )


def tenge(told: Sequence[Carried]) -> float | None:
    """What the month has cost; None: no price is configured."""
    known = [each.month.tenge for each in told if each.month.tenge is not None]
    return sum(known) if known else None


def _since(of_month: Sequence[Sms], utc_ms: int) -> list[Sms]:
    return [sms for sms in of_month if sms.sent_utc_ms >= utc_ms]


def _period(figures: Figures | None, price: float) -> Period:
    if figures is None:
        return Period(tenge=0.0 if price else None)
    return Period(
        sent=figures.sent,
        delivered=figures.delivered,
        failed=figures.failed,
        parts=figures.parts,
        tenge=figures.parts * price if price else None,
        delay_p50_ms=figures.delay_ms(50),
        delay_p95_ms=figures.delay_ms(95),
    )


def sentence(period: Period) -> str:
    """A period's figures for a person, such as ``sent 12, delivered 11 (92%), failed 0; 12 parts, 180 tenge``."""
    rate = f" ({period.delivered / period.sent:.0%})" if period.sent else ""
    told = (
        f"sent {period.sent:,}, delivered {period.delivered:,}{rate}, failed {period.failed:,}; {period.parts:,} parts"
    )
    if period.tenge is not None:
        told += f", {period.tenge:,.2f} tenge"
    if period.delay_p50_ms is not None and period.delay_p95_ms is not None:
        half, most = (f"{delay_ms / 1000:.1f} s" for delay_ms in (period.delay_p50_ms, period.delay_p95_ms))
        told += f"; half arrived within {half}, 95 % within {most}"
    return told
