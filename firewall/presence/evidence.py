"""What the sources of presence tell, in one type. Must not know: policy, that is, what follows from evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """Which source says so."""

    PORT = "port"
    """A bridge port: its carrier, and whom the bridge learnt behind it."""
    LEASE = "lease"
    """The DHCP server's leases."""


@dataclass(frozen=True)
class Evidence:
    """One device was noticed (``present``) or has left."""

    mac: str
    """Lower case, like ``02:00:00:00:00:01``."""
    present: bool
    proof: Proof
    port: str = ""
    """The bridge port the device is behind, or was; "" where the source knows none."""
