"""Passwords that nobody enters, as dialogues: who gets no more of them, for how long, and who all the same."""

from __future__ import annotations

from collections import Counter

import msgspec
from immutables import Map

from appliance import spending
from appliance.events import MessageState
from appliance.spending import Budget, Waiting
from appliance.state import Terms
from tests.unit.appliance.asks import DAY_S, OPERATORS, UNLIMITED, number, sent, sent_in_turn, sent_of, told
from tests.unit.appliance.dialogue import NUMBER, OTHER, PHONE, Dialogue


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
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED, budget=Budget(daily_sms=200)))
    served = Counter[str]()
    for operator in ("+7701", "+7702", "+7705"):
        for index in range(30):
            served[operator] += sent_in_turn(talk, f"02:00:00:0{operator[-1]}:00:{index:02x}", number(index, operator))
    assert served == {"+7701": 20, "+7702": 20, "+7705": 10}
    talk.says(talk.asked(number=number(999)), ["refuse prefix_limit retry=2160"])
    talk.says(talk.asked(number=number(1, "+7777")), ["refuse venue_limit retry=864"])
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


def test_whoever_lost_an_sms_may_ask_again_even_then() -> None:
    talk = Dialogue(Terms(resend_s=0, allowances=UNLIMITED, budget=Budget(daily_sms=250)))
    for index in range(36):
        talk.step(talk.asked(number=number(index, OPERATORS[index % 12])))
    assert told(talk).alarming
    went = []
    for _ in range(4):
        went.append(sent_in_turn(talk, OTHER, "+77019990000"))
        talk.wait(5)
    assert went == [True, True, True, False]


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
