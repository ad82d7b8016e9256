"""The link to an SMSC: every transition of it is in this file.

    DOWN ──Dial──▶ CONNECTING ──SendBind──▶ BINDING ──▶ BOUND ──SendUnbind──▶ UNBINDING ──▶ STOPPED
     ▲                 │                       │          │
     └── back-off ─────┴───────────────────────┴──────────┘  whatever goes wrong

    >>> state, effects = step(timers, State(), Tick(), Moment(now_ms=0, jitter=0.5))
    >>> effects
    (Dial(),)

Pure: no clock, socket, randomness or log; time and chance come with each event. Must not know: PDUs, who wants
messages sent, whether a message has expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import assert_never

from sms import dialogue as d
from sms.message import Message
from sms.status import Verdict, judge, reason
from sms.timers import Moment, Timers, back_off_ms

_MAX_SEQUENCE = 0x7FFFFFFF  # SMPP 3.4 §5.1.4
_MAX_OVERDUE = 256
_UNBIND_PATIENCE_MS = 2000
_PAUSE_START_MS = 1000
_PAUSE_CAP_MS = 8000
_UNKNOWN_COMMAND = 0x03


class Phase(StrEnum):
    """Where the link stands."""

    DOWN = "down"
    CONNECTING = "connecting"
    BINDING = "binding"
    BOUND = "bound"
    UNBINDING = "unbinding"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A submit_sm that has no answer yet."""

    message_id: str
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
    paused_until_ms: int = 0
    pause_ms: int = 0


Step = tuple[State, tuple[d.Effect, ...]]


def room(timers: Timers, state: State, now_ms: int) -> int:
    """How many messages may be handed over now."""
    if state.phase is not Phase.BOUND or now_ms < state.paused_until_ms:
        return 0
    return max(0, timers.window - len(state.window))


def deadline(timers: Timers, state: State, now_ms: int) -> int | None:
    """The monotonic millisecond at which the next ``Tick`` is due; None when only an event can move the link."""
    match state.phase:
        case Phase.DOWN:
            return state.retry_at_ms
        case Phase.CONNECTING:
            return state.since_ms + timers.connect_ms
        case Phase.BINDING:
            return state.since_ms + timers.response_ms
        case Phase.BOUND:
            wait = timers.enquire_link_ms if state.enquire_sequence is None else timers.response_ms
            due = state.enquire_ms + wait
            for outstanding in islice(state.window.values(), 1):
                due = min(due, outstanding.sent_ms + timers.response_ms)
            return min(due, state.paused_until_ms) if state.paused_until_ms > now_ms else due
        case Phase.UNBINDING:
            return state.since_ms + _UNBIND_PATIENCE_MS
        case Phase.STOPPED:
            return None
        case _:
            assert_never(state.phase)


def step(timers: Timers, state: State, event: d.Event, moment: Moment) -> Step:
    """The state after the event, and what to do about it, in order."""
    match event:
        case d.Tick():
            return _tick(timers, state, moment)
        case d.Opened():
            if state.phase is not Phase.CONNECTING:
                return state, (d.HangUp(),)
            bound = replace(state, phase=Phase.BINDING, since_ms=moment.now_ms, sequence=1)
            return bound, (d.SendBind(1),)
        case d.Lost(why):
            return _lost(timers, state, moment, why) if _connected(state) else (state, ())
        case d.Handed(message):
            return _handed(state, message, moment)
        case d.Stop():
            return _stop(state, moment)
        case d.BindAnswered(sequence, status):
            return _bind_answered(timers, state, sequence, status, moment)
        case d.SubmitAnswered():
            return _submit_answered(timers, state, event, moment)
        case d.EnquireAnswered(sequence):
            if sequence != state.enquire_sequence:
                return state, ()
            return replace(state, enquire_sequence=None, attempt=0), ()
        case d.UnbindAnswered():
            return _ended(state) if state.phase is Phase.UNBINDING else (state, ())
        case d.Nacked(sequence, status):
            if state.phase is Phase.BINDING:
                return _lost(timers, state, moment, f"the SMSC refused our bind ({reason(status)})")
            if sequence == state.enquire_sequence:  # a peer that can say no is alive
                return replace(state, enquire_sequence=None), ()
            refused = d.SubmitAnswered(sequence, status or _UNKNOWN_COMMAND, "")
            return _submit_answered(timers, state, refused, moment)
        case d.Enquired(sequence):
            return state, (d.AnswerEnquire(sequence),)
        case d.Delivered(sequence, receipt):
            heard: tuple[d.Effect, ...] = (d.Noticed(receipt),) if receipt is not None else ()
            return state, (*heard, d.AnswerDelivered(sequence))
        case d.UnbindAsked(sequence):
            after, effects = _lost(timers, state, moment, "the SMSC ended the session")
            return after, (d.AnswerUnbind(sequence), *effects)
        case d.Unknown(sequence):
            return state, (d.SendNack(sequence, _UNKNOWN_COMMAND),)
        case _:
            assert_never(event)


def _tick(timers: Timers, state: State, moment: Moment) -> Step:
    now = moment.now_ms
    match state.phase:
        case Phase.DOWN if now >= state.retry_at_ms:
            return replace(state, phase=Phase.CONNECTING, since_ms=now), (d.Dial(),)
        case Phase.CONNECTING if now >= state.since_ms + timers.connect_ms:
            return _lost(timers, state, moment, "no connection in time")
        case Phase.BINDING if now >= state.since_ms + timers.response_ms:
            return _lost(timers, state, moment, "bind_transceiver was not answered")
        case Phase.BOUND:
            return _tick_bound(timers, state, moment)
        case Phase.UNBINDING if now >= state.since_ms + _UNBIND_PATIENCE_MS:
            return _ended(state)
        case _:
            return state, ()


def _tick_bound(timers: Timers, state: State, moment: Moment) -> Step:
    now = moment.now_ms
    if state.enquire_sequence is not None and now >= state.enquire_ms + timers.response_ms:
        return _lost(timers, state, moment, "enquire_link was not answered")
    late = {s: o for s, o in state.window.items() if now >= o.sent_ms + timers.response_ms}
    effects: list[d.Effect] = [d.Settled(o.message_id, Verdict.AMBIGUOUS) for o in late.values()]
    if late:
        waiting = {s: o for s, o in state.window.items() if s not in late}
        known = {**state.overdue, **late}
        recent = dict(islice(known.items(), max(0, len(known) - _MAX_OVERDUE), None))
        state = replace(state, window=waiting, overdue=recent)
    # An unanswered submit is a reason to doubt the link at once, and not yet one to drop what else is under way.
    if state.enquire_sequence is None and (late or now >= state.enquire_ms + timers.enquire_link_ms):
        sequence = _next(state.sequence)
        state = replace(state, sequence=sequence, enquire_sequence=sequence, enquire_ms=now)
        effects.append(d.SendEnquire(sequence))
    return state, tuple(effects)


def _handed(state: State, message: Message, moment: Moment) -> Step:
    if state.phase is not Phase.BOUND:  # it was never on the wire
        return state, (d.Settled(message.id, Verdict.RETRY),)
    sequence = _next(state.sequence)
    window = {**state.window, sequence: Outstanding(message.id, moment.now_ms)}
    return replace(state, sequence=sequence, window=window), (d.SendSubmit(sequence, message),)


def _bind_answered(timers: Timers, state: State, sequence: int, status: int, moment: Moment) -> Step:
    if state.phase is not Phase.BINDING or sequence != state.sequence:
        return state, ()
    match judge(status).verdict:
        case Verdict.ACCEPTED:
            bound = replace(state, phase=Phase.BOUND, since_ms=moment.now_ms, enquire_ms=moment.now_ms)
            return bound, (d.Said("bound to the SMSC"),)
        case Verdict.CREDENTIALS:
            why = f"the SMSC refused system_id or password ({reason(status)}); correct them in the configuration"
            return _lost(timers, state, moment, why, alarm=True)
        case _:
            return _lost(timers, state, moment, f"the SMSC refused our bind ({reason(status)})")


def _submit_answered(timers: Timers, state: State, answer: d.SubmitAnswered, moment: Moment) -> Step:
    sequence, status = answer.sequence, answer.status
    on_time = sequence in state.window
    outstanding = state.window.get(sequence) or state.overdue.get(sequence)
    if outstanding is None:
        return state, ()
    if on_time:
        state = replace(state, window={s: o for s, o in state.window.items() if s != sequence})
    else:
        state = replace(state, overdue={s: o for s, o in state.overdue.items() if s != sequence})
    state = replace(state, attempt=0)
    verdict = judge(status).verdict
    match verdict:
        case Verdict.ACCEPTED:
            settled = d.Settled(outstanding.message_id, verdict, 0, answer.smsc_id)
            return replace(state, pause_ms=0, paused_until_ms=0), (settled,)
        case Verdict.PERMANENT | Verdict.AMBIGUOUS:
            return state, (d.Settled(outstanding.message_id, Verdict.PERMANENT, status),)
        case Verdict.RETRY | Verdict.REBIND | Verdict.CREDENTIALS:
            # An overdue message is on its way again already.
            again = (d.Settled(outstanding.message_id, Verdict.RETRY, status),) if on_time else ()
        case _:
            assert_never(verdict)
    if verdict is Verdict.RETRY:
        pause = min(_PAUSE_CAP_MS, state.pause_ms * 2 or _PAUSE_START_MS)
        if moment.now_ms < state.paused_until_ms:  # answers to what was sent before the pause began
            return state, again
        return replace(state, pause_ms=pause, paused_until_ms=moment.now_ms + pause), again
    why = f"the SMSC refused a message ({reason(status)})"
    after, effects = _lost(timers, state, moment, why, alarm=verdict is Verdict.CREDENTIALS)
    return after, (*again, *effects)


def _stop(state: State, moment: Moment) -> Step:
    match state.phase:
        case Phase.BOUND:
            sequence = _next(state.sequence)
            after = replace(state, phase=Phase.UNBINDING, since_ms=moment.now_ms, sequence=sequence)
            return after, (d.SendUnbind(sequence),)
        case Phase.CONNECTING | Phase.BINDING | Phase.DOWN:
            return _ended(state)
        case Phase.UNBINDING | Phase.STOPPED:
            return state, ()
        case _:
            assert_never(state.phase)


def _lost(timers: Timers, state: State, moment: Moment, why: str, *, alarm: bool = False) -> Step:
    """Down, with all that is unanswered ambiguous, and a pause before the next try; ``alarm`` makes it the long one."""
    if state.phase is Phase.UNBINDING:
        return _ended(state)
    pause = timers.credentials_back_off_ms if alarm else back_off_ms(timers, state.attempt, moment.jitter)
    unanswered = tuple(d.Settled(o.message_id, Verdict.AMBIGUOUS) for o in state.window.values())
    said = d.Said(f"no link to the SMSC: {why}; next try in {pause / 1000:.1f} s", alarm)
    after = State(retry_at_ms=moment.now_ms + pause, attempt=state.attempt + 1, since_ms=moment.now_ms)
    return after, (d.HangUp(), *unanswered, said)


def _ended(state: State) -> Step:
    return State(phase=Phase.STOPPED, since_ms=state.since_ms), (d.HangUp(),)


def _connected(state: State) -> bool:
    return state.phase not in (Phase.DOWN, Phase.STOPPED)


def _next(sequence: int) -> int:
    return sequence % _MAX_SEQUENCE + 1
