"""Extension headers, fragments and foreign source addresses open nothing in IPv6."""

from __future__ import annotations

import ipaddress
from collections.abc import Set

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from firewall.gate import Gate
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import ADDRESSES6, GATE, GATE_LAN6, MACS, OUTSIDE, PATIENCE_S, SERVER6, SILENCE_S, frames, seen
from tests.lab.entering import inside

ONE, TWO = "ktv1", "ktv2"
IPS6 = {name: ipaddress.IPv6Address(text) for name, text in ADDRESSES6.items()}


def packets(source: str) -> dict[str, list[Packet]]:
    """One UDP datagram in every wrapping, each with its own marker."""
    base = Ether(src=MACS[ONE], dst=gate_mac()) / IPv6(src=source, dst=SERVER6)

    def data(name: str) -> Packet:
        return UDP(sport=5555, dport=5555) / Raw(f"marker-{name}-end".encode())

    whole = bytes(IPv6(src=source, dst=SERVER6) / data("fragments"))[40:]
    first, rest = whole[:16], whole[16:]
    return {
        "plain": [base / data("plain")],
        "hopbyhop": [base / IPv6ExtHdrHopByHop() / data("hopbyhop")],
        "destopt": [base / IPv6ExtHdrDestOpt() / data("destopt")],
        "many": [base / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt() / data("many")],
        "atomic": [base / IPv6ExtHdrFragment(id=1) / data("atomic")],
        "fragments": [
            base / IPv6ExtHdrFragment(id=7, m=1, nh=17) / Raw(first),
            base / IPv6ExtHdrFragment(id=7, offset=2, nh=17) / Raw(rest),
        ],
        # To the gate, which is asked to send it on.
        "routing": [
            Ether(src=MACS[ONE], dst=gate_mac())
            / IPv6(src=source, dst=GATE_LAN6)
            / IPv6ExtHdrRouting(type=0, addresses=[SERVER6])
            / data("routing")
        ],
    }


def wrapped(source: str, wanted: Set[str] = frozenset()) -> set[str]:
    """Which wrappings reach the outside; those that are wanted are waited for."""
    got = set()
    for name, several in packets(source).items():
        with frames(OUTSIDE) as outside, frames(ONE) as cable:
            for packet in several:
                cable.send(bytes(packet))
            # A long datagram may travel on in pieces: the end of it is looked for.
            if seen(outside, f"{name}-end".encode(), PATIENCE_S if name in wanted else SILENCE_S):
                got.add(name)
    return got


def test_headers_and_fragments_open_nothing(gate6: Gate) -> None:
    assert wrapped(ADDRESSES6[ONE]) == set()
    with inside(GATE):
        gate6.admit(MACS[ONE], [IPS6[ONE]])
    meant = packets("::").keys() - {"routing"}
    assert wrapped(ADDRESSES6[ONE], meant) == meant


@pytest.mark.parametrize(
    "source", ["fe80::11", "2001:db8:5::11", "fd77:0:0:1::11", "::", GATE_LAN6, SERVER6, "ff02::1"]
)
def test_an_admitted_device_sends_under_no_foreign_address(gate6: Gate, source: str) -> None:
    with inside(GATE):
        gate6.admit(MACS[ONE], [IPS6[ONE]])
    assert wrapped(source) == set()
