"""What a link remembers, and what that says about now: is there room, can it be relied on, when is time next looked at.

Pure. Must not know: how one state follows from another (``link`` does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import assert_never

from sms.pace import Pace, open_at
from sms.settings import Role
from sms.terms import Terms

STOP_PATIENCE_MS = 2000
"""For the last answers, and again for unbind_resp."""
_DOUBT = 4
"""After this part of the response time-out without an answer, another provider is better."""


class Phase(StrEnum):
    """Where the link stands."""

    DOWN = "down"
    CONNECTING = "connecting"
    BINDING = "binding"
    BOUND = "bound"
    DRAINING = "draining"
    """Ending: nothing new is submitted, what was submitted may be answered yet."""
    UNBINDING = "unbinding"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A submit_sm that has no answer yet."""

    message_id: str
    part: int
    sent_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """The whole memory of a link."""

    phase: Phase = Phase.DOWN
    since_ms: int = 0
    """When the phase began."""
    retry_at_ms: int = 0
    """DOWN: when to dial again."""
    attempt: int = 0
    """Connections lost since one last proved useful."""
    sequence: int = 0
    """The last sequence number used on this connection."""
    window: Mapping[int, Outstanding] = field(default_factory=dict)
    """By sequence number, oldest first; never changed in place."""
    overdue: Mapping[int, Outstanding] = field(default_factory=dict)
    """Given up as ambiguous; an answer that still comes is the truth and is heard."""
    enquire_sequence: int | None = None
    """Our enquire_link that has no answer yet."""
    enquire_ms: int = 0
    """When the last enquire_link was sent, or the link bound."""
    doubted_until_ms: int = 0
    """An SMSC that let a submit_sm go unanswered is tried again then, if there is another; an answer ends the doubt."""
    pace: Pace = field(default_factory=Pace)


def room(terms: Terms, state: State, now_ms: int) -> int:
    """How many submissions may be handed over now."""
    if state.phase is not Phase.BOUND or terms.role is Role.RECEIVER:
        return 0
    free = max(0, terms.window - len(state.window))
    if open_at(state.pace, now_ms, terms.interval_ms) > now_ms:
        return 0
    return min(free, 1) if terms.interval_ms or state.pace.slowed_ms else free


def is_steady(terms: Terms, state: State, now_ms: int) -> bool:
    """Whether what is handed over now or waits a moment for room can be expected to be answered at once."""
    if state.phase is not Phase.BOUND or now_ms < max(state.pace.paused_until_ms, state.doubted_until_ms):
        return False
    oldest = next(iter(state.window.values()), None)
    return oldest is None or now_ms < oldest.sent_ms + terms.response_ms // _DOUBT


def deadline(terms: Terms, state: State, now_ms: int) -> int | None:
    """The monotonic millisecond at which the next ``Tick`` is due; None when only an event can move the link."""
    match state.phase:
        case Phase.DOWN:
            return state.retry_at_ms
        case Phase.CONNECTING:
            return state.since_ms + terms.connect_ms
        case Phase.BINDING:
            return state.since_ms + terms.response_ms
        case Phase.BOUND:
            wait = terms.enquire_link_ms if state.enquire_sequence is None else terms.response_ms
            due = state.enquire_ms + wait
            for outstanding in islice(state.window.values(), 1):
                answer_due = outstanding.sent_ms + terms.response_ms
                doubt_due = outstanding.sent_ms + terms.response_ms // _DOUBT
                due = min(due, doubt_due if doubt_due > now_ms else answer_due)
            may_go = open_at(state.pace, now_ms, terms.interval_ms)
            return min(due, may_go) if may_go > now_ms else due
        case Phase.DRAINING | Phase.UNBINDING:
            return state.since_ms + STOP_PATIENCE_MS
        case Phase.STOPPED:
            return None
        case _:
            assert_never(state.phase)
