"""A crowd of admitted devices, as a busy day would have left it: visits in the journal's kept state, leases in
dnsmasq's file. The gate and dnsmasq are stopped meanwhile and start from it as after a restart.

The devices are silent: no phone stands behind them. Must not know: namespaces, what is measured.
"""

from __future__ import annotations

import time
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import msgspec

from appliance.daemon import now
from appliance.kept import device_key
from appliance.state import Visit
from journal.entries import Entry, Stamp, VisitBegan, VisitEnded
from journal.store import Store

_MACS = "06:00:00"
_FIRST = IPv4Address("10.77.100.0")
_FIRST6 = IPv6Address("2001:db8:77::cd:0:0")
_BATCH = 1_000


def is_one(device: str) -> bool:
    """Whether this MAC address is the crowd's."""
    return device.startswith(_MACS)


def keep(state: Path, size: int, *, ipv6: bool) -> None:
    """Make the kept state and the lease file under ``state`` tell of a crowd of exactly ``size`` devices."""
    keep_leases(state / "leases" / "dnsmasq.leases", _MACS, _FIRST, size)
    store = Store.open(state / "gate" / "journal.db")
    try:
        kept = store.kept()
        wanted = {device_key(mac_of(number)): number for number in range(size)}
        crowd = {key for key in kept if key.startswith(device_key(_MACS))}
        lines = [_began(number, ipv6) for key, number in wanted.items() if key not in crowd]
        lines += [_ended(key, kept[key]) for key in sorted(crowd - wanted.keys())]
        for first in range(0, len(lines), _BATCH):
            batch = lines[first : first + _BATCH]
            store.append([(_stamp(), entry) for entry, _, _ in batch], {key: value for _, key, value in batch})
    finally:
        store.close()


def keep_leases(path: Path, macs: str, first: IPv4Address, size: int) -> None:
    """Make the lease file list so many devices: MAC addresses beginning with ``macs``, IPv4 ones from ``first``."""
    others = [line for line in path.read_text().splitlines() if f" {macs}:" not in line]
    until_s = int(time.time()) + 86_400
    crowd = [f"{until_s} {mac_of(number, macs)} {first + number} * *" for number in range(size)]
    # IPv4 leases come before the line "duid", which begins DHCPv6's.
    path.write_text("".join(f"{line}\n" for line in [*crowd, *others]))


def mac_of(number: int, macs: str = _MACS) -> str:
    """The MAC address of a crowd's device."""
    return ":".join((macs, f"{number >> 16:02x}", f"{number >> 8 & 255:02x}", f"{number & 255:02x}"))


def _began(number: int, ipv6: bool) -> tuple[Entry, str, bytes | None]:
    addresses = (str(_FIRST + number), *([str(_FIRST6 + number)] if ipv6 else []))
    visit = Visit(f"{number:016x}", f"+7702{number:07d}", addresses, began=now())
    entry = VisitBegan(visit.visit, mac_of(number), addresses, visit.number, "sms")
    return entry, device_key(mac_of(number)), msgspec.json.encode(visit)


def _ended(key: str, value: bytes) -> tuple[Entry, str, bytes | None]:
    visit = msgspec.json.decode(value, type=Visit)
    return VisitEnded(visit.visit, key.removeprefix(device_key("")), now().utc_ms, "bench"), key, None


def _stamp() -> Stamp:
    at = now()
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Stamp(at.utc_ms, boot_id, at.boot_ms)
