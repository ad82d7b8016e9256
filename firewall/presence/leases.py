"""Evidence from dnsmasq's lease file: which address a device was given, and that it gave it back.

    >>> leases(Path("/var/lib/misc/dnsmasq.leases"))                        # doctest: +SKIP
    {'02:00:00:00:00:01': Lease(address=IPv4Address('10.77.0.10'), expires_utc_s=1767225600)}

dnsmasq rewrites the whole file in place at each change, so a reader may see it empty or cut short: a lease is taken
for gone only if it is still missing from an unchanged file a moment later. Must not know: visits, who asks.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from firewall.presence.evidence import Evidence, Proof

_Version = tuple[int, int, int]
"""Time of change, size, inode: differs when the file was written."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


@dataclass(frozen=True)
class Lease:
    """What a device was given."""

    address: IPv4Address
    expires_utc_s: int
    """Seconds since 1970-01-01T00:00:00Z; 0: never."""


def leases(path: Path) -> dict[str, Lease]:
    """All IPv4 leases by MAC address in lower case; the one that lasts longer if a device has two.

    Lines that are no IPv4 lease (DHCPv6's, dnsmasq's own identifier, a half-written last line) are passed over.

    Raises:
        OSError: the file cannot be read.
    """
    found: dict[str, Lease] = {}
    text = path.read_text(encoding="utf-8", errors="replace")
    for line in text[: text.rfind("\n") + 1].splitlines():
        match line.split():
            # expiry, MAC address, IPv4 address, host name or *, client identifier or *
            case [expires, mac, address, _, _]:
                lease = _lease(expires, address)
                mac = mac.lower()
                if lease and _MAC.fullmatch(mac) and _lasts(lease) >= _lasts(found.get(mac)):
                    found[mac] = lease
            case _:
                pass
    return found


def _lease(expires: str, address: str) -> Lease | None:
    try:
        return Lease(IPv4Address(address), int(expires))
    except (AddressValueError, ValueError):
        return None


def _lasts(lease: Lease | None) -> float:
    if lease is None:
        return -1
    return lease.expires_utc_s or float("inf")


class Leases:
    """Watches one lease file in a thread of its own.

    Args:
        path: dnsmasq's ``--dhcp-leasefile``; may not exist yet.
        deliver: called in our thread with ``present=False`` when a device's last lease has gone (release, expiry).
        interval_s: how often the file's time stamp is looked at.
        settle_s: how long a vanished lease must stay away from an unchanged file.
    """

    def __init__(
        self, path: Path, deliver: Callable[[Evidence], None], interval_s: float = 1.0, settle_s: float = 0.1
    ) -> None:
        self._path = path
        self._deliver = deliver
        self._interval_s, self._settle_s = interval_s, settle_s
        # One value, replaced as a whole: other threads read it.
        self._settled: tuple[_Version | None, dict[str, Lease]] = (None, {})
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="firewall.presence.leases", daemon=True)

    def start(self) -> None:
        """Read the file once, then watch; returns when ``address_of`` can be asked."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def address_of(self, mac: str) -> IPv4Address | None:
        """The address the device was given, if it has a lease. May be asked from any thread."""
        lease = self._settled[1].get(mac)
        return lease.address if lease else None

    def fresh_address_of(self, mac: str, address: IPv4Address) -> bool:
        """Was this address given to this device, as the file says now? May be asked from any thread.

        Asked when somebody stands at the gate: a lease of this very moment must count, and one that another device has
        taken over since the last look must not.
        """
        _, found = self._read()
        holder = next((who for who, lease in (found or {}).items() if lease.address == address), None)
        # Nobody's in a file that is just being rewritten: what was settled before still counts.
        return holder == mac if holder is not None else self.address_of(mac) == address

    def _watch(self) -> None:
        while not self._stop.wait(self._interval_s):
            self._look()

    def _look(self) -> None:
        version, found = self._read()
        seen, known = self._settled
        if found is None or version == seen:
            return
        if known.keys() - found.keys():
            if self._stop.wait(self._settle_s):
                return
            again, found = self._read()
            if again != version or found is None:
                return  # still being written; the next look sees
        self._settled = version, found
        for mac in known.keys() - found.keys():
            self._deliver(Evidence(mac, False, Proof.LEASE))

    def _read(self) -> tuple[_Version | None, dict[str, Lease] | None]:
        """The file's version and leases. A file that cannot be read is no news: nobody leaves because of it."""
        seen, known = self._settled
        try:
            # The version before the content: a write in between makes the next look read again.
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            return version, known if version == seen else leases(self._path)
        except OSError:
            return None, None
