"""Every message the sender knows: which wait, which are under way, what was last reported of each.

    >>> outbox.hand_over(message, owner=1000, now_utc_ms=0)
    []
    >>> outbox.take(lambda candidates: candidates[0], providers, now_utc_ms=0)
    (0, Submission('m1', 1 of 1))
    >>> outbox.settle("smsc", Settled("m1", Verdict.ACCEPTED, smsc_id="7"))
    [Addressed(owner=1000, report=Report(id='m1', state=<State.SENT: 'sent'>, …))]

No clock, socket or log. Unlike ``link`` it changes in place: it may remember 10,000 messages, and copying them with
every event would cost more than the event. Must not know: sequence numbers, connections, how providers are chosen.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import assert_never

from sms.dialogue import Settled
from sms.entry import Addressed, Entry, Standing
from sms.errors import TextRefused
from sms.ledger import Key, Ledger
from sms.message import Message, State
from sms.receipts import Receipt
from sms.routes import Route, route
from sms.settings import Long, Provider
from sms.status import Verdict, reason
from sms.submission import WHOLE, Submission
from sms.texts import Encoded, split

MAX_WAITING = 10_000
MAX_REMEMBERED = 10_000
LATE_MS = 5_000
"""A password that ends sooner than this is not sent any more: it would end on its way or under the visitor's thumb."""


class Outbox:
    """The sender's memory, bounded: at most ``MAX_WAITING`` unsent and ``MAX_REMEMBERED`` settled messages.

    Args:
        providers: in the owner's order; a route is of their indices.
        max_parts: texts that need more are refused.
    """

    def __init__(
        self,
        providers: tuple[Provider, ...],
        max_parts: int = 1,
        max_waiting: int = MAX_WAITING,
        max_remembered: int = MAX_REMEMBERED,
    ) -> None:
        self._providers, self._max_parts = providers, max_parts
        self._max_waiting, self._max_remembered = max_waiting, max_remembered
        self._entries: dict[str, Entry] = {}
        self._queues: dict[Route, deque[Key]] = {}
        self._under_way: set[Key] = set()
        self._expiries: list[tuple[int, str]] = []
        self._unsent = 0
        self._references = 0
        self._settled: deque[str] = deque()
        self._ledger = Ledger(max_remembered)

    def hand_over(self, message: Message, owner: int, now_utc_ms: int) -> list[Addressed]:
        """Takes the message; one whose id is known is not taken twice, what was told of it is repeated."""
        known = self._entries.get(message.id)
        if known is not None:
            known.owner = owner
            return [Addressed(owner, report) for report in known.reports]
        entry = self._entries[message.id] = Entry.of(message, owner)
        why = self._refusal(entry, message.text, now_utc_ms)
        if why:
            return self._fail(entry, why)
        self._references = (self._references + 1) % 256
        entry.reference, entry.queued = self._references, True
        self._unsent += 1
        entry.waiting = set(entry.meant(WHOLE))
        self._queue(entry).extend((message.id, part) for part in entry.meant(WHOLE))
        heapq.heappush(self._expiries, (message.expires_utc_ms - LATE_MS, message.id))
        if len(self._expiries) > 2 * self._max_waiting:  # mostly of messages long sent
            self._expiries = [(at, known_id) for at, known_id in self._expiries if self._is_open(known_id)]
            heapq.heapify(self._expiries)
        return []

    def _refusal(self, entry: Entry, text: str, now_utc_ms: int) -> str:
        if now_utc_ms >= entry.expires_utc_ms - LATE_MS:
            return "expired"
        entry.route = route(self._providers, entry.to)
        if not entry.route:
            return "no provider"
        try:
            entry.encoded = split(text)
        except TextRefused as refused:
            return refused.reason
        entry.parts = len(entry.encoded)
        if entry.parts > self._max_parts:
            return "text too long"
        return "outbox full" if self._unsent >= self._max_waiting else ""

    def take(self, choose: Callable[[Route], int | None]) -> tuple[int, Submission] | None:
        """The next thing to submit, now under way, and through which provider; None when none can go now.

        Args:
            choose: which provider of a route takes one now. Call ``expire`` first.
        """
        for candidates, queue in self._queues.items():
            while queue:
                entry = self._entries.get(queue[0][0])
                if entry is None or queue[0][1] not in entry.waiting:
                    queue.popleft()
                    continue
                chosen = choose(candidates)
                if chosen is None:
                    break  # the others of this route wait for the same providers
                self._queues[candidates] = self._queues.pop(candidates)  # the other routes' turn is next
                return chosen, self._submission(entry, queue.popleft()[1], self._providers[chosen])
        return None

    def _submission(self, entry: Entry, part: int, provider: Provider) -> Submission:
        uncut = entry.parts > 1 and provider.long is Long.PAYLOAD and len(entry.waiting) == entry.parts
        octets = entry.encoded[part - 1]
        if uncut:
            part, octets = WHOLE, Encoded(octets.coding, b"".join(piece.octets for piece in entry.encoded))
        entry.provider = provider.name
        entry.waiting.difference_update(entry.meant(part))
        entry.under_way.update(entry.meant(part))
        self._under_way.add((entry.id, part))
        total = 1 if uncut else entry.parts
        return Submission(entry.id, entry.to, entry.expires_utc_ms, octets, part, total, entry.reference)

    def settle(self, provider: str, settled: Settled, now_utc_ms: int) -> list[Addressed]:
        """What a provider's link found out about a submission that was taken."""
        entry = self._entries.get(settled.message_id)
        reports = self._judged(provider, entry, settled, now_utc_ms) if entry is not None else []
        self._under_way.discard((settled.message_id, settled.part))
        if not self._under_way:
            # Whatever these were about, it is none of ours; an SMSC that counts from 1 again must not meet them.
            self._ledger.forget_early()
        return reports

    def _judged(self, provider: str, entry: Entry, settled: Settled, now_utc_ms: int) -> list[Addressed]:
        parts = [part for part in entry.meant(settled.part) if part not in entry.accepted]
        if entry.standing is not Standing.OPEN or not parts:
            return []
        match settled.verdict:
            case Verdict.ACCEPTED:
                return self._accepted(provider, entry, settled, now_utc_ms)
            case Verdict.PERMANENT:
                # A submission that was never answered may have been taken, and paid for, whoever refuses another.
                doubt = "unanswered, then " if entry.unanswered else ""
                return self._fail(entry, doubt + reason(settled.status))
            case Verdict.RETRY | Verdict.REBIND | Verdict.CREDENTIALS:
                # To the end: one message that a provider keeps putting off must not hold up the others.
                again = [part for part in parts if part in entry.under_way]
                self._wait_again(entry, again)
                self._queue(entry).extend((settled.message_id, part) for part in again)
                return []
            case Verdict.AMBIGUOUS:
                # The SMSC may have it. Once more the same text and password, at worst twice on the phone; not again.
                entry.unanswered.update(parts)
                if any(entry.unanswered[part] > 1 for part in parts):
                    return self._fail(entry, "unanswered")
                self._wait_again(entry, parts)
                self._queue(entry).extendleft((settled.message_id, part) for part in reversed(parts))
                return []
            case _:
                assert_never(settled.verdict)

    def notice(self, provider: str, receipt: Receipt, now_utc_ms: int) -> list[Addressed]:
        """A receipt; one that may have overtaken its response is kept until that comes."""
        key = self._ledger.find(provider, receipt)
        entry = self._entries.get(key[0]) if key is not None else None
        if key is None or entry is None:
            if self._under_way:
                self._ledger.keep(provider, receipt)
            return []
        if receipt.state is None or entry.standing is Standing.FINAL:
            return []
        if receipt.state is State.FAILED:
            if entry.standing is Standing.OPEN:
                return self._fail(entry, receipt.reason)
            entry.standing = Standing.FINAL
            return [entry.addressed(State.FAILED, receipt.smsc_id, receipt.reason)]
        entry.delivered.update(entry.meant(key[1]))
        return self._delivered(entry, now_utc_ms)

    def expire(self, now_utc_ms: int) -> list[Addressed]:
        """Gives up what is worthless now. What is under way is left to its answer: the phone may get it yet."""
        expired: list[Addressed] = []
        while self._expiries and self._expiries[0][0] <= now_utc_ms:
            _, message_id = heapq.heappop(self._expiries)
            entry = self._entries.get(message_id)
            if entry is None or entry.standing is not Standing.OPEN:
                continue
            if entry.waiting:
                expired += self._fail(entry, "expired")
            else:
                heapq.heappush(self._expiries, (now_utc_ms + 1000, message_id))  # asked again when it may wait again
        return expired

    def next_expiry_utc_ms(self) -> int | None:
        """When ``expire`` is worth calling next."""
        return self._expiries[0][0] if self._expiries else None

    @property
    def unsent(self) -> int:
        """How many messages are not settled yet."""
        return self._unsent

    def _queue(self, entry: Entry) -> deque[Key]:
        return self._queues.setdefault(entry.route, deque())

    def _wait_again(self, entry: Entry, parts: Iterable[int]) -> None:
        entry.under_way.difference_update(parts)
        entry.waiting.update(parts)

    def _is_open(self, message_id: str) -> bool:
        entry = self._entries.get(message_id)
        return entry is not None and entry.standing is Standing.OPEN

    def _accepted(self, provider: str, entry: Entry, settled: Settled, now_utc_ms: int) -> list[Addressed]:
        message_id = settled.message_id
        for part in entry.meant(settled.part):
            entry.accepted[part] = settled.smsc_id
            entry.waiting.discard(part)
            entry.under_way.discard(part)
        entry.provider = provider
        early = self._ledger.accepted(provider, settled.smsc_id, entry.to, (message_id, settled.part))
        reports: list[Addressed] = []
        if len(entry.accepted) == entry.parts:
            entry.standing, entry.sent_utc_ms = Standing.SENT, now_utc_ms
            self._close(entry)
            reports.append(entry.addressed(State.SENT, entry.accepted[1]))
            reports += self._delivered(entry, now_utc_ms)
        return reports + (self.notice(provider, early, now_utc_ms) if early is not None else [])

    def _delivered(self, entry: Entry, now_utc_ms: int) -> list[Addressed]:
        if entry.standing is not Standing.SENT or len(entry.delivered) < entry.parts:
            return []
        entry.standing = Standing.FINAL
        delay_ms = max(0, now_utc_ms - entry.sent_utc_ms)  # of a clock that was set back meanwhile: 0
        return [entry.addressed(State.DELIVERED, entry.accepted[1], delay_ms=delay_ms)]

    def _fail(self, entry: Entry, why: str) -> list[Addressed]:
        entry.standing = Standing.FINAL
        self._close(entry)
        return [entry.addressed(State.FAILED, reason=why)]

    def _close(self, entry: Entry) -> None:
        """Its text is needed no more; the entry stays, so that it is not sent again and its receipt is known."""
        self._unsent -= entry.queued
        entry.queued = False
        entry.encoded = ()
        entry.waiting.clear()
        entry.under_way.clear()
        self._settled.append(entry.id)
        while len(self._settled) > self._max_remembered:
            self._entries.pop(self._settled.popleft(), None)
