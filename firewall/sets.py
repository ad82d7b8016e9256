"""Who is admitted, as the kernel keeps it: the two sets that the rules name.

    >>> sets = Sets(settings)                                               # doctest: +SKIP
    >>> sets.ensure()
    >>> sets.add("02:00:00:00:00:01", IPv4Address("10.77.0.10"))

Single changes go by netlink (0.2 ms each), many at once by one ``ipset restore`` (0.01 ms each, one fork), as is
reading everything by ``ipset save``. Entries
carry a timeout that ``Gate.sync`` renews. Must not know: rules, connections, visits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Literal

from pyroute2 import IPSet
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.ipset import IPSET_ERR_EXIST, IPSET_FLAG_WITH_COUNTERS

from firewall.command import run
from firewall.errors import KernelRefused
from firewall.rules import DOWN4, GARDEN4, UP4
from firewall.settings import Settings

_LIST_HEADER = (
    1 << 2
)  # IPSET_FLAG_LIST_HEADER of linux/netfilter/ipset/ip_set.h: describe the set, leave its members out
_MAXELEM = 65536
GARDEN_TIMEOUT_S = 600
"""How long an address stays in the garden after it was last resolved; the set's default, as dnsmasq names none. The
captive dnsmasq gives clients a time to live of a minute, so that a page in use is resolved again long before."""
_ENTRY_TYPE = {UP4: "ip,mac", DOWN4: "ip"}


@dataclass(frozen=True)
class Member:
    """One admitted address."""

    mac: str
    """Empty if the set has none: such an entry matches *every* MAC address and is never made by us."""
    remaining_s: int
    """Seconds until the kernel removes the entry by itself; 0: never."""


@dataclass(frozen=True)
class Change:
    """One line for ``ipset restore``."""

    what: Literal["add", "del"]
    set_name: str
    address: IPv4Address
    mac: str = ""


class Sets:
    """The kernel's sets in the current network namespace. For one thread.

    All methods raise KernelRefused.
    """

    def __init__(self, settings: Settings) -> None:
        self._network = settings.lan.network
        self._timeout_s = settings.entry_timeout_s
        self._socket: Any = None

    def ensure(self) -> None:
        """Make the sets exist in the right shape; the members of a set that has it stay."""
        # counters: accounting, and the best proof that a device is alive.
        common = ["timeout", str(self._timeout_s), "counters"]
        # pyroute2 0.9.7 has no way to give bitmap:ip,mac its range, so the sets are made by ipset's own command.
        self._ensure(UP4, ["bitmap:ip,mac", "range", str(self._network), *common])
        self._ensure(DOWN4, ["hash:ip", "maxelem", str(_MAXELEM), *common])
        self._ensure(GARDEN4, ["hash:ip", "maxelem", str(_MAXELEM), "timeout", str(GARDEN_TIMEOUT_S)])

    def _ensure(self, name: str, definition: list[str]) -> None:
        match self._shape(name):
            case None:
                run(["ipset", "create", name, *definition])
            case shape if shape == self._wanted_shape(name):
                pass
            case _:
                # Rules may name the old set, so it cannot be destroyed; but its name can be given to another at once.
                # Its members go: they belong to another LAN, and sync brings back whom a visit accounts for.
                spare = f"{name}-new"
                run(["ipset", "-exist", "create", spare, *definition])
                run(["ipset", "swap", spare, name])
                run(["ipset", "destroy", spare])

    def _wanted_shape(self, name: str) -> tuple[object, ...]:
        if name == UP4:
            return "bitmap:ip,mac", True, True, str(self._network[0]), str(self._network[-1])
        return "hash:ip", name != GARDEN4, True, _MAXELEM

    def _shape(self, name: str) -> tuple[object, ...] | None:
        """The default timeout is no part of it: every entry of ours carries its own."""
        found = self._list(name, flags=_LIST_HEADER)
        if not found:
            return None
        data = found[0].get_attr("IPSET_ATTR_DATA")
        kind = found[0].get_attr("IPSET_ATTR_TYPENAME")
        counted = bool((data.get_attr("IPSET_ATTR_CADT_FLAGS") or 0) & IPSET_FLAG_WITH_COUNTERS)
        timed = data.get_attr("IPSET_ATTR_TIMEOUT") is not None
        if kind != "bitmap:ip,mac":
            return kind, counted, timed, data.get_attr("IPSET_ATTR_MAXELEM")
        return kind, counted, timed, _address(data, "IPSET_ATTR_IP_FROM"), _address(data, "IPSET_ATTR_IP_TO")

    def up(self) -> dict[IPv4Address, Member]:
        """Everyone who may send."""
        found = {}
        for entry, remaining_s in self._saved(UP4):
            address, _, mac = entry.partition(",")
            found[IPv4Address(address)] = Member(mac.lower(), remaining_s)
        return found

    def down(self) -> dict[IPv4Address, int]:
        """Every address that may be sent to, with the seconds until the kernel removes it; 0: never."""
        return {IPv4Address(entry): remaining_s for entry, remaining_s in self._saved(DOWN4)}

    def _saved(self, name: str) -> Iterator[tuple[str, int]]:
        # Ten thousand members by pyroute2's decoder take a second, by this 30 ms, and the gate's one thread waits.
        for line in run(["ipset", "save", name]).splitlines():
            match line.split():
                case ["add", _, entry, "timeout", remaining_s, *_]:
                    yield entry, int(remaining_s)
                case ["add", _, entry, *_]:
                    yield entry, 0
                case _:
                    pass  # the set's own line

    def add(self, mac: str, address: IPv4Address) -> None:
        """Admit, or renew; an address that another device had is this one's from now on.

        Neither packets nor bytes are passed along: then the kernel keeps an existing entry's counters (it sets them
        only if the message names them), whereas passing along what was read a moment ago would lose the packets since.
        """
        # Never without MAC: bitmap:ip,mac takes such an entry for "whatever MAC". Downward first, so that the first
        # answer is not lost.
        for name, entry in ((DOWN4, str(address)), (UP4, (str(address), mac))):
            self._do(
                f"add {address} to {name}",
                lambda kernel, name=name, entry=entry: kernel.add(
                    name, entry, etype=_ENTRY_TYPE[name], exclusive=False, timeout=self._timeout_s
                ),
            )

    def holds(self, address: IPv4Address, mac: str | None = None) -> bool:
        """Is the address admitted (for this MAC address)?"""
        # The kernel tests "ip,mac" as "ip" when no MAC address is given.
        entry, kind = (str(address), "ip") if mac is None else ((str(address), mac), "ip,mac")
        try:
            return bool(self._kernel().test(UP4, entry, etype=kind))
        except (NetlinkError, OSError) as error:
            raise KernelRefused(f"look for {address} in {UP4}", str(error)) from error

    def remove(self, address: IPv4Address) -> None:
        """Whoever has it; deleting what is missing is no error. The kernel would ignore a MAC address here."""
        for name in (UP4, DOWN4):
            self._do(
                f"remove {address} from {name}",
                lambda kernel, name=name: kernel.delete(name, str(address), etype="ip", exclusive=False),
            )

    def apply(self, changes: list[Change]) -> None:
        """Many changes with one command, in order; none of them is an error if it was made already."""
        if not changes:
            return
        run(["ipset", "-exist", "restore"], "".join(self._line(change) for change in changes))

    def _line(self, change: Change) -> str:
        entry = f"{change.address},{change.mac}" if change.mac else str(change.address)
        timeout = f" timeout {self._timeout_s}" if change.what == "add" else ""
        return f"{change.what} {change.set_name} {entry}{timeout}\n"

    def empty(self) -> set[IPv4Address]:
        """Nobody is admitted; returns who was. The sets remain, because rules name them, if they exist at all."""
        were: set[IPv4Address] = set()
        for name, members in ((UP4, self.up), (DOWN4, self.down)):
            if self._shape(name) is not None:
                were |= members().keys()
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


def _address(entry: Any, attribute: str) -> str:
    return str(entry.get_attr(attribute).get_attr("IPSET_ATTR_IPADDR_IPV4"))
