"""What is remembered of DHCP leases beyond what the file says now. Must not know: the file, what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from firewall.presence.lease_file import Lease, Version

_RELEASED_S = 10.0
"""How long a release that was heard explains a lease that vanishes."""
_REMEMBERED = 4096
"""How many such releases are remembered: anybody can invent them."""


@dataclass(frozen=True)
class Held:
    """A lease as we remember it."""

    lease: Lease
    ends_boot_s: float
    """When its lifetime is over on the clock that nobody sets, counted from when it was first seen with this expiry."""
    listed: bool = True
    """False: it has vanished from the file; if the clock had jumped or somebody else released it, before its time."""


@dataclass(frozen=True)
class Doubt:
    """A file whose gaps are no news yet."""

    cut: Version | None
    """The version that is cut off or empty; None for a whole file with a sudden gap."""
    missing: frozenset[str]
    """Whom the sudden gap took."""
    since_boot_s: float


class Released:
    """Whose own release was heard a moment ago: no doubt that their leases vanish."""

    def __init__(self) -> None:
        self._until_boot_s: dict[str, float] = {}

    def note(self, mac: str, boot_s: float) -> None:
        """It was heard now."""
        self._until_boot_s = {each: until for each, until in self._until_boot_s.items() if until > boot_s}
        self._until_boot_s[mac] = boot_s + _RELEASED_S
        if len(self._until_boot_s) > _REMEMBERED:
            del self._until_boot_s[next(iter(self._until_boot_s))]

    def among(self, vanished: Iterable[str], boot_s: float) -> list[str]:
        """Those of whom it was."""
        return [mac for mac in vanished if self._until_boot_s.get(mac, 0.0) > boot_s]
