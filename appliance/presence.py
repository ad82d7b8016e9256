"""When a device that says nothing has left: the policy for what no source of strong evidence can see.

    heard ──silence──▶ asked, and asked again ──silence and no answer for the whole window──▶ left
      ▲                          │
      └──────── any life ────────┘

Life is a packet upward, an answer to a probe, or being seen at a port or an access point. The window is long
(``sleep_s``), since phones with a dark screen hear nothing for many minutes. It is short (``idle_s``) for a device
that has shown in this visit that it answers while idle, unless it has been deaf in this visit too. What was learnt
goes with the visit.

Windows count only time in which the gate looked: a suspended machine, a stalled gate or a counter that cannot be read
neither ends nor prolongs a visit. A device that is left is left for good: the window was its grace.

Nothing here scans all devices but a reading of the counters, which names them all anyway; the rest is a heap of what
is due. It is mutable, unlike the session: nothing has to be taken back, because whatever the journal refused is told
again by the engine. Must not know: clocks, sockets, randomness, logging, how a device is asked.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from heapq import heappop, heappush

import msgspec

from appliance.events import DeviceLeft, Moment, Usage
from appliance.state import Visit

ANSWER_MS = 5_000
"""How long an answer may take: an access point keeps a frame for a sleeper until it listens, 1 to 3 s."""
RETRIES = 4
"""How many probes in a row come densely, should some be lost on the air; a sleeper is then left in peace for longer."""
FINAL_BEATS = 4
"""So long before its window is over a device is asked densely again: it may be awake for half a minute only."""
DEAF = 5
"""After more probes in a row than these a device that lives was deaf: fewer may have been lost on the air."""
LEARNT_AFTER = 2
"""Short windows without a packet upward, after which an answer shows how a device is when idle. After one it may still
have been a lit screen on which somebody reads."""
BEAT_MS = 15_000
"""In multiples of this probes are spaced; less if the short window is shorter than 16 of them."""
STALL_MS = 5_000
"""Ticks come twice a second; of a longer pause so much counts as looking, so that a slow gate still comes to an end."""
BLIND_MS = 30_000
"""Without a reading of the counters for so long the gate no longer sees who is silent, and its time stands still."""
RETRY_MS = 500


class Patience(msgspec.Struct, frozen=True):
    """What the venue's configuration decides about silence."""

    idle_s: int = 240
    """The window of a device that answers probes while idle."""
    sleep_s: int = 900
    """The window of every other device."""


class Judged(msgspec.Struct, frozen=True):
    """What follows from the time that has passed."""

    ask: tuple[str, ...] = ()
    """Devices to send a probe to, at all their addresses."""
    left: tuple[DeviceLeft, ...] = ()


class _Habit(Enum):
    UNKNOWN = auto()
    ANSWERS = auto()
    """It answered after it had sent nothing for a while."""
    DEAF = auto()
    """It was deaf and yet there. For the rest of the visit nothing shortens its window."""


@dataclass(slots=True)
class _Watch:
    """One visit. Times are of the watched clock, ``life_boot_ms`` alone is of the machine's."""

    visit: str
    online: bool
    life_ms: int
    life_boot_ms: int
    traffic_ms: int
    packets_up: int | None = None
    """As last read; None: not read yet, so it is not known how many are news."""
    asked_ms: int = 0
    unanswered: int = 0
    habit: _Habit = _Habit.UNKNOWN
    queued: int = 0
    """The number under which it is due; 0: nothing is."""


class Presence:
    """Who is watched, and what is due. For one thread."""

    def __init__(self, patience: Patience) -> None:
        self._idle_ms, self._sleep_ms = patience.idle_s * 1000, patience.sleep_s * 1000
        self._beat_ms = min(BEAT_MS, self._idle_ms // 16)
        self._watches: dict[str, _Watch] = {}
        self._due: list[tuple[int, int, str, _Watch]] = []
        """(when, a number that no other has, device, watch), as a heap; a watch's last entry alone counts."""
        self._number = 0
        self._now_ms = self._read_ms = 0
        """The watched clock, and what it was at the last reading of the counters."""
        self._boot_ms: int | None = None

    def follow(self, at: Moment, device: str, visit: Visit | None, life_boot_ms: int | None = None) -> None:
        """This is the device's visit now, if it has one; any change of it may be told, and the same twice.

        Args:
            life_boot_ms: for a visit that began under an earlier process, when it was last known to be alive. Its
                window begins now all the same: nobody has looked since.
        """
        self._advance(at)
        if visit is None:
            self._watches.pop(device, None)
            return
        watch = self._watches.get(device)
        if watch is None or watch.visit != visit.visit:
            life_boot_ms = at.boot_ms if life_boot_ms is None else life_boot_ms
            watch = _Watch(visit.visit, visit.online, self._now_ms, life_boot_ms, traffic_ms=self._now_ms)
            self._watches[device] = watch
        elif visit.online and not watch.online:
            watch.packets_up = None  # the gate was opened anew, and counts anew
            watch.unanswered = 0
            watch.traffic_ms = self._now_ms
            self._lives(at, device, watch)
        watch.online = visit.online
        if watch.online and not watch.queued:
            self._queue(device, watch)

    def counted(self, at: Moment, usage: Mapping[str, Usage]) -> None:
        """The gate's counters were read. Packets of the device itself are the best proof of life."""
        self._advance(at)
        # As of ``at``, which may be a while ago: the thread had other things to do.
        self._read_ms = self._now_ms - max(0, (self._boot_ms or 0) - at.boot_ms)
        for device, used in usage.items():
            watch = self._watches.get(device)
            if watch is None or used.up_packets == watch.packets_up:
                continue
            # Fewer than before: an address was taken away with its counter, or the sets are new. No sign of life.
            if watch.online and watch.packets_up is not None and used.up_packets > watch.packets_up:
                watch.traffic_ms = self._now_ms
                self._lives(at, device, watch)
            watch.packets_up = used.up_packets

    def answered(self, at: Moment, devices: Iterable[str]) -> None:
        """These devices answered a probe, each under its own MAC address and at an address it was asked at."""
        self._advance(at)
        for device in devices:
            watch = self._watches.get(device)
            if watch is None or not watch.online or not watch.unanswered:
                continue  # a second answer, by the other family
            quiet_ms = self._now_ms - watch.traffic_ms
            # Where both windows are the same there is nothing to learn.
            learns = watch.habit is _Habit.UNKNOWN and self._idle_ms < self._sleep_ms
            if learns and quiet_ms >= LEARNT_AFTER * self._idle_ms:
                watch.habit = _Habit.ANSWERS
            self._lives(at, device, watch)

    def seen(self, at: Moment, device: str) -> None:
        """A source that nobody else can speak for saw the device: its port, its access point."""
        self._advance(at)
        watch = self._watches.get(device)
        if watch is not None and watch.online:
            self._lives(at, device, watch)

    def judge(self, at: Moment) -> Judged:
        """Time has passed. To be called after all that was posted before it."""
        self._advance(at)
        ask: list[str] = []
        left: list[DeviceLeft] = []
        while self._due and self._due[0][0] <= self._now_ms:
            _, number, device, watch = heappop(self._due)
            if watch.queued != number:
                continue
            watch.queued = 0
            if self._watches.get(device) is not watch or not watch.online:
                continue
            if self._due_ms(device, watch) > self._now_ms:  # it has lived since
                self._queue(device, watch)
                continue
            if not watch.unanswered or watch.asked_ms < self._last_ask_ms(watch):
                watch.asked_ms = self._now_ms
                watch.unanswered += 1
                ask.append(device)
            elif self._read_ms >= watch.asked_ms + ANSWER_MS:
                left.append(DeviceLeft(at, device, "silence", self.alive_utc_ms(at, device), final=True))
            # Whoever is said to have left is said so again until its visit is gone.
            self._queue(device, watch, at_least_ms=self._now_ms + RETRY_MS)
        return Judged(tuple(ask), tuple(left))

    def alive_utc_ms(self, at: Moment, device: str) -> int:
        """When the device was last known to be alive; 0: it has no visit."""
        watch = self._watches.get(device)
        return 0 if watch is None else at.utc_ms - max(0, at.boot_ms - watch.life_boot_ms)

    def _ends_ms(self, watch: _Watch) -> int:
        """When its window is over."""
        return watch.life_ms + (self._idle_ms if watch.habit is _Habit.ANSWERS else self._sleep_ms)

    def _last_ask_ms(self, watch: _Watch) -> int:
        """A little after the window: who slept through it wakes about now."""
        return self._ends_ms(watch) + 2 * self._beat_ms

    def _due_ms(self, device: str, watch: _Watch) -> int:
        """When the device is asked next, or judged."""
        ends_ms, beat_ms, answers = self._ends_ms(watch), self._beat_ms, watch.habit is _Habit.ANSWERS
        if not watch.unanswered:
            # Who may turn deaf any moment is asked soon: its sleep is counted from its last life, not from its falling
            # asleep. Spread by MAC address: after a restart not all must be asked at once.
            soonest_ms, spread_ms = (4 * beat_ms, 4 * beat_ms) if answers else (2 * beat_ms, beat_ms)
            return min(ends_ms, watch.life_ms + soonest_ms + spread_ms * zlib.crc32(device.encode()) // 2**32)
        last_ms, final_ms = self._last_ask_ms(watch), ends_ms - FINAL_BEATS * beat_ms
        if watch.asked_ms >= last_ms:
            return watch.asked_ms + ANSWER_MS
        if watch.asked_ms >= final_ms:
            return min(last_ms, watch.asked_ms + beat_ms)
        beats = 8 if watch.unanswered >= RETRIES else 2 if answers else 1
        return min(final_ms, watch.asked_ms + beats * beat_ms)

    def _lives(self, at: Moment, device: str, watch: _Watch) -> None:
        if watch.unanswered > DEAF:
            watch.habit = _Habit.DEAF
        was_asked, watch.unanswered = watch.unanswered > 0, 0
        watch.life_ms, watch.life_boot_ms = self._now_ms, at.boot_ms
        if was_asked:  # else what is due already comes soon enough, and finds that it has lived
            self._queue(device, watch)

    def _queue(self, device: str, watch: _Watch, at_least_ms: int = 0) -> None:
        self._number += 1
        watch.queued = self._number
        heappush(self._due, (max(at_least_ms, self._due_ms(device, watch)), self._number, device, watch))

    def _advance(self, at: Moment) -> None:
        if self._boot_ms is not None:
            passed_ms = min(STALL_MS, max(0, at.boot_ms - self._boot_ms))
            seeing_ms = max(0, self._read_ms + BLIND_MS - self._now_ms)
            self._now_ms += min(passed_ms, seeing_ms)
        self._boot_ms = at.boot_ms if self._boot_ms is None else max(self._boot_ms, at.boot_ms)
