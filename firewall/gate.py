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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address

from firewall import abilities, isolation, surroundings, switches, tables
from firewall.binding import Binding
from firewall.bridge_address import BridgeAddress
from firewall.conntrack import Connections
from firewall.datapath import Abilities, ruleset
from firewall.devices import is_device
from firewall.errors import DeviceRefused, KernelRefused, SettingsRefused
from firewall.loaded import LoadedRules
from firewall.members import bare, ip_key, ip_text, is_ipv4, mac_key
from firewall.rules import Family, Ruleset
from firewall.sets import Sets
from firewall.settings import Settings
from firewall.shaping import Shaping

log = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address

LOOKS = 8
"""How many looks see everything once."""


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
        known: what the kernel can do; None: it is asked when it is first needed.
    """

    def __init__(self, settings: Settings, known: Abilities | None = None) -> None:
        self._settings = settings
        self._known = known
        self._made: tuple[Ruleset, Sets] | None = None
        self._connections = Connections()
        self._binding = Binding(settings.lan_interface)
        self._bridge_address = BridgeAddress(settings.lan_interface)
        self._shaping = Shaping(settings)
        self._held: dict[str, set[bytes]] = {}
        """Who is admitted under what (an address's key), as far as we did it."""
        self._holder: dict[bytes, str] = {}
        self._contested: frozenset[bytes] = frozenset()
        """What several devices claimed at the last sync: when it is free, another sync has to give it away."""
        self._keys: dict[str, tuple[Collection[Address], tuple[bytes, ...]]] = {}
        """The keys of each device's addresses that are on the LAN: writing them anew is half of a sync's time."""
        self._rules = LoadedRules()
        self._round: Iterator[Sequence[Callable[[], bool]]] = iter(())
        self._problems: list[str] = []

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
        self._rules.load(wanted)
        self._bridge_address.hold()
        isolation.isolate(self._settings.lan_interface)
        switches.hold(self._settings)
        self._shaping.setup()

    def sync(self, desired: Mapping[str, Collection[Address]]) -> Repairs:
        """Make the kernel admit exactly the desired devices (MAC address → its addresses) and renew their time.
        Addresses outside the LAN are passed over: they come from a LAN that has been renumbered since. An address that
        two devices claim stays with the one that has it. Costs with the number of devices; in between, ``as_left``
        tells whether it is worth it.
        """
        rules, sets = self._projection()
        sets.ensure()
        holders = self._holders(desired, sets)
        macs = {mac: mac_key(mac) for mac in self._keys}
        taken = {address for address, mac in holders.items() if self._holder.get(address, mac) != mac}
        difference = sets.replace({address: macs[mac] for address, mac in holders.items()}, taken)
        self._bridge_address.hold()
        self._binding.sync({bare(key): bare(macs[mac]) for key, mac in holders.items() if is_ipv4(key)})
        held: dict[str, set[bytes]] = {}
        for address, mac in holders.items():
            held.setdefault(mac, set()).add(address)
        self._holder, self._held = holders, held
        changed = (*difference.gone, *difference.fresh)
        self._connections.forget([ip_address(text) for key in changed if (text := ip_text(key))])
        # Last, because it may fail: whoever holds the xtables lock must not keep admissions from being renewed. The
        # policy drops meanwhile, whatever became of the chains.
        repaired = self._rules.load(rules)
        ports = isolation.isolate(self._settings.lan_interface)
        repaired += switches.hold(self._settings)
        self._keep_shares()
        self._look_around()
        return Repairs(len(difference.fresh), len(difference.gone), repaired, ports)

    def as_left(self) -> bool:
        """Look at the next part of what ``sync`` left, and renew it; False: something is not as it was, so sync.

        A look takes milliseconds, for a login waits meanwhile; ``LOOKS`` of them see everything once.
        """
        parts = next(self._round, None)
        if parts is None:
            everything = self._parts()
            self._round = iter([everything[first::LOOKS] for first in range(LOOKS)])
            parts = next(self._round)
        return all(part() for part in parts)

    def _parts(self) -> list[Callable[[], bool]]:
        (rules, sets), settings = self._projection(), self._settings
        looks: list[Callable[[], bool]] = [partial(sets.as_left, name) for name in sets.sizes]
        looks += [partial(self._rules.as_left, rules, family) for family in Family]
        looks += [self._keep_shares] if self._shaping.wanted else []
        looks += [self._binding.as_left, self._rest_as_left, self._look_around]
        return [*looks, lambda: not isolation.isolate(settings.lan_interface), lambda: not switches.hold(settings)]

    def _keep_shares(self) -> bool:
        """The visitors' rates converge by themselves, a part at a time: a look holds them, and no sync is needed."""
        if self._shaping.wanted:
            self._shaping.sync({mac: _addresses(keys) for mac, keys in self._held.items()})
        return True

    def _rest_as_left(self) -> bool:
        _, sets = self._projection()
        sets.ensure()
        self._bridge_address.hold()
        return not self._contested - self._holder.keys()

    def admit(self, mac: str, addresses: Collection[Address]) -> None:
        """Open the gate for one device; what else it is admitted with remains."""
        _, sets = self._projection()
        self._check(mac, addresses)
        for address in addresses:
            key = ip_key(address)
            before = self._holder.get(key)
            if before is not None and before != mac:
                self._held[before].discard(key)
                self._contested |= {key}
            for entry in sets.entries(key, mac_key(mac)):
                # What is counted by the MAC address goes on while the device has another address.
                sets.add(entry, anew=not self._held.get(mac) if entry.key == mac_key(mac) else before != mac)
            self._holder[key] = mac
            self._held.setdefault(mac, set()).add(key)
            if isinstance(address, IPv4Address):
                self._binding.bind(address.packed, bare(mac_key(mac)))
        # After opening: a connection made in between would keep the old decision, one made after has the new one.
        self._connections.forget(addresses, to_them=False)
        self._shaping.cover(_addresses(self._held.get(mac, ())))

    def revoke(self, mac: str, addresses: Collection[Address]) -> None:
        """Close the gate for one device. An address that another device has by now is left alone.

        What cannot have been opened (an address of a LAN that was renumbered since) is closed: no error.
        """
        _, sets = self._projection()
        if not is_device(mac):
            return
        keys = {ip_key(address): address for address in addresses if self._on_lan(address)}
        closed = {key: address for key, address in keys.items() if self._holder.get(key, mac) == mac}
        held = self._held.get(mac, set())
        held.difference_update(keys)
        for key in keys:
            # Upward first: from then on nothing of the device's passes.
            for entry in reversed(sets.entries(key, mac_key(mac))):
                # Its MAC address, where that is what admits, goes with the last of its addresses, though that be
                # another's by now.
                if not held if entry.key == mac_key(mac) else key in closed:
                    sets.remove(entry)
        for key, address in closed.items():
            self._holder.pop(key, None)
            if isinstance(address, IPv4Address):
                self._binding.release(address.packed)
        if not held:
            self._held.pop(mac, None)
        self._connections.forget(list(closed.values()))

    def holder(self, address: Address) -> str | None:
        """The MAC address of the device that is admitted under this address, as far as we did it. From any thread."""
        return self._holder.get(ip_key(address))

    def admits(self, mac: str) -> bool:
        """Whether this device is admitted under any address, as far as we did it. From any thread."""
        return mac in self._held

    def sizes(self) -> dict[str, int]:
        """How many members each set has, as we left it. From any thread."""
        return self._made[1].sizes if self._made else {}

    def close(self) -> None:
        """An orderly stop for good: nobody is admitted any more; the rules stay and drop."""
        _, sets = self._projection()
        try:
            self._connections.forget([ip_address(text) for text in sets.empty()])
            self._binding.sync({})
        finally:
            for part in (sets, self._connections, self._binding):
                part.close()
            self._held, self._holder, self._contested = {}, {}, frozenset()

    def _look_around(self) -> bool:
        """Say it, once, when the WAN has got an address of the LAN's meanwhile: nobody's answers come back then."""
        problems = [f"{setting}: {problem.sentence}" for setting, problem in surroundings.overlaps(self._settings)]
        for problem in [each for each in problems if each not in self._problems]:
            log.error("%s", problem)
        self._problems = problems
        return True

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

    def _holders(self, desired: Mapping[str, Collection[Address]], sets: Sets) -> dict[bytes, str]:
        """Whose each address is, by its key."""
        known: dict[str, tuple[Collection[Address], tuple[bytes, ...]]] = {}
        holders: dict[bytes, str] = {}
        contested: set[bytes] = set()
        for mac, addresses in desired.items():
            before = self._keys.get(mac)
            if before is not None and before[0] is addresses:
                known[mac] = before
            elif is_device(mac):
                known[mac] = addresses, tuple(ip_key(address) for address in addresses if self._on_lan(address))
            else:
                log.error("%s is no device's MAC address: not admitted", mac)
                continue
            for address in known[mac][1]:
                if address in holders:
                    contested.add(address)
                if address not in holders or self._has(address, mac, sets):
                    holders[address] = mac
        self._keys, self._contested = known, frozenset(contested)
        return holders

    def _has(self, address: bytes, mac: str, sets: Sets) -> bool:
        if address not in self._holder and is_ipv4(address):
            # Admitted by the gate before us, perhaps; of IPv6 the kernel cannot tell.
            return sets.hold(sets.entries(address, mac_key(mac)))
        return self._holder.get(address) == mac

    def _check(self, mac: str, addresses: Collection[Address]) -> None:
        if not is_device(mac):
            raise DeviceRefused(mac, "is no device's MAC address in lower case, like 02:00:00:00:00:01")
        for address in addresses:
            if not self._on_lan(address):
                networks = " or ".join(str(lan.network) for lan in (self._settings.lan, self._settings.lan6) if lan)
                raise DeviceRefused(str(address), f"can be no device's address on the LAN {networks}")

    def _on_lan(self, address: Address) -> bool:
        lan, lan6 = self._settings.lan, self._settings.lan6
        if isinstance(address, IPv6Address):
            # The network's own address is every router's (RFC 4291 2.6.1).
            return lan6 is not None and address in lan6.network and address not in (lan6.ip, lan6.network[0])
        ours = (lan.ip, lan.network.network_address, lan.network.broadcast_address)
        return address in lan.network and address not in ours


def _addresses(keys: Collection[bytes]) -> list[Address]:
    return [ip_address(bare(key)) for key in keys]
