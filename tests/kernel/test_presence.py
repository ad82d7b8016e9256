"""Evidence from a real bridge: who is there, who left, and what is no leave."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address

import pytest

from firewall.errors import KernelRefused, NotABridge
from firewall.presence.evidence import Evidence, Proof
from firewall.presence.neighbours import mac_of
from firewall.presence.ports import Ports
from tests.kernel.venue import (
    ADDRESSES,
    GATE,
    MACS,
    PATIENCE_S,
    SILENCE_S,
    VISITORS,
    frames,
    pings,
    sh,
    until,
    write_sysctl,
)
from tests.lab.entering import inside

ONE, TWO, THREE = VISITORS


class Watch:
    """Ports under observation, with a gate that can keep its thread busy."""

    def __init__(self, buffer_bytes: int = 4 << 20) -> None:
        self.came: queue.Queue[Evidence] = queue.Queue()
        self.go_on = threading.Event()
        self.go_on.set()
        self.ports = Ports("br-lan", self._deliver, buffer_bytes)

    def _deliver(self, evidence: Evidence) -> None:
        self.came.put(evidence)
        self.go_on.wait(PATIENCE_S)

    def next(self) -> tuple[str, bool]:
        evidence = self.came.get(timeout=PATIENCE_S)
        assert evidence.proof is Proof.PORT
        return evidence.mac, evidence.present

    def all_now(self) -> set[tuple[str, bool]]:
        found = set()
        while not self.came.empty():
            found.add(self.next())
        return found

    def settled(self) -> set[tuple[str, bool]]:
        """All that comes until nothing more does."""
        found = set()
        with contextlib.suppress(queue.Empty):
            while evidence := self.came.get(timeout=SILENCE_S):
                found.add((evidence.mac, evidence.present))
        return found

    def quiet(self) -> bool:
        try:
            self.came.get(timeout=SILENCE_S)
        except queue.Empty:
            return True
        return False


NewWatch = Callable[[], Watch]


def speak(*visitors: str) -> None:
    """The bridge hears the visitors. (IPv6 chatter of a new interface may have been heard already.)"""
    for visitor in visitors:
        assert pings(visitor, "10.77.0.1", 5)


@pytest.fixture
def watch() -> Iterator[Watch]:
    made = Watch()
    with inside(GATE):
        made.ports.start({})
    yield made
    made.go_on.set()
    made.ports.stop()


@pytest.fixture
def spoken(venue: object) -> None:
    del venue
    for visitor in VISITORS:
        # IPv6 talks by itself after an interface comes up: it would be heard from a device that is to be silent.
        write_sysctl("net/ipv6/conf/all/disable_ipv6", "1", visitor)
    speak(*VISITORS)


@pytest.mark.usefixtures("spoken")
class TestPorts:
    def test_start_tells_of_everyone_there_is(self, watch: Watch) -> None:
        assert watch.all_now() >= {(MACS[ONE], True), (MACS[TWO], True)}
        assert watch.ports.present(MACS[ONE])
        assert not watch.ports.present("02:00:00:00:00:77")

    def test_the_bridges_and_ports_own_addresses_are_no_devices(self, watch: Watch) -> None:
        own = set(sh("cat /sys/class/net/br-lan/address /sys/class/net/p*/address").split())
        assert not {mac for mac, _ in watch.all_now()} & own

    def test_a_lost_carrier_is_a_leave_and_speaking_again_a_return(self, watch: Watch) -> None:
        watch.all_now()
        sh("ip link set eth0 down", ONE)
        assert watch.next() == (MACS[ONE], False)
        assert not watch.ports.present(MACS[ONE])
        assert watch.ports.port_of(MACS[ONE]) is None
        assert not watch.ports.connected("p1")
        assert watch.ports.present(MACS[TWO])
        assert watch.ports.port_of(MACS[TWO]) == "p2"
        sh("ip link set eth0 up && ip route add default via 10.77.0.1", ONE)
        speak(ONE)
        assert watch.next() == (MACS[ONE], True)
        assert watch.ports.port_of(MACS[ONE]) == "p1"
        assert watch.ports.connected("p1")
        assert watch.ports.port_of("02:00:00:00:00:77") == ""
        assert not watch.ports.connected("p77")

    @pytest.mark.parametrize("removal", ["ip link set p1 nomaster", "ip link del p1", "ip link set p1 down"])
    def test_a_removed_port_is_a_leave(self, watch: Watch, removal: str) -> None:
        watch.all_now()
        sh(removal)
        assert watch.next() == (MACS[ONE], False)
        assert watch.ports.present(MACS[TWO])

    def test_a_removed_bridge_is_everybodys_leave_and_a_new_one_is_found(self, watch: Watch) -> None:
        watch.all_now()
        sh("ip link del br-lan")
        until(lambda: not watch.ports.present(MACS[ONE]) and not watch.ports.present(MACS[TWO]), "both to have left")
        sh(
            "ip link add br-lan type bridge forward_delay 0; ip addr add 10.77.0.1/16 dev br-lan;"
            "ip link set br-lan up; for port in p1 p2 p3; do ip link set $port master br-lan; done"
        )
        speak(ONE)
        until(lambda: watch.ports.present(MACS[ONE]), "the device behind the new bridge")

    def test_ageing_is_no_leave(self, watch: Watch) -> None:
        watch.all_now()
        sh("bridge fdb del 02:00:00:00:00:01 dev p1 master")
        assert MACS[ONE] not in sh("ip link set br-lan type bridge fdb_flush; bridge fdb show dynamic")
        assert watch.quiet()
        assert watch.ports.present(MACS[ONE])
        # And its carrier still tells, though the bridge knows nothing of it any more.
        sh("ip link set eth0 down", ONE)
        assert watch.next() == (MACS[ONE], False)

    def test_roaming_to_another_port_is_no_leave(self, watch: Watch) -> None:
        watch.all_now()
        sh(f"ip link set eth0 down; ip link set eth0 address {MACS[ONE]}; ip link set eth0 up", THREE)
        speak(THREE)
        until(lambda: f"{MACS[ONE]} dev p3" in sh("bridge fdb show"), "the bridge to learn of the move")
        sh("ip link set eth0 down", ONE)
        # What is told of the address that the third phone had before, and of the move, may come as late as this.
        assert (MACS[ONE], False) not in watch.settled()
        assert watch.ports.present(MACS[ONE])
        sh("ip link set eth0 down", THREE)
        until(lambda: (MACS[ONE], False) in watch.all_now(), "the leave from the port it moved to")

    def test_who_invents_addresses_hides_nobody_and_fills_no_memory(self) -> None:
        came: queue.Queue[Evidence] = queue.Queue()
        ports = Ports("br-lan", came.put, matters={MACS[ONE], MACS[THREE]}.__contains__, remembered=64)
        with inside(GATE):
            ports.start({})
        try:
            with frames(THREE) as cable:
                for number in range(1000):
                    source = bytes([2, 0, 0, 9, number >> 8, number & 255])
                    cable.send(b"\x02\0\0\0\0\xfe" + source + b"\x88\xb5" + bytes(46))
            last = "02:00:00:09:03:e7"
            until(lambda: ports.port_of(last) == "p3", "the last of them to be heard")
            known = sum(ports.port_of(f"02:00:00:09:{n >> 8:02x}:{n & 255:02x}") != "" for n in range(1000))
            assert known <= 64
            # Those before the flood: one behind another port, one behind the flooder's own that must not be forgotten.
            assert [ports.port_of(MACS[visitor]) for visitor in VISITORS] == ["p1", "p2", "p3"]
            sh("ip link set eth0 down", TWO)
            until(lambda: ports.port_of(MACS[TWO]) is None, "a leave in the middle of it")
        finally:
            ports.stop()

    def test_a_port_without_carrier_has_no_devices(self) -> None:
        sh("ip link set eth0 down", ONE)
        watch = Watch()
        with inside(GATE):
            watch.ports.start({})
        watch.ports.stop()
        assert (MACS[ONE], True) not in watch.all_now()
        assert not watch.ports.present(MACS[ONE])

    def test_lost_events_are_made_good(self) -> None:
        watch = Watch(buffer_bytes=4096)
        with inside(GATE):
            watch.ports.start({})
        try:
            watch.all_now()
            watch.go_on.clear()
            sh("ip link set eth0 down", TWO)
            assert watch.next() == (MACS[TWO], False)  # its delivery now keeps the thread busy
            # Carrier lost and found again, and then more events than the buffer holds: none of them is heard.
            sh(
                "seq 400 | while read n; do mac=02:00:00:07:00:$(printf %02x $((n % 256)));"
                "echo fdb replace $mac dev p3 master dynamic; done | bridge -batch -"
            )
            sh("ip link set eth0 down && ip link set eth0 up", ONE)
            watch.go_on.set()
            until(lambda: (MACS[ONE], False) in watch.all_now(), "the leave nobody told of")
            until(lambda: watch.ports.present("02:00:00:07:00:ff"), "the devices nobody told of")
        finally:
            watch.go_on.set()
            watch.ports.stop()


@pytest.mark.usefixtures("venue")
def test_what_is_no_bridge_is_said() -> None:
    with inside(GATE):
        for name, error in (("wan0", NotABridge), ("nonesuch", KernelRefused)):
            ports = Ports(name, print)
            with pytest.raises(error, match=name):
                ports.start({})
            ports.stop()


@pytest.mark.usefixtures("venue")
def test_neighbours() -> None:
    with inside(GATE):
        assert mac_of("br-lan", ADDRESSES[ONE]) is None
        speak(ONE)
        assert mac_of("br-lan", ADDRESSES[ONE]) == MACS[ONE]
        assert mac_of("wan0", ADDRESSES[ONE]) is None
        assert mac_of("br-lan", IPv4Address("10.77.9.9")) is None
        for state, mac in (("stale", MACS[ONE]), ("permanent", MACS[ONE]), ("failed", None), ("noarp", None)):
            sh(f"ip neigh replace {ADDRESSES[ONE]} lladdr {MACS[ONE]} dev br-lan nud {state}")
            assert mac_of("br-lan", ADDRESSES[ONE]) == mac, state
        for odd in ("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1"):
            assert mac_of("br-lan", IPv4Address(odd)) is None
        with pytest.raises(KernelRefused, match="nonesuch"):
            mac_of("nonesuch", ADDRESSES[ONE])
