"""What an owner pays: the budget as dialogues, and as a promise that no order of events breaks."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from appliance import spending, wire
from appliance.allowances import Allowances, Limit, resend_ms
from appliance.doctor import spending_findings
from appliance.effects import Answer, SendPassword
from appliance.events import MessageState
from appliance.sections import Spending
from appliance.spending import Budget, Waiting
from appliance.state import Terms
from tests.unit.appliance.dialogue import NUMBER, OTHER, PHONE, Dialogue

DAY_S = 86_400
OPERATORS = ("+7700", "+7701", "+7702", "+7705", "+7707", "+7708", "+7747", "+7771", "+7775", "+7776", "+7777", "+7778")
NO_LIMIT = Limit(1_000_000, 3600)
UNLIMITED = Allowances(number=NO_LIMIT, device=NO_LIMIT, venue=NO_LIMIT)


def thrifty(daily: int, monthly: int = 1_000_000, reserved: int = 0, remember_days: int = 90) -> Terms:
    """Only the budget limits anything."""
    return Terms(resend_s=0, allowances=UNLIMITED, budget=Budget(daily, monthly, reserved, remember_days))


def number(index: int, prefix: str = "+7701") -> str:
    """A number in a range of its own."""
    return f"{prefix}{index:03}0000"


def sent(talk: Dialogue, device: str = PHONE, to: str = NUMBER) -> bool:
    """Asks; whether an SMS went out."""
    return any(isinstance(effect, SendPassword) for effect in talk.step(talk.asked(device=device, number=to)))


def sent_of(talk: Dialogue, asks: int) -> int:
    """How many SMS so many new numbers get."""
    return sum(sent(talk, to=number(talk.messages, OPERATORS[talk.messages % 12])) for _ in range(asks))


def told(talk: Dialogue) -> wire.Spending:
    """What the owner is told."""
    (answer,) = talk.step(talk.spending())
    assert isinstance(answer, Answer) and isinstance(answer.reply, wire.Spending)
    return answer.reply


def sent_in_turn(talk: Dialogue, device: str, to: str) -> bool:
    """Asks and, when told to wait, asks again after that; the whole venue stands still meanwhile."""
    if sent(talk, device, to):
        return True
    waiting = talk.session.waiting.get(device)
    if waiting is None:
        return False
    early = msgspec.structs.replace(waiting, since_boot_ms=talk.at.boot_ms - spending.PATIENCE_MS)
    talk.session = msgspec.structs.replace(talk.session, waiting=talk.session.waiting.set(device, early))
    return sent(talk, device, to)


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
    for move, who in moves:
        newest = f"m{talk.messages}"
        today = max(today, talk.day)
        if move == "ask":
            if sent(talk, device=f"02:00:00:00:00:0{who}", to=number(who)):
                charged[f"m{talk.messages}"] = today
                paid_by_day[today.ordinal] += 1
                paid_by_month[today.month] += 1
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
        talk.wait(1)
        talk.says(talk.asked(), [f"refuse too_soon retry={wait_s - 1}"])
        talk.wait(wait_s - 1)
    assert sent(talk)
    talk.says(talk.asked(), ["refuse number_limit retry=2700"])


def test_the_wait_is_bounded_and_none_where_the_owner_wants_none() -> None:
    assert [resend_ms(60, count) // 1000 for count in (1, 2, 3, 4, 5, 1000)] == [60, 120, 240, 480, 900, 900]
    assert resend_ms(0, 5) == 0
    assert resend_ms(600, 5) == 900_000


# ── what nobody enters ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_range_where_nobody_enters_anything_gets_no_more_for_a_while() -> None:
    talk = Dialogue(Terms(resend_s=0))
    times = [sent(talk, f"02:00:00:00:00:{index:02x}", f"+7701123{index:04}") for index in range(100)]
    assert sum(times) == 20, "2 % of 1000"
    talk.says(talk.asked(device=OTHER, number="+77011239999"), ["refuse prefix_limit retry=2160"])
    talk.crash()
    assert not sent(talk, OTHER, "+77011239999")
    assert sent(talk, OTHER, "+77011249999"), "the next range"
    assert told(talk).waiting == ("+7701123",)
    talk.wait(2160)
    assert sent(talk, OTHER, "+77011239999"), "half a day forgives 20"
    assert not sent(talk, OTHER, "+77011239998")


def test_a_reboot_forgives_nothing() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    for index in range(20):
        assert sent(talk, f"02:00:00:00:00:{index:02x}", f"+7701123{index:04}")
    talk.reboot()
    assert not sent(talk, OTHER, "+77011239999")


def test_an_operator_and_the_newcomers_as_a_whole_have_shares_too() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    served = Counter[str]()
    for operator in ("+7701", "+7702", "+7705"):
        for index in range(150):
            served[operator] += sent_in_turn(talk, f"02:00:00:0{operator[-1]}:00:{index:02x}", number(index, operator))
    assert served == {"+7701": 100, "+7702": 100, "+7705": 50}
    talk.says(talk.asked(number=number(999)), ["refuse prefix_limit retry=432"])
    talk.says(talk.asked(number=number(1, "+7777")), ["refuse venue_limit retry=173"])
    assert sorted(told(talk).waiting) == ["", "+7701", "+7702"]


def test_the_second_half_of_a_share_is_for_those_who_wait() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    assert sum(sent(talk, f"02:00:00:00:01:{index:02x}", number(index)) for index in range(200)) == 50
    for index in range(200, 210):
        assert sent_in_turn(talk, f"02:00:00:00:01:{index:02x}", number(index))
    talk.says(talk.asked(device=OTHER), ["refuse not_your_turn retry=60"])
    talk.wait(20)
    talk.says(talk.asked(device=OTHER), ["refuse not_your_turn retry=40"])
    talk.says(talk.asked(device=OTHER, number=number(999)), ["refuse not_your_turn retry=60"])
    talk.wait(60)
    talk.says(talk.asked(device=OTHER), ["refuse not_your_turn retry=60"])  # it began anew with the other number
    talk.wait(60)
    assert sent(talk, OTHER)
    assert sent(talk, PHONE, number(1, "+7702")), "another operator's need not wait"


def test_a_turn_passes_and_is_forgotten() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    for index in range(60):
        assert sent_in_turn(talk, f"02:00:00:00:01:{index:02x}", number(index))
    for index in range(60, 70):
        assert not sent(talk, f"02:00:00:00:01:{index:02x}", number(index))
    assert len(talk.session.waiting) == 10
    talk.wait(180)
    talk.says(talk.asked(device="02:00:00:00:01:3c", number=number(60)), ["refuse not_your_turn retry=60"])
    talk.step(talk.tick())
    assert len(talk.session.waiting) == 1


def test_no_more_devices_wait_than_fit() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    for index in range(60):
        sent(talk, f"02:00:00:00:01:{index:02x}", number(index))
    full = {f"{index:012x}": Waiting(NUMBER, talk.at.boot_ms) for index in range(spending.MOST_WAITING)}
    talk.session = msgspec.structs.replace(talk.session, waiting=Map(full))
    talk.says(talk.asked(device=OTHER), ["refuse not_your_turn retry=60"])
    assert talk.session.waiting == Map(full)


def test_entering_pays_for_two() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    for index in range(20):
        assert sent(talk, f"02:00:00:00:00:{index:02x}", f"+7701123{index:04}")
    talk.step(talk.entered(device="02:00:00:00:00:07"))
    assert [sent(talk, OTHER, f"+7701123{index:04}") for index in range(100, 103)] == [True, True, False]


def test_an_sms_that_never_left_is_nobodys_debt() -> None:
    """When the SMSC is dead, visitors must not pay for it afterwards."""
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    for index in range(50):
        assert sent(talk, to=f"+7701123{index:04}")
        talk.step(talk.reported(MessageState.FAILED, f"m{talk.messages}", "expired"))


def test_while_hardly_anything_is_entered_ranges_without_success_get_less() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    good = [f"02:00:00:00:01:0{index}" for index in range(3)]
    for index, device in enumerate(good):
        assert sent(talk, device, f"+7777555{index:04}")
        talk.step(talk.entered(device=device))
    for index in range(40):
        assert sent(talk, to=number(index))
    assert told(talk).alarming
    assert sum(sent(talk, to=f"+7702123{index:04}") for index in range(30)) == 5, "a quarter of 20"
    assert sum(sent(talk, to=f"+7777555{index:04}") for index in range(100, 130)) == 20, "people are there"
    talk.wait(6 * 3600)
    assert not told(talk).alarming, "it looks back six hours"


def test_numbers_that_logged_in_before_are_not_concerned() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    talk.online()
    talk.step(talk.end())
    for index in range(100):
        sent(talk, OTHER, f"{NUMBER[:-4]}{index:04}")
    assert not sent(talk, OTHER, f"{NUMBER[:-4]}9999")
    assert sent(talk)


def test_debts_are_forgotten_when_they_are_forgiven() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED))
    sent_of(talk, 50)
    talk.online()
    talk.wait(DAY_S)
    talk.step(talk.tick())
    assert not talk.session.debts


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
    found = spending_findings(spent, Spending(tenge_per_sms=15.0))
    assert [f"{'ok' if finding.ok else 'WRONG'} {finding.what}" for finding in found] == lines
    assert all(finding.remedy for finding in found if not finding.ok)
