"""What the sources of presence tell, in one type. Must not know: policy, that is, what follows from evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address


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


@dataclass(frozen=True)
class Address:
    """A device uses this address, by its own word: the neighbour table believes whoever answers."""

    mac: str
    """Lower case, like ``02:00:00:00:00:01``."""
    address: IPv4Address | IPv6Address
    """Never a link-local one of IPv6."""
    previous: str | None
    """The MAC address that used it before, if another one did: it moved, or was taken over."""
