"""What an owner pays: the budget as dialogues, and as a promise that no order of events breaks."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from appliance import spending, wire
from appliance.allowances import resend_ms
from appliance.doctor import spending_findings
from appliance.events import MessageState
from appliance.sections import Spending
from tests.unit.appliance.asks import DAY_S, number, sent, sent_of, thrifty, told
from tests.unit.appliance.dialogue import NUMBER, Dialogue

# ── the budget ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_when_the_day_is_spent_visitors_are_told_and_midnight_begins_it_anew() -> None:
    talk = Dialogue(thrifty(3))  # it is 13:16 at the venue
    assert sent_of(talk, 3) == 3
    talk.says(talk.asked(), ["refuse budget_spent"])
    talk.wait(10.7 * 3600)
    talk.says(talk.asked(), ["refuse budget_spent"])
    talk.wait(0.1 * 3600)
    assert sent_of(talk, 5) == 3


def test_the_month_is_a_budget_of_its_own() -> None:
    talk = Dialogue(thrifty(3, monthly=7))  # the 15th
    by_day = []
    for _ in range(17):
        by_day.append(sent_of(talk, 5))
        talk.wait(DAY_S)
    assert by_day == [3, 3, 1, *[0] * 14]
    assert sent_of(talk, 5) == 3, "the 1st"


def test_neither_restart_nor_reboot_begins_the_budget_anew() -> None:
    talk = Dialogue(thrifty(3))
    assert sent_of(talk, 2) == 2
    talk.crash()
    talk.step(talk.started())
    assert sent_of(talk, 1) == 1
    talk.reboot()
    talk.says(talk.asked(), ["refuse budget_spent"])


def test_a_clock_that_is_behind_after_a_reboot_opens_no_new_day() -> None:
    """A router has no battery clock: it is 1970 until NTP answers."""
    talk = Dialogue(thrifty(3))
    assert sent_of(talk, 3) == 3
    talk.ahead_ms = -talk.at.utc_ms
    talk.reboot()
    talk.says(talk.asked(), ["refuse budget_spent"])
    talk.ahead_ms = 0
    talk.says(talk.asked(), ["refuse budget_spent"])


def test_a_clock_that_was_ahead_shuts_nobody_out_for_years() -> None:
    """24 hours of running time are a day, whatever the calendar was."""
    talk = Dialogue(thrifty(3))
    talk.ahead_ms = 10 * 365 * DAY_S * 1000
    assert sent_of(talk, 3) == 3
    talk.ahead_ms = 0
    talk.wait(DAY_S - 60)
    talk.says(talk.asked(), ["refuse budget_spent"])
    talk.wait(60)
    assert sent_of(talk, 5) == 3


def test_the_last_part_of_the_budget_is_for_numbers_that_logged_in_here() -> None:
    talk = Dialogue(thrifty(10, reserved=30))
    talk.online()
    talk.step(talk.end())
    assert sent_of(talk, 20) == 6
    assert talk.session.ledger.day_sms == 7
    talk.says(talk.asked(number=number(900)), ["refuse budget_spent"])
    for _ in range(3):
        assert sent(talk), "the number that was here before"
        talk.wait(5)
    talk.says(talk.asked(), ["refuse budget_spent"])


@pytest.mark.parametrize(("days", "still"), [(90, True), (91, False)])
def test_a_number_is_remembered_for_so_long(days: int, still: bool) -> None:
    talk = Dialogue(thrifty(10, reserved=30))
    talk.online()
    talk.step(talk.end())
    talk.wait(days * DAY_S)
    sent_of(talk, 20)
    assert sent(talk) is still
    assert bool(talk.session.regulars) is still, "what is not remembered is not kept either"


def test_nothing_is_reserved_where_nobody_is_remembered() -> None:
    talk = Dialogue(thrifty(10, reserved=30, remember_days=0))
    talk.online()
    talk.step(talk.end())
    assert not talk.session.regulars
    assert sent_of(talk, 20) == 9


def test_remembered_numbers_are_kept_as_keyed_hashes() -> None:
    talk = Dialogue()
    talk.online()
    talk.step(talk.end())
    talk.wait(2 * DAY_S)
    talk.step(talk.tick())
    assert {key.partition("/")[0] for key in talk.kept} == {"spending", "regular"}
    assert not [key for key, value in talk.kept.items() if NUMBER[4:] in key or NUMBER[4:].encode() in value]


def test_no_more_numbers_are_remembered_than_fit() -> None:
    talk = Dialogue()
    today = talk.day.ordinal
    crowd = {f"{index:016x}": today - (index % 50) for index in range(spending.MOST_REGULARS + 500)}
    talk.session = msgspec.structs.replace(talk.session, regulars=Map(crowd))
    talk.kept = {f"regular/{who}": str(day).encode() for who, day in crowd.items()}
    talk.step(talk.asked())
    assert len(talk.session.regulars) == spending.MOST_REGULARS
    gone = crowd.keys() - talk.session.regulars.keys()
    assert {crowd[who] for who in gone} <= {today - 49, today - 48}, "the oldest go"


@pytest.mark.parametrize(
    ("reason", "given_back"), [("0x0b invalid destination", True), ("unanswered", False), ("expired", False)]
)
def test_only_what_the_smsc_refused_is_given_back(reason: str, given_back: bool) -> None:
    """An SMS that nobody answered for may have been sent, and is paid for then."""
    talk = Dialogue(thrifty(3))
    talk.step(talk.asked())
    talk.step(talk.reported(MessageState.FAILED, reason=reason))
    talk.step(talk.reported(MessageState.FAILED, reason=reason))
    assert sent_of(talk, 5) == (3 if given_back else 2)


def test_an_sms_that_was_sent_and_not_delivered_is_paid_for() -> None:
    talk = Dialogue(thrifty(3))
    talk.step(talk.asked())
    talk.step(talk.reported(MessageState.SENT))
    talk.step(talk.reported(MessageState.FAILED, reason="0x0b invalid destination"))
    assert sent_of(talk, 5) == 2


_MOVES = st.one_of(
    st.sampled_from(
        ["sent", "refused", "unanswered", "enter", "tick", "crash", "reboot", "clock behind", "clock right"]
    ),
    st.sampled_from(["ask", "ask", "ask", "ask"]),
    st.sampled_from([1, 61, 3600, 7 * 3600, 13 * 3600, 9 * DAY_S]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_MOVES, st.integers(0, 5)), max_size=80), st.integers(1, 4), st.integers(4, 9))
def test_never_more_than_the_budget(moves: list[tuple[str | int, int]], daily: int, monthly: int) -> None:
    """Whatever happens, in whatever order. The clock may be five hours behind, which makes no day begin again."""
    talk = Dialogue(thrifty(daily, monthly, reserved=30))
    today, paid_by_day, paid_by_month = talk.day, Counter[int](), Counter[str]()
    charged: dict[str, spending.Day] = {}
    opened = 0
    for move, who in moves:
        newest = f"m{talk.messages}"
        today = max(today, talk.day)
        if move == "ask":
            if sent(talk, device=f"02:00:00:00:00:0{who}", to=number(who)):
                # A page is opened by the first SMS of its day; the clock may have been set back since midnight.
                page = talk.session.ledger.day
                assert opened <= page.ordinal <= today.ordinal, "no page is opened twice or ahead of its day"
                opened = page.ordinal
                charged[f"m{talk.messages}"] = page
                paid_by_day[page.ordinal] += 1
                paid_by_month[page.month] += 1
        elif move == "refused":
            talk.step(talk.reported(MessageState.FAILED, newest, "0x0b"))
            if newest in charged and newest in talk.session.messages:
                day = charged.pop(newest)
                paid_by_day[day.ordinal] -= 1
                paid_by_month[day.month] -= 1
        elif move == "sent":
            talk.step(talk.reported(MessageState.SENT, newest))
            charged.pop(newest, None)
        elif move == "unanswered":
            talk.step(talk.reported(MessageState.FAILED, newest, "unanswered"))
            charged.pop(newest, None)
        elif isinstance(move, int):
            talk.wait(move)
        else:
            _other(talk, move, f"02:00:00:00:00:0{who}")
        assert all(paid <= daily for paid in paid_by_day.values()), paid_by_day
        assert all(paid <= monthly for paid in paid_by_month.values()), paid_by_month
        ledger = talk.session.ledger
        assert (ledger.day_sms, ledger.month_sms) == (paid_by_day[ledger.day.ordinal], paid_by_month[ledger.day.month])


def _other(talk: Dialogue, move: str, device: str) -> None:
    match move:
        case "enter":
            talk.step(talk.entered(device=device))
        case "tick":
            talk.step(talk.tick())
        case "crash":
            talk.crash()
            talk.step(talk.started())
        case "reboot":
            talk.reboot()
        case "clock behind":
            talk.ahead_ms = -5 * 3600 * 1000
        case "clock right":
            talk.ahead_ms = 0
        case _:
            raise AssertionError(move)


# ── the wait before another ─────────────────────────────────────────────────────────────────────────────────────────


def test_each_password_to_the_same_number_is_waited_for_longer() -> None:
    talk = Dialogue()
    for wait_s in (60, 120, 240, 480):
        assert sent(talk)
        talk.wait(5)
        talk.says(talk.asked(), [f"refuse too_soon retry={wait_s - 5}"])
        talk.wait(wait_s - 5)
    assert sent(talk)
    talk.wait(5)
    talk.says(talk.asked(), ["refuse number_limit retry=2695"])


def test_the_wait_is_bounded_and_none_where_the_owner_wants_none() -> None:
    assert [resend_ms(60, count) // 1000 for count in (1, 2, 3, 4, 5, 1000)] == [60, 120, 240, 480, 900, 900]
    assert resend_ms(0, 5) == 0
    assert resend_ms(600, 5) == 900_000


# ── what the owner is told ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_owner_is_told_what_was_spent_and_what_came_of_it() -> None:
    talk = Dialogue(thrifty(10, 20, reserved=30))
    talk.online()
    talk.step(talk.end())
    sent_of(talk, 3)
    assert told(talk) == wire.Spending(4, 4, 6, 3, sent=4, entered=1, alarming=False, waiting=())
    talk.wait(DAY_S)
    assert told(talk) == wire.Spending(0, 4, 10, 7, sent=0, entered=0, alarming=False, waiting=())


@pytest.mark.parametrize(
    ("spent", "lines"),
    [
        (
            wire.Spending(120, 3400, 880, 580, 100, 80, alarming=False, waiting=()),
            [
                "ok SMS: 120 of 1,000 today, 3,400 of 20,000 this month, 51,000 tenge",
                "ok of 100 passwords sent in the last hours 80 were entered",
            ],
        ),
        (
            wire.Spending(1000, 3400, 0, 0, 300, 12, alarming=True, waiting=("+7701123", "")),
            [
                "WRONG SMS: 1,000 of 1,000 today, 3,400 of 20,000 this month, 51,000 tenge: the budget is spent, nobody"
                " gets a password",
                "WRONG of 300 passwords sent in the last hours 12 were entered",
                "WRONG nobody enters what is sent to +7701123…, all new numbers: passwords are held back there",
            ],
        ),
        (
            wire.Spending(700, 3400, 300, 0, 0, 0, alarming=False, waiting=()),
            [
                "WRONG SMS: 700 of 1,000 today, 3,400 of 20,000 this month, 51,000 tenge: only numbers that logged in"
                " here before get passwords",
                "ok of 0 passwords sent in the last hours 0 were entered",
            ],
        ),
    ],
)
def test_the_doctor_says_it_in_words(spent: wire.Spending, lines: list[str]) -> None:
    found = spending_findings(spent, Spending(), tenge=15.0 * spent.month_sms)
    assert [f"{'ok' if finding.ok else 'WRONG'} {finding.what}" for finding in found] == lines
    assert all(finding.remedy for finding in found if not finding.ok)
