"""What the sources of presence tell, in one type. Must not know: policy, that is, what follows from evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address


class Proof(StrEnum):
    """Which source says so."""

    PORT = "port"
    """A bridge port: its carrier, and whom the bridge learnt behind it."""
    STATION = "station"
    """An access point of ours: which stations are connected to its BSSes."""
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
    silent_s: float = 0.0
    """Of a device that was given up for its silence: for how long nobody had heard it, as far as the source knows."""


@dataclass(frozen=True)
class Source:
    """Whether one source of presence tells anything, for a person."""

    name: str
    live: bool
    why: str
    """What it watches; if it is not live, why not and what would make it so."""


@dataclass(frozen=True)
class Address:
    """A device uses this address, by its own word: the neighbour table believes whoever answers."""

    mac: str
    """Lower case, like ``02:00:00:00:00:01``."""
    address: IPv4Address | IPv6Address
    """Never a link-local one of IPv6."""
    previous: str | None
    """The MAC address that used it before, if another one did: it moved, or was taken over."""
