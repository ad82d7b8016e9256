"""The faults, asked for what they excuse. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.book import Allows, Fault


@dataclass(frozen=True)
class Excuses:
    """All faults so far."""

    faults: Sequence[Fault]

    def any_excuse(self, began_ms: float, at_ms: float) -> bool:
        """Whether anything was broken then."""
        return any(fault.injected_ms <= at_ms and began_ms <= fault.settled_ms for fault in self.faults)

    def excuse(self, allows: Allows, began_ms: float, at_ms: float, tail_ms: int = 0) -> Fault | None:
        """A fault that allows this and was in force at some moment between the two, or ``tail_ms`` before."""
        for fault in self.faults:
            if allows in fault.allows and fault.injected_ms <= at_ms and began_ms <= fault.settled_ms + tail_ms:
                return fault
        return None
