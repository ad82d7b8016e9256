"""What a fault is: how it is made, how it is made good again, and what may be meanwhile.

A fault undoes what a person or systemd would undo (a dead process is started again, a cable is plugged in); what the
product mends by itself is left to it. Must not know: single faults, visitors, the auditor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.chaos.book import Allows
from tests.chaos.disk import Disk
from tests.lab.run import run
from tests.lab.venue import Venue
from tests.lab.visitor import Visitor


@dataclass(frozen=True)
class Site:
    """Where faults happen."""

    venue: Venue
    stranger: Visitor
    """Whose place hostile frames come from."""
    disk: Disk | None
    """Of the journal; None: the machine's own, and no fault of disks can be."""
    chance: Random


Deed = Callable[[Site], None]


@dataclass(frozen=True)
class Fault:
    """One way to break something."""

    name: str
    allows: tuple[Allows, ...]
    inject: Deed
    undo: Deed = lambda _: None
    hold_s: tuple[float, float] = (0.5, 6.0)
    """For how long it lasts: at least, at most."""
    needs_disk: bool = False


def typed(command: str) -> Deed:
    """Somebody types this at the gate."""

    def at_the_gate(site: Site) -> None:
        run(["sh", "-c", command], namespace=site.venue.gate, check=False)

    return at_the_gate
