"""What presence costs the real gate, and how late it notices a real leave.

Nobody of the largest crowd answers, so all are asked as densely as the policy ever asks: the most that it can cost.
Delays are from the leave to the gate's own word that the phone is not online any more; it closes before it says so.
Silence is not among them: ``tests.bench.presence`` has it, in virtual time. Must not know: how the gate notices.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance import wire
from tests.bench.effort import QUICK, Effort
from tests.bench.ground import Ground, now_s
from tests.bench.report import Better, Row, percentile
from tests.lab.namespaces import ip
from tests.lab.waiting import until

_QUIET_S = 30.0
"""So long nobody is asked after a start."""
_MINUTE_S = 60.0
"""Then each is asked four times in a minute, and not at all in the next."""
_LEAVES = 20
_LOOK_EVERY_S = 0.002


def measure(ground: Ground, effort: Effort) -> list[Row]:
    """Delays with the smallest crowd, then two minutes of the largest."""
    return [*_delays(ground, effort), *_load(ground, effort)]


# ── leaves ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _delays(ground: Ground, effort: Effort) -> list[Row]:
    ground.crowd(effort.few)
    ground.admit()
    phone = ground.phone
    leaves: dict[str, Callable[[], object]] = {
        "port": lambda: ip(phone.namespace, "link", "set", phone.interface, "down"),
        "release": phone.release,
    }
    found: dict[str, list[float]] = {name: [] for name in leaves}
    for _ in range(min(effort.visits, _LEAVES)):
        for name, leave in leaves.items():
            began_s = now_s()
            leave()
            while _open(ground):
                assert now_s() < began_s + 10.0, f"the {name} tells nothing"
                time.sleep(_LOOK_EVERY_S)
            found[name].append(now_s() - began_s)
            phone.disconnect()
            phone.connect()
            # With its address: a lease that is given back before anybody read of it is nobody's leave.
            until(lambda: ground.address(phone) in _open(ground), "the phone to be back")
    return [
        Row(f"presence: real {name}, p{percent} of {len(delays_s)}", percentile(delays_s, percent), "s", Better.LOWER)
        for name, delays_s in found.items()
        for percent in (50, 99)
    ]


def _open(ground: Ground) -> tuple[str, ...]:
    """The addresses under which the phone is online."""
    visits = ground.ask(wire.ListVisits())
    assert isinstance(visits, wire.Visits)
    found = (visit for visit in visits.visits if visit.device == ground.phone.mac)
    return next((visit.addresses for visit in found if visit.phase is wire.Phase.ONLINE), ())


# ── load ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Spent:
    """Since the gate's start."""

    at_s: float
    engine_s: float
    """Processor time of the engine's thread: the policy, and whatever else the gate does by the clock."""
    all_s: float
    """Processor time of all threads."""
    frames: int
    """Sent into the visitors' network."""


def _load(ground: Ground, effort: Effort) -> list[Row]:
    quick = effort is QUICK
    ground.crowd(effort.many)
    ground.venue.processes["gate"].stop()  # its crowd may have been there for a while
    ground.venue.restart("gate")
    time.sleep(0.0 if quick else _QUIET_S)
    spent = [_spent(ground)]
    for _ in range(2):
        time.sleep(0.5 if quick else _MINUTE_S)
        spent.append(_spent(ground))
    name = f"presence: {effort.many:,} silent"
    return [
        *_rows(f"{name}, asked densely", spent[0], spent[1]),
        *_rows(f"{name}, asked by nobody", spent[1], spent[2]),
    ]


def _rows(name: str, before: _Spent, after: _Spent) -> list[Row]:
    passed_s = after.at_s - before.at_s
    percent = 100 / passed_s
    engine_s = after.engine_s - before.engine_s
    others_s = max(0.0, after.all_s - before.all_s - engine_s)  # one is read a moment before the other
    return [
        Row(f"{name}: probes and readings", percent * others_s, "% of a core", Better.LOWER),
        Row(f"{name}: the engine, all it does", percent * engine_s, "% of a core", Better.LOWER),
        Row(f"{name}: frames", (after.frames - before.frames) / passed_s, "per s", Better.LOWER),
    ]


def _spent(ground: Ground) -> _Spent:
    pid = ground.venue.processes["gate"].pid
    shown = json.loads(ip(ground.venue.gate, "-j", "-s", "link", "show", "br-lan"))
    return _Spent(
        now_s(),
        _processor_s(Path(f"/proc/{pid}/task/{pid}/stat")),
        _processor_s(Path(f"/proc/{pid}/stat")),
        shown[0]["stats64"]["tx"]["packets"],
    )


def _processor_s(stat: Path) -> float:
    """utime and stime of proc(5), in seconds."""
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
