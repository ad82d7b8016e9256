"""Who is admitted, as the kernel keeps it: the sets that the rules name.

    >>> sets = Sets(settings, mac_sets=False)                               # doctest: +SKIP
    >>> sets.ensure()
    >>> sets.add("02:00:00:00:00:01", IPv4Address("10.77.0.10"))

Single changes go by netlink (0.2 ms each), many at once by one ``ipset restore`` (0.01 ms each, one fork), as is
reading everything by ``ipset save``. Entries carry a timeout that ``Gate.sync`` renews. Must not know: rules,
connections, visits.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal, NamedTuple

from pyroute2 import IPSet
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.ipset import IPSET_ERR_EXIST, IPSET_FLAG_WITH_COUNTERS, IPSET_FLAG_WITH_SKBINFO

from firewall.command import run
from firewall.errors import KernelRefused
from firewall.owners import HALVES
from firewall.rules import DOWN4, DOWN6, GARDEN4, GARDEN6, UP4, UP6
from firewall.settings import Settings

Address = IPv4Address | IPv6Address

_LIST_HEADER = 1 << 2
"""IPSET_FLAG_LIST_HEADER of linux/netfilter/ipset/ip_set.h: describe the set, leave its members out."""
_FLAGS = {"counters": IPSET_FLAG_WITH_COUNTERS, "skbinfo": IPSET_FLAG_WITH_SKBINFO}
_MAXELEM = 65536
GARDEN_TIMEOUT_S = 600
"""How long an address stays in the garden after it was last resolved; the set's default, as dnsmasq names none. The
captive dnsmasq gives clients a time to live of a minute, so that a page in use is resolved again long before."""
_MAXELEM6 = 4 * _MAXELEM  # a device has several IPv6 addresses: one that stays, one for each day, and the last ones


class Entry(NamedTuple):
    """One line of a set. A tuple, because twenty thousand are looked up at every sync."""

    set_name: str
    key: str
    """What the kernel finds it by: an IP address, or a MAC address in a hash:mac set."""
    mac: str = ""
    """The MAC address that the entry binds the address to, in UP4 (empty there: it matches *every* MAC address); in
    a set of ``owners``, its half of it."""

    @property
    def text(self) -> str:
        """As ipset writes it."""
        return f"{self.key},{self.mac}" if self.set_name == UP4 else self.key

    @property
    def mark(self) -> int | None:
        """The mark that the entry gives its packets, if it gives one."""
        half = HALVES.get(self.set_name)
        return half.mark(self.mac) if half else None


@dataclass(frozen=True)
class Change:
    """One line for ``ipset restore``."""

    what: Literal["add", "del"]
    entry: Entry


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
        self._socket: Any = None
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

    def _wanted_shape(self, name: str) -> tuple[object, ...]:
        definition = self._definitions[name]
        flags = sum(flag for word, flag in _FLAGS.items() if word in definition)
        if name == UP4:
            return definition[0], socket.AF_INET, flags, True, str(self._network[0]), str(self._network[-1])
        by_ip = socket.AF_INET if name in (DOWN4, GARDEN4) else socket.AF_INET6
        family = {"hash:mac": socket.AF_UNSPEC}.get(definition[0], by_ip)
        return definition[0], family, flags, True, int(definition[definition.index("maxelem") + 1])

    def _shape(self, name: str) -> tuple[object, ...] | None:
        """The default timeout is no part of it: every entry of ours carries its own."""
        found = self._list(name, flags=_LIST_HEADER)
        if not found:
            return None
        data = found[0].get_attr("IPSET_ATTR_DATA")
        kind, family = found[0].get_attr("IPSET_ATTR_TYPENAME"), found[0].get_attr("IPSET_ATTR_FAMILY")
        flags = (data.get_attr("IPSET_ATTR_CADT_FLAGS") or 0) & sum(_FLAGS.values())
        timed = data.get_attr("IPSET_ATTR_TIMEOUT") is not None
        if kind != "bitmap:ip,mac":
            return kind, family, flags, timed, data.get_attr("IPSET_ATTR_MAXELEM")
        ends = _address(data, "IPSET_ATTR_IP_FROM"), _address(data, "IPSET_ATTR_IP_TO")
        return kind, family, flags, timed, *ends

    def entries(self, mac: str, address: Address) -> tuple[Entry, ...]:
        """What admits a device under this address, downward first, so that the first answer is not lost."""
        text = str(address)
        # A device that is known by its MAC address may send IPv6 as soon as any address of it is admitted: a new
        # address of its own (RFC 8981) loses nothing upward, and its answers pass once the neighbour table tells of it.
        by_mac = (Entry(UP6, mac),) if self._mac_sets and UP6 in self._definitions else ()
        if isinstance(address, IPv4Address):
            # Never without MAC: bitmap:ip,mac takes such an entry for "whatever MAC".
            return Entry(DOWN4, text), Entry(UP4, text, mac), *by_mac
        owner = [Entry(name, text, half.of(mac)) for name, half in HALVES.items() if name in self._definitions]
        return Entry(DOWN6, text), *owner, *(by_mac or (Entry(UP6, text),))

    def read(self) -> dict[Entry, int]:
        """Every entry, with the seconds until the kernel removes it by itself; 0: never."""
        # The garden's are dnsmasq's to put in.
        return self._read(name for name in self._definitions if name not in (GARDEN4, GARDEN6))

    def _read(self, names: Iterable[str]) -> dict[Entry, int]:
        found: dict[Entry, int] = {}
        for name in names:
            # Ten thousand members by pyroute2's decoder take a second, by this 30 ms, and the gate's one thread waits.
            for line in run(["ipset", "save", name]).splitlines():
                words = line.split()
                if words[0] != "add":
                    continue  # the set's own line
                key, _, mac = words[2].lower().partition(",")
                if half := HALVES.get(name):
                    mac = half.text(int(words[words.index("skbmark") + 1], 16)) if "skbmark" in words else ""
                found[Entry(name, key, mac)] = int(words[4]) if words[3:4] == ["timeout"] else 0
        return found

    def add(self, mac: str, address: Address) -> None:
        """Admit, or renew; an IPv4 address that another device had is this one's from now on.

        Neither packets nor bytes are passed along: then the kernel keeps an existing entry's counters (it sets them
        only if the message names them), whereas passing along what was read a moment ago would lose the packets since.
        """
        for entry in self.entries(mac, address):
            key, kind = ((entry.key, entry.mac), "ip,mac") if entry.set_name == UP4 else (entry.key, _kind(entry))
            mark = None if entry.mark is None else (entry.mark, 0xFFFFFFFF)
            self._do(
                f"add {entry.text} to {entry.set_name}",
                lambda kernel, name=entry.set_name, key=key, kind=kind, mark=mark: kernel.add(
                    name, key, family=_family(name), etype=kind, exclusive=False, timeout=self._timeout_s, skbmark=mark
                ),
            )

    def holder(self, address: IPv4Address, mac: str) -> Literal["nobody", "it", "another"]:
        """Who has the IPv4 address: this MAC address or another?"""
        try:
            # The kernel tests "ip,mac" as "ip" when no MAC address is given.
            if not self._kernel().test(UP4, str(address), etype="ip"):
                return "nobody"
            return "it" if self._kernel().test(UP4, (str(address), mac), etype="ip,mac") else "another"
        except (NetlinkError, OSError) as error:
            raise KernelRefused(f"look for {address} in {UP4}", str(error)) from error

    def remove(self, entry: Entry) -> None:
        """Deleting what is missing is no error. The kernel would ignore a MAC address beside an address here."""
        name = entry.set_name
        self._do(
            f"remove {entry.text} from {name}",
            lambda kernel: kernel.delete(name, entry.key, family=_family(name), etype=_kind(entry), exclusive=False),
        )

    def apply(self, changes: Iterable[Change]) -> None:
        """Many changes with one command, in order; none of them is an error if it was made already."""
        lines = "".join(self._line(change) for change in changes)
        if lines:
            run(["ipset", "-exist", "restore"], lines)

    def _line(self, change: Change) -> str:
        if change.what == "del":
            return f"del {change.entry.set_name} {change.entry.key}\n"
        mark = "" if change.entry.mark is None else f" skbmark {change.entry.mark:#x}"
        return f"add {change.entry.set_name} {change.entry.text} timeout {self._timeout_s}{mark}\n"

    def empty(self) -> set[str]:
        """Nobody is admitted; returns which IP addresses were. The sets remain, because rules name them, if they
        exist at all."""
        there = [name for name in self._definitions if self._shape(name) is not None]
        were = {entry.key for entry in self._read(there) if entry.set_name != UP6}
        for name in there:
            self._do(f"empty {name}", lambda kernel, name=name: kernel.flush(name))
        return were

    def close(self) -> None:
        """Give the socket back; the sets stay."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _list(self, name: str, **filters: int) -> list[Any]:
        try:
            return list(self._kernel().list(name, **filters))
        except NetlinkError as error:
            if error.code == 2:  # ENOENT
                return []
            raise KernelRefused(f"list {name}", str(error)) from error
        except OSError as error:
            raise KernelRefused(f"list {name}", str(error)) from error

    def _do(self, what: str, act: Any) -> None:
        try:
            act(self._kernel())
        except NetlinkError as error:
            if error.code != IPSET_ERR_EXIST:
                raise KernelRefused(what, str(error)) from error
        except OSError as error:
            raise KernelRefused(what, str(error)) from error

    def _kernel(self) -> Any:
        if self._socket is None:
            self._socket = IPSet()
        return self._socket


def _kind(entry: Entry) -> str:
    """How pyroute2 must write the key: a MAC address has colons at every third place, an IPv6 address has not."""
    return "mac" if entry.set_name == UP6 and len(entry.key) == 17 and entry.key[2::3] == ":::::" else "ip"


def _family(set_name: str) -> int:
    return socket.AF_INET6 if set_name in (UP6, DOWN6, GARDEN6, *HALVES) else socket.AF_INET


def _address(entry: Any, attribute: str) -> str:
    return str(entry.get_attr(attribute).get_attr("IPSET_ATTR_IPADDR_IPV4"))
