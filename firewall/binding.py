"""An admitted IPv4 address belongs to one MAC address for the gate too: a permanent neighbour entry each.

Without it, whoever answers or asks by ARP under somebody's address would be sent what is meant for them. What the
gate sends to an admitted address goes to the device that DHCP gave it to, whatever ARP says. Entries of ours carry a
protocol number of ours, so that an administrator's own permanent entries are left alone.

IPv6 is not bound: devices change their addresses by themselves, and the neighbour table's changes are how the gate
learns of them (``presence.neighbours``). Must not know: sets, rules, visits.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl.ndmsg import NUD_PERMANENT

from firewall.command import run
from firewall.errors import KernelRefused

_OURS = 81
"""NDA_PROTOCOL: of the numbers that linux/rtnetlink.h leaves to user space, one that no routing daemon has."""


class Binding:
    """The permanent entries on one interface. For one thread. Methods raise KernelRefused."""

    def __init__(self, lan_interface: str) -> None:
        self._interface = lan_interface
        self._socket: Any = None

    def bind(self, address: IPv4Address, mac: str) -> None:
        """From now on the address is this device's alone."""
        with self._told(f"bind {address} to {mac}"):
            self._kernel().neigh(
                "replace",
                dst=str(address),
                lladdr=mac,
                ifindex=socket.if_nametoindex(self._interface),
                state=NUD_PERMANENT,
                protocol=_OURS,
            )

    def release(self, address: IPv4Address) -> None:
        """ARP decides again; releasing what is not bound is no error."""
        with self._told(f"release {address}"):
            try:
                self._kernel().neigh("del", dst=str(address), ifindex=socket.if_nametoindex(self._interface))
            except NetlinkError as error:
                if error.code != errno.ENOENT:
                    raise

    def sync(self, wanted: Mapping[str, str]) -> None:
        """Bind exactly these (address → MAC address), with two commands however many there are."""
        if all(name != self._interface for _, name in socket.if_nameindex()):
            return  # entries went with the interface, and come back with a sync when it does
        words = ["ip", "-4", "neigh", "show", "nud", "permanent", "dev", self._interface, "proto", str(_OURS)]
        bound: dict[str, str] = {}
        for line in run(words).splitlines():
            match line.split():
                case [address, "lladdr", mac, *_]:
                    bound[address] = mac
                case _:
                    pass
        dev = f"dev {self._interface}"
        lines = [f"neigh del {address} {dev}\n" for address in bound.keys() - wanted.keys()]
        lines += [
            f"neigh replace {address} lladdr {mac} {dev} nud permanent proto {_OURS}\n"
            for address, mac in wanted.items()
            if bound.get(address) != mac
        ]
        if lines:
            # -force: one that has gone by itself meanwhile must not keep the others from being made.
            run(["ip", "-force", "-batch", "-"], "".join(lines))

    def close(self) -> None:
        """Give the socket back; the entries stay."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _kernel(self) -> Any:
        if self._socket is None:
            self._socket = IPRoute()
        return self._socket

    @contextlib.contextmanager
    def _told(self, what: str) -> Any:
        try:
            yield
        except (NetlinkError, OSError) as error:
            raise KernelRefused(f"{what} on {self._interface}", str(error)) from error
