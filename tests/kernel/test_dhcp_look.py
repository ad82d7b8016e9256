"""Behind which port a DHCP server answers: a real dnsmasq upstream, nobody elsewhere."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from firewall.dhcp_look import offered
from tests.kernel.venue import GATE, OUTSIDE, VISITORS, Venue, frames, sh, until
from tests.lab.entering import inside

PORTS = ("wan0", "p1", "p2", "gone0")


@contextlib.contextmanager
def dnsmasq(leases: Path) -> Iterator[None]:
    command = ["ip", "netns", "exec", OUTSIDE, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0"]
    command += [
        "--interface=eth0",
        "--bind-interfaces",
        "--user=root",
        "--pid-file=",
        "--no-ping",
        "--dhcp-authoritative",
    ]
    command += ["--dhcp-range=198.51.100.100,198.51.100.200,1h", f"--dhcp-leasefile={leases}"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(lambda: ":67 " in sh("ss -Hlun", OUTSIDE), "dnsmasq to listen")
        yield
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture
def upstream(venue: Venue, tmp_path: Path) -> Iterator[Path]:
    """Its leases."""
    del venue
    leases = tmp_path / "leases"
    with dnsmasq(leases):
        yield leases


def test_a_server_answers_upstream_alone_and_nothing_is_taken_of_it(upstream: Path) -> None:
    with inside(GATE):
        assert offered(PORTS, 60.0, more_s=0.5) == {"wan0"}
    assert not upstream.exists() or upstream.read_text() == ""


def test_a_port_of_a_bridge_without_an_address_that_comes_up_late_is_asked_too(upstream: Path) -> None:
    del upstream
    sh("ip addr flush dev wan0 && ip link add br9 type bridge && ip link set br9 up")
    sh("ip link set wan0 down master br9")
    late = threading.Timer(0.5, lambda: sh("ip link set wan0 up"))
    late.start()
    with inside(GATE):
        found = offered(("wan0",), 60.0)
    late.join()
    assert found == {"wan0"}


def test_an_answer_to_somebody_else_is_none(venue: Venue) -> None:
    del venue
    answer = BOOTP(op=2, xid=1, yiaddr="10.77.0.99") / DHCP(options=[("message-type", "offer"), "end"])
    frame = bytes(Ether(dst="ff:ff:ff:ff:ff:ff") / IP(dst="255.255.255.255") / UDP(sport=67, dport=68) / answer)
    sender = frames(VISITORS[0])
    with sender, inside(GATE):
        once = threading.Timer(0.3, lambda: sender.send(frame))
        once.start()
        assert offered(("p1",), 1.0) == frozenset()
        once.join()
