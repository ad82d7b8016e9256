"""A link's bounds and its pauses, in milliseconds.

    >>> back_off_ms(Timers.of(provider), attempt=2, jitter=0.5)     # doubled twice, three quarters of it
    1500

Pure. Must not know: what the link is doing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms.settings import Provider


@dataclass(frozen=True, slots=True)
class Timers:
    """A provider's bounds; times in milliseconds."""

    window: int
    enquire_link_ms: int
    response_ms: int
    connect_ms: int
    back_off_start_ms: int
    back_off_cap_ms: int
    credentials_back_off_ms: int

    @classmethod
    def of(cls, provider: Provider) -> Timers:
        """The provider's settings in milliseconds."""
        return cls(
            window=provider.window,
            enquire_link_ms=round(provider.enquire_link_s * 1000),
            response_ms=round(provider.response_timeout_s * 1000),
            connect_ms=round(provider.connect_timeout_s * 1000),
            back_off_start_ms=round(provider.back_off_start_s * 1000),
            back_off_cap_ms=round(provider.back_off_cap_s * 1000),
            credentials_back_off_ms=round(provider.credentials_back_off_s * 1000),
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event happened, and the chance value drawn for it."""

    now_ms: int
    """Monotonic milliseconds."""
    jitter: float
    """0 ≤ jitter < 1; spreads the returns of many gateways after their SMSC's restart."""


def back_off_ms(timers: Timers, attempt: int, jitter: float) -> int:
    """The pause before connection number ``attempt`` + 1: doubled each time, capped, between its half and its whole."""
    pause = min(timers.back_off_cap_ms, timers.back_off_start_ms << min(attempt, 16))
    return round(pause * (0.5 + jitter / 2))
