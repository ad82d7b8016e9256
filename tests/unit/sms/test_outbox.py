"""The outbox: once each, until it expires, within bounds."""

from __future__ import annotations

from sms.dialogue import Settled
from sms.message import Message, Report, State
from sms.outbox import LATE_MS, Outbox
from sms.receipts import Receipt
from sms.settings import Long, Provider
from sms.status import Verdict
from sms.submission import WHOLE, Submission

GATE = 990
NOW = 1_000_000
PROVIDER = Provider(host="smsc", port=1, system_id="venue", password="secret")
LONG = "x" * 153 + "y" * 153 + "z"
Heard = list[tuple[int, Report]]


def message(message_id: str, life_ms: int = 1000, text: str = "text") -> Message:
    """``life_ms``: as long as it is worth sending."""
    return Message(message_id, "+77011234567", text, NOW + LATE_MS + life_ms)


def failed(message_id: str, reason: str) -> Heard:
    return [(GATE, Report(message_id, State.FAILED, reason=reason))]


def hand_over(outbox: Outbox, one: Message) -> Heard:
    return [(item.owner, item.report) for item in outbox.hand_over(one, GATE, NOW)]


def carried(state: State, smsc_id: str, parts: int = 1) -> Report:
    """What is told of m1 once the SMSC has taken it; its receipt comes in the same instant."""
    delay_ms = 0 if state is State.DELIVERED else None
    return Report("m1", state, smsc_id, provider=PROVIDER.name, parts=parts, delay_ms=delay_ms)


def settle(outbox: Outbox, settled: Settled) -> Heard:
    return [(item.owner, item.report) for item in outbox.settle(PROVIDER.name, settled, NOW)]


def notice(outbox: Outbox, receipt: Receipt) -> Heard:
    return [(item.owner, item.report) for item in outbox.notice(PROVIDER.name, receipt, NOW)]


def expire(outbox: Outbox, now_utc_ms: int) -> Heard:
    return [(item.owner, item.report) for item in outbox.expire(now_utc_ms)]


def submission(outbox: Outbox) -> Submission | None:
    """What is submitted next, through the first provider that serves the number."""
    found = outbox.take(lambda candidates: candidates[0])
    return found[1] if found else None


def taken(outbox: Outbox) -> str | None:
    """Its message."""
    found = submission(outbox)
    return found.message_id if found else None


def test_once_each_and_what_was_told_again() -> None:
    outbox = Outbox((PROVIDER,))
    assert hand_over(outbox, message("m1")) == []
    assert hand_over(outbox, message("m1")) == []
    assert taken(outbox) == "m1"
    assert taken(outbox) is None
    sent = [(GATE, carried(State.SENT, "7"))]
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "7")) == sent
    assert hand_over(outbox, message("m1")) == sent
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "8")) == []
    delivered = [(GATE, carried(State.DELIVERED, "7"))]
    assert notice(outbox, Receipt("7", None, "")) == []
    assert notice(outbox, Receipt("7", State.DELIVERED, "")) == delivered
    assert notice(outbox, Receipt("7", State.DELIVERED, "")) == []
    assert hand_over(outbox, message("m1")) == sent + delivered, "a gate may have died with the first"


def test_a_receipt_may_overtake_its_response() -> None:
    outbox = Outbox((PROVIDER,))
    hand_over(outbox, message("m1"))
    taken(outbox)
    assert notice(outbox, Receipt("7", State.FAILED, "undeliverable")) == []
    reports = settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "7"))
    assert [report.state for _, report in reports] == [State.SENT, State.FAILED]


def test_a_strangers_receipt_is_not_kept_for_a_later_message_with_the_same_smsc_id() -> None:
    outbox = Outbox((PROVIDER,))
    notice(outbox, Receipt("1", State.DELIVERED, ""))
    hand_over(outbox, message("m1"))
    taken(outbox)
    notice(outbox, Receipt("2", State.DELIVERED, ""))
    assert [report.state for _, report in settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "1"))] == [State.SENT]
    hand_over(outbox, message("m2"))
    taken(outbox)
    assert [report.state for _, report in settle(outbox, Settled("m2", Verdict.ACCEPTED, 0, "2"))] == [State.SENT]


def test_nothing_is_sent_late() -> None:
    outbox = Outbox((PROVIDER,))
    assert hand_over(outbox, message("m0", -1)) == failed("m0", "expired")
    hand_over(outbox, message("m1", 500))
    hand_over(outbox, message("m2", 900))
    assert outbox.next_expiry_utc_ms() == NOW + 500
    assert expire(outbox, NOW + 499) == []
    assert expire(outbox, NOW + 500) == failed("m1", "expired")
    assert taken(outbox) == "m2"
    assert expire(outbox, NOW + 900) == []  # under way: its answer decides
    assert settle(outbox, Settled("m2", Verdict.RETRY, 0x58)) == []
    assert expire(outbox, NOW + 1900) == failed("m2", "expired")
    assert taken(outbox) is None


def test_ambiguous_once_more_and_first() -> None:
    outbox = Outbox((PROVIDER,))
    hand_over(outbox, message("m1"))
    hand_over(outbox, message("m2"))
    taken(outbox)
    assert settle(outbox, Settled("m1", Verdict.AMBIGUOUS)) == []
    assert taken(outbox) == "m1"
    assert settle(outbox, Settled("m1", Verdict.AMBIGUOUS)) == failed("m1", "unanswered")
    assert taken(outbox) == "m2"
    assert taken(outbox) is None


def test_a_refusal_after_an_answer_that_never_came_is_not_sure_to_cost_nothing() -> None:
    outbox = Outbox((PROVIDER,))
    hand_over(outbox, message("m1"))
    taken(outbox)
    assert settle(outbox, Settled("m1", Verdict.AMBIGUOUS)) == []
    taken(outbox)
    ((_, report),) = settle(outbox, Settled("m1", Verdict.PERMANENT, 0x0B))
    assert report == Report("m1", State.FAILED, reason="unanswered, then 0x0b invalid destination")
    assert not report.reason.startswith("0x"), "by which the budget knows that it costs nothing"


def test_a_late_answer_takes_it_out_of_the_queue() -> None:
    outbox = Outbox((PROVIDER,))
    hand_over(outbox, message("m1"))
    taken(outbox)
    settle(outbox, Settled("m1", Verdict.AMBIGUOUS))
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "7"))[0][1].state is State.SENT
    assert taken(outbox) is None


def test_bounds() -> None:
    outbox = Outbox((PROVIDER,), max_waiting=2, max_remembered=3)
    hand_over(outbox, message("m1"))
    hand_over(outbox, message("m2"))
    assert hand_over(outbox, message("m3")) == failed("m3", "outbox full")
    for number in range(1000):
        name = taken(outbox)
        assert name is not None
        settle(outbox, Settled(name, Verdict.ACCEPTED, 0, f"s{number}"))
        assert hand_over(outbox, message(f"n{number}")) == []
    assert hand_over(outbox, message("m1")) != [(GATE, Report("m1", State.SENT, "s0"))]
    assert hand_over(outbox, message("x")) == failed("x", "outbox full")


def test_a_password_about_to_end_is_not_sent() -> None:
    outbox = Outbox((PROVIDER,))
    assert hand_over(outbox, message("m1", 0)) == failed("m1", "expired")
    three_seconds_left = Message("m0", "+77011234567", "text", NOW + 3000)
    assert hand_over(outbox, three_seconds_left) == failed("m0", "expired")
    hand_over(outbox, message("m2", 1))
    assert expire(outbox, NOW + 1) == failed("m2", "expired")
    assert taken(outbox) is None


def test_a_long_text_is_sent_when_all_parts_are_and_delivered_when_all_parts_are() -> None:
    outbox = Outbox((PROVIDER,), max_parts=3)
    hand_over(outbox, message("m1", text=LONG))
    parts = [submission(outbox) for _ in range(3)]
    assert [(one.part, one.total) for one in parts if one] == [(1, 3), (2, 3), (3, 3)]
    assert len({one.reference for one in parts if one}) == 1
    assert b"".join(one.encoded.octets for one in parts if one) == LONG.encode()
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "b", 2)) == []
    assert notice(outbox, Receipt("b", State.DELIVERED, "")) == []
    assert settle(outbox, Settled("m1", Verdict.RETRY, 0x58, "", 1)) == []
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "c", 3)) == []
    again = submission(outbox)
    assert again
    assert again.part == 1
    assert taken(outbox) is None
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "a", 1)) == [(GATE, carried(State.SENT, "a", 3))]
    assert notice(outbox, Receipt("c", State.DELIVERED, "")) == []
    assert notice(outbox, Receipt("c", State.DELIVERED, "")) == []
    assert notice(outbox, Receipt("a", State.DELIVERED, "")) == [(GATE, carried(State.DELIVERED, "a", 3))]


def test_one_part_that_fails_fails_the_message() -> None:
    outbox = Outbox((PROVIDER,), max_parts=3)
    hand_over(outbox, message("m1", text=LONG))
    taken(outbox)
    assert settle(outbox, Settled("m1", Verdict.PERMANENT, 0x0B)) == failed("m1", "0x0b invalid destination")
    assert taken(outbox) is None
    hand_over(outbox, message("m2", text=LONG))
    for part in (1, 2, 3):
        taken(outbox)
        settle(outbox, Settled("m2", Verdict.ACCEPTED, 0, f"s{part}", part))
    notice(outbox, Receipt("s1", State.DELIVERED, ""))
    report = Report("m2", State.FAILED, "s2", "undeliverable", PROVIDER.name, 3)
    assert notice(outbox, Receipt("s2", State.FAILED, "undeliverable")) == [(GATE, report)]


def test_a_long_text_goes_uncut_where_the_smsc_cuts_it() -> None:
    outbox = Outbox((Provider(host="smsc", port=1, system_id="v", password="s", long=Long.PAYLOAD),), max_parts=3)
    hand_over(outbox, message("m1", text=LONG))
    whole = submission(outbox)
    assert whole
    assert (whole.part, whole.total, whole.encoded.octets) == (WHOLE, 1, LONG.encode())
    assert taken(outbox) is None
    assert settle(outbox, Settled("m1", Verdict.RETRY, 0x14, "", WHOLE)) == []
    assert submission(outbox) == whole
    assert settle(outbox, Settled("m1", Verdict.ACCEPTED, 0, "7", WHOLE)) == [(GATE, carried(State.SENT, "7", 3))]
    assert notice(outbox, Receipt("7", State.DELIVERED, "")) == [(GATE, carried(State.DELIVERED, "7", 3))]


def test_more_parts_than_the_owner_allows_are_refused() -> None:
    outbox = Outbox((PROVIDER,), max_parts=2)
    assert hand_over(outbox, message("m1", text=LONG)) == failed("m1", "text too long")


def test_numbers_that_nobody_serves_and_routes_that_do_not_hold_up_each_other() -> None:
    def provider(name: str, *prefixes: str) -> Provider:
        return Provider(host="s", port=1, system_id="v", password="s", name=name, prefixes=prefixes)

    outbox = Outbox((provider("first", "+7701"), provider("second", "+7701", "+7702")))
    later = NOW + 60_000
    assert hand_over(outbox, Message("m0", "+77031234567", "x", later)) == failed("m0", "no provider")
    hand_over(outbox, Message("m1", "+77011234567", "x", later))
    hand_over(outbox, Message("m2", "+77021234567", "x", later))
    asked: list[tuple[int, ...]] = []

    def first_is_busy(candidates: tuple[int, ...]) -> int | None:
        asked.append(candidates)
        return candidates[0] if candidates[0] != 0 else None

    found = outbox.take(first_is_busy)
    assert found
    assert (found[0], found[1].message_id) == (1, "m2")
    assert outbox.take(first_is_busy) is None
    assert set(asked) == {(0, 1), (1,)}


def test_an_ambiguous_message_may_go_elsewhere_once_and_whoever_took_it_is_believed() -> None:
    providers = tuple(
        Provider(host="s", port=1, system_id="v", password="s", name=name) for name in ("first", "second")
    )
    outbox = Outbox(providers)
    hand_over(outbox, message("m1"))
    outbox.take(lambda _: 0)
    assert outbox.settle("first", Settled("m1", Verdict.AMBIGUOUS), NOW) == []
    outbox.take(lambda _: 1)
    (sent,) = outbox.settle("second", Settled("m1", Verdict.ACCEPTED, 0, "2"), NOW + 300)
    assert (sent.report.state, sent.report.provider, sent.report.parts) == (State.SENT, "second", 1)
    assert outbox.settle("first", Settled("m1", Verdict.ACCEPTED, 0, "1"), NOW) == []
    assert outbox.notice("first", Receipt("2", State.DELIVERED, ""), NOW) == []
    (delivered,) = outbox.notice("second", Receipt("2", State.DELIVERED, ""), NOW + 4500)
    assert (delivered.report.state, delivered.report.delay_ms) == (State.DELIVERED, 4200)
    (sent_again, delivered_again) = outbox.hand_over(message("m1"), GATE, NOW + 5000)
    assert (sent_again, delivered_again) == (sent, delivered)
