"""Who is admitted, as the kernel keeps it: the sets that the rules name.

    >>> sets = Sets(settings, mac_sets=False)                               # doctest: +SKIP
    >>> sets.ensure()
    >>> for entry in sets.entries(ip_key(IPv4Address("10.77.0.10")), mac_key("02:00:00:00:00:01")):
    ...     sets.add(entry)

What was put in is remembered, so that looking whether a stranger changed it is one comparison. Entries carry a timeout
that whoever looks renews. Must not know: rules, connections, visits.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from firewall.command import run
from firewall.errors import KernelRefused
from firewall.members import Members, Shape, address_of, bare, ip_text, is_ipv4, mark_of
from firewall.owners import HALVES
from firewall.rules import DOWN4, DOWN6, GARDEN4, GARDEN6, UP4, UP6
from firewall.settings import Settings

_FLAGS = {"counters": 1 << 3, "skbinfo": 1 << 6}
"""IPSET_FLAG_WITH_… of linux/netfilter/ipset/ip_set.h."""
_MAXELEM = 65536
_RENEWED_AT_ONCE = 1000
GARDEN_TIMEOUT_S = 600
"""How long an address stays in the garden after it was last resolved; the set's default, as dnsmasq names none. The
captive dnsmasq gives clients a time to live of a minute, so that a page in use is resolved again long before."""
_MAXELEM6 = 4 * _MAXELEM  # a device has several IPv6 addresses: one that stays, one for each day, and the last ones


Wanted = dict[str, dict[bytes, bytes]]
"""By set: what the kernel finds a member by (an address, or a MAC address in a hash:mac set) → the whole member."""


class Entry(NamedTuple):
    """One member of a set, as the kernel writes it (``firewall.members``)."""

    set_name: str
    key: bytes
    """What the kernel finds it by."""
    member: bytes
    """With the MAC address that the address is bound to, in UP4 (without one it would match *every* MAC address); with
    the mark that tells a half of it, in a set of ``owners``."""


@dataclass(frozen=True)
class Difference:
    """What ``Sets.replace`` had to put right."""

    fresh: Collection[bytes]
    """Addresses that were missing, or were bound to another MAC address."""
    gone: Collection[bytes]
    """What nothing wanted accounts for: addresses, and MAC addresses of a hash:mac set."""


class Sets:
    """The kernel's sets in the current network namespace. For one thread.

    Args:
        mac_sets: whether UP6 is of type hash:mac; else hash:ip.
        owned: whether the sets of ``owners`` are used.

    All methods raise KernelRefused.
    """

    def __init__(self, settings: Settings, mac_sets: bool, owned: bool = False) -> None:
        self._network = settings.lan.network
        self._timeout_s = settings.entry_timeout_s
        self._mac_sets = mac_sets
        self._members = Members()
        # counters: accounting, and the best proof that a device is alive.
        common = ["timeout", str(self._timeout_s), "counters"]
        hash6 = ["hash:ip", "family", "inet6", "maxelem", str(_MAXELEM6), *common]
        self._definitions = {
            # pyroute2 0.9.7 has no way to give bitmap:ip,mac its range, so the sets are made by ipset's own command.
            UP4: ["bitmap:ip,mac", "range", str(self._network), *common],
            DOWN4: ["hash:ip", "maxelem", str(_MAXELEM), *common],
            GARDEN4: ["hash:ip", "maxelem", str(_MAXELEM), "timeout", str(GARDEN_TIMEOUT_S)],
        }
        if settings.lan6 is not None:
            self._definitions[UP6] = ["hash:mac", "maxelem", str(_MAXELEM), *common] if mac_sets else hash6
            self._definitions[DOWN6] = hash6
            self._definitions[GARDEN6] = [*hash6[:5], "timeout", str(GARDEN_TIMEOUT_S)]
            marked = [*hash6[:-1], "skbinfo"]
            self._definitions |= {name: marked for name in HALVES if owned}
        self._left: Wanted = {name: {} for name in self._definitions if name not in (GARDEN4, GARDEN6)}
        """The members as we left them; the sets in the order in which they are closed, upward first."""

    def ensure(self) -> None:
        """Make the sets exist in the right shape; the members of a set that has it stay."""
        for name, definition in self._definitions.items():
            match self._shape(name):
                case None:
                    run(["ipset", "create", name, *definition])
                case shape if shape == self._wanted_shape(name):
                    pass
                case _:
                    # Rules may name the old set, so it cannot be destroyed; but its name can be given to another at
                    # once. Its members go: they belong to another LAN, and sync brings back whom a visit accounts for.
                    spare = f"{name}-new"
                    run(["ipset", "-exist", "create", spare, *definition])
                    run(["ipset", "swap", spare, name])
                    run(["ipset", "destroy", spare])

    def _wanted_shape(self, name: str) -> Shape:
        definition = self._definitions[name]
        flags = sum(flag for word, flag in _FLAGS.items() if word in definition)
        if name == UP4:
            ends = str(self._network[0]), str(self._network[-1])
            return Shape(definition[0], socket.AF_INET, flags, True, ends)
        by_ip = socket.AF_INET if name in (DOWN4, GARDEN4) else socket.AF_INET6
        family = {"hash:mac": socket.AF_UNSPEC}.get(definition[0], by_ip)
        return Shape(definition[0], family, flags, True, int(definition[definition.index("maxelem") + 1]))

    def _shape(self, name: str) -> Shape | None:
        """The default timeout is no part of it: every entry of ours carries its own."""
        with self._told(f"list {name}"):
            found = self._members.shape(name)
        return found._replace(flags=found.flags & sum(_FLAGS.values())) if found else None

    def entries(self, address: bytes, mac: bytes) -> tuple[Entry, ...]:
        """What admits a device under this address (both as keys), downward first: no first answer is lost."""
        wanted = self._wanted({address: mac})
        found = [Entry(name, key, member) for name in wanted for key, member in wanted[name].items()]
        return tuple(sorted(found, key=lambda entry: entry.set_name in (UP4, UP6)))

    def _wanted(self, holders: Mapping[bytes, bytes]) -> Wanted:
        # Set by set and not device by device: this is done for twenty thousand addresses while everybody waits.
        four = [address for address in holders if is_ipv4(address)]
        # Never without MAC: bitmap:ip,mac takes such an entry for "whatever MAC".
        wanted: Wanted = {UP4: {address: address + holders[address] for address in four}, DOWN4: _alone(four)}
        if UP6 in self._left:
            six = [address for address in holders if not is_ipv4(address)]
            # A device that is known by its MAC address may ask names under a new address (RFC 8981) before the
            # neighbour table has told whose it is, and by the answer it does.
            wanted[UP6] = _alone(holders.values() if self._mac_sets else six)
            for name in HALVES.keys() & self._left.keys():
                mark = HALVES[name].mark
                wanted[name] = {address: address + mark_of(mark(bare(holders[address]))) for address in six}
            wanted[DOWN6] = _alone(six)
        return wanted

    def add(self, entry: Entry, anew: bool) -> None:
        """Admit, or renew; an IPv4 address that another device had is this one's from now on.

        Args:
            anew: its counters begin at zero.
        """
        with self._told(f"add to {entry.set_name}"):
            self._members.add(entry.set_name, [entry.member], self._timeout_s, anew and entry.set_name not in HALVES)
        self._left[entry.set_name][entry.key] = entry.member

    def remove(self, entry: Entry) -> None:
        """Deleting what is missing is no error."""
        with self._told(f"remove from {entry.set_name}"):
            self._members.remove(entry.set_name, [entry.key])
        self._left[entry.set_name].pop(entry.key, None)

    def replace(self, holders: Mapping[bytes, bytes], taken: Collection[bytes]) -> Difference:
        """Admit exactly these (an address's key → its device's), and renew those whose time is due.

        Upward is closed first and opened last.

        Args:
            taken: addresses that another device had: what is counted under them begins at zero.
        """
        wanted = self._wanted(holders)
        missing = set(taken)
        gone: set[bytes] = set()
        for name in wanted:
            with self._told(f"read and empty {name}"):
                present = self._members.read(name)
                members = set(wanted[name].values())
                missing |= {_key(name, member) for member in members if member not in present}
                strange = [member for member in present if member not in members]
                # What binds another MAC address to a wanted address is replaced by adding, without a moment between.
                left_over = {_key(name, member) for member in strange} - wanted[name].keys()
                self._members.remove(name, left_over)
                due = [member for member in self._due(present) if member in members]
                self._members.add(name, due, self._timeout_s, anew=False)
            gone |= left_over
        for name in reversed(wanted):
            # Of an address that was missing in one set, in all: both directions begin together.
            fresh = [wanted[name][key] for key in missing & wanted[name].keys()]
            with self._told(f"add to {name}"):
                self._members.add(name, fresh, self._timeout_s, anew=name not in HALVES)
        self._left = wanted
        return Difference([a for a, mac in holders.items() if missing and (a in missing or mac in missing)], gone)

    @property
    def sizes(self) -> dict[str, int]:
        """How many we left in each set of ours to fill; the garden's are dnsmasq's. From any thread."""
        return {name: len(members) for name, members in self._left.items()}

    def as_left(self, name: str) -> bool:
        """Whether a set's members are those that we left there, whose time is renewed when it is due.

        Not all at once: those of a whole crowd that was admitted in one moment are due in one moment too.
        """
        try:
            present = self._members.read(name)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise KernelRefused(f"read {name}", str(error)) from error
        members = self._left[name].values()
        if len(present) != len(members) or not all(map(present.__contains__, members)):
            return False
        with self._told(f"renew in {name}"):
            due = self._due(present)[: max(_RENEWED_AT_ONCE, len(present) // 4)]
            self._members.add(name, due, self._timeout_s, anew=False)
        return True

    def hold(self, entries: Iterable[Entry]) -> bool:
        """Whether all of these are there."""
        with self._told("look for an entry"):
            return all(entry.member in self._members.read(entry.set_name) for entry in entries)

    def _due(self, present: Mapping[bytes, int]) -> list[bytes]:
        """Renewing everybody at every look would cost for nothing; a third of the time is left for a late one."""
        least_s = 2 * self._timeout_s / 3
        if present and least_s <= min(present.values()) and max(present.values()) <= self._timeout_s:
            return []
        return [member for member, left_s in present.items() if not least_s <= left_s <= self._timeout_s]

    def empty(self) -> set[str]:
        """Nobody is admitted; returns which IP addresses were. The sets remain, because rules name them, if they
        exist at all."""
        there = [name for name in self._definitions if self._shape(name) is not None]
        were: set[str] = set()
        for name in there:
            with self._told(f"empty {name}"):
                if name in (UP4, DOWN4, DOWN6):
                    were |= {ip_text(member) for member in self._members.read(name)}
                self._members.empty(name)
        self._left = {name: {} for name in self._left}
        return were

    def close(self) -> None:
        """Give the socket back; the sets stay."""
        self._members.close()

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise KernelRefused(what, str(error)) from error


def _alone(keys: Iterable[bytes]) -> dict[bytes, bytes]:
    return {key: key for key in keys}


def _key(set_name: str, member: bytes) -> bytes:
    return address_of(member) if set_name == UP4 or set_name in HALVES else member
