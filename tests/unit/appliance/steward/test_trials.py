"""Test SMS: so many an hour and at once, whoever asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.config import Config
from appliance.steward.trials import AN_HOUR, Trials
from appliance.steward.wire import SmsSteps, StewardRefusal, StewardRefused
from appliance.wire import Language
from sms.message import Message
from sms.trial import Step
from tests.lab.waiting import until

NUMBER = "+77011234567"


def test_there_is_an_end_to_what_they_may_cost() -> None:
    sent: list[str] = []

    def follow(_path: str, message: Message, _patience_s: float) -> Iterator[Step]:
        sent.append(message.to)
        yield from ()

    now_s = [0.0]
    trials = Trials(follow, lambda: now_s[0])

    def one() -> SmsSteps | StewardRefused:
        reply = trials.begin(Config(), NUMBER, Language.KAZAKH, lambda _: None)
        if isinstance(reply, SmsSteps):
            until(
                lambda: isinstance(told := trials.so_far(reply.test), SmsSteps) and told.over, "the test SMS to be over"
            )
        return reply

    assert not trials.counts()
    for _ in range(AN_HOUR):
        assert isinstance(one(), SmsSteps)
    now_s[0] = 3599.0
    assert trials.counts()
    assert isinstance(one(), StewardRefused)
    now_s[0] = 3600.0
    assert not trials.counts()
    assert isinstance(one(), SmsSteps)
    assert sent == [NUMBER] * (AN_HOUR + 1)


def test_what_is_not_recorded_and_counted_is_not_sent() -> None:
    sent: list[str] = []
    noted: list[str] = []

    def follow(_path: str, message: Message, _patience_s: float) -> Iterator[Step]:
        sent.append(message.to)
        yield from ()

    def spent(number: str) -> StewardRefused:
        noted.append(number)
        return StewardRefused(StewardRefusal.BUDGET_SPENT)

    trials = Trials(follow, lambda: 0.0)
    for _ in range(AN_HOUR + 1):
        reply = trials.begin(Config(), "8 701 123 45 67", Language.KAZAKH, spent)
        assert reply == StewardRefused(StewardRefusal.BUDGET_SPENT)
    assert (sent, set(noted)) == ([], {NUMBER})
