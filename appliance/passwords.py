"""One-time passwords and how often they may be asked: all pure, nothing random in here.

    >>> well_formed("123 456")
    '123456'
    >>> well_formed("١٢٣٤٥٦") is None
    True

Sources: order No. 67 ¶5-8, NIST SP 800-63B 5.1.3 (short-lived secrets over the telephone network).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import StrEnum
from typing import assert_never

import msgspec

DIGITS = 6
_WELL_FORMED = re.compile(rf"[0-9]{{{DIGITS}}}")  # not \d: that matches every alphabet's digits


def well_formed(typed: str) -> str | None:
    """The six ASCII digits that the visitor typed, blanks and hyphens left out; None if it is anything else."""
    bare = typed.translate({ord(c): None for c in " -\u00a0\u2007\u202f\t"})
    return bare if _WELL_FORMED.fullmatch(bare) else None


def from_random(number: int) -> str:
    """The password for a uniformly random ``number`` below ``10**DIGITS``."""
    return f"{number:0{DIGITS}d}"


def digest(key: bytes, device: str, message: str, password: str) -> bytes:
    """The keyed hash under which a password is kept (law 7).

    It covers the device and the message, so that no stored digest tells whether two passwords are alike and none
    counts for another device (law 5). Whoever has ``key`` can try all six digits; it never leaves the gate's own files.
    """
    return hmac.digest(key, "\n".join((device, message, password)).encode(), hashlib.sha256)


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in constant time."""
    return hmac.compare_digest(one, other)


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
    return tuple(t for t in times if t > now_ms - limit.window_s * 1000)
