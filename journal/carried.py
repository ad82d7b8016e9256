"""What became of the SMS that were sent: read from the journal, which no restart makes forget.

    >>> for provider, figures in by_provider(messages(path, since)).items():      # doctest: +SKIP
    ...     print(provider, figures.sent, figures.delivered, figures.delay_ms(95))
    smsc 120 117 4100

Must not know: prices, links, who asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from journal.entries import PasswordDelivered, PasswordSent, PasswordUndelivered
from journal.visits import entries


class Sms(msgspec.Struct):
    """One that an SMSC took."""

    provider: str
    parts: int
    sent_utc_ms: int
    delivered: bool = False
    failed: bool = False
    """Taken, and then undeliverable."""
    delay_ms: int | None = None
    """Until it was delivered; None: it was not, or nobody knows."""


class Figures(msgspec.Struct, frozen=True):
    """What one provider carried."""

    sent: int
    delivered: int
    failed: int
    parts: int
    delays_ms: tuple[int, ...]
    """Ascending."""

    def delay_ms(self, percent: int) -> int | None:
        """From being taken to being delivered: what this share of them did not exceed."""
        ranked = self.delays_ms
        return ranked[max(0, -(-len(ranked) * percent // 100) - 1)] if ranked else None


def messages(path: Path, since: datetime) -> list[Sms]:
    """Those sent since then, oldest first, with what is known of each by now. A receipt counts for the SMS's day.

    Raises:
        ValueError: ``since`` has no time zone.
        JournalUnavailable, JournalCorrupt
    """
    sent: dict[str, Sms] = {}
    for _, stamp, entry in entries(path, since):
        match entry:
            case PasswordSent():
                sent[entry.message] = Sms(entry.provider, entry.parts, stamp.utc_ms)
            case PasswordDelivered() if entry.message in sent:
                sms = sent[entry.message]
                sms.delivered, sms.failed, sms.delay_ms = True, False, entry.delay_ms
            case PasswordUndelivered() if entry.message in sent:
                sent[entry.message].failed = True
            case _:
                pass
    return list(sent.values())


def by_provider(carried: Iterable[Sms]) -> dict[str, Figures]:
    """The figures of each provider that carried any."""
    groups: defaultdict[str, list[Sms]] = defaultdict(list)
    for sms in carried:
        groups[sms.provider].append(sms)
    return {provider: _figures(group) for provider, group in groups.items()}


def _figures(group: list[Sms]) -> Figures:
    return Figures(
        sent=len(group),
        delivered=sum(sms.delivered for sms in group),
        failed=sum(sms.failed for sms in group),
        parts=sum(sms.parts for sms in group),
        delays_ms=tuple(sorted(sms.delay_ms for sms in group if sms.delay_ms is not None)),
    )
