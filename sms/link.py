"""The link to an SMSC: every transition of it is in this file.

    DOWN ──Dial──▶ CONNECTING ──SendBind──▶ BINDING ──▶ BOUND ──▶ DRAINING ──SendUnbind──▶ UNBINDING ──▶ STOPPED
     ▲                 │                       │          │
     └── back-off ─────┴───────────────────────┴──────────┘  whatever goes wrong

    >>> state, effects = step(terms, State(), Tick(), Moment(now_ms=0, jitter=0.5))
    >>> effects
    (Dial(),)

Pure: no clock, socket, randomness or log; time and chance come with each event. Must not know: PDUs, who wants
messages sent, whether a message has expired.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import assert_never

from sms import dialogue as d
from sms.pace import accepted, submitted, throttled
from sms.state import STOP_PATIENCE_MS, Outstanding, Phase, State
from sms.status import Verdict, judge, reason
from sms.submission import Submission
from sms.terms import Moment, Terms, back_off_ms

_MAX_SEQUENCE = 0x7FFFFFFF  # SMPP 3.4 §5.1.4
_MAX_OVERDUE = 256
_DOUBTED_MS = 60_000
_UNKNOWN_COMMAND = 0x03


Step = tuple[State, tuple[d.Effect, ...]]


def step(terms: Terms, state: State, event: d.Event, moment: Moment) -> Step:
    """The state after the event, and what to do about it, in order."""
    after, effects = _step(terms, state, event, moment)
    if after.phase is Phase.DRAINING and not after.window:
        after, more = _unbind(after, moment)
        return after, (*effects, *more)
    return after, effects


def _step(terms: Terms, state: State, event: d.Event, moment: Moment) -> Step:
    match event:
        case d.Tick():
            return _tick(terms, state, moment)
        case d.Opened():
            if state.phase is not Phase.CONNECTING:
                return state, (d.HangUp(),)
            bound = replace(state, phase=Phase.BINDING, since_ms=moment.now_ms, sequence=1)
            return bound, (d.SendBind(1, terms.role),)
        case d.Lost(why):
            return _lost(terms, state, moment, why) if _connected(state) else (state, ())
        case d.Handed(submission):
            return _handed(state, submission, moment)
        case d.Stop():
            return _stop(state, moment)
        case d.BindAnswered(sequence, status):
            return _bind_answered(terms, state, sequence, status, moment)
        case d.SubmitAnswered():
            return _submit_answered(terms, state, event, moment)
        case d.EnquireAnswered(sequence):
            if sequence != state.enquire_sequence:
                return state, ()
            return replace(state, enquire_sequence=None, attempt=0), ()
        case d.UnbindAnswered():
            return _ended(state) if state.phase is Phase.UNBINDING else (state, ())
        case d.Nacked(sequence, status):
            if state.phase is Phase.BINDING:
                return _lost(terms, state, moment, f"the SMSC refused our bind ({reason(status)})")
            if sequence == state.enquire_sequence:  # a peer that can say no is alive
                return replace(state, enquire_sequence=None), ()
            refused = d.SubmitAnswered(sequence, status or _UNKNOWN_COMMAND, "")
            return _submit_answered(terms, state, refused, moment)
        case d.Enquired(sequence):
            return state, (d.AnswerEnquire(sequence),)
        case d.Delivered(sequence, receipt):
            heard: tuple[d.Effect, ...] = (d.Noticed(receipt),) if receipt is not None else ()
            return state, (*heard, d.AnswerDelivered(sequence))
        case d.UnbindAsked(sequence):
            after, effects = _lost(terms, state, moment, "the SMSC ended the session")
            return after, (d.AnswerUnbind(sequence), *effects)
        case d.Unknown(sequence):
            return state, (d.SendNack(sequence, _UNKNOWN_COMMAND),)
        case _:
            assert_never(event)


def _tick(terms: Terms, state: State, moment: Moment) -> Step:
    now = moment.now_ms
    match state.phase:
        case Phase.DOWN if now >= state.retry_at_ms:
            return replace(state, phase=Phase.CONNECTING, since_ms=now), (d.Dial(),)
        case Phase.CONNECTING if now >= state.since_ms + terms.connect_ms:
            return _lost(terms, state, moment, "no connection in time")
        case Phase.BINDING if now >= state.since_ms + terms.response_ms:
            return _lost(terms, state, moment, f"bind_{terms.role} was not answered")
        case Phase.BOUND:
            return _tick_bound(terms, state, moment)
        case Phase.DRAINING if now >= state.since_ms + STOP_PATIENCE_MS:
            return _unbind(state, moment)
        case Phase.UNBINDING if now >= state.since_ms + STOP_PATIENCE_MS:
            return _ended(state)
        case _:
            return state, ()


def _tick_bound(terms: Terms, state: State, moment: Moment) -> Step:
    now = moment.now_ms
    if state.enquire_sequence is not None and now >= state.enquire_ms + terms.response_ms:
        return _lost(terms, state, moment, "enquire_link was not answered")
    late = {s: o for s, o in state.window.items() if now >= o.sent_ms + terms.response_ms}
    effects: list[d.Effect] = [_ambiguous(o) for o in late.values()]
    if late:
        waiting = {s: o for s, o in state.window.items() if s not in late}
        known = {**state.overdue, **late}
        recent = dict(islice(known.items(), max(0, len(known) - _MAX_OVERDUE), None))
        state = replace(state, window=waiting, overdue=recent, doubted_until_ms=now + _DOUBTED_MS)
    # An unanswered submit is a reason to doubt the link at once, and not yet one to drop what else is under way.
    if state.enquire_sequence is None and (late or now >= state.enquire_ms + terms.enquire_link_ms):
        sequence = _next(state.sequence)
        state = replace(state, sequence=sequence, enquire_sequence=sequence, enquire_ms=now)
        effects.append(d.SendEnquire(sequence))
    return state, tuple(effects)


def _handed(state: State, submission: Submission, moment: Moment) -> Step:
    if state.phase is not Phase.BOUND:  # it was never on the wire
        return state, (d.Settled(submission.message_id, Verdict.RETRY, part=submission.part),)
    sequence = _next(state.sequence)
    window = {**state.window, sequence: Outstanding(submission.message_id, submission.part, moment.now_ms)}
    after = replace(state, sequence=sequence, window=window, pace=submitted(state.pace, moment.now_ms))
    return after, (d.SendSubmit(sequence, submission),)


def _bind_answered(terms: Terms, state: State, sequence: int, status: int, moment: Moment) -> Step:
    if state.phase is not Phase.BINDING or sequence != state.sequence:
        return state, ()
    match judge(status, terms.statuses).verdict:
        case Verdict.ACCEPTED:
            bound = replace(state, phase=Phase.BOUND, since_ms=moment.now_ms, enquire_ms=moment.now_ms)
            return bound, (d.Said("bound to the SMSC"),)
        case Verdict.CREDENTIALS:
            why = f"the SMSC refused system_id or password ({reason(status)}); correct them in the configuration"
            return _lost(terms, state, moment, why, alarm=True)
        case _:
            return _lost(terms, state, moment, f"the SMSC refused our bind ({reason(status)})")


def _submit_answered(terms: Terms, state: State, answer: d.SubmitAnswered, moment: Moment) -> Step:
    sequence, status = answer.sequence, answer.status
    on_time = sequence in state.window
    outstanding = state.window.get(sequence) or state.overdue.get(sequence)
    if outstanding is None:
        return state, ()
    if on_time:
        state = replace(state, window={s: o for s, o in state.window.items() if s != sequence})
    else:
        state = replace(state, overdue={s: o for s, o in state.overdue.items() if s != sequence})
    state = replace(state, attempt=0, doubted_until_ms=0)
    verdict = judge(status, terms.statuses).verdict
    settled = d.Settled(outstanding.message_id, verdict, status, answer.smsc_id, outstanding.part)
    match verdict:
        case Verdict.ACCEPTED:
            return replace(state, pace=accepted(state.pace, outstanding.sent_ms, terms.interval_ms)), (settled,)
        case Verdict.PERMANENT | Verdict.AMBIGUOUS:
            return state, (settled,)
        case Verdict.RETRY | Verdict.REBIND | Verdict.CREDENTIALS:
            # An overdue message is on its way again already.
            again = (replace(settled, verdict=Verdict.RETRY),) if on_time else ()
        case _:
            assert_never(verdict)
    if verdict is Verdict.RETRY:
        pace = throttled(state.pace, moment.now_ms, outstanding.sent_ms, terms.interval_ms)
        return replace(state, pace=pace), again
    why = f"the SMSC refused a message ({reason(status)})"
    after, effects = _lost(terms, state, moment, why, alarm=verdict is Verdict.CREDENTIALS)
    return after, (*again, *effects)


def _stop(state: State, moment: Moment) -> Step:
    match state.phase:
        case Phase.BOUND:
            return replace(state, phase=Phase.DRAINING, since_ms=moment.now_ms), ()
        case Phase.CONNECTING | Phase.BINDING | Phase.DOWN:
            return _ended(state)
        case Phase.DRAINING | Phase.UNBINDING | Phase.STOPPED:
            return state, ()
        case _:
            assert_never(state.phase)


def _unbind(state: State, moment: Moment) -> Step:
    sequence = _next(state.sequence)
    after = replace(state, phase=Phase.UNBINDING, since_ms=moment.now_ms, sequence=sequence)
    return after, (d.SendUnbind(sequence),)


def _lost(terms: Terms, state: State, moment: Moment, why: str, *, alarm: bool = False) -> Step:
    """Down, with all that is unanswered ambiguous, and a pause before the next try; ``alarm`` makes it the long one."""
    if state.phase in (Phase.DRAINING, Phase.UNBINDING):
        return _ended(state)
    pause = terms.credentials_back_off_ms if alarm else back_off_ms(terms, state.attempt, moment.jitter)
    unanswered = tuple(_ambiguous(o) for o in state.window.values())
    said = d.Said(f"no link to the SMSC: {why}; next try in {pause / 1000:.1f} s", alarm)
    # The pace stays: an SMSC that throttles does not forgive a new connection.
    after = State(retry_at_ms=moment.now_ms + pause, attempt=state.attempt + 1, since_ms=moment.now_ms, pace=state.pace)
    return after, (d.HangUp(), *unanswered, said)


def _ended(state: State) -> Step:
    return State(phase=Phase.STOPPED, since_ms=state.since_ms), (d.HangUp(),)


def _ambiguous(outstanding: Outstanding) -> d.Settled:
    return d.Settled(outstanding.message_id, Verdict.AMBIGUOUS, part=outstanding.part)


def _connected(state: State) -> bool:
    return state.phase not in (Phase.DOWN, Phase.STOPPED)


def _next(sequence: int) -> int:
    return sequence % _MAX_SEQUENCE + 1
