"""Evidence from the LAN bridge's ports: who is behind which port, and whether the port still has its carrier.

    >>> ports = Ports("br-lan", deliver=print)                              # doctest: +SKIP
    >>> ports.start({})
    Evidence(mac='02:00:00:00:00:01', present=True, proof=<Proof.PORT: 'port'>)

A port that appears is isolated from the others at once.

A device leaves with its port: carrier lost, or port removed. It does not leave when the bridge forgets it (the FDB
ages a sleeping phone out after minutes) nor when it turns up behind another port. The kernel empties a port's FDB
entries before or after it tells of the lost carrier; here the last known port of a device is kept when its entry goes,
so either order gives the same. Must not know: visits, addresses, what follows from evidence.
"""

from __future__ import annotations

import errno
import select
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from firewall.errors import FirewallError, KernelRefused, NotABridge
from firewall.isolation import isolate_port
from firewall.links import RTM_DELLINK, RTM_NEWLINK, Link, link_of, links
from firewall.netlink import HEADER, RTMGRP_LINK, RTMGRP_NEIGH, messages
from firewall.presence.evidence import Evidence, Proof
from firewall.presence.learnt import Learnt, learnt, listed
from firewall.presence.places import Places

_SO_RCVBUFFORCE = 33  # linux/socket.h; Python has no name for it. Needs CAP_NET_ADMIN, which the gate has.
_CONNECTED = 0x1 | 0x10000  # IFF_UP and IFF_LOWER_UP: switched on, and with carrier
_RECEIVE_BYTES = 65536
_RETRY_S = 0.2
_NOBODY: Mapping[str, str] = {}
_REMEMBERED = 65536


@dataclass(frozen=True)
class _Port:
    name: str
    connected: bool
    carrier_losses: int
    """How often the carrier was lost since the port exists: tells of a loss whose message never came."""
    isolated: bool | None = field(compare=False)
    """None: the message did not say."""


class Ports:
    """Watches one bridge in a thread of its own.

    Args:
        lan_interface: the bridge.
        deliver: called with each piece of evidence, in ``start``'s thread until it returns and then in ours.
        buffer_bytes: how many bytes of events the kernel keeps while we are busy.
        matters, remembered: who is kept in mind, see ``places``. A forgotten device is noticed anew when it is learnt
            anew.
    """

    def __init__(
        self,
        lan_interface: str,
        deliver: Callable[[Evidence], None],
        buffer_bytes: int = 4 << 20,
        matters: Callable[[str], bool] = lambda _: False,
        remembered: int = 16384,
    ) -> None:
        self._name, self._deliver, self._buffer_bytes = lan_interface, deliver, buffer_bytes
        self._bridge = 0
        self._ports: dict[int, _Port] = {}
        self._places = Places(remembered, matters)
        self._present: set[str] = set()
        self._gone: dict[str, None] = {}
        """Who has left and not come back, in that order; bounded, because anybody can invent MAC addresses."""
        self._thread: threading.Thread | None = None
        self._wake, self._woken = socket.socketpair()

    def start(self, last_seen: Mapping[str, str]) -> None:
        """Deliver ``present=True`` for every device there is, then watch.

        Args:
            last_seen: MAC address → name of the port it was behind before we started. The bridge forgets a device that
                sleeps; its port's carrier still tells when it leaves.

        Raises:
            NotABridge: the caller decides what to do without ports.
            KernelRefused: no such interface, or netlink failed.
        """
        try:
            events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        except OSError as error:
            raise KernelRefused("watch bridge ports", str(error)) from error
        try:
            events.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, self._buffer_bytes)
            # Listen first, then dump: what happens in between is heard twice rather than never.
            events.bind((0, RTMGRP_LINK | RTMGRP_NEIGH))
            events.setblocking(False)
            self._dump(last_seen)
        except OSError as error:
            events.close()
            raise KernelRefused(f"watch the ports of {self._name}", str(error)) from error
        except FirewallError:
            events.close()
            raise
        self._thread = threading.Thread(target=self._watch, args=(events,), name="firewall.presence.ports", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when the thread has ended. Harmless if it never started."""
        self._wake.send(b"x")
        if self._thread is not None:
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def present(self, mac: str) -> bool:
        """Is the device behind a port with carrier, as far as is known? May be asked from any thread."""
        return mac in self._present

    def port_of(self, mac: str) -> str | None:
        """The name of the port the device is behind; None if it has left, "" if it was never seen. From any thread."""
        port = self._ports.get(self._places.port_of(mac) or 0)
        if port is not None and mac in self._present:
            return port.name
        return None if mac in self._gone else ""

    def behind(self, port: str) -> list[str]:
        """The devices behind the port of this name, as far as is known. May be asked from any thread."""
        return [mac for mac in [*self._present] if self.port_of(mac) == port]

    def has(self, port: str) -> bool:
        """Is there a port of this name, with carrier or without? May be asked from any thread."""
        return any(known.name == port for known in [*self._ports.values()])

    def connected(self, port: str) -> bool:
        """Is there a port of this name, with carrier? May be asked from any thread."""
        return any(known.connected for known in [*self._ports.values()] if known.name == port)

    def _watch(self, events: socket.socket) -> None:
        behind = False
        with events:
            while True:
                readable, _, _ = select.select([events, self._woken], [], [], _RETRY_S if behind else None)
                if self._woken in readable:
                    return
                try:
                    if behind:
                        # Older events would contradict the newer dump.
                        self._discard(events)
                        self._dump()
                        behind = False
                    elif events in readable:
                        for message in messages(events.recv(_RECEIVE_BYTES)):
                            self._event(message)
                except OSError as error:
                    # ENOBUFS: the kernel had more to say than the buffer holds. Whatever else went wrong, a dump tells
                    # the truth; until one succeeds it is tried again and again.
                    behind = error.errno not in (errno.EAGAIN, errno.EINTR)
                except FirewallError:
                    behind = True

    def _discard(self, events: socket.socket) -> None:
        while True:
            try:
                events.recv(_RECEIVE_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise

    def _event(self, message: bytes) -> None:
        _, kind, *_ = HEADER.unpack_from(message)
        if kind in (RTM_NEWLINK, RTM_DELLINK):
            link = link_of(message)
            # Also said, in the bridge's family, of a port that was only taken out of the bridge.
            self._link(link) if kind == RTM_NEWLINK else self._port_gone(link.index)
        elif found := learnt(message):
            self._learnt(found)
        # RTM_DELNEIGH: aged out, flushed or moved. None of them is a leave.

    def _link(self, link: Link) -> None:
        index = link.index
        if link.name == self._name:
            if index != self._bridge:
                self._dump()  # the bridge was made anew
        elif link.master != self._bridge:
            self._port_gone(index)
        else:
            before = self._ports.get(index)
            now = _port(link, before)
            self._port_changed(index, now)
            if now.connected and (before is None or before != now):
                # Whoever was learnt between the carrier and this message must not be missed.
                self._dump()

    def _port_changed(self, index: int, now: _Port) -> None:
        before = self._ports.get(index)
        self._ports[index] = now
        if before is None and now.isolated is not True:
            # At once, before anybody behind it is served; Gate.sync would come by later, and mends what is undone.
            isolate_port(index)
        if not now.connected or (before is not None and now.carrier_losses > before.carrier_losses):
            self._left(index, now.name)

    def _port_gone(self, index: int) -> None:
        if index == self._bridge:
            for port in [*self._ports]:
                self._port_gone(port)
        elif (gone := self._ports.pop(index, None)) is not None:
            self._left(index, gone.name)

    def _learnt(self, found: Learnt, moved: bool = False) -> None:
        mac, port = found
        if port not in self._ports:
            return
        moved = moved or self._places.port_of(mac) != port
        self._put(mac, port)
        # Without carrier nobody is there; if it has come back, its message follows and brings a dump.
        if self._ports[port].connected and (moved or mac not in self._present):
            self._present.add(mac)
            self._gone.pop(mac, None)
            self._deliver(Evidence(mac, True, Proof.PORT, self._ports[port].name))

    def _left(self, port: int, name: str) -> None:
        for mac in self._places.clear(port):
            if mac in self._present:
                self._present.remove(mac)
                self._gone[mac] = None
                if len(self._gone) > _REMEMBERED:
                    del self._gone[next(iter(self._gone))]
                self._deliver(Evidence(mac, False, Proof.PORT, name))

    def _put(self, mac: str, port: int) -> None:
        if (forgotten := self._places.put(mac, port)) is not None:
            self._present.discard(forgotten)

    def _dump(self, last_seen: Mapping[str, str] = _NOBODY) -> None:
        """Read everything and deliver the difference to what was known."""
        known = links()
        entries = listed()
        bridge = next((link for link in known if link.name == self._name), None)
        if bridge is None:
            for port in [*self._ports]:
                self._port_gone(port)
            raise KernelRefused(f"watch the ports of {self._name}", "there is no such interface")
        if bridge.kind != "bridge":
            raise NotABridge(self._name)
        self._bridge = bridge.index
        ports = {link.index: link for link in known if link.master == self._bridge}
        # Moves before losses: a device that is behind another port now has not left with its old one.
        behind = [entry for entry in entries if entry.port in ports]
        moved: set[str] = set()
        for entry in behind:
            if entry.mac in self._present and self._places.port_of(entry.mac) != entry.port:
                self._put(*entry)
                moved.add(entry.mac)
        for index in [index for index in self._ports if index not in ports]:
            self._port_gone(index)
        for index, link in ports.items():
            self._port_changed(index, _port(link, self._ports.get(index)))
        by_name = {known.name: index for index, known in self._ports.items() if known.connected}
        for mac, name in last_seen.items():
            if name in by_name:
                self._put(mac, by_name[name])
                self._present.add(mac)
        for entry in behind:
            self._learnt(entry, moved=entry.mac in moved)


def _port(link: Link, before: _Port | None) -> _Port:
    losses = link.carrier_losses
    if losses is None:  # messages of the bridge's own family do not count
        losses = before.carrier_losses if before else 0
    connected = link.flags & _CONNECTED == _CONNECTED
    return _Port(link.name, connected, losses, link.isolated)
