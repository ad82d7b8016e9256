"""An admitted IPv6 address is of use to its own device only, on a kernel that has no sets of MAC addresses."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable
from ipaddress import IPv6Address

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from firewall.datapath import Abilities
from firewall.gate import Gate, Repairs
from firewall.settings import Settings
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import (
    ADDRESSES6,
    GATE,
    GATE_LAN6,
    MACS,
    OUTSIDE,
    PATIENCE_S,
    SERVER6,
    VISITORS,
    Venue,
    frames,
    pings,
    seen,
    sh,
    udp,
    until,
    write_sysctl,
)
from tests.lab.entering import inside

ONE, TWO, _ = VISITORS
IP = {name: IPv6Address(text) for name, text in ADDRESSES6.items()}
STRANGERS = {
    "any other": "02:00:00:00:00:02",
    "alike in the last half": "02:aa:bb:00:00:01",
    "alike in the first half": "02:00:00:aa:bb:01",
    "the mark of no set": "00:00:00:00:00:00",
}
NewGate = Callable[[Settings], Gate]


def passes(mac: str, source: IPv6Address, *, pieces: bool = False, wait_s: float = 0.3) -> bool:
    """Does a datagram with these addresses of its sender come out of the other side of the gate?"""
    marker = b"%s under %s" % (mac.encode(), str(source).encode())
    packet = IPv6(src=str(source), dst=SERVER6)
    datagram = UDP(sport=4000, dport=4000) / Raw(marker)
    whole = packet / datagram
    sent = fragment6(packet / IPv6ExtHdrFragment() / UDP(dport=4000) / Raw(bytes(2000) + marker), 1280)
    with frames(OUTSIDE) as outside, frames(TWO) as cable:
        for part in sent if pieces else [whole]:
            cable.send(bytes(Ether(src=mac, dst=gate_mac()) / part))
        return seen(outside, marker, wait_s)


@pytest.mark.parametrize("mac", STRANGERS.values(), ids=STRANGERS)
def test_an_admitted_address_passes_nothing_from_another_device(gate6: Gate, mac: str) -> None:
    with inside(GATE):
        gate6.admit(MACS[ONE], [IP[ONE]])
    assert passes(MACS[ONE], IP[ONE], wait_s=PATIENCE_S)
    assert passes(MACS[ONE], IP[ONE], pieces=True, wait_s=PATIENCE_S)
    assert not passes(mac, IP[ONE])
    assert not passes(mac, IP[ONE], pieces=True)


def test_without_marks_it_would_pass(settings6: Settings, new_gate: Callable[..., Gate]) -> None:
    with inside(GATE):
        gate = new_gate(settings6, Abilities(mac_sets=False, nat6=True))
        gate.setup()
        gate.admit(MACS[ONE], [IP[ONE]])
    until(lambda: pings(GATE, SERVER6) and passes(MACS[TWO], IP[ONE]), "the forged packet to pass")


def test_an_admitted_device_has_its_own_addresses_only(gate6: Gate) -> None:
    with inside(GATE):
        gate6.admit(MACS[ONE], [IP[ONE]])
        gate6.admit(MACS[TWO], [IP[TWO]])
    assert passes(MACS[TWO], IP[TWO], wait_s=PATIENCE_S)
    assert not passes(MACS[TWO], IP[ONE])
    with inside(GATE):
        gate6.admit(MACS[TWO], [IP[ONE]])  # it moved
    assert passes(MACS[TWO], IP[ONE], wait_s=PATIENCE_S)
    assert not passes(MACS[ONE], IP[ONE])


@pytest.mark.parametrize("nat6", [True, False], ids=["redirected", "refused"])
def test_the_resolver_is_not_asked_under_anothers_address(
    settings6: Settings, gate6: Gate, new_gate: Callable[..., Gate], nat6: bool
) -> None:
    del gate6  # the cables carry IPv6
    with inside(GATE):
        sh("ip6tables-legacy -t nat -F")
        gate = new_gate(settings6, Abilities(mac_sets=False, nat6=nat6, owner_marks=True))
        gate.setup()
        gate.admit(MACS[ONE], [IP[ONE]])
    with udp(GATE, socket.AF_INET6, 53) as resolver, frames(TWO) as cable:
        for mac, port, question in ((MACS[TWO], 4001, b"forged"), (MACS[ONE], 4002, b"own")):
            packet = IPv6(src=ADDRESSES6[ONE], dst=GATE_LAN6) / UDP(sport=port, dport=53) / Raw(question)
            cable.send(bytes(Ether(src=mac, dst=gate_mac()) / packet))
        assert resolver.recv(100) == b"own"


@pytest.mark.parametrize("bridge_calls", ["0", "1"])
def test_it_is_the_same_whatever_the_bridge_calls(venue: Venue, gate6: Gate, bridge_calls: str) -> None:
    del venue
    write_sysctl("net/bridge/bridge-nf-call-ip6tables", bridge_calls)
    with inside(GATE):
        gate6.admit(MACS[ONE], [IP[ONE]])
    assert passes(MACS[ONE], IP[ONE], wait_s=PATIENCE_S)
    assert not passes(MACS[TWO], IP[ONE])


def test_what_a_stranger_does_to_the_marks_closes_and_is_mended(
    settings6: Settings, gate6: Gate, new_gate: Callable[..., Gate]
) -> None:
    desired = {MACS[ONE]: frozenset({IP[ONE]})}
    with inside(GATE):
        assert gate6.sync(desired) == Repairs(1, 0, 0)
        for damage in (
            "ipset flush qq-owner6-last",
            "ipset del qq-owner6-first fd77::11",
            "ipset -exist add qq-owner6-last fd77::11 skbmark 0x01000009",
            "ipset -exist add qq-owner6-first fd77::11 skbmark 0x02000009",
        ):
            sh(damage)
            assert not passes(MACS[ONE], IP[ONE]), damage
            assert not passes(MACS[TWO], IP[ONE]), damage
            assert gate6.sync(desired) == Repairs(1, 0, 0), damage
            assert passes(MACS[ONE], IP[ONE], wait_s=PATIENCE_S), damage
        sh("ip6tables-legacy -t mangle -F")
        assert not passes(MACS[ONE], IP[ONE]), "closed, not open"
        assert gate6.sync(desired).rules > 0
        assert passes(MACS[ONE], IP[ONE], wait_s=PATIENCE_S)
        sh("ip6tables-legacy -t mangle -F; ip6tables-legacy -t mangle -X; ipset destroy qq-owner6-last")
        sh("ipset create qq-owner6-last hash:ip family inet6")
        gate6.sync(desired)
        assert passes(MACS[ONE], IP[ONE], wait_s=PATIENCE_S), "a set without marks is made anew"
        # Renewed in time, the entry still says whose it is.
        gate = new_gate(dataclasses.replace(settings6, entry_timeout_s=900))
        gate.setup()
        assert gate.sync(desired) == Repairs(0, 0, 0)
        assert "skbmark" in sh("ipset save qq-owner6-last")
    assert passes(MACS[ONE], IP[ONE], wait_s=PATIENCE_S)
    assert not passes(MACS[TWO], IP[ONE])
