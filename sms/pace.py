"""How fast submit_sm may follow each other: a provider's rate, and slower for as long as the SMSC says "too fast".

    >>> pace = throttled(Pace(), now_ms=100, sent_ms=0)
    >>> open_at(pace, now_ms=100)
    1100

A refusal halves the rate after a pause that doubles; every accepted one raises it a little, until it is the provider's
again. Spaced evenly, not in bursts: SMSCs count in windows of their own. Pure. Must not know: links, messages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

_PAUSE_START_MS = 1000
_PAUSE_CAP_MS = 8000
_SLOWED_START_MS = 20.0
"""The interval after the first refusal by an SMSC whose rate we were not told."""
_SLOWED_CAP_MS = 1000.0
_UNNOTICED_MS = 5.0
_RECOVERY = 0.98


@dataclass(frozen=True, slots=True)
class Pace:
    """What was learnt on this connection."""

    slowed_ms: float = 0.0
    """The interval that refusals taught; 0 none."""
    last_ms: float = -math.inf
    """When the last submit_sm went, or was due."""
    learnt_ms: float = -math.inf
    """When the last refusal taught. Answers to what went before that, however late, say nothing about what goes now."""
    pause_ms: int = 0
    paused_until_ms: int = 0


def open_at(pace: Pace, now_ms: int, interval_ms: float = 0.0) -> int:
    """The monotonic millisecond from which the next may go; ``now_ms`` when it may go now."""
    spacing = max(pace.slowed_ms, interval_ms)
    spaced = math.ceil(pace.last_ms + spacing) if spacing and pace.last_ms > -math.inf else now_ms
    return max(now_ms, pace.paused_until_ms, spaced)


def submitted(pace: Pace, now_ms: int) -> Pace:
    """One went out."""
    return replace(pace, last_ms=float(now_ms))


def throttled(pace: Pace, now_ms: int, sent_ms: int, interval_ms: float = 0.0) -> Pace:
    """One that went at ``sent_ms`` was refused as too much. A window of refusals is one, also when it trickles in."""
    if sent_ms <= pace.learnt_ms:
        return pace
    pause_ms = min(_PAUSE_CAP_MS, pace.pause_ms * 2 or _PAUSE_START_MS)
    slowed_ms = min(_SLOWED_CAP_MS, max(_SLOWED_START_MS, 2 * max(pace.slowed_ms, interval_ms)))
    return replace(
        pace, learnt_ms=float(now_ms), pause_ms=pause_ms, paused_until_ms=now_ms + pause_ms, slowed_ms=slowed_ms
    )


def accepted(pace: Pace, sent_ms: int, interval_ms: float = 0.0) -> Pace:
    """One that went at ``sent_ms`` was taken."""
    if sent_ms <= pace.learnt_ms or (not pace.slowed_ms and not pace.pause_ms):
        return pace
    slowed_ms = pace.slowed_ms * _RECOVERY
    if slowed_ms <= max(interval_ms, _UNNOTICED_MS):
        slowed_ms = 0.0
    return replace(pace, pause_ms=0, paused_until_ms=0, slowed_ms=slowed_ms)
