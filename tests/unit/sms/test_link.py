"""The link's dialogues: this event in, exactly these effects out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sms import dialogue as d
from sms.link import step
from sms.message import State as MessageState
from sms.receipts import Receipt
from sms.settings import Provider
from sms.state import Phase, State, deadline, is_steady, room
from sms.status import Verdict
from sms.submission import Submission
from sms.terms import Moment, Terms, back_off_ms
from sms.texts import split

TERMS = Terms.of(Provider(host="smsc", port=1, system_id="venue", password="secret", window=2))
M1, M2, M3 = (Submission(f"m{n}", "+77011234567", 10**12, split("text")[0]) for n in (1, 2, 3))


class Script:
    """A link under dictation."""

    def __init__(self) -> None:
        self.state, self.now_ms = State(), 0

    def says(self, event: d.Event, *effects: d.Effect, after_ms: int = 0) -> None:
        """Brings the event, and expects exactly these effects (log lines apart)."""
        heard = self.hears(event, after_ms)
        assert heard == effects

    def hears(self, event: d.Event, after_ms: int = 0) -> tuple[d.Effect, ...]:
        """Brings the event; the effects, log lines apart."""
        self.now_ms += after_ms
        self.state, effects = step(TERMS, self.state, event, Moment(self.now_ms, 0.0))
        return tuple(effect for effect in effects if not isinstance(effect, d.Said))

    def binds(self) -> None:
        """The way to BOUND."""
        self.says(d.Tick(), d.Dial())
        self.says(d.Opened(), d.SendBind(1))
        self.says(d.BindAnswered(1, 0))
        assert self.state.phase is Phase.BOUND

    @property
    def room(self) -> int:
        return room(TERMS, self.state, self.now_ms)


def bound() -> Script:
    script = Script()
    script.binds()
    return script


def test_it_binds_submits_and_hears_the_answers_in_any_order() -> None:
    link = bound()
    assert link.room == 2
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.Handed(M2), d.SendSubmit(3, M2))
    assert link.room == 0
    link.says(d.SubmitAnswered(3, 0, "b"), d.Settled("m2", Verdict.ACCEPTED, 0, "b"))
    assert link.room == 1
    link.says(d.SubmitAnswered(2, 0, "a"), d.Settled("m1", Verdict.ACCEPTED, 0, "a"))
    link.says(d.SubmitAnswered(2, 0, "a"))
    link.says(d.SubmitAnswered(99, 0, "x"))


def test_nothing_is_submitted_before_the_bind_is_answered() -> None:
    link = Script()
    assert link.room == 0
    link.says(d.Handed(M1), d.Settled("m1", Verdict.RETRY))
    link.says(d.Tick(), d.Dial())
    link.says(d.Opened(), d.SendBind(1))
    assert link.room == 0
    link.says(d.Enquired(5), d.AnswerEnquire(5))
    link.says(d.BindAnswered(9, 0))
    assert link.state.phase is Phase.BINDING
    link.says(d.BindAnswered(1, 0))
    assert link.room == 2


def test_refusals_are_judged_by_the_table() -> None:
    link = bound()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.SubmitAnswered(2, 0x0B, ""), d.Settled("m1", Verdict.PERMANENT, 0x0B))
    link.says(d.Handed(M1), d.SendSubmit(3, M1))
    link.says(d.SubmitAnswered(3, 0x04FF, ""), d.Settled("m1", Verdict.PERMANENT, 0x04FF))
    link.says(d.Handed(M1), d.SendSubmit(4, M1))
    link.says(d.Nacked(4, 0x02), d.Settled("m1", Verdict.PERMANENT, 0x02))
    link.says(d.Handed(M1), d.SendSubmit(5, M1))
    link.says(d.Handed(M2), d.SendSubmit(6, M2))
    link.says(
        d.SubmitAnswered(5, 0x04, ""),
        d.Settled("m1", Verdict.RETRY, 0x04),
        d.HangUp(),
        d.Settled("m2", Verdict.AMBIGUOUS),
    )
    assert link.state.phase is Phase.DOWN


def test_throttling_pauses_longer_each_time_and_ends_with_the_first_success() -> None:
    link = bound()
    for sequence, pause_ms in ((2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000)):
        link.says(d.Handed(M1), d.SendSubmit(sequence, M1))
        link.says(d.SubmitAnswered(sequence, 0x58, ""), d.Settled("m1", Verdict.RETRY, 0x58))
        assert (link.room, deadline(TERMS, link.state, link.now_ms)) == (0, link.now_ms + pause_ms)
        assert not is_steady(TERMS, link.state, link.now_ms)
        link.says(d.Tick(), after_ms=pause_ms)
        assert link.room == 1
    link.says(d.Handed(M1), d.SendSubmit(7, M1))
    link.says(d.SubmitAnswered(7, 0, "a"), d.Settled("m1", Verdict.ACCEPTED, 0, "a"))
    assert link.room == 0  # slower than before for a while yet
    link.says(d.Tick(), after_ms=1000)
    link.says(d.Handed(M2), d.SendSubmit(8, M2))
    link.says(d.SubmitAnswered(8, 0x14, ""), d.Settled("m2", Verdict.RETRY, 0x14))
    assert deadline(TERMS, link.state, link.now_ms) == link.now_ms + 1000


def test_one_storm_of_refusals_is_one_pause() -> None:
    link = bound()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.Handed(M2), d.SendSubmit(3, M2))
    link.says(d.SubmitAnswered(2, 0x58, ""), d.Settled("m1", Verdict.RETRY, 0x58))
    link.says(d.SubmitAnswered(3, 0x58, ""), d.Settled("m2", Verdict.RETRY, 0x58))
    assert link.state.pace.pause_ms == 1000


def test_the_link_is_proved_alive_and_a_silent_peer_is_left() -> None:
    link = bound()
    assert deadline(TERMS, link.state, 0) == 30_000
    link.says(d.Tick(), after_ms=29_999)
    link.says(d.Tick(), d.SendEnquire(2), after_ms=1)
    link.says(d.EnquireAnswered(9))
    link.says(d.EnquireAnswered(2), after_ms=9_999)
    link.says(d.Tick(), d.SendEnquire(3), after_ms=20_001)
    assert deadline(TERMS, link.state, link.now_ms) == link.now_ms + 10_000
    link.says(d.Tick(), d.HangUp(), after_ms=10_000)
    assert link.state.phase is Phase.DOWN


def test_an_unanswered_submit_is_ambiguous_and_raises_doubt() -> None:
    link = bound()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.Handed(M2), d.SendSubmit(3, M2), after_ms=5000)
    link.says(d.Tick(), d.Settled("m1", Verdict.AMBIGUOUS), d.SendEnquire(4), after_ms=5000)
    assert link.room == 1
    link.says(d.Handed(M1), d.SendSubmit(5, M1))
    link.says(d.SubmitAnswered(2, 0, "late"), d.Settled("m1", Verdict.ACCEPTED, 0, "late"))
    link.says(d.EnquireAnswered(4))
    link.says(d.Tick(), d.Settled("m2", Verdict.AMBIGUOUS), d.SendEnquire(6), after_ms=5000)
    link.says(d.SubmitAnswered(3, 0x58, ""))  # it is on its way again already


def test_a_lost_connection_makes_the_window_ambiguous_and_the_next_one_starts_afresh() -> None:
    link = bound()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.Lost("reset"), d.HangUp(), d.Settled("m1", Verdict.AMBIGUOUS))
    link.says(d.Lost("reset"))
    link.says(d.SubmitAnswered(2, 0, "a"))
    assert deadline(TERMS, link.state, link.now_ms) == link.now_ms + 250
    link.says(d.Tick(), after_ms=249)
    link.says(d.Tick(), d.Dial(), after_ms=1)
    link.says(d.Opened(), d.SendBind(1))


def test_the_back_off_grows_until_the_link_has_proved_useful() -> None:
    link = Script()
    for pause_ms in (250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000):
        link.says(d.Tick(), d.Dial())
        link.says(d.Opened(), d.SendBind(1))
        link.says(d.BindAnswered(1, 0))
        link.says(d.Lost("closed"), d.HangUp())
        assert deadline(TERMS, link.state, link.now_ms) == link.now_ms + pause_ms
        link.now_ms += pause_ms
    link.binds()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.SubmitAnswered(2, 0, "a"), d.Settled("m1", Verdict.ACCEPTED, 0, "a"))
    link.says(d.Lost("closed"), d.HangUp())
    assert deadline(TERMS, link.state, link.now_ms) == link.now_ms + 250


def test_refused_credentials_alarm_and_wait_long() -> None:
    link = Script()
    link.hears(d.Tick())
    link.hears(d.Opened())
    after, effects = step(TERMS, link.state, d.BindAnswered(1, 0x0E), Moment(0, 0.0))
    assert effects[0] == d.HangUp()
    assert isinstance(effects[1], d.Said)
    assert effects[1].alarm
    assert deadline(TERMS, after, 0) == 300_000


def test_every_way_to_connect_has_an_end() -> None:
    link = Script()
    link.says(d.Tick(), d.Dial())
    assert deadline(TERMS, link.state, 0) == 5000
    link.says(d.Tick(), d.HangUp(), after_ms=5000)
    link.says(d.Tick(), d.Dial(), after_ms=250)
    link.says(d.Opened(), d.SendBind(1))
    assert deadline(TERMS, link.state, 0) == link.now_ms + 10_000
    link.says(d.Tick(), d.HangUp(), after_ms=10_000)
    link.says(d.Opened(), d.HangUp())  # a connection that nobody waits for


def test_what_the_smsc_asks_is_answered() -> None:
    link = bound()
    receipt = Receipt("7", MessageState.DELIVERED, "")
    link.says(d.Enquired(70), d.AnswerEnquire(70))
    link.says(d.Delivered(71, receipt), d.Noticed(receipt), d.AnswerDelivered(71))
    link.says(d.Delivered(72, None), d.AnswerDelivered(72))
    link.says(d.Unknown(73), d.SendNack(73, 3))
    link.says(d.UnbindAsked(74), d.AnswerUnbind(74), d.HangUp())


def test_it_stops_in_an_orderly_way() -> None:
    link = bound()
    link.says(d.Handed(M1), d.SendSubmit(2, M1))
    link.says(d.Stop())  # what was submitted may be answered yet: an answer not heard is a message sent twice
    assert link.room == 0
    link.says(d.Handed(M2), d.Settled("m2", Verdict.RETRY))
    link.says(d.Enquired(70), d.AnswerEnquire(70))
    link.says(d.SubmitAnswered(2, 0, "a"), d.Settled("m1", Verdict.ACCEPTED, 0, "a"), d.SendUnbind(3))
    link.says(d.UnbindAnswered(3), d.HangUp())
    assert (link.state.phase, deadline(TERMS, link.state, 0)) == (Phase.STOPPED, None)
    impatient = bound()
    impatient.says(d.Stop(), d.SendUnbind(2))
    impatient.says(d.Tick(), d.HangUp(), after_ms=2000)
    unanswered = bound()
    unanswered.says(d.Handed(M1), d.SendSubmit(2, M1))
    unanswered.says(d.Stop())
    assert deadline(TERMS, unanswered.state, 0) == 2000
    unanswered.says(d.Tick(), d.SendUnbind(3), after_ms=2000)
    cut = bound()
    cut.says(d.Handed(M1), d.SendSubmit(2, M1))
    cut.says(d.Stop())
    cut.says(d.Lost("closed"), d.HangUp())
    assert cut.state.phase is Phase.STOPPED
    down = Script()
    down.says(d.Stop(), d.HangUp())
    down.says(d.Tick())
    assert down.state.phase is Phase.STOPPED


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_back_off_is_never_none_and_never_over_its_cap(attempt: int, jitter: float) -> None:
    assert 250 <= back_off_ms(TERMS, attempt, jitter) <= 30_000


EVENTS = st.one_of(
    st.just(d.Tick()),
    st.just(d.Opened()),
    st.just(d.Lost("x")),
    st.sampled_from([d.Handed(M1), d.Handed(M2), d.Handed(M3)]),
    st.builds(d.BindAnswered, st.integers(0, 3), st.sampled_from([0, 0, 0, 0x0E, 0x0D])),
    st.builds(d.SubmitAnswered, st.integers(0, 30), st.sampled_from([0, 0x58, 0x0B, 0x04, 0x0E]), st.just("x")),
    st.builds(d.EnquireAnswered, st.integers(0, 30)),
    st.builds(d.Nacked, st.integers(0, 30), st.integers(0, 255)),
    st.builds(d.UnbindAsked, st.integers(0, 3)),
    st.builds(d.UnbindAnswered, st.integers(0, 3)),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 12_000)), max_size=60))
def test_whatever_happens_each_submit_is_settled_and_the_window_is_kept(script: list[tuple[d.Event, int]]) -> None:
    state, now_ms = State(), 0
    sent, settled = 0, 0
    for event, wait_ms in script:
        now_ms += wait_ms
        if isinstance(event, d.Handed) and not room(TERMS, state, now_ms):
            continue
        state, effects = step(TERMS, state, event, Moment(now_ms, 0.5))
        sent += sum(isinstance(effect, d.SendSubmit) for effect in effects)
        settled += sum(isinstance(effect, d.Settled) for effect in effects)
        assert len(state.window) <= TERMS.window
        assert sent - len(state.window) <= settled  # an overdue one may be settled again by its late answer
        if state.phase is Phase.DOWN:
            assert (dict(state.window), dict(state.overdue)) == ({}, {})
        due = deadline(TERMS, state, now_ms)
        assert due is not None
