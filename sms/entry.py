"""One message in the outbox, and a report with its address.

Must not know: queues, which provider is next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from sms.message import Message, Report, State
from sms.routes import Route
from sms.submission import WHOLE
from sms.texts import Encoded


@dataclass(frozen=True, slots=True)
class Addressed:
    """A report and who must hear it."""

    owner: int
    """The uid that handed the message over last."""
    report: Report


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
    """Who carries it."""
    sent_utc_ms: int = 0
    """When an SMSC had taken all of it."""
    reports: list[Report] = field(default_factory=list)
    """At most two: taken, and what became of it."""
    queued: bool = False
    """Whether it counts against the outbox's bound until it is settled."""

    @classmethod
    def of(cls, message: Message, owner: int) -> Entry:
        """A message just handed over."""
        return cls(message.id, message.to, message.expires_utc_ms, owner)

    def addressed(self, state: State, smsc_id: str = "", reason: str = "", delay_ms: int | None = None) -> Addressed:
        """A report of it, remembered as told. Only what an SMSC took was carried by somebody, and is paid."""
        carrier = self.provider if self.accepted else ""
        report = Report(self.id, state, smsc_id, reason, carrier, len(self.accepted), delay_ms)
        self.reports.append(report)
        return Addressed(self.owner, report)

    def meant(self, part: int) -> Iterable[int]:
        """The parts that a submission of this name carries."""
        return range(1, self.parts + 1) if part == WHOLE else (part,)
