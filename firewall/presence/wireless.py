"""Evidence from the kernel's own access points, where no hostapd talks to us: nl80211's stations, as they come and go.

    >>> wireless = Wireless(deliver=print, is_ours=lambda name: True)       # doctest: +SKIP
    >>> wireless.start({})
    Evidence(mac='02:00:00:00:00:01', present=True, proof=<Proof.STATION: 'station'>, port='wlan0')

A kernel without nl80211 (no Wi-Fi, or its module is not loaded yet) is asked again and again. Must not know: visits,
hostapd, what follows from evidence.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping

from firewall.netlink import HEADER, NETLINK_GENERIC, NLM_F_ACK, Netlink, attribute, attributes
from firewall.netlink import messages as messages_of
from firewall.presence.associations import Associations
from firewall.presence.evidence import Evidence, Source
from firewall.presence.nl80211 import End, Interface, Message, Station, interface_dump, messages, station_dump
from firewall.presence.watch import Watch

log = logging.getLogger(__name__)

_ROAMING_S = 0.5
_LOOK_S = 30.0
_CONTROLLER, _GETFAMILY = 16, 3  # GENL_ID_CTRL, CTRL_CMD_GETFAMILY of linux/genetlink.h
_COMMAND = struct.Struct("=BBH")
"""struct genlmsghdr."""
_FAMILY_ID, _FAMILY_NAME, _GROUPS, _GROUP_NAME, _GROUP_ID = 1, 2, 7, 1, 2
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1  # linux/netlink.h
_SO_RCVBUFFORCE = 33  # linux/socket.h; Python has no name for it. Needs CAP_NET_ADMIN, which the gate has.
_BUFFER_BYTES = 1 << 20

Kernel = tuple[socket.socket, int]
"""A socket that hears of stations, and nl80211's number."""


def kernel() -> Kernel | None:
    """
    None: this kernel has no nl80211.

    Raises:
        OSError: generic netlink does not work.
    """
    asked = _COMMAND.pack(_GETFAMILY, 1, 0) + attribute(_FAMILY_NAME, b"nl80211\0")
    try:
        with contextlib.closing(Netlink(NETLINK_GENERIC)) as asking:
            told = next(messages_of(asking.ask(_CONTROLLER, NLM_F_ACK, asked)))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTSUP):
            return None
        raise
    said = dict(attributes(told[HEADER.size + _COMMAND.size :]))
    family = int.from_bytes(said[_FAMILY_ID], sys.byteorder)
    groups = (dict(attributes(each)) for _, each in attributes(said[_GROUPS]))
    group = next(int.from_bytes(each[_GROUP_ID], sys.byteorder) for each in groups if each[_GROUP_NAME] == b"mlme\0")
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_GENERIC)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        sock.bind((0, 0))
        sock.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
    except OSError:
        sock.close()
        raise
    return sock, family


class Wireless:
    """Watches all wireless interfaces that are ours, in a thread of its own.

    Args:
        deliver: called with each piece of evidence, in ``start``'s thread until it returns and then in ours.
        is_ours: whether this interface's stations are ours to tell of: a port of the visitors' bridge, no hostapd's.
        look_s: how often all stations are listed again, in seconds.
        roaming_s: how long a station may be between two BSSes, in seconds.
        connect: how the kernel is reached.
        name_of: an interface's name by its index; raises OSError if there is none.
    """

    def __init__(
        self,
        deliver: Callable[[Evidence], None],
        is_ours: Callable[[str], bool],
        *,
        look_s: float = _LOOK_S,
        roaming_s: float = _ROAMING_S,
        connect: Callable[[], Kernel | None] = kernel,
        name_of: Callable[[int], str] = socket.if_indextoname,
    ) -> None:
        self._deliver, self._is_ours, self._look_s = deliver, is_ours, look_s
        self._connect, self._name_of = connect, name_of
        self._associations = Associations(roaming_s)
        self._expected: dict[str, set[str]] = {}
        self._socket: socket.socket | None = None
        self._family = 0
        self._trouble = "not started"
        self._listing: int | None = None
        """Whose stations are being listed; 0: the interfaces are; None: nothing is."""
        self._interfaces: dict[int, str] = {}
        """Those still to be asked for their stations."""
        self._stations: set[str] = set()
        self._ours: frozenset[str] = frozenset()
        self._look_due_s = 0.0
        self._watch = Watch(
            "firewall.presence.wireless", self._turn, lambda: (self._look_due_s, self._associations.next_due_s())
        )

    def start(self, last_seen: Mapping[str, str]) -> None:
        """Deliver every station there is, and those gone meanwhile, then watch; raises nothing.

        Args:
            last_seen: MAC address → name of the port it was behind before we started.
        """
        for mac, port in last_seen.items():
            self._expected.setdefault(port, set()).add(mac)
        self._watch.start(lambda: self._listing is not None)

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._watch.stop()
        self._hang_up("stopped")
        self._watch.close()

    def source(self) -> Source:
        """Whether the kernel tells us of any access point's stations. May be asked from any thread."""
        if self._ours and not self._trouble:
            return Source("wireless", True, ", ".join(sorted(self._ours)))
        return Source(
            "wireless", False, self._trouble or "the bridge has no wireless port that hostapd does not tell of"
        )

    def _turn(self, wait_s: float) -> bool:
        """Take what has come within the wait, and do what is due; False: we are to stop."""
        heard = [self._socket] if self._socket else []
        readable, _, _ = select.select([self._watch.woken, *heard], [], [], wait_s)
        if self._watch.woken in readable:
            return False
        try:
            if self._socket is not None and self._socket in readable:
                for message in messages(self._family, self._socket.recv(65536)):
                    self._take(message)
            if time.monotonic() >= self._look_due_s:
                self._look_due_s = time.monotonic() + self._look_s
                self._look()
        except OSError as error:
            # ENOBUFS: events were lost. Whatever it was, a new socket begins with a list.
            self._hang_up(str(error))
        self._tell(self._associations.due(time.monotonic()))
        return True

    def _look(self) -> None:
        if self._socket is None:
            found = self._connect()
            if found is None:
                self._trouble = "this kernel has no Wi-Fi (nl80211)"
                return
            self._socket, self._family = found
            self._trouble = ""
        elif self._listing is not None:
            raise OSError(errno.ETIMEDOUT, "nl80211 does not answer")
        self._listing = 0
        self._socket.send(interface_dump(self._family))

    def _hang_up(self, why: str) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._listing, self._trouble = None, None, why
        self._interfaces, self._look_due_s = {}, time.monotonic() + 1.0

    def _take(self, message: Message) -> None:
        match message:
            case Interface(index, name):
                self._interfaces[index] = name
            case Station(index, mac, True, listed=True):
                if index == self._listing:
                    self._stations.add(mac)
            case Station():
                self._event(message)
            case End(code):
                self._listed(code)

    def _event(self, station: Station) -> None:
        if station.index == self._listing:
            (self._stations.add if station.connected else self._stations.discard)(station.mac)
        try:
            name = self._name_of(station.index)
        except OSError:
            return  # the interface went with its stations; the next look tells
        if not self._is_ours(name):
            return
        if station.connected:
            self._tell(self._associations.connected(name, station.mac))
        else:
            self._tell(self._associations.disconnected(name, station.mac, time.monotonic()))

    def _listed(self, code: int) -> None:
        """A list is complete: take it, then ask for the next interface's."""
        if self._listing == 0:
            ours = {index: name for index, name in self._interfaces.items() if self._is_ours(name)}
            for name in self._ours.difference(ours.values()):
                self._associations.forget(name)
            self._interfaces, self._ours = ours, frozenset(ours.values())
        elif self._listing is not None and code == 0:
            name = self._interfaces.pop(self._listing)
            self._associations.expect(name, self._expected.pop(name, ()))
            self._tell(self._associations.listed(name, self._stations, time.monotonic()))
        elif self._listing is not None:
            self._interfaces.pop(self._listing)  # it went meanwhile
        self._listing, self._stations = next(iter(self._interfaces), None), set()
        if self._listing is not None and self._socket is not None:
            self._socket.send(station_dump(self._family, self._listing))

    def _tell(self, evidence: list[Evidence]) -> None:
        for piece in evidence:
            self._deliver(piece)
