"""Which device is behind an address, by the kernel's neighbour table: one question, or everything as it is learnt.

    >>> mac_of("br-lan", IPv4Address("10.77.0.10"))                         # doctest: +SKIP
    '02:00:00:00:00:01'
    >>> Neighbours("br-lan", deliver=print).start()                         # doctest: +SKIP
    Address(mac='02:00:00:00:00:01', address=IPv6Address('fd77::10'), previous=None)

What is learnt is each device's own word (ARP and neighbour discovery prove nothing). An address that the gate has
bound to a device (``firewall.binding``) is not learnt any more: its entry does not change, whatever others claim, and
so a claim to it is refused without being told here. Must not know: who asks, what the answer is used for.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import threading
from collections.abc import Callable, Collection, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from firewall.devices import is_device
from firewall.errors import KernelRefused
from firewall.netlink import (
    HEADER,
    NLM_F_ACK,
    NLM_F_DUMP,
    NUD_DELAY,
    NUD_PERMANENT,
    NUD_PROBE,
    NUD_REACHABLE,
    NUD_STALE,
    RTM_GETNEIGH,
    RTM_NEWNEIGH,
    RTMGRP_NEIGH,
    Netlink,
    attribute,
    attributes,
    messages,
)
from firewall.presence.evidence import Address, Source

# STALE counts: the entry was confirmed once and says nothing against the device (RFC 4861 7.3.2 names the states).
_LEARNT = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE
_USABLE = _LEARNT | NUD_PERMANENT

_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, interface, state, flags, type
_DST, _LLADDR = 1, 2
_SO_RCVBUFFORCE = 33  # linux/socket.h; Python has no name for it. Needs CAP_NET_ADMIN, which the gate has.
_RECEIVE_BYTES = 65536
_RETRY_S = 0.2
_OF_ONE = 64
"""How many addresses of one device are told, the newest."""


class Lookup:
    """Asks the neighbour table of one interface, over one socket that stays open. For any threads, by turns."""

    def __init__(self, lan_interface: str) -> None:
        self._interface = lan_interface
        self._lock = threading.Lock()
        self._kernel = Netlink(socket.NETLINK_ROUTE)

    def mac_of(self, ip: IPv4Address | IPv6Address) -> str | None:
        """The MAC address of the device that has this address on the LAN; None if the kernel knows none.

        Raises:
            KernelRefused: no such interface, or netlink failed.
        """
        try:
            family = socket.AF_INET6 if isinstance(ip, IPv6Address) else socket.AF_INET
            question = _NEIGHBOUR.pack(family, socket.if_nametoindex(self._interface), 0, 0, 0)
            # One entry is asked for by its key: a dump would cost more with each visitor. The acknowledgement that is
            # asked for too ends the answer.
            with self._lock:
                answer = self._kernel.ask(RTM_GETNEIGH, NLM_F_ACK, question + attribute(_DST, ip.packed))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINVAL):  # EINVAL: what can be nobody's, such as multicast
                return None
            raise KernelRefused(f"ask for the neighbour {ip} on {self._interface}", str(error)) from error
        return next((mac for mac in map(_usable_mac, messages(answer)) if mac), None)

    def close(self) -> None:
        """Give the socket back."""
        with self._lock:
            self._kernel.close()


def mac_of(lan_interface: str, ip: IPv4Address | IPv6Address) -> str | None:
    """One question of a ``Lookup``; raises as it does."""
    with contextlib.closing(Lookup(lan_interface)) as lookup:
        return lookup.mac_of(ip)


def _usable_mac(entry: bytes) -> str | None:
    _, _, state, *_ = _NEIGHBOUR.unpack_from(entry, HEADER.size)
    mac = dict(attributes(entry[HEADER.size + _NEIGHBOUR.size :])).get(_LLADDR, b"").hex(":")
    return mac if is_device(mac) and state & _USABLE else None


class Neighbours:
    """Watches the neighbour table of one interface, both families, in a thread of its own.

    Args:
        lan_interface: where the visitors are.
        deliver: called with each address that is new or is used by another MAC address than before, in ``start``'s
            thread until it returns and then in ours.
        buffer_bytes: how many bytes of events the kernel keeps while we are busy.
        remembered: how many addresses are kept in mind; those not heard of for longest are forgotten first, because
            anybody can invent neighbours. A forgotten one that is heard again is new.
    """

    def __init__(
        self,
        lan_interface: str,
        deliver: Callable[[Address], None],
        buffer_bytes: int = 4 << 20,
        remembered: int = 65536,
    ) -> None:
        self._name = lan_interface
        self._deliver = deliver
        self._buffer_bytes, self._remembered = buffer_bytes, remembered
        self._user: dict[str, str] = {}
        """Address → MAC address, the one heard of last at the end."""
        self._addresses: dict[str, tuple[IPv4Address | IPv6Address, ...]] = {}
        """MAC address → its addresses, replaced as a whole: other threads ask."""
        self._thread: threading.Thread | None = None
        self._behind = False
        """Events were lost, and no dump has made them good yet."""
        self._wake, self._woken = socket.socketpair()

    def start(self, held: Mapping[str, Collection[IPv4Address | IPv6Address]] | None = None) -> None:
        """Deliver every neighbour there is, then watch.

        Args:
            held: MAC address → the IPv6 addresses known to be its own already. The table may have forgotten a silent
                device, and who comes with its address must not be taken for the first.

        Raises:
            KernelRefused: no such interface, or netlink failed.
        """
        for mac, addresses in (held or {}).items():
            own = tuple(address for address in addresses if isinstance(address, IPv6Address))
            self._user.update((str(address), mac) for address in own)
            if own:
                self._addresses[mac] = own
        what = f"watch the neighbours on {self._name}"
        try:
            events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        except OSError as error:
            raise KernelRefused(what, str(error)) from error
        try:
            events.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, self._buffer_bytes)
            # Listen first, then dump: what happens in between is heard twice rather than never.
            events.bind((0, RTMGRP_NEIGH))
            events.setblocking(False)
            self._dump()
        except OSError as error:
            events.close()
            raise KernelRefused(what, str(error)) from error
        name = "firewall.presence.neighbours"
        self._thread = threading.Thread(target=self._watch, args=(events,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when the thread has ended. Harmless if it never started."""
        self._wake.send(b"x")
        if self._thread is not None:
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def source(self) -> Source:
        """Whether the neighbour table is watched. May be asked from any thread."""
        live = self._thread is not None and not self._behind
        why = f"neighbour table of {self._name}" if live else f"the neighbours of {self._name} cannot be listed"
        return Source("neighbours", live, why)

    def addresses_of(self, mac: str) -> list[IPv4Address | IPv6Address]:
        """The addresses this device was last heard under. From any thread."""
        return [*self._addresses.get(mac, ())]

    def _watch(self, events: socket.socket) -> None:
        with events:
            while True:
                readable, _, _ = select.select([events, self._woken], [], [], _RETRY_S if self._behind else None)
                if self._woken in readable:
                    return
                try:
                    if self._behind:
                        # What is still in the buffer is heard after the dump; at worst an address is told once more.
                        self._dump()
                        self._behind = False
                    elif events in readable:
                        index = socket.if_nametoindex(self._name)
                        for message in messages(events.recv(_RECEIVE_BYTES)):
                            _, kind, *_ = HEADER.unpack_from(message)
                            if kind == RTM_NEWNEIGH:
                                self._heard(message, index)
                except OSError as error:
                    # ENOBUFS: the kernel had more to say than the buffer holds. Whatever else went wrong (no such
                    # interface for the moment), a dump tells the truth; until one succeeds it is tried again.
                    self._behind = error.errno not in (errno.EAGAIN, errno.EINTR)

    def _dump(self) -> None:
        index = socket.if_nametoindex(self._name)
        with contextlib.closing(Netlink(socket.NETLINK_ROUTE)) as kernel:
            for family in (socket.AF_INET, socket.AF_INET6):
                for entry in messages(kernel.ask(RTM_GETNEIGH, NLM_F_DUMP, _NEIGHBOUR.pack(family, 0, 0, 0, 0))):
                    self._heard(entry, index)

    def _heard(self, entry: bytes, index: int) -> None:
        family, found_at, state, *_ = _NEIGHBOUR.unpack_from(entry, HEADER.size)
        # The bridge's own table speaks in the same messages, in a family of its own.
        if found_at != index or family not in (socket.AF_INET, socket.AF_INET6) or not state & _LEARNT:
            return
        said = dict(attributes(entry[HEADER.size + _NEIGHBOUR.size :]))
        packed, mac = said.get(_DST, b""), said.get(_LLADDR, b"").hex(":")
        if not packed or not is_device(mac):
            return
        address = ip_address(packed)
        if address.is_multicast or (address.version == 6 and address.is_link_local):
            return
        text = str(address)
        previous = self._user.pop(text, None)
        self._user[text] = mac
        if len(self._user) > self._remembered:
            forgotten = next(iter(self._user))
            self._disown(self._user.pop(forgotten), ip_address(forgotten))
        if previous != mac:
            if previous:
                self._disown(previous, address)
            self._addresses[mac] = (*self._addresses.get(mac, ()), address)[-_OF_ONE:]
            self._deliver(Address(mac, address, previous))

    def _disown(self, mac: str, address: IPv4Address | IPv6Address) -> None:
        left = tuple(own for own in self._addresses.pop(mac, ()) if own != address)
        if left:
            self._addresses[mac] = left
