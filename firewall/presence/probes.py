"""Asking devices whether they are there: unicast ARP requests and neighbour solicitations, and who answered.

    >>> probes = Probes("br-lan", IPv4Interface("10.77.0.1/16"), None, answered=print)      # doctest: +SKIP
    >>> probes.start()
    >>> probes.ask({"02:00:00:00:00:01": [IPv4Address("10.77.0.10")]})
    frozenset({'02:00:00:00:00:01'})

One thread asks for all devices and hears all answers. An answer counts when the device itself sent it (frame and packet
name the same MAC address), for an address it was asked for a moment ago: neither gratuitous ARP nor one who answers for
others counts, and no claim of anybody is against a device. Whoever forges a device's MAC address as a whole, frame and
all, is that device to every switch on the way; nothing here can tell them apart. Must not know: who is asked when, what
follows from an answer or from silence.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from firewall.errors import KernelRefused
from firewall.presence import filters
from firewall.presence.evidence import Source
from firewall.presence.frames import advertisement, arp_answer, arp_request, mac_bytes, solicitation, wake_up

log = logging.getLogger(__name__)

_ETH_P_ARP, _ETH_P_IPV6 = 0x0806, 0x86DD
_WINDOW_S = 10.0
"""How long an answer counts: an access point keeps a question for a sleeping phone for seconds."""
_SLICE, _PACE_S = 32, 0.02
"""At most so many devices are asked at once, so often: 1600 a second, and no burst that fills an access point."""
_GATHER_S = 0.1
_QUEUED = 65536
_ADDRESSES = 32
_RETRY_S = 1.0
_BUFFER_BYTES = 1 << 20
_SO_RCVBUFFORCE = 33  # linux/socket.h; Python has no name for it. Needs CAP_NET_ADMIN, which the gate has.

IPAddress = IPv4Address | IPv6Address


class Probes:
    """Asks on one interface, in a thread of its own.

    Args:
        lan_interface: where the visitors are.
        lan: the gate's own address; asks in IPv4.
        lan6: the same in IPv6; None: nobody is asked there.
        answered: called in our thread with the MAC addresses of those who answered, at most every 100 ms.
        window_s: how long after a question its answer counts, in seconds.
    """

    def __init__(
        self,
        lan_interface: str,
        lan: IPv4Interface,
        lan6: IPv6Interface | None,
        answered: Callable[[frozenset[str]], None],
        window_s: float = _WINDOW_S,
    ) -> None:
        self._name, self._gate, self._gate6 = lan_interface, lan.ip, lan6.ip if lan6 else None
        self._answered, self._window_s = answered, window_s
        self._lock = threading.Lock()
        self._queue: dict[str, tuple[frozenset[IPAddress], bool]] = {}
        """Who is to be asked next, in that order; guarded by the lock."""
        # The thread's own.
        self._asked: dict[bytes, tuple[str, float]] = {}
        """MAC and IP address of those asked → who, and until when the answer counts; in the order of that time."""
        self._heard: set[str] = set()
        self._tell_due_s = self._ask_due_s = 0.0
        self._sockets: tuple[socket.socket, ...] = ()
        self._thread: threading.Thread | None = None
        self._trouble, self._stopping = "not started", False
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)

    def start(self) -> None:
        """
        Raises:
            KernelRefused: no such interface, or no packet socket may be opened there.
        """
        try:
            self._open()
        except OSError as error:
            raise KernelRefused(f"ask devices on {self._name}", str(error)) from error
        self._thread = threading.Thread(target=self._run, name="firewall.presence.probes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._stopping = True
        self._rouse()
        if self._thread is not None:
            self._thread.join()
        self._close()
        self._wake.close()
        self._woken.close()

    def ask(self, targets: Mapping[str, Collection[IPAddress]], wake: bool = True) -> None:
        """Ask these devices, soon and one slice after the other. From any thread, never blocks.

        Args:
            targets: MAC address → the addresses to ask for; a device that still waits to be asked is asked once.
            wake: send what makes some sleeping phones listen, too.
        """
        with self._lock:
            for mac, addresses in targets.items():
                if mac in self._queue or len(self._queue) < _QUEUED:
                    self._queue[mac] = frozenset([*addresses][:_ADDRESSES]), wake
        self._rouse()

    def source(self) -> Source:
        """Whether devices can be asked. May be asked from any thread."""
        families = "ARP and neighbour solicitations" if self._gate6 else "ARP"
        return Source("probes", not self._trouble, self._trouble or f"{families} on {self._name}")

    def _rouse(self) -> None:
        with contextlib.suppress(BlockingIOError):  # then it has been woken often enough
            self._wake.send(b"x")

    def _open(self) -> None:
        with contextlib.ExitStack() as stack:
            opened = []
            for protocol, program in ((_ETH_P_ARP, filters.ARP_ANSWERS), (_ETH_P_IPV6, filters.ADVERTISEMENTS)):
                if protocol == _ETH_P_IPV6 and self._gate6 is None:
                    continue
                # Bound to a protocol only with its filter in place. One protocol each: the kernel shows such a socket
                # neither what leaves nor what is of another protocol, so forwarded IPv4 does not pay for it.
                sock = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0))
                filters.attach(sock, program)
                sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
                sock.setblocking(False)
                sock.bind((self._name, protocol))
                opened.append(sock)
            stack.pop_all()
        self._sockets, self._trouble = tuple(opened), ""

    def _close(self) -> None:
        for sock in self._sockets:
            sock.close()
        self._sockets = ()

    def _run(self) -> None:
        while True:
            readable, _, _ = select.select([self._woken, *self._sockets], [], [], self._wait_s())
            if self._woken in readable:
                self._woken.recv(4096)
            if self._stopping:
                return
            try:
                if not self._sockets:
                    self._open()
                for sock in readable:
                    if sock is not self._woken:
                        self._listen(sock)
                if time.monotonic() >= self._ask_due_s:
                    self._ask_some()
            except OSError as error:
                # The interface is down or gone; it is looked for until it is back. Who waits to be asked still does.
                if not self._trouble:
                    log.warning("nobody can be asked on %s: %s", self._name, error)
                self._trouble = str(error.strerror)
                self._close()
                self._ask_due_s = time.monotonic() + _RETRY_S
            if self._heard and time.monotonic() >= self._tell_due_s:
                heard, self._heard = frozenset(self._heard), set()
                self._tell_due_s = time.monotonic() + _GATHER_S
                self._answered(heard)

    def _wait_s(self) -> float | None:
        now_s = time.monotonic()
        due = [self._tell_due_s] if self._heard else []
        if not self._sockets or self._queue:
            due.append(self._ask_due_s)
        return max(0.0, min(due) - now_s) if due else None

    def _ask_some(self) -> None:
        with self._lock:
            chosen = {mac: self._queue.pop(mac) for mac in [*self._queue][:_SLICE]} if self._queue else {}
        if not chosen:
            return
        now_s = self._ask_due_s = time.monotonic()
        self._ask_due_s += _PACE_S
        for key in [*self._asked]:
            if self._asked[key][1] > now_s:
                break
            del self._asked[key]
        source = self._sockets[0].getsockname()[4]  # a bridge's own address changes with its ports
        for mac, (addresses, wake) in chosen.items():
            for address in addresses:
                self._ask_one(source, mac, address, wake, now_s)

    def _ask_one(self, source: bytes, mac: str, address: IPAddress, wake: bool, now_s: float) -> None:
        device = mac_bytes(mac)
        if isinstance(address, IPv4Address):
            frames = [arp_request(source, self._gate, device, address)]
            if wake:
                frames.insert(0, wake_up(source, self._gate, device, address))
        elif self._gate6 is not None:
            frames = [solicitation(source, self._gate6, device, address)]
        else:
            return
        key = device + address.packed
        self._asked.pop(key, None)  # in the order of its end
        self._asked[key] = mac, now_s + self._window_s
        for frame in frames:
            with contextlib.suppress(BlockingIOError):  # its queue is full: a question lost, as the air loses some
                self._sockets[0].sendto(frame, (self._name, int.from_bytes(frame[12:14], "big")))

    def _listen(self, sock: socket.socket) -> None:
        read = arp_answer if sock is self._sockets[0] else advertisement
        now_s = time.monotonic()
        for _ in range(1024):
            try:
                frame = sock.recv(128)
            except BlockingIOError:
                return
            key = read(frame)
            found = self._asked.get(key) if key is not None else None
            if key is not None and found is not None:
                del self._asked[key]  # one answer a question
                if found[1] > now_s:
                    if not self._heard:
                        self._tell_due_s = max(self._tell_due_s, now_s)
                    self._heard.add(found[0])
