"""Who left without a word: false leaves, how late a leave is noticed, and what watching 10,000 devices costs.

The day is virtual (``tests.lab.virtual``): real policy, real session, phones that behave as phones do. The load is the
policy alone, fed with readings of the counters and answers as fast as it takes them; its processor time is set against
the time that the readings stand for. Must not know: the kernel; what it costs to read and to ask there.
"""

from __future__ import annotations

import time

from appliance.events import Moment, Usage
from appliance.presence import Patience, Presence
from appliance.state import Visit
from tests.bench.effort import QUICK, Effort
from tests.bench.report import Better, Row, percentile
from tests.lab.phones import DEAF_MS, HARD_PROFILES, HOUR, MINUTE, PROFILES
from tests.lab.truth import Found
from tests.lab.virtual import READ_MS, VirtualVenue

TICK_MS = 500
ADDRESSES = ("10.77.0.10", "fd77::10", "fd77::11")
"""A phone's: one by DHCP, a stable one and a private one (RFC 8981) of its own making."""


def measure(effort: Effort) -> list[Row]:
    """A day of 1,000 phones, and 40 minutes of the largest crowd."""
    quick = effort is QUICK
    day = VirtualVenue(dict.fromkeys({**PROFILES, **HARD_PROFILES}, 2 if quick else 1_000 // len(PROFILES)), seed=1)
    began_s = time.process_time()
    day.run(hours=3 if quick else 24)
    took_s = time.process_time() - began_s
    rows = [*_of_the_day(day.found), *_load(effort.many, minutes=2 if quick else 20)]
    return [*rows, Row("presence: the virtual day, processor time", took_s, "s", Better.LOWER)]


def _of_the_day(found: Found) -> list[Row]:
    rows = [
        Row(
            f"presence: false leaves, {profile}, {here_ms // HOUR:,} h",
            found.false_leaves[profile] * 1000 * HOUR / here_ms,
            "per 1,000 h",
            Better.LOWER,
        )
        for profile, here_ms in sorted(found.here_ms.items())
    ]
    for evidence, delays_ms in sorted(found.delays_ms.items()):
        rows += [
            Row(
                f"presence: noticed, {evidence}, p{percent} of {len(delays_ms):,}",
                percentile(delays_ms, percent) / 1000,
                "s",
                Better.LOWER,
            )
            for percent in (50, 99, 100)
        ]
    return rows


def _load(crowd: int, minutes: int) -> list[Row]:
    """Half of the crowd is awake; of the others half answer asleep, and half are deaf for 14 minutes and then wake."""
    load = _Load(crowd)
    load.run(minutes)  # what answers is learnt, and nobody is met at once any more
    asked, spent_s = load.asked, load.spent_s
    load.run(minutes)
    seconds = minutes * 60
    return [
        Row(
            f"presence: policy, {crowd:,} devices",
            100 * (load.spent_s - spent_s) / seconds,
            "% of a core",
            Better.LOWER,
        ),
        Row(f"presence: devices asked, {crowd:,}", (load.asked - asked) / seconds, "per s", Better.LOWER),
        Row(
            f"presence: probes sent, {crowd:,}",
            (load.asked - asked) * len(ADDRESSES) / seconds,
            "packets/s",
            Better.LOWER,
        ),
    ]


class _Load:
    def __init__(self, crowd: int) -> None:
        self.presence = Presence(Patience())
        self.spent_s = 0.0
        self.asked = 0
        self.now_ms = 0
        macs = [f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}" for number in range(crowd)]
        self._awake, self._answering, self._deaf = macs[::2], frozenset(macs[1::4]), macs[3::4]
        self._usage = dict.fromkeys(macs, Usage())
        for mac in macs:
            self.presence.follow(self._now, mac, Visit("v1", "+77011234567", ADDRESSES, began=self._now))

    @property
    def _now(self) -> Moment:
        return Moment(self.now_ms, self.now_ms)

    def run(self, minutes: int) -> None:
        until_ms = self.now_ms + minutes * MINUTE
        while self.now_ms < until_ms:
            self.now_ms += TICK_MS
            if self.now_ms % READ_MS == 0:
                self._sends(self._awake)
                wakes = self.now_ms % DEAF_MS * len(self._deaf) // DEAF_MS
                self._sends(self._deaf[wakes : wakes + len(self._deaf) * READ_MS // DEAF_MS + 1])
                usage = dict(self._usage)
                began_s = time.process_time()
                self.presence.counted(self._now, usage)
                self.spent_s += time.process_time() - began_s
            began_s = time.process_time()
            judged = self.presence.judge(self._now)
            answered = self._answering.intersection(judged.ask)
            self.presence.answered(self._now, answered)
            self.spent_s += time.process_time() - began_s
            assert not judged.left, "everybody is here"
            self.asked += len(judged.ask)

    def _sends(self, macs: list[str]) -> None:
        for mac in macs:
            self._usage[mac] = Usage(up_packets=self._usage[mac].up_packets + 1)
