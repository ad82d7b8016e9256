"""Processor time by stage of a page: nginx, portal and gate, with all their processes.

    before = Stages.now(venue)
    …
    (Stages.now(venue) - before).gate_s

Must not know: what is measured.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from tests.lab.venue import Venue

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stages:
    """Seconds, user and system together."""

    nginx_s: float
    portal_s: float
    gate_s: float

    @classmethod
    def now(cls, venue: Venue) -> Stages:
        """Since each of them was started."""
        children = _children()
        return cls(*(_spent_s(venue.processes[unit].pid, children) for unit in ("nginx", "portal", "gate")))

    def __sub__(self, before: Stages) -> Stages:
        return Stages(self.nginx_s - before.nginx_s, self.portal_s - before.portal_s, self.gate_s - before.gate_s)

    def __truediv__(self, count: int) -> Stages:
        return Stages(self.nginx_s / count, self.portal_s / count, self.gate_s / count)


def family(pid: int) -> list[int]:
    """The process and all that it has started, and they."""
    children, found = _children(), [pid]
    for each in found:  # grows meanwhile
        found += children.get(each, [])
    return found


def _spent_s(pid: int, children: dict[int, list[int]]) -> float:
    return _own_s(pid) + sum(_spent_s(child, children) for child in children.get(pid, ()))


def _own_s(pid: int) -> float:
    try:
        fields = _fields(pid)
    except OSError:  # it ended meanwhile
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                found.setdefault(int(_fields(int(entry.name))[1]), []).append(int(entry.name))
    return found


def _fields(pid: int) -> list[str]:
    # proc(5): what follows the name in parentheses, from the state on.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
