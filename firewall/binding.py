"""An admitted IPv4 address belongs to one MAC address for the gate too: a permanent neighbour entry each.

Without it, whoever answers or asks by ARP under somebody's address would be sent what is meant for them. What the
gate sends to an admitted address goes to the device that DHCP gave it to, whatever ARP says. Entries of ours carry a
protocol number of ours, so that an administrator's own permanent entries are left alone.

IPv6 is not bound: devices change their addresses by themselves, and the neighbour table's changes are how the gate
learns of them (``presence.neighbours``). Addresses and MAC addresses are bare bytes here. Must not know: sets, rules,
visits.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Mapping

from firewall.errors import KernelRefused
from firewall.netlink import (
    ATTRIBUTE,
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_REPLACE,
    NUD_PERMANENT,
    RTM_DELNEIGH,
    RTM_GETNEIGH,
    RTM_NEWNEIGH,
    Netlink,
    attribute,
)

_OURS = 81
"""NDA_PROTOCOL: of the numbers that linux/rtnetlink.h leaves to user space, one that no routing daemon has."""
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, interface, state, flags, type
_DST, _LLADDR, _IFINDEX, _PROTOCOL = 1, 2, 8, 12
_TOLD_APART = 10  # of its bytes: family, interface and state
_OUR_MARK = attribute(_PROTOCOL, bytes([_OURS]))

_WRITTEN = (
    rb".{2}"  # flags, type
    + re.escape(ATTRIBUTE.pack(8, _DST))
    + rb"(.{4})"
    + re.escape(ATTRIBUTE.pack(10, _LLADDR))
    + rb"(.{6})..(?:.{28})"  # padding; NDA_PROBES and NDA_CACHEINFO
    + re.escape(_OUR_MARK)
)
"""How the kernel (neigh_fill_info) has written a permanent entry of ours since it has NDA_PROTOCOL (5.0)."""


class Binding:
    """The permanent entries on one interface. For one thread. Methods raise KernelRefused."""

    def __init__(self, lan_interface: str) -> None:
        self._interface = lan_interface
        self._kernel = Netlink(socket.NETLINK_ROUTE)
        self._left: dict[bytes, bytes] = {}
        """What is bound to what, as we left it."""

    def bind(self, address: bytes, mac: bytes) -> None:
        """From now on the address is this device's alone."""
        about = attribute(_LLADDR, mac) + _OUR_MARK
        try:
            self._tell(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, address, about)
        except OSError as error:
            raise self._refused(f"bind {socket.inet_ntoa(address)} to {mac.hex(':')}", error) from error
        self._left[address] = mac

    def release(self, address: bytes) -> None:
        """ARP decides again; releasing what is not bound is no error."""
        try:
            self._tell(RTM_DELNEIGH, 0, address)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise self._refused(f"release {socket.inet_ntoa(address)}", error) from error
        self._left.pop(address, None)

    def sync(self, wanted: Mapping[bytes, bytes]) -> None:
        """Bind exactly these (address → MAC address)."""
        if self._there():
            bound = self._bound()
            for address in bound.keys() - wanted.keys():
                self.release(address)
            for address, mac in wanted.items():
                if bound.get(address) != mac:
                    self.bind(address, mac)
        # Else entries went with the interface, and come back with a sync when it does.
        self._left = dict(wanted)

    def as_left(self) -> bool:
        """Whether what is bound is what we bound."""
        return not self._there() or self._bound() == self._left

    def close(self) -> None:
        """Give the socket back; the entries stay."""
        self._kernel.close()

    def _there(self) -> bool:
        return any(name == self._interface for _, name in socket.if_nameindex())

    def _tell(self, kind: int, flags: int, address: bytes, about: bytes = b"") -> None:
        index = socket.if_nametoindex(self._interface)
        neighbour = _NEIGHBOUR.pack(socket.AF_INET, index, NUD_PERMANENT, 0, 0)
        self._kernel.ask(kind, NLM_F_ACK | flags, neighbour + attribute(_DST, address) + about)

    def _bound(self) -> dict[bytes, bytes]:
        """Address → MAC address of the entries that are ours."""
        try:
            index = socket.if_nametoindex(self._interface)
            ours = _NEIGHBOUR.pack(socket.AF_INET, index, NUD_PERMANENT, 0, 0)[:_TOLD_APART]
            only = _NEIGHBOUR.pack(socket.AF_INET, 0, 0, 0, 0) + attribute(_IFINDEX, struct.pack("=i", index))
            listed = self._kernel.ask(RTM_GETNEIGH, NLM_F_DUMP, only)
        except OSError as error:
            raise self._refused("list who is bound", error) from error
        # Found by how the kernel writes them, since taking ten thousand messages apart would keep everybody waiting.
        return dict(re.findall(re.escape(ours) + _WRITTEN, listed, re.DOTALL))

    def _refused(self, what: str, error: OSError) -> KernelRefused:
        return KernelRefused(f"{what} on {self._interface}", str(error))
