"""dnsmasq's lease file as it is now: what is in it, and whether that can be the whole of it.

    >>> leases(Path("/var/lib/misc/dnsmasq.leases"))                        # doctest: +SKIP
    {'02:00:00:00:00:01': Lease(address=IPv4Address('10.77.0.10'), expires_utc_s=1767225600)}

Must not know: what follows from a lease that is there or is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

Version = tuple[int, int, int]
"""Time of change, size, inode: differs when the file was written."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_STAMP_S = 0.02
"""Two writes this close may bear the same time stamp: the kernel takes it from its tick, 10 ms at the longest."""


@dataclass(frozen=True)
class Lease:
    """What a device was given."""

    address: IPv4Address
    expires_utc_s: int
    """Seconds since 1970-01-01T00:00:00Z; 0: never."""


@dataclass(frozen=True)
class Reading:
    """The file at one moment."""

    version: Version
    dated: bool
    """Whether any later write must change the version."""
    whole: bool
    """Whether its last line has an end; an empty file is whole."""
    leases: Mapping[str, Lease]
    """By MAC address."""
    holders: Mapping[IPv4Address, str]
    """Who was given the address."""


def leases(path: Path) -> dict[str, Lease]:
    """All IPv4 leases by MAC address in lower case; the one that lasts longer if a device has two.

    Lines that are no IPv4 lease (DHCPv6's, dnsmasq's own identifier, a half-written last line) are passed over.

    Raises:
        OSError: the file cannot be read.
    """
    return _parsed(_text(path))


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")  # not ``read_text``, to which a carriage return is a newline


def _parsed(text: str) -> dict[str, Lease]:
    found: dict[str, Lease] = {}
    # Not ``splitlines``: a host name is the visitor's own word, and a line ends with nothing but a newline.
    for line in text[: text.rfind("\n") + 1].split("\n"):
        match line.split():
            # expiry, MAC address, IPv4 address, host name or *, client identifier or *
            case [expires, mac, address, _, _]:
                lease = _lease(expires, address)
                mac = mac.lower()
                if lease and _MAC.fullmatch(mac) and lasts(lease) >= lasts(found.get(mac)):
                    found[mac] = lease
            case _:
                pass
    return found


def _lease(expires: str, address: str) -> Lease | None:
    try:
        return Lease(IPv4Address(address), int(expires))
    except (AddressValueError, ValueError):
        return None


def lasts(lease: Lease | None) -> float:
    """When it expires, in seconds of UTC; infinite for one that never does, -1 for none."""
    if lease is None:
        return -1
    return lease.expires_utc_s or float("inf")


def read(path: Path, now_utc_s: float, last: Reading | None) -> Reading:
    """The file now; the last reading itself if the file was not written since, for parsing is dear.

    Raises:
        OSError: the file cannot be read.
    """
    # The version before the content: a write in between makes the next call read again.
    status = path.stat()
    version = (status.st_mtime_ns, status.st_size, status.st_ino)
    if last is not None and last.dated and last.version == version:
        return last
    text = _text(path)
    found = _parsed(text)
    holders = {lease.address: mac for mac, lease in found.items()}
    # Written this moment, or since the caller looked at the clock. Far in the future: the clock was set back.
    dated = not -1 < now_utc_s - status.st_mtime < _STAMP_S
    return Reading(version, dated, text[-1:] in ("", "\n"), found, holders)
