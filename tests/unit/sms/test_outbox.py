"""The outbox: once each, until it expires, within bounds."""

from __future__ import annotations

from sms.dialogue import Settled
from sms.message import Message, Report, State
from sms.outbox import Addressed, Outbox
from sms.receipts import Receipt
from sms.status import Verdict

GATE = 990
NOW = 1_000_000


def message(message_id: str, life_ms: int = 1000) -> Message:
    return Message(message_id, "+77011234567", "text", NOW + life_ms)


def failed(message_id: str, reason: str) -> list[Addressed]:
    return [Addressed(GATE, Report(message_id, State.FAILED, reason=reason))]


def test_once_each_and_the_last_report_again() -> None:
    outbox = Outbox()
    assert outbox.hand_over(message("m1"), GATE, NOW) == []
    assert outbox.hand_over(message("m1"), GATE, NOW) == []
    assert outbox.take() == message("m1")
    assert outbox.take() is None
    sent = [Addressed(GATE, Report("m1", State.SENT, "7"))]
    assert outbox.settle(Settled("m1", Verdict.ACCEPTED, 0, "7")) == sent
    assert outbox.hand_over(message("m1"), GATE, NOW) == sent
    assert outbox.settle(Settled("m1", Verdict.ACCEPTED, 0, "8")) == []
    delivered = [Addressed(GATE, Report("m1", State.DELIVERED, "7"))]
    assert outbox.notice(Receipt("7", None, "")) == []
    assert outbox.notice(Receipt("7", State.DELIVERED, "")) == delivered
    assert outbox.notice(Receipt("7", State.DELIVERED, "")) == []
    assert outbox.hand_over(message("m1"), GATE, NOW) == delivered


def test_a_receipt_may_overtake_its_response() -> None:
    outbox = Outbox()
    outbox.hand_over(message("m1"), GATE, NOW)
    outbox.take()
    assert outbox.notice(Receipt("7", State.FAILED, "undeliverable")) == []
    reports = outbox.settle(Settled("m1", Verdict.ACCEPTED, 0, "7"))
    assert [item.report.state for item in reports] == [State.SENT, State.FAILED]


def test_a_strangers_receipt_is_not_kept_for_a_later_message_with_the_same_smsc_id() -> None:
    outbox = Outbox()
    outbox.notice(Receipt("1", State.DELIVERED, ""))
    outbox.hand_over(message("m1"), GATE, NOW)
    outbox.take()
    outbox.notice(Receipt("2", State.DELIVERED, ""))
    assert [item.report.state for item in outbox.settle(Settled("m1", Verdict.ACCEPTED, 0, "1"))] == [State.SENT]
    outbox.hand_over(message("m2"), GATE, NOW)
    outbox.take()
    assert [item.report.state for item in outbox.settle(Settled("m2", Verdict.ACCEPTED, 0, "2"))] == [State.SENT]


def test_nothing_is_sent_late() -> None:
    outbox = Outbox()
    assert outbox.hand_over(message("m0", -1), GATE, NOW) == failed("m0", "expired")
    outbox.hand_over(message("m1", 500), GATE, NOW)
    outbox.hand_over(message("m2", 900), GATE, NOW)
    assert outbox.next_expiry_utc_ms() == NOW + 500
    assert outbox.expire(NOW + 499) == []
    assert outbox.expire(NOW + 500) == failed("m1", "expired")
    assert outbox.take() == message("m2", 900)
    assert outbox.expire(NOW + 900) == []  # under way: its answer decides
    assert outbox.settle(Settled("m2", Verdict.RETRY, 0x58)) == []
    assert outbox.expire(NOW + 1900) == failed("m2", "expired")
    assert outbox.take() is None


def test_ambiguous_once_more_and_first() -> None:
    outbox = Outbox()
    outbox.hand_over(message("m1"), GATE, NOW)
    outbox.hand_over(message("m2"), GATE, NOW)
    outbox.take()
    assert outbox.settle(Settled("m1", Verdict.AMBIGUOUS)) == []
    assert outbox.take() == message("m1")
    assert outbox.settle(Settled("m1", Verdict.AMBIGUOUS)) == failed("m1", "unanswered")
    assert outbox.take() == message("m2")
    assert outbox.take() is None


def test_a_late_answer_takes_it_out_of_the_queue() -> None:
    outbox = Outbox()
    outbox.hand_over(message("m1"), GATE, NOW)
    outbox.take()
    outbox.settle(Settled("m1", Verdict.AMBIGUOUS))
    assert outbox.settle(Settled("m1", Verdict.ACCEPTED, 0, "7"))[0].report.state is State.SENT
    assert outbox.take() is None


def test_bounds() -> None:
    outbox = Outbox(max_waiting=2, max_remembered=3)
    outbox.hand_over(message("m1"), GATE, NOW)
    outbox.hand_over(message("m2"), GATE, NOW)
    assert outbox.hand_over(message("m3"), GATE, NOW) == failed("m3", "outbox full")
    for number in range(1000):
        taken = outbox.take()
        assert taken is not None
        outbox.settle(Settled(taken.id, Verdict.ACCEPTED, 0, f"s{number}"))
        assert outbox.hand_over(message(f"n{number}"), GATE, NOW) == []
    assert outbox.hand_over(message("m1"), GATE, NOW) != [Addressed(GATE, Report("m1", State.SENT, "s0"))]
    assert outbox.hand_over(message("x"), GATE, NOW) == failed("x", "outbox full")
