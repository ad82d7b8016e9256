"""One provider as the sender has it: its link or pair of links.

Must not know: messages that wait, other providers.
"""

from __future__ import annotations

from collections.abc import Callable

from sms.driver import Driver
from sms.routes import Condition
from sms.settings import Provider, Role
from sms.standing import ProviderStanding


class Carrier:
    """
    Args:
        make: the driver of one of its links.
    """

    def __init__(self, provider: Provider, make: Callable[[Provider, Role], Driver]) -> None:
        self.provider = provider
        self.drivers = [make(provider, role) for role in provider.bind.roles]
        self.submitter = self.drivers[0]

    @property
    def bound(self) -> bool:
        """Whether it takes messages."""
        return self.submitter.bound

    def condition(self, now_ms: int) -> Condition:
        """For the choice of the next message's way."""
        return Condition(self.submitter.room(now_ms), self.submitter.is_steady(now_ms))

    def standing(self, now_ms: int) -> ProviderStanding:
        """For a person."""
        return ProviderStanding(
            name=self.provider.name,
            links=tuple(driver.standing(now_ms) for driver in self.drivers),
            steady=self.submitter.is_steady(now_ms),
            under_way=self.submitter.under_way,
        )
