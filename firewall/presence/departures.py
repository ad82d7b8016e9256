"""A lease has vanished: has its device left?

    departures = Departures(leave=…, ask=probes.ask, listed=leases.listed)
    departures.start()
    departures.vanished("02:00:00:00:00:01", IPv4Address("10.77.0.10"), early=True)

dnsmasq believes a release, whoever sends it. So two things must agree before a visit ends:

    before its time   the device's own release was heard on the LAN, sent from its own MAC address, for its own address;
                      and a moment later it does not answer for the address that it gave back
    at its time       it does not answer for a few seconds: it did not renew, but may be asleep

Otherwise the vanished lease is nobody's leave. Where releases cannot be heard, the answer alone decides. Must not know:
the lease file, visits, what follows from a leave.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from firewall.presence import filters
from firewall.presence.dhcp import released
from firewall.presence.evidence import Source

log = logging.getLogger(__name__)

# The device takes a moment from its release to having no address: asked at once it may still answer.
_EARLY = (0.15, 0.5)
_LATE = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
_STOOD_STILL_S = 0.25
"""So much later than due we were not run, nor perhaps whoever hears the answers: the device is asked again then, and
its answer waited for as long."""
_HEARD_S = 10.0
"""How long a release that was heard explains a lease that vanishes."""
_REMEMBERED = 4096
"""How many such releases are remembered; whoever invents more keeps others online until they fall silent."""
_SO_RCVBUFFORCE = 33  # linux/socket.h; Python has no name for it. Needs CAP_NET_ADMIN, which the gate has.
_BUFFER_BYTES = 1 << 20

Ask = Callable[[Mapping[str, Collection[IPv4Address | IPv6Address]]], None]


@dataclass
class _Question:
    """Whether one device is still there."""

    address: IPv4Address
    asks_due_s: list[float]
    decided_s: float
    asked: bool = False
    answered: bool = False

    def overslept(self, now_s: float) -> bool:
        """Whether a decision now would rest on a time in which nobody was there to ask or to listen."""
        late_s = now_s - self.decided_s
        return not self.answered and (late_s > _STOOD_STILL_S or (late_s >= 0 and bool(self.asks_due_s)))


class Departures:
    """In a thread of its own.

    Args:
        lan_interface: where releases are heard.
        leave: called in our thread with the MAC address of a device that has left.
        ask: sends the question to a device, soon; its answer comes to ``answered``.
        listed: whether the device has a lease again. From our thread.
        heard: called in our thread with the MAC address whose release was heard: its lease is about to vanish.
        early_s, late_s: when a device is asked whose lease vanished before or at its time, in seconds from then; at the
            last of them its silence is believed.
    """

    def __init__(
        self,
        lan_interface: str,
        *,
        leave: Callable[[str], None],
        ask: Ask,
        listed: Callable[[str], bool],
        heard: Callable[[str], None],
        early_s: Sequence[float] = _EARLY,
        late_s: Sequence[float] = _LATE,
    ) -> None:
        self._name, self._leave, self._ask, self._listed, self._tell = lan_interface, leave, ask, listed, heard
        self._early_s, self._late_s = early_s, late_s
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._vanished: list[tuple[str, IPv4Address, bool]] = []
        self._questions: dict[str, _Question] = {}
        # The thread's own.
        self._heard: dict[tuple[str, IPv4Address], float] = {}
        """Which release was heard → until when that counts."""
        self._releases: socket.socket | None = None
        self._trouble = "not started"
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="firewall.presence.departures", daemon=True)
        self._wake, self._woken = socket.socketpair()

    def start(self) -> None:
        """From now on releases are heard, if they can be; raises nothing."""
        try:
            self._releases = self._listening()
        except OSError as error:
            self._trouble = f"releases cannot be heard ({error.strerror}): the device's answer alone decides"
            log.warning("%s", self._trouble)
        else:
            self._trouble = ""
            self._drain()  # what came before the filter was there
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._stopping = True
        self._wake.send(b"x")
        if self._thread.ident is not None:
            self._thread.join()
        if self._releases is not None:
            self._releases.close()
        self._wake.close()
        self._woken.close()

    def vanished(self, mac: str, address: IPv4Address, early: bool) -> None:
        """The lease of this device is in the file no more. From any thread.

        Args:
            early: its time had not passed: it was released, or somebody says so.
        """
        with self._lock:
            self._vanished.append((mac, address, early))
        self._wake.send(b"x")

    def answered(self, devices: Collection[str]) -> None:
        """These answered a question, whoever asked it; what they answered before we asked proves nothing."""
        with self._lock:
            for mac in self._questions.keys() & devices:
                self._questions[mac].answered = self._questions[mac].asked

    def source(self) -> Source:
        """Whether releases are heard. May be asked from any thread."""
        return Source("releases", not self._trouble, self._trouble or f"DHCP releases on {self._name}")

    def _listening(self) -> socket.socket:
        # Raw, not a packet socket: it gets what is for this machine, and forwarded packets do not pay for it.
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.IPPROTO_UDP)
        try:
            filters.attach(sock, filters.OWN_DHCP)
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._name.encode())
        except OSError:
            sock.close()
            raise
        sock.setblocking(False)
        return sock

    def _run(self) -> None:
        heard = [self._releases] if self._releases else []
        while True:
            readable, _, _ = select.select([self._woken, *heard], [], [], self._wait_s())
            if self._woken in readable:
                self._woken.recv(4096)
            if self._stopping:
                return
            # dnsmasq reads a release after it was put before us: what made a lease vanish is known here by then.
            self._hear()
            now_s = time.monotonic()
            with self._lock:
                new, self._vanished = self._vanished, []
            for mac, address, early in new:
                self._consider(mac, address, early, now_s)
            self._go_on(now_s)

    def _wait_s(self) -> float | None:
        with self._lock:
            due = [min([question.decided_s, *question.asks_due_s]) for question in self._questions.values()]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _hear(self) -> None:
        now_s = time.monotonic()
        for packet in self._drain():
            if (found := released(packet)) is not None:
                self._heard.pop(found, None)  # in the order of their ends
                self._heard[found] = now_s + _HEARD_S
                if len(self._heard) > _REMEMBERED:
                    del self._heard[next(iter(self._heard))]
                self._tell(found[0])
        for found in [*self._heard]:
            if self._heard[found] > now_s:
                break
            del self._heard[found]

    def _drain(self) -> list[bytes]:
        packets: list[bytes] = []
        while self._releases is not None and len(packets) < 1024:
            try:
                packets.append(self._releases.recv(2048))
            except BlockingIOError:
                break
            except OSError as error:  # the interface is down or gone for the moment
                log.info("releases on %s: %s", self._name, error)
                break
        return packets

    def _consider(self, mac: str, address: IPv4Address, early: bool, now_s: float) -> None:
        if early and self._releases is not None and (mac, address) not in self._heard:
            log.info("the lease of %s on %s was given back, but not by the device itself: no leave", mac, address)
            return
        *asks_due_s, decided_s = (now_s + in_s for in_s in (self._early_s if early else self._late_s))
        with self._lock:
            self._questions[mac] = _Question(address, asks_due_s, decided_s)

    def _go_on(self, now_s: float) -> None:
        """Ask whoever is due, and decide about those whose time is over."""
        asked: dict[str, list[IPv4Address | IPv6Address]] = {}
        decided: dict[str, bool] = {}
        with self._lock:
            for mac, question in self._questions.items():
                if question.overslept(now_s):
                    question.asks_due_s, question.decided_s = [now_s], now_s + _STOOD_STILL_S
                if question.answered or now_s >= question.decided_s:
                    decided[mac] = question.answered
                elif question.asks_due_s and now_s >= question.asks_due_s[0]:
                    question.asks_due_s.pop(0)
                    question.asked = True
                    asked[mac] = [question.address]
            for mac in decided:
                del self._questions[mac]
        if asked:
            self._ask(asked)
        for mac, is_there in decided.items():
            if not is_there and not self._listed(mac):
                self._leave(mac)
