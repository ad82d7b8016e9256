"""A small venue in namespaces: a gate with a bridge, an outside, three visitors; and the packets to try it with.

    with Venue() as venue, inside(GATE):
        Gate(venue.settings).setup()

A socket belongs to the namespace in which it was opened, so one process can hold sockets everywhere: ``inside`` moves
the calling thread for a moment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from scapy.layers.inet import ICMP

from firewall.settings import Settings
from tests.lab.entering import inside

GATE, OUTSIDE = "ktgate", "ktout"
VISITORS = ("ktv1", "ktv2", "ktv3")
GATE_LAN, GATE_WAN, SERVER, SERVER6 = "10.77.0.1", "198.51.100.1", "198.51.100.2", "2001:db8::2"
GATE_LAN6 = "fd77::1"
MACS = {name: f"02:00:00:00:00:0{number}" for number, name in enumerate(VISITORS, 1)}
ADDRESSES = {name: ipaddress.IPv4Address(f"10.77.0.1{number}") for number, name in enumerate(VISITORS, 1)}
ADDRESSES6 = {name: f"fd77::1{number}" for number, name in enumerate(VISITORS, 1)}

SILENCE_S = 0.3
"""How long nothing must come for "nothing came": a packet through three namespaces takes less than a millisecond."""
PATIENCE_S = 30.0
"""The longest wait for what must come."""


def sh(command: str, namespace: str = GATE) -> str:
    """Output of a shell command inside the namespace; a failure shows what it said."""
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, "sh", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition that the kernel brings about by itself; looks often, ends after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain for: {what}"
        time.sleep(0.005)


class Venue:
    """Made on entry, removed on exit, also when a test failed."""

    settings = Settings("br-lan", ipaddress.IPv4Interface(f"{GATE_LAN}/16"), "wan0")

    def __enter__(self) -> Self:
        self._remove()
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._remove()

    def short(self, entry_timeout_s: int) -> Settings:
        """The venue's settings with another entry timeout."""
        return dataclasses.replace(self.settings, entry_timeout_s=entry_timeout_s)

    def _make(self) -> None:
        for name in (GATE, OUTSIDE, *VISITORS):
            subprocess.run(["ip", "netns", "add", name], check=True)
        batch = ["link add br-lan type bridge stp_state 0 forward_delay 0", "link set lo up"]
        batch += [f"link add wan0 type veth peer name eth0 netns {OUTSIDE}"]
        for number, name in enumerate(VISITORS, 1):
            batch += [f"link add p{number} type veth peer name eth0 address {MACS[name]} netns {name}"]
            batch += [f"link set p{number} master br-lan up"]
        batch += [f"addr add {GATE_LAN}/16 dev br-lan", "addr add fd77::1/64 dev br-lan nodad"]
        batch += [f"addr add {GATE_WAN}/24 dev wan0", "addr add 2001:db8::1/64 dev wan0 nodad"]
        self._ip(GATE, [*batch, "link set br-lan up", "link set wan0 up"])
        batch = ["link set lo up", f"addr add {SERVER}/24 dev eth0", f"addr add {SERVER6}/64 dev eth0 nodad"]
        batch += [
            "link set eth0 up",
            f"route add 10.77.0.0/16 via {GATE_WAN}",
            "route add fd77::/64 via 2001:db8::1",
        ]
        self._ip(OUTSIDE, batch)
        for name in VISITORS:
            batch = ["link set lo up", f"addr add {ADDRESSES[name]}/16 dev eth0", "link set eth0 up"]
            batch += [f"addr add {ADDRESSES6[name]}/64 dev eth0 nodad", f"route add default via {GATE_LAN}"]
            self._ip(name, [*batch, "route add ::/0 via fd77::1"])

    def _ip(self, namespace: str, batch: list[str]) -> None:
        subprocess.run(["ip", "-netns", namespace, "-batch", "-"], input="\n".join(batch), text=True, check=True)

    def _remove(self) -> None:
        for name in (GATE, OUTSIDE, *VISITORS):
            if Path(f"/run/netns/{name}").exists():
                subprocess.run(["ip", "netns", "del", name], check=True)


def udp(namespace: str, family: int = socket.AF_INET, port: int = 0) -> socket.socket:
    """A UDP socket there, bound to the port (0: any)."""
    with inside(namespace):
        sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("", port))
    sock.settimeout(PATIENCE_S)
    return sock


def listener(namespace: str, port: int, family: int = socket.AF_INET) -> socket.socket:
    """A listening TCP socket there."""
    with inside(namespace):
        sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", port))
    sock.listen()
    sock.settimeout(PATIENCE_S)
    return sock


def connect(namespace: str, host: str, port: int, timeout_s: float = PATIENCE_S) -> socket.socket:
    """A TCP connection from there; raises what the kernel says."""
    with inside(namespace):
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(timeout_s)
    try:
        sock.connect((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def pings(namespace: str, host: str, timeout_s: float = SILENCE_S) -> bool:
    """Does one ICMP echo come back, in the host's family?"""
    if ":" in host:
        return _pings6(namespace, host, timeout_s)
    with inside(namespace):
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with sock:
        sock.settimeout(timeout_s)
        sock.connect((host, 0))
        try:
            sock.send(bytes(ICMP(id=7, seq=7) / b"echo?"))
            # 20 bytes of IP header, then type 0: echo reply
            while (answer := sock.recv(1500))[20] != 0 or not answer.endswith(b"echo?"):
                pass
        except OSError:
            return False
    return True


def _pings6(namespace: str, host: str, timeout_s: float) -> bool:
    with inside(namespace):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with sock:
        sock.settimeout(timeout_s)
        try:
            sock.connect((host, 0))
            # Type 128: echo request; the kernel writes the checksum, and gives us no IP header of the reply (type 129).
            sock.send(bytes([128, 0, 0, 0, 0, 7, 0, 7]) + b"echo?")
            while (answer := sock.recv(1500))[0] != 129 or not answer.endswith(b"echo?"):
                pass
        except OSError:
            return False
    return True


def frames(namespace: str, interface: str = "eth0") -> socket.socket:
    """A packet socket on an interface there: sends whole frames, receives everything."""
    with inside(namespace):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sock.bind((interface, 0))
    sock.setblocking(False)
    return sock


def seen(sniffer: socket.socket, marker: bytes, wait_s: float = SILENCE_S) -> bool:
    """Has a frame with the marker come, or does one come within the wait?"""
    deadline = time.monotonic() + wait_s
    while True:
        with contextlib.suppress(BlockingIOError):
            while True:
                if marker in sniffer.recv(65536):
                    return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)


def read_sysctl(name: str, namespace: str = GATE) -> str:
    """A sysctl's value there."""
    with inside(namespace):
        return Path("/proc/sys", name).read_text().strip()


def write_sysctl(name: str, value: str, namespace: str = GATE) -> None:
    """Set a sysctl there."""
    with inside(namespace):
        Path("/proc/sys", name).write_text(value)


def rules_of(command: str, table: str) -> list[str]:
    """A table as ``iptables-legacy-save`` prints it, without comments, counters and COMMIT."""
    lines = sh(f"{command} -t {table}").splitlines()
    return [line.split(" [")[0] for line in lines if line[0] in ":-"]


def descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
