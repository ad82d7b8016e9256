"""What the neighbour table tells, with a real table: new addresses, moves, claims, and what is not told."""

from __future__ import annotations

import contextlib
import dataclasses
import queue
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Interface

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import Ether

from firewall.errors import KernelRefused
from firewall.gate import Gate
from firewall.presence.evidence import Address
from firewall.presence.neighbours import Neighbours, mac_of
from firewall.settings import Settings
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import ADDRESSES6, GATE, MACS, PATIENCE_S, SILENCE_S, VISITORS, Venue, frames, pings, sh, until
from tests.lab.entering import inside

ONE, TWO, THREE = VISITORS
NewGate = Callable[[Settings], Gate]


class Heard:
    """Neighbours under observation."""

    def __init__(self, buffer_bytes: int = 4 << 20, remembered: int = 65536) -> None:
        self.came: queue.Queue[Address] = queue.Queue()
        self.neighbours = Neighbours("br-lan", self.came.put, buffer_bytes, remembered)

    def next(self) -> Address:
        return self.came.get(timeout=PATIENCE_S)

    def quiet(self) -> bool:
        try:
            self.came.get(timeout=SILENCE_S)
        except queue.Empty:
            return True
        return False


@contextlib.contextmanager
def hearing(buffer_bytes: int = 4 << 20, remembered: int = 65536) -> Iterator[Heard]:
    heard = Heard(buffer_bytes, remembered)
    with inside(GATE):
        heard.neighbours.start()
    try:
        yield heard
    finally:
        heard.neighbours.stop()


def neighbour(address: str, mac: str, state: str = "stale", dev: str = "br-lan") -> None:
    sh(f"ip neigh replace {address} lladdr {mac} dev {dev} nud {state}")


@pytest.mark.usefixtures("venue")
class TestNeighbours:
    def test_what_is_there_what_is_new_and_what_moves(self) -> None:
        neighbour("fd77::50", MACS[ONE])
        with hearing() as heard:
            assert heard.next() == Address(MACS[ONE], IPv6Address("fd77::50"), None)
            for state in ("reachable", "stale", "delay", "probe"):
                neighbour("fd77::50", MACS[ONE], state)
            neighbour("10.77.0.50", MACS[ONE], "reachable")
            assert heard.next() == Address(MACS[ONE], IPv4Address("10.77.0.50"), None), "nothing was told twice"
            sh("ip neigh del fd77::50 dev br-lan")
            neighbour("fd77::50", MACS[TWO])
            assert heard.next() == Address(MACS[TWO], IPv6Address("fd77::50"), MACS[ONE])
            with inside(GATE):
                assert mac_of("br-lan", IPv6Address("fd77::50")) == MACS[TWO]
                assert mac_of("br-lan", IPv6Address("fd77::51")) is None

    def test_what_is_not_told(self) -> None:
        with hearing() as heard:
            neighbour("fe80::50", MACS[ONE])
            neighbour("fd77::51", "01:00:5e:00:00:01")
            neighbour("fd77::52", MACS[ONE], "permanent")
            neighbour("fd77::53", MACS[ONE], "noarp")
            neighbour("2001:db8::77", MACS[ONE], dev="wan0")
            sh(f"bridge fdb replace {MACS[THREE]} dev p3 master dynamic")
            assert heard.quiet()

    def test_a_real_claim_by_neighbour_advertisement_tells_who_had_it(self, new_gate: NewGate, venue: Venue) -> None:
        with inside(GATE):
            new_gate(dataclasses.replace(venue.settings, lan6=IPv6Interface("fd77::1/64"))).setup()
        with hearing() as heard:
            until(lambda: pings(ONE, "fd77::1"), "the visitor to be known")
            one = IPv6Address(ADDRESSES6[ONE])
            while (learnt := heard.next()).address != one:
                pass
            assert learnt == Address(MACS[ONE], one, None)
            claim = IPv6(src=str(one), dst="fd77::1", hlim=255) / ICMPv6ND_NA(tgt=str(one), R=0, S=0, O=1)
            with frames(TWO) as cable:
                ether = Ether(src=MACS[TWO], dst=gate_mac())
                cable.send(bytes(ether / claim / ICMPv6NDOptDstLLAddr(lladdr=MACS[TWO])))
            while (learnt := heard.next()).address != one:
                pass
            assert learnt == Address(MACS[TWO], one, MACS[ONE])

    def test_lost_events_are_made_good(self) -> None:
        came: queue.Queue[Address] = queue.Queue()
        busy = queue.Queue[None]()

        def deliver(address: Address) -> None:
            came.put(address)
            busy.get(timeout=PATIENCE_S)

        neighbours = Neighbours("br-lan", deliver, buffer_bytes=4096)
        with inside(GATE):
            neighbours.start()
        try:
            neighbour("fd77::1:0", MACS[ONE])
            assert came.get(timeout=PATIENCE_S).address == IPv6Address("fd77::1:0")
            many = [f"fd77::2:{number:x}" for number in range(300)]
            lines = [f"neigh replace {address} lladdr {MACS[TWO]} dev br-lan nud stale" for address in many]
            sh("ip -batch - <<'END'\n" + "\n".join(lines) + "\nEND")
            for _ in range(400):
                busy.put(None)
            wanted = set(many)
            while wanted:
                wanted.discard(str(came.get(timeout=PATIENCE_S).address))
        finally:
            neighbours.stop()

    def test_invented_neighbours_do_not_fill_the_memory(self) -> None:
        with hearing(remembered=4) as heard:
            for number in range(10):
                neighbour(f"fd77::3:{number}", MACS[TWO])
                heard.next()
            neighbour("fd77::3:0", MACS[ONE])
            assert heard.next().previous is None, "the oldest was forgotten"
            neighbour("fd77::3:9", MACS[ONE])
            assert heard.next().previous == MACS[TWO], "the newest was not"

    def test_of_one_device_the_newest_addresses_are_told(self) -> None:
        with hearing() as heard:
            made = [IPv6Address(f"fd77::4:{number:x}") for number in range(80)]
            lines = [f"neigh replace {address} lladdr {MACS[TWO]} dev br-lan nud stale" for address in made]
            sh("ip -batch - <<'END'\n" + "\n".join(lines) + "\nEND")
            while heard.next().address != made[-1]:
                pass
            until(lambda: heard.neighbours.addresses_of(MACS[TWO]) == made[-64:], "the newest 64")

    def test_a_missing_interface_is_said(self) -> None:
        neighbours = Neighbours("nonesuch", print)
        with inside(GATE), pytest.raises(KernelRefused, match="nonesuch"):
            neighbours.start()
        neighbours.stop()
