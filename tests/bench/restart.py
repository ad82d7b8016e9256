"""What a restart of the gate costs when many are online: time, packets of a running flow, memory.

The whole way is measured (kill -9, start, until it answers) and, with the gate's own firewall code on the gate's own
kept state, the part that brings the kernel up to date. Must not know: how the kernel is brought up to date.
"""

from __future__ import annotations

import json
from statistics import median

from appliance import wire
from appliance.errors import GateUnreachable
from tests.bench.effort import Effort
from tests.bench.ground import Ground, now_s
from tests.bench.memory import pss_mib
from tests.bench.pulse import Pulse
from tests.bench.report import Better, Row, compared
from tests.lab.run import program, run
from tests.lab.venue import WEB
from tests.lab.waiting import until

_BEAT_S = 0.001


def restart(ground: Ground, effort: Effort) -> list[Row]:
    """Seconds until the gate serves again, and how many datagrams of an admitted flow were lost meanwhile."""
    seconds: dict[int, list[float]] = {}
    lost: list[int] = []
    sent = 0
    for _ in range(min(effort.repetitions, 3)):
        for size in dict.fromkeys((effort.few, effort.many)):
            ground.crowd(size)
            ground.admit()
            with Pulse(ground.phone.namespace, ground.venue.operator, WEB) as pulse:
                until(lambda p=pulse: p.beat(0.05), "the phone to get through")  # type: ignore[misc]
                before = pulse.sent - pulse.answered
                with pulse.going_on(_BEAT_S):
                    ground.venue.processes["gate"].kill9()
                    began_s = now_s()
                    ground.venue.restart("gate")
                    _answers(ground)
                    seconds.setdefault(size, []).append(now_s() - began_s)
                if size == effort.many:
                    lost.append(max(0, pulse.sent - pulse.answered - before))
                    sent += pulse.sent
    assert sent >= 100, f"only {sent} datagrams were sent: nothing is said about the flow"
    many, few = f"{effort.many:,}", f"{effort.few:,}"
    return [
        compared(
            f"restart: killed to serving, {many} admitted, {few} beside",
            seconds[effort.many],
            seconds[effort.few],
            "s",
            Better.LOWER,
        ),
        Row(f"restart: datagrams of an admitted flow lost, {many} admitted", float(sum(lost)), "packets", Better.LOWER),
    ]


def sync(ground: Ground, effort: Effort) -> list[Row]:
    """Seconds that the kernel's part takes with the largest crowd: after a restart, regularly, after a reboot."""
    ground.crowd(effort.many)
    times: dict[str, list[float]] = {}
    ground.venue.processes["gate"].stop()
    for _ in range(effort.repetitions):
        line = program("tests.bench.syncing", str(ground.venue.places.config))
        for name, value in json.loads(run(line, namespace=ground.venue.gate, timeout_s=60.0).stdout).items():
            times.setdefault(name, []).append(value)
    ground.venue.restart("gate")
    many = f"{effort.many:,}"
    return [
        compared(f"sync: of {many} after a restart, empty sets beside", times["hot"], times["cold"], "s", Better.LOWER),
        Row(f"sync: of {many} with nothing to repair", median(times["idle"]), "s", Better.LOWER),
        Row(f"sync: longest of the looks in between, {many}", median(times["look"]), "s", Better.LOWER),
        Row(f"sync: all looks in between, every four seconds, {many}", median(times["round"]), "s", Better.LOWER),
    ]


def memory(ground: Ground, effort: Effort) -> list[Row]:
    """The gate's proportional set size, freshly started."""
    found: dict[int, list[float]] = {}
    for size in (effort.many, effort.few):
        ground.crowd(size)
        ground.venue.processes["gate"].stop()
        ground.venue.restart("gate")
        # Asked once for everything it knows: that too must be in it.
        assert isinstance(ground.ask(wire.ListVisits()), wire.Visits)
        found.setdefault(size, []).append(pss_mib(ground.venue.processes["gate"].pid))
    name = f"gate memory: PSS, {effort.many:,} admitted, {effort.few:,} beside"
    return [compared(name, found[effort.many], found[effort.few], "MiB", Better.LOWER)]


def _answers(ground: Ground) -> None:
    def asked() -> bool:
        try:
            ground.ask(wire.Look(ground.address(ground.phone)))
        except GateUnreachable:
            return False
        return True

    until(asked, "the gate to answer")
