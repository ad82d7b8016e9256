"""The gate's kernel side: who is admitted, made true and kept true.

    >>> gate = Gate(settings)                                               # doctest: +SKIP
    >>> gate.setup()
    >>> gate.sync({"02:00:00:00:00:01": frozenset({IPv4Address("10.77.0.10")})})
    Repairs(admitted=1, revoked=0, rules=0, ports=0)

The kernel is a projection of what the caller wants: ``sync`` may be called any time and converges. Works in the
network namespace of the calling process, with CAP_NET_ADMIN and CAP_NET_RAW. Must not know: visits, people, passwords.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from firewall import abilities, isolation, surroundings, switches, tables
from firewall.binding import Binding
from firewall.conntrack import Connections
from firewall.datapath import Abilities, ruleset
from firewall.errors import DeviceRefused, KernelRefused, SettingsRefused
from firewall.rules import UP4, Ruleset
from firewall.sets import Change, Entry, Sets
from firewall.settings import Settings

log = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address

_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}")  # the low bit of the first byte marks a group, not a device
_NO_MAC = "00:00:00:00:00:00"


@dataclass(frozen=True)
class Repairs:
    """What ``Gate.sync`` had to put right."""

    admitted: int
    """Addresses that were missing or had another MAC address."""
    revoked: int
    """Addresses (in a set of MAC addresses: MAC addresses) that nothing wanted accounts for."""
    rules: int
    """Chains, jumps, policies and kernel switches that were not as they should be."""
    ports: int = 0
    """Bridge ports whose devices could have reached each other."""


class Gate:
    """For one thread. Every method raises FirewallError, and none leaves the gate more open than it was asked to be.

    Args:
        settings: checked already.
        known: what the kernel can do; None: it is asked when it is first needed.
    """

    def __init__(self, settings: Settings, known: Abilities | None = None) -> None:
        self._settings = settings
        self._known = known
        self._made: tuple[Ruleset, Sets] | None = None
        self._connections = Connections()
        self._binding = Binding(settings.lan_interface)
        self._held: dict[str, set[Address]] = {}
        """Who is admitted under what, as far as we did it: what a set of plain addresses cannot tell."""
        self._holder: dict[Address, str] = {}
        self._problems: list[str] = []
        self._entries: dict[Address, tuple[str, tuple[Entry, ...]]] = {}
        """What the last sync wanted: writing twenty thousand addresses out anew is half of a sync's time."""

    def prepare(self) -> None:
        """Drop by default; then refuse to go on where no safe gate can stand, and say what is missing or wrong."""
        wanted, _ = self._projection()
        tables.drop(wanted)
        surroundings.require(self._settings)
        if names := abilities.lacking(wanted):
            raise KernelRefused("load the rules", f"this kernel has no {', no '.join(names)}")

    def setup(self) -> None:
        """Drop by default, then the sets, then the rules, then forward. Members of the sets stay (hot restart)."""
        wanted, sets = self._projection()
        tables.drop(wanted)
        sets.ensure()
        tables.load(wanted)
        isolation.isolate(self._settings.lan_interface)
        switches.hold(self._settings)

    def sync(self, desired: Mapping[str, Collection[Address]]) -> Repairs:
        """Make the kernel admit exactly the desired devices (MAC address → its addresses) and renew their time.

        Addresses outside the LAN are passed over: they come from a LAN that has been renumbered since. An address that
        two devices claim stays with the one that has it.
        """
        rules, sets = self._projection()
        sets.ensure()
        present = sets.read()
        holders = self._holders(desired, present)
        wanted = {address: self._entries_of(sets, mac, address) for address, mac in holders.items()}
        self._entries = {address: (mac, wanted[address]) for address, mac in holders.items()}
        kept = {entry for entries in wanted.values() for entry in entries}
        # An entry that binds another MAC address to a wanted address is replaced by adding, without a moment between.
        keys = {(entry.set_name, entry.key) for entry in kept}
        gone = [entry for entry in present if (entry.set_name, entry.key) not in keys]
        fresh = [address for address, entries in wanted.items() if any(entry not in present for entry in entries)]
        changes = [Change("del", entry) for entry in gone]
        changes += [Change("add", entry) for address in fresh for entry in wanted[address]]
        changes += [Change("add", entry) for entry in kept if entry in present and self._due(present[entry])]
        sets.apply(changes)
        self._binding.sync({entry.key: entry.mac for entry in kept if entry.set_name == UP4})
        self._holder, self._held = holders, {}
        for address, mac in holders.items():
            self._held.setdefault(mac, set()).add(address)
        revoked = {entry.key for entry in gone}
        ended = [ip_address(key) for key in revoked if not _MAC.fullmatch(key)]
        self._connections.forget([*ended, *fresh])
        # Last, because it may fail: whoever holds the xtables lock must not keep admissions from being renewed. The
        # policy drops meanwhile, whatever became of the chains.
        repaired = tables.load(rules)
        ports = isolation.isolate(self._settings.lan_interface)
        repaired += switches.hold(self._settings)
        self._look_around()
        return Repairs(len(fresh), len(revoked), repaired, ports)

    def admit(self, mac: str, addresses: Collection[Address]) -> None:
        """Open the gate for one device; what else it is admitted with remains."""
        _, sets = self._projection()
        self._check(mac, addresses)
        for address in addresses:
            before = self._holder.get(address)
            if before is not None and before != mac:
                self._held[before].discard(address)
            sets.add(mac, address)
            self._holder[address] = mac
            self._held.setdefault(mac, set()).add(address)
            if isinstance(address, IPv4Address):
                self._binding.bind(address, mac)
        # After opening: a connection made in between would keep the old decision, one made after has the new one.
        self._connections.forget(addresses, to_them=False)

    def revoke(self, mac: str, addresses: Collection[Address]) -> None:
        """Close the gate for one device. An address that another device has by now is left alone.

        What cannot have been opened (an address of a LAN that was renumbered since) is closed: no error.
        """
        _, sets = self._projection()
        if not _is_device(mac):
            return
        addresses = [address for address in addresses if self._on_lan(address)]
        closed = [address for address in addresses if not self._is_anothers(sets, address, mac)]
        held = self._held.get(mac, set())
        held.difference_update(addresses)
        for address in closed:
            self._holder.pop(address, None)
            # Upward first: from then on nothing of the device's passes.
            for entry in reversed(sets.entries(mac, address)):
                # Its MAC address, where that is what admits, goes with the last of its addresses.
                if entry.key != mac or not held:
                    sets.remove(entry)
            if isinstance(address, IPv4Address):
                self._binding.release(address)
        if not held:
            self._held.pop(mac, None)
        self._connections.forget(closed)

    def holder(self, address: Address) -> str | None:
        """The MAC address of the device that is admitted under this address, as far as we did it. From any thread."""
        return self._holder.get(address)

    def close(self) -> None:
        """An orderly stop for good: nobody is admitted any more; the rules stay and drop."""
        _, sets = self._projection()
        try:
            self._connections.forget([ip_address(text) for text in sets.empty()])
            self._binding.sync({})
        finally:
            for part in (sets, self._connections, self._binding):
                part.close()
            self._held, self._holder = {}, {}

    def _look_around(self) -> None:
        """Say it, once, when the WAN has got an address of the LAN's meanwhile: nobody's answers come back then."""
        problems = [f"{setting}: {problem}" for setting, problem in surroundings.overlaps(self._settings)]
        for problem in problems:
            if problem not in self._problems:
                log.error("%s", problem)
        self._problems = problems

    def _projection(self) -> tuple[Ruleset, Sets]:
        """What the kernel must hold; which of two ways depends on what it can do."""
        if self._made is None:
            known = self._known or (abilities.asked() if self._settings.lan6 else Abilities(False, False))
            if self._settings.lan6:
                if self._settings.masquerade6 and not known.nat6:
                    raise SettingsRefused("masquerade6", "this kernel translates no IPv6; give the LAN a routed prefix")
                log.info("%s", abilities.sentence(known))
            self._made = ruleset(self._settings, known), Sets(self._settings, known.mac_sets, known.owned)
        return self._made

    def _entries_of(self, sets: Sets, mac: str, address: Address) -> tuple[Entry, ...]:
        before = self._entries.get(address)
        return before[1] if before is not None and before[0] == mac else sets.entries(mac, address)

    def _due(self, remaining_s: int) -> bool:
        """Renewing everybody at every sync would cost for nothing; a third of the time is left for a late sync."""
        timeout_s = self._settings.entry_timeout_s
        return not 2 * timeout_s / 3 <= remaining_s <= timeout_s

    def _holders(self, desired: Mapping[str, Collection[Address]], present: Mapping[Entry, int]) -> dict[Address, str]:
        holders: dict[Address, str] = {}
        for mac, addresses in desired.items():
            if not _is_device(mac):
                log.error("%s is no device's MAC address: not admitted", mac)
                continue
            for address in addresses:
                on_lan = address in self._entries or self._on_lan(address)
                if on_lan and (address not in holders or self._has(address, mac, present)):
                    holders[address] = mac
        return holders

    def _has(self, address: Address, mac: str, present: Mapping[Entry, int]) -> bool:
        if isinstance(address, IPv4Address):
            return Entry(UP4, str(address), mac) in present
        return self._holder.get(address) == mac

    def _is_anothers(self, sets: Sets, address: Address, mac: str) -> bool:
        if isinstance(address, IPv4Address):
            return sets.holder(address, mac) == "another"
        return self._holder.get(address, mac) != mac

    def _check(self, mac: str, addresses: Collection[Address]) -> None:
        if not _is_device(mac):
            raise DeviceRefused(mac, "is no device's MAC address in lower case, like 02:00:00:00:00:01")
        for address in addresses:
            if not self._on_lan(address):
                lan6 = self._settings.lan6
                networks = f"{self._settings.lan.network}" + (f" or {lan6.network}" if lan6 else "")
                raise DeviceRefused(str(address), f"can be no device's address on the LAN {networks}")

    def _on_lan(self, address: Address) -> bool:
        lan, lan6 = self._settings.lan, self._settings.lan6
        if isinstance(address, IPv6Address):
            # The network's own address is every router's (RFC 4291 2.6.1).
            return lan6 is not None and address in lan6.network and address not in (lan6.ip, lan6.network[0])
        ours = (lan.ip, lan.network.network_address, lan.network.broadcast_address)
        return address in lan.network and address not in ours


def _is_device(mac: str) -> bool:
    return bool(_MAC.fullmatch(mac)) and mac != _NO_MAC
