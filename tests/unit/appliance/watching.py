"""A visit watched in virtual time: the counters are read every 5 s, time is judged twice a second, as by the gate.

watching = Watching()
watching.run(940, answers=lambda asked_s: False)
watching.left        # [Left(after_s=935.5, last_life_s=0.0)]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from appliance.events import Moment, Usage
from appliance.presence import Patience, Presence
from appliance.state import Visit

PHONE = "02:00:00:00:00:01"
NOON_MS = 1_800_000_000_000
TICK_MS = 500
READ_MS = 5_000


class Left(NamedTuple):
    """A verdict, in seconds since the visit began."""

    after_s: float
    last_life_s: float


class Watching:
    """One device and its gate."""

    def __init__(self, patience: Patience | None = None, device: str = PHONE) -> None:
        self.presence = Presence(patience or Patience())
        self.device = device
        self.began_ms = self.boot_ms = 1_000_000
        self.utc_off_ms = NOON_MS
        self.suspended_ms = 0
        self.packets = 0
        self.asked: list[float] = []
        """When it was asked, in seconds since the visit began."""
        self.left: list[Left] = []
        self.visit = Visit("v1", "+77011234567", ("10.77.0.10",), began=self.at)
        self.follow(self.visit)
        self.read()

    @property
    def at(self) -> Moment:
        return Moment(utc_ms=self.utc_off_ms + self.boot_ms, boot_ms=self.boot_ms)

    @property
    def now_s(self) -> float:
        """Seconds since the visit began, without those in which the machine was suspended."""
        return (self.boot_ms - self.began_ms - self.suspended_ms) / 1000

    def suspend(self, ms: int) -> None:
        """The machine sleeps; its boot clock goes on."""
        self.boot_ms += ms
        self.suspended_ms += ms

    def follow(self, visit: Visit | None) -> None:
        self.presence.follow(self.at, self.device, visit)

    def read(self) -> None:
        self.presence.counted(self.at, {self.device: Usage(self.packets, self.packets * 100, 9, 900)})

    def answer(self) -> None:
        self.presence.answered(self.at, frozenset({self.device}))

    def run(
        self,
        seconds: float,
        answers: Callable[[float], bool] = lambda _: False,
        sends_every_s: float = 0,
        reads: bool = True,
    ) -> None:
        """Time passes as on a quiet day; stops early when the device has left.

        Args:
            answers: whether a probe is answered that is sent at this second of the visit.
            sends_every_s: how often a packet goes up; 0: never.
        """
        for turn in range(1, int(seconds * 1000) // TICK_MS + 1):
            self.boot_ms += TICK_MS
            if sends_every_s and turn * TICK_MS % int(sends_every_s * 1000) == 0:
                self.packets += 1
            if reads and turn * TICK_MS % READ_MS == 0:
                self.read()
            if self.judge(answers):
                return

    def judge(self, answers: Callable[[float], bool] = lambda _: False) -> bool:
        """One tick; whether the device has left with it."""
        judged = self.presence.judge(self.at)
        if judged.ask:
            self.asked.append(self.now_s)
            if answers(self.now_s):
                self.answer()
        for left in judged.left:
            assert (left.device, left.proof, left.final) == (self.device, "silence", True)
            self.left.append(Left(self.now_s, (left.left_utc_ms - self.utc_off_ms - self.began_ms) / 1000))
            self.follow(None)
        return bool(judged.left)


def always(_: float) -> bool:
    """Answers every probe."""
    return True


def never(_: float) -> bool:
    """Answers no probe."""
    return False
