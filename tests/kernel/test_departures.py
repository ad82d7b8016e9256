"""Whose lease has vanished has left, or not: a real dnsmasq, real releases, and releases of others' leases."""

from __future__ import annotations

import queue
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from firewall.presence.departures import Departures
from firewall.presence.evidence import Evidence, Proof
from firewall.presence.frames import mac_bytes
from firewall.presence.whereabouts import Network, Whereabouts
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import ADDRESSES, GATE, MACS, PATIENCE_S, VISITORS, frames, sh, until, write_sysctl
from tests.lab.entering import inside

ONE, TWO, _ = VISITORS


class Dhcp:
    """dnsmasq, which knows all visitors, and the sources that watch it."""

    def __init__(self, home: Path, leases: Sequence[str] = VISITORS) -> None:
        self.leases = home / "leases"
        ends = int(time.time()) + 3600
        held = [(MACS[name], str(ADDRESSES[name])) for name in leases]
        # Others, who stay: most leases gone at once would be doubted.
        held += [(f"02:00:00:00:05:{number:02x}", f"10.77.0.{number}") for number in range(50, 60)]
        self.leases.write_text("".join(f"{ends} {mac} {address} * 01:{mac}\n" for mac, address in held))
        self.came: queue.Queue[Evidence] = queue.Queue()
        self._server = subprocess.Popen(
            [
                *("ip", "netns", "exec", GATE, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0"),
                *("--interface=br-lan", "--bind-interfaces", "--user=root", "--pid-file=", "--no-ping"),
                *("--dhcp-range=10.77.0.10,10.77.0.99,1h", f"--dhcp-leasefile={self.leases}"),
            ],
            stderr=subprocess.DEVNULL,
        )
        until(lambda: ":67 " in sh("ss -Hlun"), "dnsmasq to listen")
        self.whereabouts = Whereabouts(
            Network("br-lan", IPv4Interface("10.77.0.1/16")),
            self.leases,
            home / "hostapd",
            deliver=self.came.put,
            learnt=lambda _: None,
            answered=lambda _: None,
        )
        with inside(GATE):
            self.whereabouts.start({}, {MACS[name]: [ADDRESSES[name]] for name in VISITORS})

    def stop(self) -> None:
        self.whereabouts.stop()
        self._server.kill()
        self._server.wait()

    def lists(self, visitor: str) -> bool:
        return str(ADDRESSES[visitor]) in self.leases.read_text()

    def left(self, visitor: str) -> bool:
        """Is it told within the time that deciding takes?"""
        deadline = time.monotonic() + 1.0
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                if self.came.get(timeout=remaining) == Evidence(MACS[visitor], False, Proof.LEASE):
                    return True
            except queue.Empty:
                pass
        return False


@pytest.fixture
def dhcp(venue: object, tmp_path: Path) -> Iterator[Dhcp]:
    del venue
    made = Dhcp(tmp_path)
    yield made
    made.stop()


def release(sender: str, chaddr: str, client: str, address: IPv4Address, namespace: str) -> None:
    """A DHCPRELEASE for the address, from this namespace."""
    options = [("message-type", "release"), ("server_id", "10.77.0.1"), ("client_id", b"\x01" + mac_bytes(client))]
    bootp = BOOTP(op=1, htype=1, hlen=6, xid=7, ciaddr=str(address), chaddr=mac_bytes(chaddr))
    udp = IP(src=str(address), dst="10.77.0.1") / UDP(sport=68, dport=67) / bootp / DHCP(options=[*options, "end"])
    with frames(namespace) as cable:
        cable.send(bytes(Ether(src=sender, dst=gate_mac()) / udp))


def asleep(visitor: str) -> None:
    """It answers no ARP."""
    write_sysctl("net/ipv4/conf/all/arp_ignore", "8", visitor)


def test_a_device_that_releases_and_is_gone_has_left(dhcp: Dhcp) -> None:
    sh("ip address flush dev eth0", ONE)
    release(MACS[ONE], MACS[ONE], MACS[ONE], ADDRESSES[ONE], ONE)
    while dhcp.came.get(timeout=PATIENCE_S) != Evidence(MACS[ONE], False, Proof.LEASE):
        pass
    assert dhcp.whereabouts.address_of(MACS[ONE]) is None


FORGERIES = {
    "under its own frame address": (MACS[TWO], MACS[ONE], MACS[ONE]),
    "with the other's client identifier": (MACS[TWO], MACS[TWO], MACS[ONE]),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_nobody_s_visit_is_ended_by_another_s_release_not_even_a_sleeper_s(
    dhcp: Dhcp, forged: tuple[str, str, str]
) -> None:
    asleep(ONE)
    release(*forged, ADDRESSES[ONE], TWO)
    until(lambda: not dhcp.lists(ONE), "dnsmasq to believe it")
    assert not dhcp.left(ONE)
    # It is still known under its address: its pages go on.
    assert dhcp.whereabouts.address_of(MACS[ONE]) == ADDRESSES[ONE]
    # And its own leave still counts.
    sh("ip address flush dev eth0", TWO)
    release(MACS[TWO], MACS[TWO], MACS[TWO], ADDRESSES[TWO], TWO)
    until(lambda: dhcp.left(TWO), "a leave that is one")


def test_a_whole_forgery_is_refuted_by_the_device_that_answers(dhcp: Dhcp) -> None:
    release(MACS[ONE], MACS[ONE], MACS[ONE], ADDRESSES[ONE], TWO)
    until(lambda: not dhcp.lists(ONE), "dnsmasq to believe it")
    sh(f"bridge fdb replace {MACS[ONE]} dev p1 master dynamic")  # as the device's next packet does
    assert not dhcp.left(ONE)


@pytest.mark.usefixtures("venue")
def test_at_the_start_a_missing_lease_is_believed_of_those_who_do_not_answer(tmp_path: Path) -> None:
    asleep(TWO)
    dhcp = Dhcp(tmp_path, leases=())
    try:
        assert not dhcp.whereabouts.lacks_lease(MACS[ONE])
        assert dhcp.whereabouts.lacks_lease(MACS[TWO])
    finally:
        dhcp.stop()


class Asked:
    """Departures with a prober that only remembers; some devices answer at once when they are asked so many times."""

    def __init__(self, interface: str, answer_at: Mapping[str, int]) -> None:
        self.asked: list[str] = []
        self.left: queue.Queue[str] = queue.Queue()
        self.listed: set[str] = set()
        self._answer_at = answer_at
        self.departures = Departures(
            interface,
            leave=self.left.put,
            ask=self._ask,
            listed=self.listed.__contains__,
            heard=lambda _: None,
            early_s=(0.1, 0.5),
            late_s=(0.0, 0.2, 0.7),
        )
        with inside(GATE):
            self.departures.start()

    def _ask(self, targets: Mapping[str, object]) -> None:
        for mac in targets:
            self.asked.append(mac)
            if self.asked.count(mac) == self._answer_at.get(mac):
                self.departures.answered({mac})

    def next_left(self) -> str:
        return self.left.get(timeout=PATIENCE_S)


NewAsked = Callable[[str, Mapping[str, int]], Asked]


@pytest.fixture
def new_asked(venue: object) -> Iterator[NewAsked]:
    del venue
    made: list[Asked] = []

    def make(interface: str, answer_at: Mapping[str, int]) -> Asked:
        made.append(Asked(interface, answer_at))
        return made[-1]

    yield make
    for asked in made:
        asked.departures.stop()


def test_a_lease_that_is_over_is_a_leave_when_nobody_answers_for_seconds(
    new_asked: NewAsked,
) -> None:
    asked = new_asked("br-lan", {MACS[TWO]: 2})
    asked.listed.add(MACS[VISITORS[2]])  # it renews after all
    for visitor in (TWO, VISITORS[2], ONE):
        asked.departures.vanished(MACS[visitor], ADDRESSES[visitor], early=False)
    assert asked.next_left() == MACS[ONE]
    assert asked.left.empty()
    assert all(asked.asked.count(MACS[visitor]) >= 2 for visitor in VISITORS)


def test_where_releases_cannot_be_heard_the_answer_decides(
    new_asked: NewAsked,
) -> None:
    asked = new_asked("nonesuch", {MACS[TWO]: 1})
    assert "cannot be heard" in asked.departures.source().why
    for visitor in (TWO, ONE):
        asked.departures.vanished(MACS[visitor], ADDRESSES[visitor], early=True)
    assert asked.next_left() == MACS[ONE]
    assert asked.left.empty()
