"""A venue with people in it: visitors and a fraud in virtual time, each a few lines of behaviour, against ``step``.

The clock runs from one thing that somebody does to the next; chance is seeded. Must not know: how a step decides.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance import passwords, wire
from appliance.effects import Answer, Effect, Keep, SendPassword
from appliance.events import EndAsked, Event, Moment, PasswordAsked, PasswordEntered, Started, Tick
from appliance.kept import restore
from appliance.reception import day_of
from appliance.session import step
from appliance.spending import Day
from appliance.state import Session, Terms
from tests.unit.appliance.dialogue import ALMATY, KEY, NOON_MS

OPERATORS = ("700", "701", "702", "705", "707", "708", "747", "771", "775", "776", "777", "778")
HOUR_S = 3600.0
READING_S = (15.0, 60.0)
"""How long the SMS takes and a visitor to type it."""
ENTERED = 0.85
"""How many visitors enter a password that was sent; the others lose patience."""


@dataclass
class Crowd:
    """How a group of people fared."""

    came: int = 0
    sent: int = 0
    """SMS they caused."""
    served: int = 0
    """How many of them were sent a password, at once or in their turn."""
    refusals: Counter[wire.Refusal] = field(default_factory=Counter)


class Town:
    """A venue and its clock."""

    def __init__(self, terms: Terms, seed: int) -> None:
        self.terms, self.chance = terms, random.Random(seed)
        self.session = Session(terms)
        self.kept: dict[str, bytes] = {}
        self.most_kept = 0
        self.now_s = 0.0
        self.sent_by_day: dict[Day, int] = {}
        self._booted_s = -1000.0
        self._count = 0
        self._plans: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def at(self) -> Moment:
        return Moment(NOON_MS + int(self.now_s * 1000), int((self.now_s - self._booted_s) * 1000))

    def plan(self, at_s: float, act: Callable[[], None]) -> None:
        """``act`` happens at ``at_s``."""
        self._count += 1
        heapq.heappush(self._plans, (at_s, self._count, act))

    def live(self, until_s: float) -> None:
        """Everything planned until then happens, a tick every ten minutes beside it."""
        tick_s = self.now_s
        while tick_s < until_s:
            tick_s = min(tick_s + 600.0, until_s)
            while self._plans and self._plans[0][0] <= tick_s:
                self.now_s, _, act = heapq.heappop(self._plans)
                act()
            self.now_s = tick_s
            self.step(Tick(self.at))

    def restart(self) -> None:
        """The gate is killed and started again."""
        self.session = restore(self.terms, self.kept)
        self.step(Started(self.at, "1.0", same_boot=True, alive_utc_ms=self.at.utc_ms))

    def reboot(self) -> None:
        """The power failed."""
        self._booted_s = self.now_s - 30.0
        self.session = restore(self.terms, self.kept)
        self.step(Started(self.at, "1.0", same_boot=False, alive_utc_ms=self.at.utc_ms))

    def step(self, event: Event) -> list[Effect]:
        self.session, effects = step(self.session, event)
        for effect in effects:
            if isinstance(effect, Keep):
                if effect.value is None:
                    self.kept.pop(effect.key, None)
                else:
                    self.kept[effect.key] = effect.value
        self.most_kept = max(self.most_kept, len(self.kept))
        return effects

    # ── what people do ──────────────────────────────────────────────────────────────────────────────────────────────

    def number(self, prefix: str = "") -> str:
        """A number that begins so, or any."""
        digits = prefix or f"+7{self.chance.choice(OPERATORS)}"
        return digits + "".join(str(self.chance.randrange(10)) for _ in range(12 - len(digits)))

    def visit(self, crowd: Crowd, at_s: float, number: str, for_sure: bool = False) -> None:
        """A visitor comes, asks, and (mostly) enters what arrives; after an hour they leave."""
        device = self._mac()

        def comes() -> None:
            crowd.came += 1
            asks(patience=2)

        def asks(patience: int) -> None:
            answer = self._ask(crowd, device, number)
            if isinstance(answer, wire.Refused):
                if answer.refusal is wire.Refusal.NOT_YOUR_TURN and answer.retry_in_s and patience:
                    self.plan(self.now_s + answer.retry_in_s + 5.0, lambda: asks(patience - 1))
                return
            crowd.served += 1
            if for_sure or self.chance.random() < ENTERED:
                self.plan(self.now_s + self.chance.uniform(*READING_S), lambda: self._enters(device, answer))
                self.plan(self.now_s + HOUR_S, lambda: self._leaves(device))

        self.plan(at_s, comes)

    def pump(self, crowd: Crowd, at_s: float, number: str, patient: bool = False) -> None:
        """The fraud asks from an invented MAC address; nobody will enter anything.

        ``patient``: it keeps the address on the network and takes its turn, as a visitor does.
        """
        device = self._mac()

        def asks() -> None:
            answer = self._ask(crowd, device, number)
            if patient and isinstance(answer, wire.Refused) and answer.refusal is wire.Refusal.NOT_YOUR_TURN:
                self.plan(self.now_s + 60.0, asks)

        def comes() -> None:
            crowd.came += 1
            asks()

        self.plan(at_s, comes)

    def _ask(self, crowd: Crowd, device: str, number: str) -> str | wire.Refused:
        """The message with the password, or why there is none."""
        self._count += 1
        message = f"m{self._count}"
        digest = passwords.digest(KEY, device, message, "123456")
        today = day_of(self.at, ALMATY)
        who = passwords.subscriber(KEY, number)
        effects = self.step(PasswordAsked(self.at, device, number, wire.Language.KAZAKH, message, digest, who, today))
        (reply,) = [effect.reply for effect in effects if isinstance(effect, Answer)]
        if isinstance(reply, wire.Refused):
            crowd.refusals[reply.refusal] += 1
            return reply
        assert any(isinstance(effect, SendPassword) for effect in effects)
        crowd.sent += 1
        self.sent_by_day[today] = self.sent_by_day.get(today, 0) + 1
        return message

    def _enters(self, device: str, message: str) -> None:
        digest = passwords.digest(KEY, device, message, "123456")
        self.step(PasswordEntered(self.at, device, ("10.77.0.10",), digest, visit=message, port="port1"))

    def _leaves(self, device: str) -> None:
        self.step(EndAsked(self.at, device))

    def _mac(self) -> str:
        return "02:" + ":".join(f"{self.chance.randrange(256):02x}" for _ in range(5))
