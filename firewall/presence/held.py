"""What is remembered of DHCP leases beyond what the file says now. Must not know: the file, what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from firewall.presence.lease_file import Lease, Version


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
