"""On what terms a link is kept: a provider's bounds and pauses in milliseconds, and its view of status codes.

    >>> back_off_ms(Terms.of(provider), attempt=2, jitter=0.5)     # doubled twice, three quarters of it
    1500

Pure. Must not know: what the link is doing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sms.settings import Provider, Role
from sms.status import Verdict


@dataclass(frozen=True, slots=True)
class Terms:
    """One link's terms; times in milliseconds."""

    role: Role
    window: int
    interval_ms: float
    """Between two submit_sm; 0: as fast as the window allows."""
    enquire_link_ms: int
    response_ms: int
    connect_ms: int
    back_off_start_ms: int
    back_off_cap_ms: int
    credentials_back_off_ms: int
    statuses: Mapping[int, Verdict]

    @classmethod
    def of(cls, provider: Provider, role: Role = Role.TRANSCEIVER) -> Terms:
        """The provider's settings, for the link that binds as ``role``."""
        return cls(
            role=role,
            window=provider.window,
            interval_ms=1000 / provider.rate_per_s if provider.rate_per_s else 0.0,
            enquire_link_ms=round(provider.enquire_link_s * 1000),
            response_ms=round(provider.response_timeout_s * 1000),
            connect_ms=round(provider.connect_timeout_s * 1000),
            back_off_start_ms=round(provider.back_off_start_s * 1000),
            back_off_cap_ms=round(provider.back_off_cap_s * 1000),
            credentials_back_off_ms=round(provider.credentials_back_off_s * 1000),
            statuses=provider.statuses,
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event happened, and the chance value drawn for it."""

    now_ms: int
    """Monotonic milliseconds."""
    jitter: float
    """0 ≤ jitter < 1; spreads the returns of many gateways after their SMSC's restart."""


def back_off_ms(terms: Terms, attempt: int, jitter: float) -> int:
    """The pause before connection number ``attempt`` + 1: doubled each time, capped, between its half and its whole."""
    pause = min(terms.back_off_cap_ms, terms.back_off_start_ms << min(attempt, 16))
    return round(pause * (0.5 + jitter / 2))
