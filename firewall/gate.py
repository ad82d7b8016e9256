"""The gate's kernel side: who is admitted, made true and kept true.

    >>> gate = Gate(settings)                                               # doctest: +SKIP
    >>> gate.setup()
    >>> gate.sync({"02:00:00:00:00:01": frozenset({IPv4Address("10.77.0.10")})})
    Repairs(admitted=1, revoked=0, rules=0)

The kernel is a projection of what the caller wants: ``sync`` may be called any time and converges. Works in the
network namespace of the calling process, with CAP_NET_ADMIN and CAP_NET_RAW. Must not know: visits, people, passwords.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from firewall import conntrack, rules, tables
from firewall.errors import DeviceRefused, KernelRefused
from firewall.rules import DOWN4, UP4
from firewall.sets import Change, Member, Sets
from firewall.settings import Settings

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}")  # the low bit of the first byte marks a group, not a device
_NO_MAC = "00:00:00:00:00:00"


@dataclass(frozen=True)
class Repairs:
    """What ``Gate.sync`` had to put right."""

    admitted: int
    """Addresses that were missing or had another MAC address."""
    revoked: int
    """Addresses that nothing wanted accounts for."""
    rules: int
    """Chains, jumps and policies that were not as they should be."""


class Gate:
    """For one thread. Every method raises FirewallError, and none leaves the gate more open than it was asked to be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wanted = rules.ruleset(settings)
        self._sets = Sets(settings)

    def setup(self) -> None:
        """Drop by default, then the sets, then the rules, then forward. Members of the sets stay (hot restart)."""
        tables.drop(self._wanted)
        self._sets.ensure()
        tables.load(self._wanted)
        self._forward()

    def sync(self, desired: Mapping[str, frozenset[IPv4Address]]) -> Repairs:
        """Make the kernel admit exactly the desired devices (MAC address → its addresses) and renew their time.

        Addresses outside the LAN are passed over: they come from a LAN that has been renumbered since. An address that
        two devices claim stays with the one that has it.
        """
        self._sets.ensure()
        repaired = tables.load(self._wanted)
        self._forward()
        up, down = self._sets.up(), self._sets.down()
        wanted = self._holders(desired, up)
        revoked = [address for address in {*up, *down} if address not in wanted]
        admitted = [
            address
            for address, mac in wanted.items()
            if address not in down or address not in up or up[address].mac != mac
        ]
        stale = [
            address
            for address in wanted
            if address in up and address in down and self._due(up[address].remaining_s, down[address])
        ]
        # Only where it is: an address outside a bitmap's range cannot even be deleted from it.
        changes = [
            Change("del", name, address)
            for name, members in ((UP4, up.keys()), (DOWN4, down.keys()))
            for address in revoked
            if address in members
        ]
        for address in [*admitted, *stale]:
            changes += [Change("add", DOWN4, address), Change("add", UP4, address, wanted[address])]
        self._sets.apply(changes)
        conntrack.forget([*revoked, *admitted])
        return Repairs(len(admitted), len(revoked), repaired)

    def admit(self, mac: str, addresses: Collection[IPv4Address]) -> None:
        """Open the gate for one device; what else it is admitted with remains."""
        for address in self._checked(mac, addresses):
            self._sets.add(mac, address)
        # After opening: a connection made in between would keep the old decision, one made after has the new one.
        conntrack.forget(addresses)

    def revoke(self, mac: str, addresses: Collection[IPv4Address]) -> None:
        """Close the gate for one device. An address that another device has by now is left alone."""
        closed = []
        for address in self._checked(mac, addresses):
            if self._sets.holds(address) and not self._sets.holds(address, mac):
                continue
            self._sets.remove(address)
            closed.append(address)
        conntrack.forget(closed)

    def close(self) -> None:
        """An orderly stop for good: nobody is admitted any more; the rules stay and drop."""
        try:
            conntrack.forget(self._sets.empty())
        finally:
            self._sets.close()

    def _due(self, *remaining_s: int) -> bool:
        """Renewing everybody at every sync would cost for nothing; a third of the time is left for a late sync."""
        timeout_s = self._settings.entry_timeout_s
        return any(not 2 * timeout_s / 3 <= left_s <= timeout_s for left_s in remaining_s)

    def _holders(
        self, desired: Mapping[str, frozenset[IPv4Address]], up: Mapping[IPv4Address, Member]
    ) -> dict[IPv4Address, str]:
        holders: dict[IPv4Address, str] = {}
        for mac, addresses in desired.items():
            _check_mac(mac)
            for address in addresses:
                present = up.get(address)
                if self._on_lan(address) and (address not in holders or (present and present.mac == mac)):
                    holders[address] = mac
        return holders

    def _checked(self, mac: str, addresses: Collection[IPv4Address]) -> Iterator[IPv4Address]:
        _check_mac(mac)
        for address in addresses:
            if not self._on_lan(address):
                raise DeviceRefused(str(address), f"can be no device's address on the LAN {self._settings.lan.network}")
        return iter(addresses)

    def _on_lan(self, address: IPv4Address) -> bool:
        lan = self._settings.lan
        ours = (lan.ip, lan.network.network_address, lan.network.broadcast_address)
        return address in lan.network and address not in ours

    def _forward(self) -> None:
        # IPv6 forwarding is left as it is (off): nothing of IPv6 passes in this version.
        try:
            if _FORWARDING.read_text().strip() != "1":
                _FORWARDING.write_text("1")
        except OSError as error:
            raise KernelRefused(f"write 1 to {_FORWARDING}", str(error)) from error


def _check_mac(mac: str) -> None:
    if not _MAC.fullmatch(mac) or mac == _NO_MAC:
        raise DeviceRefused(mac, "is no device's MAC address in lower case, like 02:00:00:00:00:01")
