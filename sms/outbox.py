"""Every message the sender knows: which wait, which are under way, what was last reported of each.

    >>> outbox.hand_over(message, owner=1000, now_utc_ms=0)
    []
    >>> outbox.settle(Settled(message.id, Verdict.ACCEPTED, smsc_id="7"))
    [Addressed(owner=1000, report=Report(id='m1', state=<State.SENT: 'sent'>, smsc_id='7', reason=''))]

No clock, socket or log. Unlike ``link`` it changes in place: it may remember 10,000 messages, and copying them with
every event would cost more than the event. Must not know: sequence numbers, connections.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from sms.dialogue import Settled
from sms.errors import TextRefused
from sms.message import Message, Report, State, encode_text
from sms.receipts import Receipt
from sms.status import Verdict, reason

MAX_WAITING = 10_000
MAX_REMEMBERED = 10_000
_MAX_EARLY = 256


@dataclass(frozen=True, slots=True)
class Addressed:
    """A report and who must hear it."""

    owner: int
    """The uid that handed the message over last."""
    report: Report


class _Standing(StrEnum):
    WAITING = "waiting"
    UNDER_WAY = "under_way"
    SENT = "sent"
    FINAL = "final"


@dataclass(slots=True)
class _Entry:
    owner: int
    message: Message | None  # None once the text is no longer needed: it holds a password
    standing: _Standing = _Standing.WAITING
    unanswered: int = 0
    report: Report | None = None
    queued: bool = False
    """Whether it was accepted into the queue and counts against ``max_waiting`` until it is settled."""


class Outbox:
    """The sender's memory, bounded: at most ``MAX_WAITING`` unsent and ``MAX_REMEMBERED`` settled messages."""

    def __init__(self, max_waiting: int = MAX_WAITING, max_remembered: int = MAX_REMEMBERED) -> None:
        self._max_waiting, self._max_remembered = max_waiting, max_remembered
        self._entries: dict[str, _Entry] = {}
        self._queue: deque[str] = deque()
        self._under_way: set[str] = set()
        self._expiries: list[tuple[int, str]] = []
        self._unsent = 0
        self._settled: deque[str] = deque()
        self._by_smsc_id: OrderedDict[str, str] = OrderedDict()
        self._early: OrderedDict[str, Receipt] = OrderedDict()

    def hand_over(self, message: Message, owner: int, now_utc_ms: int) -> list[Addressed]:
        """Takes the message; one whose id is known is not taken twice, its last report is repeated."""
        known = self._entries.get(message.id)
        if known is not None:
            known.owner = owner
            return [Addressed(owner, known.report)] if known.report is not None else []
        entry = self._entries[message.id] = _Entry(owner, message)
        if now_utc_ms >= message.expires_utc_ms:
            return self._fail(message.id, entry, "expired")
        try:
            encode_text(message.text)
        except TextRefused as refused:
            return self._fail(message.id, entry, refused.reason)
        if self._unsent >= self._max_waiting:
            return self._fail(message.id, entry, "outbox full")
        entry.queued = True
        self._unsent += 1
        self._queue.append(message.id)
        heapq.heappush(self._expiries, (message.expires_utc_ms, message.id))
        if len(self._expiries) > 2 * self._max_waiting:  # mostly of messages long sent
            self._expiries = [(at, known_id) for at, known_id in self._expiries if self._is_unsent(known_id)]
            heapq.heapify(self._expiries)
        return []

    def take(self) -> Message | None:
        """The next message to submit, now under way; None when none waits. Call ``expire`` first."""
        while self._queue:
            entry = self._entries.get(self._queue.popleft())
            if entry is not None and entry.standing is _Standing.WAITING and entry.message is not None:
                entry.standing = _Standing.UNDER_WAY
                self._under_way.add(entry.message.id)
                return entry.message
        return None

    def settle(self, settled: Settled) -> list[Addressed]:
        """What the link found out about a message that was taken."""
        reports = self._judged(settled)
        self._under_way.discard(settled.message_id)
        if not self._under_way:
            # Whatever these were about, it is none of ours; an SMSC that counts from 1 again must not meet them.
            self._early.clear()
        return reports

    def _judged(self, settled: Settled) -> list[Addressed]:
        entry = self._entries.get(settled.message_id)
        if entry is None or entry.standing in (_Standing.SENT, _Standing.FINAL):
            return []
        match settled.verdict:
            case Verdict.ACCEPTED:
                return self._sent(settled.message_id, entry, settled.smsc_id)
            case Verdict.PERMANENT:
                return self._fail(settled.message_id, entry, reason(settled.status))
            case Verdict.RETRY | Verdict.REBIND | Verdict.CREDENTIALS:
                # To the end: one message that a provider keeps putting off must not hold up the others.
                if entry.standing is _Standing.UNDER_WAY:
                    entry.standing = _Standing.WAITING
                    self._queue.append(settled.message_id)
                return []
            case Verdict.AMBIGUOUS:
                # The SMSC may have it. Once more the same text and password, at worst twice on the phone; not again.
                entry.unanswered += 1
                if entry.unanswered > 1:
                    return self._fail(settled.message_id, entry, "unanswered")
                entry.standing = _Standing.WAITING
                self._queue.appendleft(settled.message_id)
                return []
            case _:
                assert_never(settled.verdict)

    def notice(self, receipt: Receipt) -> list[Addressed]:
        """A receipt; one that may have overtaken its response is kept until that comes."""
        message_id = self._by_smsc_id.get(receipt.smsc_id)
        entry = self._entries.get(message_id) if message_id is not None else None
        if message_id is None or entry is None:
            if self._under_way:
                self._early[receipt.smsc_id] = receipt
            while len(self._early) > _MAX_EARLY:
                self._early.popitem(last=False)
            return []
        if receipt.state is None or entry.standing is not _Standing.SENT:
            return []
        entry.standing = _Standing.FINAL
        report = Report(message_id, receipt.state, receipt.smsc_id, receipt.reason)
        entry.report = report
        return [Addressed(entry.owner, report)]

    def expire(self, now_utc_ms: int) -> list[Addressed]:
        """Gives up what is worthless now. What is under way is left to its answer: the phone may get it yet."""
        expired: list[Addressed] = []
        while self._expiries and self._expiries[0][0] <= now_utc_ms:
            _, message_id = heapq.heappop(self._expiries)
            entry = self._entries.get(message_id)
            if entry is None:
                continue
            if entry.standing is _Standing.WAITING:
                expired += self._fail(message_id, entry, "expired")
            elif entry.standing is _Standing.UNDER_WAY:
                heapq.heappush(self._expiries, (now_utc_ms + 1000, message_id))  # asked again when it may wait again
        return expired

    def next_expiry_utc_ms(self) -> int | None:
        """When ``expire`` is worth calling next."""
        return self._expiries[0][0] if self._expiries else None

    def waiting(self) -> bool:
        """Whether ``take`` may have something."""
        return bool(self._queue)

    def _is_unsent(self, message_id: str) -> bool:
        entry = self._entries.get(message_id)
        return entry is not None and entry.message is not None

    def _sent(self, message_id: str, entry: _Entry, smsc_id: str) -> list[Addressed]:
        entry.standing, entry.message = _Standing.SENT, None
        self._unsent -= entry.queued
        entry.report = Report(message_id, State.SENT, smsc_id)
        self._remember(message_id)
        reports = [Addressed(entry.owner, entry.report)]
        if smsc_id:
            self._by_smsc_id[smsc_id] = message_id
            while len(self._by_smsc_id) > self._max_remembered:
                self._by_smsc_id.popitem(last=False)
            early = self._early.pop(smsc_id, None)
            if early is not None:
                reports += self.notice(early)
        return reports

    def _fail(self, message_id: str, entry: _Entry, why: str) -> list[Addressed]:
        self._unsent -= entry.queued
        entry.standing, entry.message = _Standing.FINAL, None
        entry.report = Report(message_id, State.FAILED, reason=why)
        self._remember(message_id)
        return [Addressed(entry.owner, entry.report)]

    def _remember(self, message_id: str) -> None:
        self._settled.append(message_id)
        while len(self._settled) > self._max_remembered:
            self._entries.pop(self._settled.popleft(), None)
