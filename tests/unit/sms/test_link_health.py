"""How fast a link submits, when it is relied on, and what a provider may say otherwise than the standard."""

from __future__ import annotations

import heapq
import random

import pytest

from sms import dialogue as d
from sms.link import step
from sms.settings import Provider, Role
from sms.state import Phase, State, deadline, is_steady, room
from sms.status import Verdict
from sms.terms import Moment, Terms
from tests.unit.sms.test_link import M1, TERMS, bound


def test_a_receiver_submits_nothing() -> None:
    terms = Terms.of(Provider(host="smsc", port=1, system_id="venue", password="secret"), Role.RECEIVER)
    state, _ = step(terms, State(), d.Tick(), Moment(0, 0.0))
    state, effects = step(terms, state, d.Opened(), Moment(0, 0.0))
    assert effects == (d.SendBind(1, Role.RECEIVER),)
    state, _ = step(terms, state, d.BindAnswered(1, 0), Moment(0, 0.0))
    assert (state.phase, room(terms, state, 0)) == (Phase.BOUND, 0)


def test_a_rate_is_kept_and_evenly() -> None:
    provider = Provider(host="smsc", port=1, system_id="venue", password="secret", rate_per_s=30, window=100)
    terms = Terms.of(provider)
    state = State(phase=Phase.BOUND, sequence=1)
    sent_ms = []
    for now_ms in range(3000):
        while room(terms, state, now_ms):
            state, _ = step(terms, state, d.Handed(M1), Moment(now_ms, 0.0))
            state, _ = step(terms, state, d.SubmitAnswered(state.sequence, 0, "x"), Moment(now_ms, 0.0))
            sent_ms.append(now_ms)
        due_ms = deadline(terms, state, now_ms)
        assert due_ms is not None
        assert due_ms > now_ms
    assert 85 <= len(sent_ms) <= 91
    busiest = max(sum(begin <= at < begin + 1000 for at in sent_ms) for begin in sent_ms)
    assert busiest <= 30


def test_throttled_it_slows_down_and_recovers() -> None:
    """An SMSC that takes 20 a second and refuses the rest, with no rate configured."""
    terms = Terms.of(Provider(host="smsc", port=1, system_id="venue", password="secret", window=10))
    state = State(phase=Phase.BOUND, sequence=1)
    taken: list[int] = []
    refused: list[int] = []
    for now_ms in range(0, 120_000, 5):
        while room(terms, state, now_ms):
            state, _ = step(terms, state, d.Handed(M1), Moment(now_ms, 0.0))
            too_much = sum(at > now_ms - 1000 for at in taken[-20:]) >= 20
            (refused if too_much else taken).append(now_ms)
            answer = d.SubmitAnswered(state.sequence, 0x58 if too_much else 0, "x")
            state, _ = step(terms, state, answer, Moment(now_ms, 0.0))
    assert len(taken) > 120 * 20 * 0.5
    assert len(refused) < len(taken) / 20
    state, _ = step(terms, state, d.Lost("closed"), Moment(120_000, 0.0))
    assert state.pace.slowed_ms > 0  # a new connection is not forgiven
    for now_ms in range(200_000, 320_000, 5):  # now it takes everything
        state = State(phase=Phase.BOUND, sequence=1, pace=state.pace)
        if room(terms, state, now_ms):
            state, _ = step(terms, state, d.Handed(M1), Moment(now_ms, 0.0))
            state, _ = step(terms, state, d.SubmitAnswered(state.sequence, 0, "x"), Moment(now_ms, 0.0))
    assert room(terms, state, 400_000) == 10


def test_a_window_of_answers_teaches_once_however_they_come() -> None:
    """Refused and taken by turns, more than a pause apart: what went before the first refusal was one burst."""
    terms = Terms.of(Provider(host="smsc", port=1, system_id="venue", password="secret", window=10))
    state = State(phase=Phase.BOUND, sequence=1)
    for _ in range(10):
        state, _ = step(terms, state, d.Handed(M1), Moment(0, 0.0))
    for sequence in range(2, 12):
        answer = d.SubmitAnswered(sequence, 0 if sequence % 2 else 0x58, "x")
        state, _ = step(terms, state, answer, Moment(sequence * 1100, 0.0))
    assert (state.pace.pause_ms, state.pace.paused_until_ms, state.pace.slowed_ms) == (1000, 2200 + 1000, 20)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answer_ms", [0, 100, 1500])
def test_an_smsc_that_answers_late_and_in_any_order_is_not_crawled_to(answer_ms: int, seed: int) -> None:
    """One that takes 20 a second and refuses the rest. What is waiting goes at half that, or as the window allows."""
    chance = random.Random(seed)
    terms = Terms.of(Provider(host="smsc", port=1, system_id="venue", password="secret", window=10))
    state = State(phase=Phase.BOUND, sequence=1)
    taken: list[int] = []
    answers: list[tuple[int, int, int]] = []
    for now_ms in range(0, 60_000, 5):
        while answers and answers[0][0] <= now_ms:
            _, sequence, status = heapq.heappop(answers)
            state, _ = step(terms, state, d.SubmitAnswered(sequence, status, "x"), Moment(now_ms, 0.0))
        while room(terms, state, now_ms):
            state, _ = step(terms, state, d.Handed(M1), Moment(now_ms, 0.0))
            too_much = sum(at > now_ms - 1000 for at in taken[-20:]) >= 20
            if not too_much:
                taken.append(now_ms)
            answered_ms = now_ms + round(answer_ms * chance.uniform(0.5, 1.5))
            heapq.heappush(answers, (answered_ms, state.sequence, 0x58 if too_much else 0))
    possible = min(20.0, terms.window * 1000 / answer_ms) if answer_ms else 20.0
    assert len(taken) > 60 * possible / 2


def test_a_provider_that_hangs_is_not_steady_long_before_it_is_given_up() -> None:
    link = bound()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    assert is_steady(TERMS, link.state, 2499)
    assert deadline(TERMS, link.state, 0) == 2500
    assert not is_steady(TERMS, link.state, 2500)
    assert deadline(TERMS, link.state, 2500) == 10_000
    hanging = bound()
    hanging.says(d.Handed(M1), d.SendSubmit(2, M1))
    hanging.says(d.Tick(), d.Settled("m1", Verdict.AMBIGUOUS), d.SendEnquire(3), after_ms=10_000)
    hanging.says(d.EnquireAnswered(3))  # it lives, and still answers no submit_sm
    assert not is_steady(TERMS, hanging.state, 69_999)
    assert is_steady(TERMS, hanging.state, 70_000)
    hanging.says(d.SubmitAnswered(2, 0, "a"), d.Settled("m1", Verdict.ACCEPTED, 0, "a"))
    assert is_steady(TERMS, hanging.state, 10_000)
    link.says(d.SubmitAnswered(2, 0, "a"), d.Settled("m1", Verdict.ACCEPTED, 0, "a"), after_ms=2500)
    assert is_steady(TERMS, link.state, link.now_ms)


def test_a_providers_own_codes_mean_what_it_says() -> None:
    statuses = {0x0403: Verdict.CREDENTIALS, 0x58: Verdict.PERMANENT, 0x0B: Verdict.RETRY}
    terms = Terms.of(Provider(host="smsc", port=1, system_id="venue", password="secret", statuses=statuses))
    for status, verdict in ((0x0403, Verdict.RETRY), (0x58, Verdict.PERMANENT), (0x0B, Verdict.RETRY)):
        state = State(phase=Phase.BOUND, sequence=1)
        state, _ = step(terms, state, d.Handed(M1), Moment(0, 0.0))
        state, effects = step(terms, state, d.SubmitAnswered(2, status, ""), Moment(0, 0.0))
        assert effects[0] == d.Settled("m1", verdict, status)
        assert (state.phase is Phase.DOWN) is (status == 0x0403)
