"""How often passwords may be asked: counts in windows of time, and a wait that grows. Pure.

    >>> retry_in_s((0, 1000), Limit(2, 60), now_ms=2000)
    58
    >>> [resend_ms(60, sent) // 1000 for sent in (1, 2, 3, 4, 5, 6)]
    [60, 120, 240, 480, 900, 900]

The first stand against SMS pumping and against using a venue to pester a number. What all of it may cost is
``appliance.spending``'s. Must not know: whose times these are.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum
from typing import assert_never

import msgspec

LONGEST_RESEND_MS = 900_000


class Scope(StrEnum):
    """What passwords are counted by. Never by device alone: phones change their MAC addresses at will."""

    NUMBER = "number"
    DEVICE = "device"
    VENUE = "venue"


class Limit(msgspec.Struct, frozen=True):
    """At most ``count`` passwords in any ``window_s`` seconds."""

    count: int
    window_s: int


class Allowances(msgspec.Struct, frozen=True):
    """The limits of a venue."""

    number: Limit = Limit(5, 3600)
    device: Limit = Limit(8, 3600)
    venue: Limit = Limit(1000, 86400)

    def of(self, scope: Scope) -> Limit:
        """The limit for this scope."""
        match scope:
            case Scope.NUMBER:
                return self.number
            case Scope.DEVICE:
                return self.device
            case Scope.VENUE:
                return self.venue
            case _:
                assert_never(scope)


Times = tuple[int, ...]
"""When passwords were asked, boot-clock milliseconds, oldest first."""


def retry_in_s(times: Times, limit: Limit, now_ms: int) -> int:
    """Whole seconds until another password fits the limit; 0 = now."""
    inside = within(times, limit, now_ms)
    if len(inside) < limit.count:
        return 0
    return max(1, -(-(inside[-limit.count] + limit.window_s * 1000 - now_ms) // 1000))


def within(times: Times, limit: Limit, now_ms: int) -> Times:
    """Those of ``times`` that still count."""
    return times[bisect_right(times, now_ms - limit.window_s * 1000) :]


def resend_ms(first_s: int, sent: int) -> int:
    """How long after the newest of ``sent`` passwords to one number (at least 1) its device may ask for another.

    Doubles with each, up to a quarter of an hour: an SMS that is late comes in that time, whoever waits for none
    goes to the desk, and a number that somebody else typed is not rung every minute. ``first_s`` itself, if longer.
    """
    return max(first_s * 1000, min(first_s * 1000 << min(sent - 1, 16), LONGEST_RESEND_MS))
