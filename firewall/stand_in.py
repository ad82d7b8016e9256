"""A device of our own on the visitors' bridge, to try what a visitor's device gets: a lease, and the way to the portal.

    with cable("br-lan", process.pid):                                      # the gate's side: a port of the bridge
        lease = Client("qq-phone", mac).lease()                             # the other: in a namespace of its own

The device lives in a network namespace of its own, so that nothing of the gate's answers for it and nothing of the
bridge reaches the gate by a second way. Its port is isolated like every visitor's. Of DHCP (RFC 2131) it speaks what a
phone does: discover, request, release. Must not know: what it is tried for, pages.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from firewall.errors import FirewallError, KernelRefused, NotABridge
from firewall.isolation import isolate_port

PORT, PHONE = "qq-health", "qq-phone"
"""The bridge's end and the device's."""
_PATIENCE_S, _AGAIN_S = 5.0, 1.5
_IPV4, _UDP, _BROADCAST = 0x0800, 17, b"\xff" * 6
_SERVER_PORT, _CLIENT_PORT = 67, 68
_COOKIE = b"\x63\x82\x53\x63"
_DISCOVER, _OFFER, _REQUEST, _ACK, _NAK, _RELEASE = 1, 2, 3, 5, 6, 7
_SUBNET, _ROUTER, _WANTED, _TYPE, _SERVER, _END = 1, 3, 50, 53, 54, 255


class NoLease(FirewallError):
    """The visitors' DHCP server gave no address."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"no lease was handed out: {problem}; see `systemctl status qaqpa-dnsmasq-lan`")


@dataclass(frozen=True)
class Lease:
    """What the server gave."""

    address: IPv4Interface
    router: IPv4Address
    server: IPv4Address


@contextlib.contextmanager
def cable(bridge: str, process: int) -> Iterator[None]:
    """A port of the bridge, whose other end is in that process's network namespace; gone with the block.

    Raises:
        NotABridge: there is nothing to plug it into.
        KernelRefused
    """
    try:
        with IPRoute() as kernel:
            master = next(iter(kernel.link_lookup(ifname=bridge)), None)
            if master is None or _kind(kernel, master) != "bridge":
                raise NotABridge(bridge)
            _remove(kernel)  # what one that was killed left
            kernel.link("add", ifname=PORT, kind="veth", peer={"ifname": PHONE, "net_ns_pid": process})
            (port,) = kernel.link_lookup(ifname=PORT)
            kernel.link("set", index=port, master=master)
            isolate_port(port)
            kernel.link("set", index=port, state="up")
            try:
                yield
            finally:
                _remove(kernel)
    except (NetlinkError, OSError) as error:
        raise KernelRefused(f"plug a device of our own into {bridge}", str(error)) from error


def _remove(kernel: IPRoute) -> None:
    for index in kernel.link_lookup(ifname=PORT):
        with contextlib.suppress(NetlinkError):  # the other namespace has ended, and it with it
            kernel.link("del", index=index)


def _kind(kernel: IPRoute, index: int) -> str | None:
    (link,) = kernel.get_links(index)
    kind: str | None = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND")
    return kind


class Client:
    """The device, for the process in whose namespace it is.

    Args:
        interface: its end of the cable.
        mac: its MAC address from now on.
        number: 32 bits by which its questions are known.

    Raises:
        KernelRefused
    """

    def __init__(self, interface: str, mac: str, number: int) -> None:
        self._interface, self._mac, self._number = interface, bytes.fromhex(mac.replace(":", "")), number
        try:
            with IPRoute() as kernel:
                (self._index,) = kernel.link_lookup(ifname=interface)
                kernel.link("set", index=self._index, address=mac, state="up")
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4))
            self._socket.bind((interface, _IPV4))
        except (NetlinkError, OSError, ValueError) as error:
            raise KernelRefused(f"use the device {interface}", str(error)) from error

    def lease(self) -> Lease:
        """An address by DHCP, put on the interface with its default route.

        Raises:
            NoLease, KernelRefused
        """
        offer = self._asked(_DISCOVER, _OFFER, b"")
        chosen = bytes((_WANTED, 4)) + offer.given.packed + bytes((_SERVER, 4)) + offer.options.get(_SERVER, bytes(4))
        acknowledged = self._asked(_REQUEST, _ACK, chosen)
        lease = acknowledged.lease()
        try:
            with IPRoute() as kernel:
                kernel.addr("add", index=self._index, address=str(lease.address.ip), prefixlen=_length(lease))
                kernel.route("add", dst="default", gateway=str(lease.router))
        except (NetlinkError, OSError) as error:
            raise KernelRefused(f"use the lease {lease.address}", str(error)) from error
        return lease

    def release(self, lease: Lease) -> None:
        """Give it back, from its own address, as a phone that leaves."""
        packet = _bootp(self._mac, self._number, _RELEASE, bytes((_SERVER, 4)) + lease.server.packed, lease.address.ip)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, contextlib.suppress(OSError):
            out.bind((str(lease.address.ip), _CLIENT_PORT))
            out.sendto(packet, (str(lease.server), _SERVER_PORT))

    def _asked(self, kind: int, wanted: int, more: bytes) -> _Answer:
        packet = _frame(self._mac, _bootp(self._mac, self._number, kind, more, None))
        deadline = time.monotonic() + _PATIENCE_S
        while (now := time.monotonic()) < deadline:
            with contextlib.suppress(OSError):  # the link is not up yet
                self._socket.send(packet)
            answer = self._heard(min(deadline, now + _AGAIN_S))
            if answer is not None and answer.kind == wanted:
                return answer
            if answer is not None and answer.kind == _NAK:
                raise NoLease("the server takes back what it offered")
        raise NoLease(f"nobody answers {'a discover' if kind == _DISCOVER else 'a request'}")

    def _heard(self, deadline: float) -> _Answer | None:
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                answer = _Answer.of(self._socket.recv(2048), self._number)
            except OSError:
                return None
            if answer is not None:
                return answer
        return None


@dataclass(frozen=True)
class _Answer:
    kind: int
    given: IPv4Address
    options: dict[int, bytes]

    @classmethod
    def of(cls, frame: bytes, number: int) -> _Answer | None:
        """What a frame says to our question; None: it is about something else."""
        header = 14 + 4 * (frame[14] & 15) if len(frame) > 34 else 0
        if not header or frame[23] != _UDP or frame[header + 2 : header + 4] != struct.pack("!H", _CLIENT_PORT):
            return None
        bootp = frame[header + 8 :]
        if bootp[:1] != b"\x02" or bootp[4:8] != struct.pack("!I", number) or bootp[236:240] != _COOKIE:
            return None
        options: dict[int, bytes] = {}
        place = 240
        while place + 1 < len(bootp) and bootp[place] != _END:
            if bootp[place]:
                options[bootp[place]] = bootp[place + 2 : place + 2 + bootp[place + 1]]
                place += 1 + bootp[place + 1]
            place += 1
        return cls(options.get(_TYPE, b"\0")[0], IPv4Address(bootp[16:20]), options)

    def lease(self) -> Lease:
        try:
            mask, router, server = (IPv4Address(self.options[each][:4]) for each in (_SUBNET, _ROUTER, _SERVER))
        except (KeyError, ValueError) as error:
            raise NoLease("the server's answer lacks the network, the gate or itself") from error
        return Lease(IPv4Interface(f"{self.given}/{mask}"), router, server)


def _length(lease: Lease) -> int:
    return lease.address.network.prefixlen


def _bootp(mac: bytes, number: int, kind: int, more: bytes, held: IPv4Address | None) -> bytes:
    # Flag 0x8000: the answer comes to everybody, for nobody has the address yet (RFC 2131 4.1).
    flags = 0 if held else 0x8000
    head = struct.pack("!BBBBIHH4s12x16s192x", 1, 1, 6, 0, number, 0, flags, held.packed if held else bytes(4), mac)
    asked = b"" if kind == _RELEASE else bytes((55, 2, _SUBNET, _ROUTER))
    return head + _COOKIE + bytes((_TYPE, 1, kind)) + more + asked + bytes((_END,))


def _frame(mac: bytes, bootp: bytes) -> bytes:
    udp = struct.pack("!HHHH", _CLIENT_PORT, _SERVER_PORT, 8 + len(bootp), 0) + bootp
    plain = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, _UDP, 0, bytes(4), b"\xff" * 4)
    total = sum(struct.unpack("!10H", plain))
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return _BROADCAST + mac + struct.pack("!H", _IPV4) + plain[:10] + struct.pack("!H", checksum) + plain[12:] + udp
