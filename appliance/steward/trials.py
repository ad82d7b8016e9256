"""Test SMS that somebody follows from a page: each in a thread of its own, its steps kept for whoever asks again.

Must not know: SMPP, pages.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance import sockets
from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.steward.wire import SmsStep, SmsSteps, StewardRefusal, StewardRefused
from appliance.wire import Language, Refusal
from sms.errors import SmsError
from sms.message import Message

PATIENCE_S = 120
LIFE_S = 300
AN_HOUR = 20
"""Nobody who tries a provider needs more, and each costs money."""
_AT_ONCE = 3
_HOUR_S = 3600.0
if TYPE_CHECKING:
    from sms.trial import Step

Follow = Callable[[str, Message, float], Iterator["Step"]]


@dataclass
class _Test:
    began_s: float
    steps: list[SmsStep] = field(default_factory=list)
    over: bool = False


class Trials:
    """Those of the last hour.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, follow: Follow | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._follow, self._clock = follow or _follow, clock
        self._tests: dict[str, _Test] = {}
        self._lock = threading.Lock()

    def begin(
        self, config: Config, number: str, language: Language, noted: Callable[[str], StewardRefused | None]
    ) -> SmsSteps | StewardRefused:
        """Send one.

        Args:
            noted: has it recorded and counted, by its number; why it must not be sent, if so.
        """
        from appliance.numbers import judge  # loads every country's numbers

        to = judge(number, frozenset(config.password.countries))
        if isinstance(to, Refusal):
            return StewardRefused(StewardRefusal.NOT_MOBILE, "that is no mobile number that this venue serves")
        name, test = secrets.token_hex(8), _Test(self._clock())
        with self._lock:
            recent = self._recent(test.began_s)
            if sum(not each.over for each in recent.values()) >= _AT_ONCE:
                return StewardRefused(StewardRefusal.FAILED, "test SMS are on their way already; wait for them")
            if len(recent) >= AN_HOUR:
                return StewardRefused(StewardRefusal.FAILED, f"{AN_HOUR} test SMS an hour are enough; try later")
            if refused := noted(to):
                return refused
            self._tests = {**recent, name: test}
        text = config.sms.text.fill(language, config.venue.name, "000000", config.bound_host)
        expires_utc_ms = time.time_ns() // 1_000_000 + LIFE_S * 1000
        message = Message(id=f"trial-{name}", to=to, text=text, expires_utc_ms=expires_utc_ms)
        path = sockets.sms_socket(config)
        threading.Thread(target=self._run, args=(test, path, message), name="test SMS", daemon=True).start()
        return self.so_far(name)

    def counts(self) -> bool:
        """Whether there was one within the last hour: whoever forgot that would let too many go out."""
        with self._lock:
            return bool(self._recent(self._clock()))

    def _recent(self, now_s: float) -> dict[str, _Test]:
        return {each: kept for each, kept in self._tests.items() if now_s - kept.began_s < _HOUR_S}

    def so_far(self, name: str) -> SmsSteps | StewardRefused:
        """How far it has come."""
        test = self._tests.get(name)
        if test is None:
            return StewardRefused(StewardRefusal.NO_SUCH_TEST, "the steward knows of no such test; send another")
        over = test.over  # before the steps: what is over has them all
        return SmsSteps(name, tuple(test.steps), over)

    def _run(self, test: _Test, path: str, message: Message) -> None:
        try:
            for step in self._follow(path, message, PATIENCE_S):
                test.steps.append(SmsStep(step.ok, step.what, step.means))
        except (SmsError, ApplianceError, OSError) as error:
            test.steps.append(SmsStep(False, str(error), "systemctl status qaqpa-sms"))
        finally:
            test.over = True


def _follow(path: str, message: Message, patience_s: float) -> Iterator[Step]:
    from sms.trial import follow

    return follow(path, message, patience_s)
