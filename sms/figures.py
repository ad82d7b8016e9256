"""What an owner wants to know of a provider: how many messages, how many arrived, how long it took, what it cost.

    >>> figures.count(addressed)
    >>> figures.delivered, figures.delay_ms(95)
    (12, 4100)

Since the sender's start; the journal has what was before. Must not know: links, who asks.
"""

from __future__ import annotations

from collections import deque
from typing import assert_never

from sms.entry import Addressed
from sms.message import State

_REMEMBERED_DELAYS = 1000


class Figures:
    """One provider's."""

    def __init__(self, price: float) -> None:
        self._price = price
        self.sent = 0
        self.delivered = 0
        self.failed = 0
        """Refused, or undeliverable by their receipt."""
        self.parts = 0
        self._delays: deque[int] = deque(maxlen=_REMEMBERED_DELAYS)

    @property
    def cost(self) -> float:
        """Of all parts that the SMSC took, in the owner's currency."""
        return self.parts * self._price

    def count(self, addressed: Addressed) -> None:
        """Something was reported of a message that this provider carried."""
        match addressed.report.state:
            case State.SENT:
                self.sent += 1
                self.parts += addressed.parts
            case State.DELIVERED:
                self.delivered += 1
                self._delays.append(addressed.age_ms)
            case State.FAILED:
                self.failed += 1
            case _:
                assert_never(addressed.report.state)

    def delay_ms(self, percent: int) -> int | None:
        """From being handed over to being delivered: what this share of the last thousand did not exceed."""
        ranked = sorted(self._delays)
        return ranked[max(0, -(-len(ranked) * percent // 100) - 1)] if ranked else None
