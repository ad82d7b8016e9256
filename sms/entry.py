"""One message in the outbox, and a report with its address.

Must not know: queues, which provider is next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from sms.message import Message, Report
from sms.routes import Route
from sms.submission import WHOLE
from sms.texts import Encoded


@dataclass(frozen=True, slots=True)
class Addressed:
    """A report and who must hear it."""

    owner: int
    """The uid that handed the message over last."""
    report: Report
    provider: str = ""
    """Who carried it; empty when nobody did."""
    parts: int = 0
    age_ms: int = 0
    """Since it was handed over."""


class Standing(StrEnum):
    """How far a message has come with us."""

    OPEN = "open"
    SENT = "sent"
    FINAL = "final"


@dataclass(slots=True)
class Entry:
    """All that is remembered of a message; its text only while it is needed."""

    id: str
    to: str
    expires_utc_ms: int
    owner: int
    handed_utc_ms: int
    route: Route = ()
    encoded: tuple[Encoded, ...] = ()
    parts: int = 0
    reference: int = 0
    standing: Standing = Standing.OPEN
    waiting: set[int] = field(default_factory=set)
    under_way: set[int] = field(default_factory=set)
    accepted: dict[int, str] = field(default_factory=dict)
    """Part → the SMSC's identifier."""
    delivered: set[int] = field(default_factory=set)
    unanswered: Counter[int] = field(default_factory=Counter)
    provider: str = ""
    report: Report | None = None
    queued: bool = False
    """Whether it counts against the outbox's bound until it is settled."""

    @classmethod
    def of(cls, message: Message, owner: int, now_utc_ms: int) -> Entry:
        """A message just handed over."""
        return cls(message.id, message.to, message.expires_utc_ms, owner, now_utc_ms)

    def addressed(self, report: Report, now_utc_ms: int) -> Addressed:
        """The report, remembered as the last one."""
        self.report = report
        return Addressed(self.owner, report, self.provider, self.parts, max(0, now_utc_ms - self.handed_utc_ms))

    def meant(self, part: int) -> Iterable[int]:
        """The parts that a submission of this name carries."""
        return range(1, self.parts + 1) if part == WHOLE else (part,)
