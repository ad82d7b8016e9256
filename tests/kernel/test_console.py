"""The console's port: open from the staff's side, in both families, and from the visitors' side under no address.

Each attack is shown to get through while no gate stands.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import ipaddress
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firewall import checks, surroundings
from firewall.errors import SettingsRefused
from firewall.gate import Gate
from firewall.settings import Settings
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    GATE_LAN,
    GATE_LAN6,
    GATE_WAN,
    MACS,
    OUTSIDE,
    SILENCE_S,
    Venue,
    listener,
    pings,
    rules_of,
    sh,
    udp,
    until,
    write_sysctl,
)
from tests.lab.entering import inside

NewGate = Callable[[Settings], Gate]

OFFICE, PORT = "ktoffice", 8443
MGMT, MGMT6, DESK, DESK6 = "192.168.50.1", "fd50::1", "192.168.50.2", "fd50::2"
WAN6 = "2001:db8::1"
EVERY_ADDRESS = (MGMT, GATE_WAN, GATE_LAN, MGMT6, WAN6, GATE_LAN6)
STRANGER, ADMITTED = "ktv1", "ktv2"
ROUTES = f"ip route add default via {GATE_WAN}; ip -6 route add default via {WAN6}"
FORGED = ("192.168.50.9", "fd50::9")


@pytest.fixture
def office(venue: Venue) -> Iterator[Settings]:
    """The venue with a network of its own for staff; its settings with IPv6 open."""
    subprocess.run(["ip", "netns", "add", OFFICE], check=True)
    try:
        sh(
            f"ip link add mgmt0 type veth peer name eth0 netns {OFFICE} && ip addr add {MGMT}/24 dev mgmt0"
            f" && ip addr add {MGMT6}/64 dev mgmt0 nodad && ip link set mgmt0 up"
        )
        sh(
            f"ip link set lo up && ip addr add {DESK}/24 dev eth0 && ip addr add {DESK6}/64 dev eth0 nodad"
            f" && ip link set eth0 up && ip route add default via {MGMT} && ip -6 route add default via {MGMT6}",
            OFFICE,
        )
        write_sysctl("net/ipv4/ip_forward", "1")
        write_sysctl("net/ipv6/conf/all/forwarding", "1")
        lan6 = ipaddress.IPv6Interface(f"{GATE_LAN6}/64")
        yield dataclasses.replace(venue.settings, lan6=lan6, console_interface="mgmt0")
    finally:
        subprocess.run(["ip", "netns", "del", OFFICE], check=True)


@contextlib.contextmanager
def console(port: int = PORT) -> Iterator[None]:
    """Something that listens at every address of the gate in both families, as nginx does."""
    with listener(GATE, port, socket.AF_INET6):
        yield


def come_to(who: str, port: int = PORT, wait_s: float = SILENCE_S) -> list[str]:
    """At which of the gate's addresses the port answers, asked at once."""
    with contextlib.ExitStack() as stack, inside(who):
        asked = {}
        for address in EVERY_ADDRESS:
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            sock.setblocking(False)
            if stack.enter_context(sock).connect_ex((address, port)) == errno.EINPROGRESS:
                asked[sock] = address
        deadline = time.monotonic() + wait_s
        open_: set[str] = set()
        while len(open_) < len(asked) and (left := deadline - time.monotonic()) > 0:
            _, writable, _ = select.select([], [sock for sock in asked if asked[sock] not in open_], [], left)
            answered = {asked[sock] for sock in writable if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)}
            open_ |= answered
            if writable and not answered:
                time.sleep(0.02)  # refused, and writable for good
    return [address for address in EVERY_ADDRESS if address in open_]


def hears(who: str, sender: str, address: str) -> bool:
    """Does a datagram from ``sender`` arrive?"""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with udp(who, family, 7777) as ear, udp(sender, family) as mouth:
        ear.settimeout(SILENCE_S)
        mouth.sendto(b"?", (address, 7777))
        with contextlib.suppress(TimeoutError):
            return ear.recv(9) == b"?"
    return False


def between() -> list[str]:
    """What passes between the staff's side and the admitted visitor's."""
    ways = {
        "visitor to office": (OFFICE, ADMITTED, DESK),
        "visitor to office, IPv6": (OFFICE, ADMITTED, DESK6),
        "office to visitor": (ADMITTED, OFFICE, str(ADDRESSES[ADMITTED])),
        "office to visitor, IPv6": (ADMITTED, OFFICE, ADDRESSES6[ADMITTED]),
    }
    return [name for name, way in ways.items() if hears(*way)]


def admit(gate: Gate) -> None:
    with inside(GATE):
        gate.admit(MACS[ADMITTED], [ADDRESSES[ADMITTED], ipaddress.IPv6Address(ADDRESSES6[ADMITTED])])


def test_staff_come_in_and_visitors_do_not_whatever_they_aim_at(office: Settings, new_gate: NewGate) -> None:
    forge()
    sh(ROUTES, OUTSIDE)
    with console():
        # Open by hand first: what the gate is to keep out gets in.
        for who in (STRANGER, ADMITTED, OFFICE):
            until(lambda who=who: come_to(who) == [*EVERY_ADDRESS], f"{who} to come in while no gate stands")  # type: ignore[misc]
        until(lambda: len(between()) == 4, "staff's and visitors' sides to be one")
        until(lambda: forged() == [MGMT, MGMT6], "the stranger to come in under the office's addresses")
        with inside(GATE):
            gate = new_gate(office)
            gate.setup()
            gate.admit(MACS[ADMITTED], [ADDRESSES[ADMITTED], ipaddress.IPv6Address(ADDRESSES6[ADMITTED])])
        assert come_to(STRANGER) == []
        assert come_to(ADMITTED) == []
        assert come_to(OUTSIDE) == []
        assert forged() == []
        until(lambda: {MGMT, MGMT6} <= {*come_to(OFFICE)}, "staff to come in")
    assert between() == []
    for port in (22, 80, 53, 8080, 5300):
        with console(port):
            assert come_to(OFFICE, port, 0.1) == [], "nothing else is open from the staff's side"
    assert not pings(OFFICE, MGMT)


def forge() -> None:
    """The stranger takes addresses of the office, and the gate would answer it there."""
    for address, family in zip(FORGED, ("-4", "-6"), strict=True):
        nodad = " nodad" if family == "-6" else ""
        sh(f"ip {family} addr add {address} dev eth0{nodad}", STRANGER)
        sh(f"ip {family} route add {address} dev br-lan")
    for way in ("all", "default", "br-lan"):
        write_sysctl(f"net/ipv4/conf/{way}/rp_filter", "0")


def forged() -> list[str]:
    """Where the stranger comes in under those."""
    got = []
    for source, address in zip(FORGED, (MGMT, MGMT6), strict=True):
        with inside(STRANGER):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        with sock, contextlib.suppress(OSError):
            sock.settimeout(SILENCE_S)
            sock.bind((source, 0))
            sock.connect((address, PORT))
            got.append(address)
    return got


def test_staff_come_from_the_uplink_where_the_owner_says_so(office: Settings, new_gate: NewGate) -> None:
    with inside(GATE):
        made = new_gate(dataclasses.replace(office, console_interface="wan0"))
        made.setup()
        made.admit(MACS[ADMITTED], [ADDRESSES[ADMITTED], ipaddress.IPv6Address(ADDRESSES6[ADMITTED])])
    sh(ROUTES, OUTSIDE)
    with console():
        until(lambda: {GATE_WAN, WAN6} <= {*come_to(OUTSIDE)}, "the uplink's side to come in")
        for who in (STRANGER, ADMITTED, OFFICE):
            assert come_to(who) == []


def test_the_console_alone_is_reached_by_ipv6_that_is_shut(office: Settings, new_gate: NewGate) -> None:
    settings = dataclasses.replace(office, lan6=None)
    with inside(GATE):
        made = new_gate(settings)
        made.setup()
    golden = Path(__file__).parent / "golden"
    for family, command in (("ipv4", "iptables-legacy-save"), ("ipv6", "ip6tables-legacy-save")):
        wanted = (golden / f"{family}-console.txt").read_text().partition("# ipv4 nat")[0].splitlines()
        assert rules_of(command, "filter") == wanted[1:]
    with console():
        until(lambda: {MGMT, MGMT6} <= {*come_to(OFFICE)}, "the console to answer in both families")
        assert come_to(STRANGER) == []


@pytest.mark.parametrize(
    ("made", "console", "told"),
    [
        ("", "p1", "p1 is on the visitors' side (br-lan); name a port or VLAN of its own"),
        ("ip link add link br-lan name over type macvlan", "over", "over stands on br-lan, which is on"),
        (
            "ip link add link br-lan name over type macvlan; ip link add br-office type bridge;"
            " ip link set over master br-office",
            "br-office",
            "br-office stands on br-lan, which is on",
        ),
    ],
)
def test_a_side_that_visitors_can_reach_into_is_refused(
    venue: Venue, new_gate: NewGate, made: str, console: str, told: str
) -> None:
    settings = dataclasses.replace(venue.settings, console_interface=console)
    sh(made or "true")
    with inside(GATE):
        with pytest.raises(SettingsRefused) as refused:
            new_gate(settings).prepare()
        found = [finding.what for finding in checks.findings(settings) if not finding.ok]
    assert str(refused.value).startswith(f"console_interface: {told}")
    assert found == [str(refused.value).partition(";")[0]]


def test_an_interface_that_is_not_there_stops_no_visitor(venue: Venue, new_gate: NewGate) -> None:
    settings = dataclasses.replace(venue.settings, console_interface="mgmt7")
    with inside(GATE):
        new_gate(settings).prepare()
        ((setting, problem),) = surroundings.without_staff(settings)
        assert (setting, problem.sentence) == (
            "console_interface",
            "there is no interface mgmt7; create it or name one of: p1, p2, p3, wan0",
        )
        sh("ip link add mgmt7 type bridge; ip addr add 10.77.9.1/24 dev mgmt7")
        ((_, problem),) = surroundings.without_staff(settings)
        assert problem.sentence.startswith("mgmt7 has 10.77.9.1/24, which overlaps the visitors' 10.77.0.0/16; give")
