"""Evidence from our own access point: hostapd's control sockets, one for each BSS, as they come and go.

    >>> stations = Stations(Path("/run/hostapd"), deliver=print, is_port=lambda name: True)   # doctest: +SKIP
    >>> stations.start({})
    Evidence(mac='02:00:00:00:00:01', present=True, proof=<Proof.STATION: 'station'>, port='wlan0')

A hostapd that crashed is no leave: its access point may go on in the kernel. The list that the next one gives tells who
has gone; after an orderly restart that is everybody, for all were sent away. The gate's user needs to be hostapd's
``ctrl_interface_group``; our own end of each conversation has an abstract name, so that there is nothing to tidy up.
Must not know: visits, what follows from evidence.
"""

from __future__ import annotations

import selectors
import socket
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from firewall.presence.associations import Associations
from firewall.presence.evidence import Evidence, Source
from firewall.presence.hostapd import Connected, Conversation, Disconnected, Fact, Listed, Over, Unintelligible
from firewall.presence.watch import Watch

_LOOK_S = 1.0
_LIST_S = 30.0  # lest events were lost: hostapd drops a listener whose buffer was full
_PATIENCE_S = 4.0
"""How long an answer may take."""
_ROAMING_S = 0.5
_SOCKETS = 64
_BUFFER_BYTES = 1 << 20
_DATAGRAM_BYTES = 8192


class _Bss:
    """One control socket we are connected to."""

    def __init__(self, name: str, path: Path, inode: int, now_s: float) -> None:
        """
        Raises:
            OSError: nobody listens there, or we may not speak to it.
        """
        self.name, self.inode = name, inode
        self.conversation = Conversation()
        self.listed = False
        self.asked_s = self.listed_s = now_s
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            self.socket.setblocking(False)
            self.socket.bind("")  # the kernel chooses an abstract name, see unix(7): autobind
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise

    def speak(self, now_s: float) -> None:
        """Send what is to be asked, if anything.

        Raises:
            OSError: it is there no more, or its queue is full.
        """
        if command := self.conversation.ask():
            self.asked_s = now_s
            self.socket.send(command)


class Stations:
    """Watches all BSSes whose control sockets are in one folder, in a thread of its own.

    Args:
        folder: hostapd's ``ctrl_interface``; may not exist (yet).
        deliver: called with each piece of evidence, in ``start``'s thread until it returns and then in ours.
        is_port: whether the visitors' bridge has a port of this name; a BSS of another network is left alone.
        look_s: how often the folder is looked at and every hostapd greeted, in seconds.
        list_s: how often all stations are asked for.
        roaming_s: how long a station may be between two BSSes.
    """

    def __init__(
        self,
        folder: Path,
        deliver: Callable[[Evidence], None],
        is_port: Callable[[str], bool],
        *,
        look_s: float = _LOOK_S,
        list_s: float = _LIST_S,
        roaming_s: float = _ROAMING_S,
    ) -> None:
        self._folder, self._deliver, self._is_port, self._list_s = folder, deliver, is_port, list_s
        self._look_s, self._associations = look_s, Associations(roaming_s)
        self._expected: dict[str, set[str]] = {}
        self._bsses: dict[str, _Bss] = {}
        self._trouble: dict[str, str] = {}
        """By the name of the socket, "." for the folder: what keeps us from it."""
        self._selector = selectors.DefaultSelector()
        self._watch = Watch(
            "firewall.presence.stations", self._turn, lambda: (self._look_due_s, self._associations.next_due_s())
        )
        self._look_due_s = 0.0

    def start(self, last_seen: Mapping[str, str]) -> None:
        """Deliver ``present=True`` for every station there is and ``False`` for those gone meanwhile, then watch.

        Args:
            last_seen: MAC address → name of the port (the BSS) it was behind before we started.
        """
        for mac, port in last_seen.items():
            self._expected.setdefault(port, set()).add(mac)
        self._selector.register(self._watch.woken, selectors.EVENT_READ)
        self._watch.start(lambda: not all(bss.listed for bss in self._bsses.values()))

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._watch.stop()
        for bss in [*self._bsses.values()]:
            self._hang_up(bss)
        self._selector.close()
        self._watch.close()

    def covers(self, interface: str) -> bool:
        """Do we know who is connected to this BSS? May be asked from any thread."""
        bss = self._bsses.get(interface)
        return bss is not None and bss.listed

    def source(self) -> Source:
        """Whether any hostapd tells us of its stations. May be asked from any thread."""
        names = sorted(name for name, bss in [*self._bsses.items()] if bss.listed)
        trouble = "; ".join(f"{name}: {why}" for name, why in sorted({**self._trouble}.items()))
        if names:
            return Source("stations", True, ", ".join(names) + (f" ({trouble})" if trouble else ""))
        return Source("stations", False, trouble or f"no hostapd has a control socket of the bridge in {self._folder}")

    def _turn(self, wait_s: float) -> bool:
        """Take what has come within the wait, and do what is due; False: we are to stop."""
        for key, _ in self._selector.select(wait_s):
            if key.fileobj is self._watch.woken:
                return False
            self._listen(key.data)
        now_s = time.monotonic()
        if now_s >= self._look_due_s:
            self._look_due_s = now_s + self._look_s
            self._look(now_s)
        self._tell(self._associations.due(now_s))
        return True

    def _look(self, now_s: float) -> None:
        """Find new sockets, and see that the known ones are still answered."""
        there = self._sockets()
        for bss in [*self._bsses.values()]:
            if there.get(bss.name) != bss.inode:
                self._listen(bss)  # its last words
                self._hang_up(bss)
            elif bss.conversation.waiting and now_s - bss.asked_s > _PATIENCE_S:
                self._hang_up(bss, "does not answer")
            else:
                if now_s - bss.listed_s > self._list_s:
                    bss.conversation.list_again()
                bss.conversation.greet()
                self._speak(bss, now_s)
        for name, inode in there.items():
            if name not in self._bsses:
                self._call(name, inode, now_s)
        self._trouble = {name: why for name, why in self._trouble.items() if name in there or name == "."}

    def _sockets(self) -> dict[str, int]:
        """The control sockets there are, with their inodes: a new hostapd has a new one."""
        self._trouble.pop(".", None)
        try:
            found = {path.name: path.lstat() for path in sorted(self._folder.iterdir())[:_SOCKETS]}
        except OSError as error:
            if isinstance(error, PermissionError):
                self._trouble["."] = "may not be read; make hostapd's ctrl_interface_group the gate's group"
            return {}
        sockets = {name: status.st_ino for name, status in found.items() if stat.S_ISSOCK(status.st_mode)}
        return {name: inode for name, inode in sockets.items() if self._is_port(name)}

    def _call(self, name: str, inode: int, now_s: float) -> None:
        try:
            bss = _Bss(name, self._folder / name, inode, now_s)
        except PermissionError:
            self._trouble[name] = "may not be spoken to; make hostapd's ctrl_interface_group the gate's group"
        except OSError as error:
            self._trouble[name] = str(error.strerror)
        else:
            self._bsses[name] = bss
            self._selector.register(bss.socket, selectors.EVENT_READ, bss)
            self._speak(bss, now_s)

    def _hang_up(self, bss: _Bss, why: str = "") -> None:
        if self._bsses.get(bss.name) is bss:
            del self._bsses[bss.name]
            self._selector.unregister(bss.socket)
            bss.socket.close()
        if why:
            self._trouble[bss.name] = why

    def _speak(self, bss: _Bss, now_s: float) -> None:
        try:
            bss.speak(now_s)
        except OSError as error:  # ECONNREFUSED: hostapd has ended and left its socket behind
            self._hang_up(bss, str(error.strerror))

    def _listen(self, bss: _Bss) -> None:
        """Everything that waits, at most a moment's worth: one hostapd must not keep us from the others."""
        for _ in range(256):
            try:
                datagram = bss.socket.recv(_DATAGRAM_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                return self._hang_up(bss, str(error.strerror))
            now_s = time.monotonic()
            for fact in bss.conversation.heard(datagram):
                self._take(bss, fact, now_s)
            if self._bsses.get(bss.name) is not bss:
                return
            self._speak(bss, now_s)

    def _take(self, bss: _Bss, fact: Fact, now_s: float) -> None:
        match fact:
            case Connected(mac):
                self._tell(self._associations.connected(bss.name, mac))
            case Disconnected(mac):
                self._tell(self._associations.disconnected(bss.name, mac, now_s))
            case Listed(stations, surprising, silent_s):
                self._associations.expect(bss.name, self._expected.pop(bss.name, ()))
                self._tell(self._associations.listed(bss.name, stations, now_s, silent_s))
                bss.listed, bss.listed_s = True, now_s
                self._trouble.pop(bss.name, None)
                if surprising:
                    self._hang_up(bss)  # it does not tell us everything any more: attach anew at the next look
            case Over():
                self._tell(self._associations.listed(bss.name, (), now_s))
            case Unintelligible(answer):
                self._hang_up(bss, f"answered {answer[:40]!r}")
            case _:
                assert_never(fact)

    def _tell(self, evidence: list[Evidence]) -> None:
        for piece in evidence:
            self._deliver(piece)
