"""Asking for passwords by the dozen: short words for dialogues about limits, budget and debts."""

from __future__ import annotations

import msgspec

from appliance import spending, wire
from appliance.allowances import Allowances, Limit
from appliance.effects import Answer, SendPassword
from appliance.spending import Budget
from appliance.state import Terms
from tests.unit.appliance.dialogue import NUMBER, PHONE, Dialogue

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
