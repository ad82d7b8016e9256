"""What devices had used when the gate was closed for them: read before the closing, owed until it is recorded.

The kernel's counters go with the entries, so that what was read of them is the only copy. Must not know: how the gate
is closed, how the record is written.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from appliance.effects import Revoke
from appliance.events import Stretch, Usage
from appliance.state import Session, plus
from firewall.counters import Reading
from firewall.errors import FirewallError

log = logging.getLogger(__name__)


class Counters(Protocol):
    """What the kernel counted (``firewall.counters.Counters``)."""

    def read(self, only: Collection[str] | None = None) -> Reading: ...


class Closing(NamedTuple):
    """What was read of a device; ``usage``: None if the counters are gone or could not be read."""

    device: str
    stretch: Stretch
    usage: Usage | None


class Closings:
    """For the engine's thread."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._owed: dict[tuple[str, str], Closing] = {}
        """By device and visit."""

    def found(self, session: Session, revokes: Sequence[Revoke]) -> list[Closing]:
        """At the start: what ends now, and what has ended unseen, for an admission that times out while no gate is
        there takes its counters along.

        Raises:
            FirewallError: the kernel does not tell.
        """
        reading = self._counters.read()
        ending = _taken(revokes, reading, absent=None)
        ended = [
            Closing(device, Stretch(visit.visit, whole=True, last=session.stretch_usage(device, visit)), None)
            for device, visit in session.online_visits().items()
            if visit.addresses and reading.traffic(device, visit.addresses, whole=True) is None
        ]
        return [*(closing for closing in ending if closing), *ended]

    def read(self, revokes: Sequence[Revoke]) -> list[Closing | None]:
        """What each of these ends, before it does: what passes in the few milliseconds between is not counted. None:
        it had been closed before."""
        reading = None
        if any(effect.stretch for effect in revokes):
            matters = {text for effect in revokes for text in (effect.device, *effect.addresses)}
            try:
                reading = self._counters.read(matters)
            except FirewallError as error:
                log.error("%s", error)  # closing matters more
        return _taken(revokes, reading, absent=Usage())

    def owe(self, closings: Iterable[Closing]) -> None:
        """These are closed now."""
        for closing in closings:
            key = closing.device, closing.stretch.visit
            before = self._owed.get(key)
            self._owed[key] = _joined(before, closing) if before else closing

    def owed(self) -> list[Closing]:
        """What is to be recorded, each device and visit once."""
        return list(self._owed.values())

    def recorded(self) -> None:
        """It is durable."""
        self._owed.clear()


def _taken(revokes: Sequence[Revoke], reading: Reading | None, absent: Usage | None) -> list[Closing | None]:
    taken: list[Closing | None] = []
    counted: set[tuple[str, str]] = set()
    for effect in revokes:
        if effect.stretch is None:
            taken.append(None)
            continue
        usage = None
        if reading is not None:
            # Every counter once: a device may leave, return and leave again in one batch.
            addresses = [address for address in effect.addresses if (effect.device, address) not in counted]
            whole = effect.stretch.whole and (effect.device, "") not in counted
            traffic = reading.traffic(effect.device, addresses, whole)
            usage = absent if traffic is None else Usage(*traffic)
            counted.update((effect.device, address) for address in addresses)
            if whole:
                counted.add((effect.device, ""))
        taken.append(Closing(effect.device, effect.stretch, usage))
    return taken


def _joined(owed: Closing, more: Closing) -> Closing:
    """One closing in several attempts, or of several addresses in one batch."""
    stretch = Stretch(owed.stretch.visit, owed.stretch.whole or more.stretch.whole, owed.stretch.last)
    usage = None if owed.usage is None or more.usage is None else plus(owed.usage, more.usage)
    return Closing(owed.device, stretch, usage)
