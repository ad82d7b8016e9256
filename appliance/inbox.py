"""What other threads may put before the owner thread: requests that want an answer, events, and the end.

Must not know: who posts, what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from appliance.events import Event, MessageReported, Moment
from appliance.wire import Reply, Request


class Role(StrEnum):
    """Who asks, as the kernel vouches by the peer's uid."""

    PORTAL = "portal"
    """May do for the device behind an address what its visitor's page offers. Hostile input (law 8)."""
    STAFF = "staff"
    """The console: may also do what the desk does, list and end visits."""
    ADMINISTRATOR = "administrator"
    """Root on the box: may do everything."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A request came over the socket; ``answer`` is called exactly once, from whichever thread has it, and never
    blocks."""

    request: Request
    role: Role
    answer: Callable[[Reply], None]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened by itself."""

    event: Event


@dataclass(frozen=True, slots=True)
class Answered:
    """These devices answered a probe, each under its own MAC address; not asked for, it is no answer."""

    at: Moment
    devices: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stop:
    """End the owner thread in an orderly way."""


Item = Requested | Happened | Answered | Stop
"""Anything that may be posted."""


def can_wait(item: Item) -> bool:
    """Whether nobody waits for it, and it neither opens nor closes: what became of an SMS."""
    return isinstance(item, Happened) and isinstance(item.event, MessageReported)
