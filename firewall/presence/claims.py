"""Who claims by ARP an address that the gate has bound to another device: heard on the LAN, told once.

    >>> Claims("br-lan", network, holder=holder, leased=leased, deliver=print).start()          # doctest: +SKIP
    Claim(mac='02:00:00:00:00:02', address=IPv4Address('10.77.0.10'), holder='02:00:00:00:00:01')

The kernel refuses such a claim by itself (``firewall.binding``, the set that binds address and MAC address) and so says
nothing of it in the neighbour table; this is for the record. A claim is the sender's pair of addresses in whatever ARP
message: kernels learn from requests and answers alike (RFC 826), and an announcement is a request (RFC 5227 3). A probe
has no sender address and claims nothing. IPv6 needs no such listener: ``presence.neighbours`` sees its claims.

A flood costs next to nothing: what cannot be a visitor's address ends in the kernel's filter, the socket holds a
hundred frames and drops the rest, and it is emptied ten times a second. Must not know: visits, what follows.
"""

from __future__ import annotations

import ctypes
import logging
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from firewall.errors import KernelRefused

log = logging.getLogger(__name__)

REMEMBERED = 4096
"""How many pairs of address and claimant are remembered; the oldest gives way."""
REPEAT_S = 60.0
"""How long the same pair is not judged again."""
BURST = 32
PER_S = 1.0
"""How many claims are told at once, and how many a second for long: enough to tell of who forges a thousand senders."""

_PACE_S = 0.1
_BATCH = 64
_RECEIVE_BYTES = 128  # an ARP frame has 42, or 60 with its padding
_BUFFER_BYTES = 64 << 10
_RETRY_S = 1.0
_ETH_P_ARP = 0x0806
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python has no name for it
_DEVICE = re.compile(r"(?!00:00:00:00:00:00)[0-9a-f][02468ace](:[0-9a-f]{2}){5}")
# RFC 826, behind Ethernet's header: hardware, protocol, their addresses' lengths, what it is, the sender's addresses.
_ARP = struct.Struct("!HHBBH6s4s")
_ETHERNET_BYTES = 14
_KIND = (1, 0x0800, 6, 4)  # Ethernet and IPv4


@dataclass(frozen=True)
class Claim:
    """A device says that it has an address which the gate has bound to another."""

    mac: str
    """The claimant's, by its own word. Lower case, like ``02:00:00:00:00:01``."""
    address: IPv4Address
    holder: str
    """The MAC address of the device that is admitted under it."""


class Claims:
    """Listens on one interface in a thread of its own.

    Args:
        network: the visitors'.
        holder: the MAC address that is admitted under an address, None if none is; asked in our thread.
        leased: whether DHCP gave this MAC address this address, so that it moved there rightfully; asked in our thread.
        deliver: called in our thread.
        now_s: a clock that nobody sets.
    """

    def __init__(
        self,
        lan_interface: str,
        network: IPv4Network,
        *,
        holder: Callable[[IPv4Address], str | None],
        leased: Callable[[str, IPv4Address], bool],
        deliver: Callable[[Claim], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interface, self._network = lan_interface, network
        self._holder, self._leased, self._deliver, self._now_s = holder, leased, deliver, now_s
        self._judged: dict[tuple[str, IPv4Address], float] = {}
        """When each pair was judged, the one judged last at the end."""
        self._allowance, self._allowed_at_s = float(BURST), now_s()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._wake, self._woken = socket.socketpair()

    def start(self) -> None:
        """Listen from now on.

        Raises:
            KernelRefused: no such interface, or no CAP_NET_RAW.
        """
        try:
            heard = self._open()
        except OSError as error:
            raise KernelRefused(f"listen to ARP on {self._interface}", str(error)) from error
        name = "firewall.presence.claims"
        self._thread = threading.Thread(target=self._listen, args=(heard,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended. Harmless if it never started."""
        self._stop.set()
        self._wake.send(b"x")
        if self._thread is not None:
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def heard(self, frame: bytes) -> None:
        """Judge one frame; what is no claim, or was told already, is passed over."""
        pair = sender(frame)
        if pair is None:
            return
        mac, address = pair
        holder = self._holder(address)
        if holder is None or holder == mac:
            return
        now_s = self._now_s()
        if now_s - self._judged.get(pair, -REPEAT_S) < REPEAT_S:
            return
        self._allowance = min(float(BURST), self._allowance + PER_S * (now_s - self._allowed_at_s))
        self._allowed_at_s = now_s
        if self._allowance < 1:
            return  # not remembered: it is told when it is made again
        self._allowance -= 1
        self._judged.pop(pair, None)
        self._judged[pair] = now_s
        if len(self._judged) > REMEMBERED:
            del self._judged[next(iter(self._judged))]
        if not self._leased(mac, address):
            self._deliver(Claim(mac, address, holder))

    def _open(self) -> socket.socket:
        # Protocol 0 hears nothing until the filter is there. Bound to ARP, no other frame of the LAN costs anything,
        # nor do the gate's own. Not promiscuous: a claim that is to be believed must reach the gate.
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        try:
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            _attach(heard, self._network)
            heard.bind((self._interface, _ETH_P_ARP))
            heard.setblocking(False)
        except OSError:
            heard.close()
            raise
        return heard

    def _listen(self, heard: socket.socket | None) -> None:
        while not self._stop.is_set():
            try:
                if heard is None:
                    heard = self._open()
                readable, _, _ = select.select([heard, self._woken], [], [])
                if self._woken in readable:
                    break
                for _ in range(_BATCH):
                    self.heard(heard.recv(_RECEIVE_BYTES))
                # The kernel drops what comes meanwhile beyond the buffer, more cheaply than we could look at it.
                self._stop.wait(_PACE_S)
            except BlockingIOError:
                self._stop.wait(_PACE_S)
            except OSError as error:
                # The interface went down or away; a socket does not follow one of the same name that comes later.
                log.info("ARP on %s is not heard for the moment: %s", self._interface, error)
                if heard is not None:
                    heard.close()
                    heard = None
                self._stop.wait(_RETRY_S)
        if heard is not None:
            heard.close()


def sender(frame: bytes) -> tuple[str, IPv4Address] | None:
    """The pair of addresses that an ARP frame's sender claims to have; None if it is no such frame.

    >>> sender(bytes(14) + bytes.fromhex("0001 0800 06 04 0002 020000000001 0a4d000a") + bytes(10))
    ('02:00:00:00:00:01', IPv4Address('10.77.0.10'))
    """
    if len(frame) < _ETHERNET_BYTES + 28:
        return None
    *kind, _, mac_bytes, ip_bytes = _ARP.unpack_from(frame, _ETHERNET_BYTES)
    mac = mac_bytes.hex(":")
    if tuple(kind) != _KIND or not _DEVICE.fullmatch(mac):
        return None
    return mac, IPv4Address(ip_bytes)


def _attach(heard: socket.socket, network: IPv4Network) -> None:
    """Only ARP between Ethernet and IPv4 whose sender is of the network (a probe's 0.0.0.0 is not).

    Classic BPF (linux/filter.h): each line is a code, where to go if it holds, where if not, and its operand.
    """
    load_half, load_word, and_, jump_equal, return_ = 0x28, 0x20, 0x54, 0x15, 0x06
    hardware, protocol, lengths, sender_ip = 14, 16, 18, 28
    lines = [
        (load_half, 0, 0, hardware),
        (jump_equal, 0, 8, _KIND[0]),
        (load_half, 0, 0, protocol),
        (jump_equal, 0, 6, _KIND[1]),
        (load_half, 0, 0, lengths),
        (jump_equal, 0, 4, _KIND[2] << 8 | _KIND[3]),
        (load_word, 0, 0, sender_ip),
        (and_, 0, 0, int(network.netmask)),
        (jump_equal, 0, 1, int(network.network_address)),
        (return_, 0, 0, _RECEIVE_BYTES),
        (return_, 0, 0, 0),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    heard.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(lines), ctypes.addressof(program)))
