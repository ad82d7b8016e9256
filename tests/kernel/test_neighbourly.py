"""What devices could do to each other and to the venue: reach, flood, take over. And that they cannot."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from firewall.gate import Gate, Repairs
from firewall.presence.neighbours import mac_of
from firewall.presence.ports import Ports
from firewall.settings import Settings
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    GATE_LAN,
    MACS,
    OUTSIDE,
    PATIENCE_S,
    SERVER,
    SILENCE_S,
    VISITORS,
    Venue,
    connect,
    frames,
    listener,
    pings,
    read_sysctl,
    seen,
    sh,
    udp,
    until,
    write_sysctl,
)
from tests.lab.entering import inside

ONE, TWO, THREE = VISITORS
NewGate = Callable[[Settings], Gate]


def isolated_ports() -> list[str]:
    shown = sh("for port in /sys/class/net/br-lan/brif/*; do echo ${port##*/} $(cat $port/isolated); done")
    return [line.split()[0] for line in shown.splitlines() if line.split()[1] == "1"]


@pytest.mark.parametrize("bridge_calls", ["0", "1"])
def test_visitors_do_not_reach_each_other(venue: Venue, new_gate: NewGate, bridge_calls: str) -> None:
    write_sysctl("net/bridge/bridge-nf-call-iptables", bridge_calls)
    with listener(TWO, 22, socket.AF_INET6):  # hears both families
        connect(ONE, str(ADDRESSES[TWO]), 22).close()  # before the gate is there
        with inside(GATE):
            gate = new_gate(venue.settings)
            gate.setup()
            for name in (ONE, TWO):
                gate.admit(MACS[name], [ADDRESSES[name]])
        for host in (str(ADDRESSES[TWO]), ADDRESSES6[TWO]):
            with pytest.raises(OSError, match=r"timed out|unreachable|No route"):
                connect(ONE, host, 22, SILENCE_S)
        # Nor by way of the gate, which would have to turn the packet round.
        with frames(TWO) as cable, frames(ONE) as mine:
            packet = Ether(src=MACS[ONE], dst=gate_mac()) / IP(src=str(ADDRESSES[ONE]), dst=str(ADDRESSES[TWO]))
            mine.send(bytes(packet / UDP(dport=5555) / Raw(b"by way of the gate")))
            broadcast = Ether(src=MACS[ONE], dst="ff:ff:ff:ff:ff:ff")
            mine.send(bytes(broadcast / IP(src=str(ADDRESSES[ONE]), dst="255.255.255.255") / UDP() / Raw(b"to all")))
            assert not seen(cable, b"by way of the gate")
            assert not seen(cable, b"to all")
        assert pings(ONE, SERVER, 5)


def test_ports_are_isolated_at_once_and_again(gate: Gate) -> None:
    assert isolated_ports() == ["p1", "p2", "p3"]
    ports = Ports("br-lan", print)
    with inside(GATE):
        ports.start({})
    try:
        sh("ip link add p9 type veth peer name q9 && ip link set p9 master br-lan up")
        until(lambda: "p9" in isolated_ports(), "the new port to be isolated by who watches ports")
    finally:
        ports.stop()
    sh("ip link add p8 type veth peer name q8 && ip link set p8 master br-lan")
    sh("ip link set p1 type bridge_slave isolated off")
    with inside(GATE):
        assert gate.sync({}) == Repairs(0, 0, 0, ports=2)
        assert gate.sync({}) == Repairs(0, 0, 0)
        sh("ip link del br-lan")
        gate.sync({})


def test_the_gate_keeps_its_address_on_the_lan_whatever_port_comes_or_goes(venue: Venue, new_gate: NewGate) -> None:
    """A bridge takes its lowest port's address, and every phone's neighbour table is wrong from then on."""

    def join(number: int) -> None:
        sh(f"ip link add p{number} address 02:00:00:00:00:{9 - number:02x} type veth peer name q{number}")
        sh(f"ip link set p{number} master br-lan up")

    join(5)
    before = gate_mac()
    join(6)
    assert gate_mac() != before, "this is what an unheld bridge does"
    with inside(GATE):
        gate = new_gate(venue.settings)
        gate.setup()
    before = gate_mac()
    for change in (lambda: join(7), lambda: sh("ip link del p6"), lambda: sh("ip link del p7")):
        change()
        assert gate_mac() == before
    # One that is made anew, as systemd-networkd does after a change of its file, is held by the next sync.
    sh("ip link del br-lan; ip link add br-lan type bridge; ip link set p1 master br-lan")
    with inside(GATE):
        gate.sync({})
    before = gate_mac()
    join(8)
    assert gate_mac() == before


def test_private_networks_upstream_are_refused_unless_opened(gate: Gate, venue: Venue, new_gate: NewGate) -> None:
    private = ("10.200.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254")
    sh("; ".join(f"ip addr add {address}/32 dev eth0" for address in private), OUTSIDE)
    sh(f"ip route add {' '.join(['192.168.1.1', 'via', SERVER])}; ip route add default via {SERVER}")
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    with listener(OUTSIDE, 7000):
        connect(ONE, SERVER, 7000).close()
        for address in private:
            with pytest.raises(ConnectionRefusedError):
                connect(ONE, address, 7000, SILENCE_S)
            assert not pings(ONE, address)
        with inside(GATE):
            opened = new_gate(dataclasses.replace(venue.settings, private_wan=True))
            opened.setup()
        for address in private:
            connect(ONE, address, 7000).close()


def test_the_gates_switches(gate: Gate) -> None:
    wanted = {
        "net/ipv4/conf/all/accept_source_route": "0",
        "net/ipv4/conf/br-lan/accept_source_route": "0",
        "net/ipv4/conf/all/send_redirects": "0",
        "net/ipv4/conf/br-lan/send_redirects": "0",
        "net/ipv4/conf/br-lan/rp_filter": "1",
        "net/ipv4/conf/br-lan/arp_ignore": "1",
    }
    for name, value in wanted.items():
        assert read_sysctl(name) == value, name
        write_sysctl(name, "2" if name.endswith("rp_filter") else str(1 - int(value)))
    with inside(GATE):
        assert gate.sync({}).rules == len(wanted)
    assert {name: read_sysctl(name) for name in wanted} == wanted


def test_source_routed_packets_go_nowhere(gate: Gate) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])

    def sent(packet: IP, marker: bytes, wait_s: float = SILENCE_S) -> bool:
        with frames(OUTSIDE) as outside, frames(ONE) as cable:
            cable.send(bytes(Ether(src=MACS[ONE], dst=gate_mac()) / packet / UDP(dport=5555) / Raw(marker)))
            return seen(outside, marker, wait_s)

    one = str(ADDRESSES[ONE])
    route = bytes([0x83, 7, 4, *IPv4Address(SERVER).packed, 0])  # loose source route: first the gate, then the server
    assert not sent(IP(src=one, dst=GATE_LAN, options=[IPOption(route)]), b"source routed")
    assert sent(IP(src=one, dst=SERVER), b"plainly routed", PATIENCE_S)


def flood(visitor: str, source: str, count: int, port: int = 9) -> None:
    """So many connections begun (UDP: the kernel keeps each for 30 s), as fast as a packet socket can."""
    base = Ether(src=MACS[visitor], dst=gate_mac()) / IP(src=source, dst=SERVER)
    with frames(visitor) as cable:
        cable.setblocking(True)
        # Checksums are left out (0), so that one packet can be patched rather than made anew.
        packet = bytearray(bytes(base / UDP(sport=1, dport=port, chksum=0)))
        for number in range(count):
            packet[34:36] = (1024 + number).to_bytes(2, "big")
            cable.send(bytes(packet))


def connections(source: object) -> int:
    return int(sh(f"conntrack -L -s {source} 2>/dev/null | wc -l"))


def test_a_flood_by_one_admitted_device_leaves_room_for_others(venue: Venue, new_gate: NewGate) -> None:
    small = dataclasses.replace(
        venue.settings, new_connections_per_s=500, new_connections_burst=400, connections_per_device=300
    )
    with inside(GATE):
        gate = new_gate(small)
        gate.setup()
        for name in (ONE, TWO):
            gate.admit(MACS[name], [ADDRESSES[name]])
    flood(ONE, str(ADDRESSES[ONE]), 5000)
    assert 250 <= connections(ADDRESSES[ONE]) <= 300
    with listener(OUTSIDE, 7000):
        connect(TWO, SERVER, 7000).close()
    # The rate alone, with the number out of the way.
    with inside(GATE):
        wide = new_gate(dataclasses.replace(small, connections_per_device=100_000, new_connections_per_s=1))
        wide.setup()
    flood(TWO, str(ADDRESSES[TWO]), 5000)
    assert 400 <= connections(ADDRESSES[TWO]) <= 450


def test_a_flood_by_one_unadmitted_device_leaves_room_for_others(venue: Venue, new_gate: NewGate) -> None:
    small = dataclasses.replace(venue.settings, connections_per_device=300)
    with inside(GATE):
        new_gate(small).setup()
    with udp(GATE, port=5300) as captive, udp(TWO) as asker:
        flood(ONE, str(ADDRESSES[ONE]), 3000, port=53)
        assert 200 <= connections(ADDRESSES[ONE]) <= 300
        # Invented senders of other networks get nothing at all.
        flood(ONE, "192.0.2.7", 100, port=53)
        assert connections("192.0.2.7") == 0
        captive.settimeout(SILENCE_S)
        with contextlib.suppress(TimeoutError):
            while True:  # a resolver would have answered these; here they fill the socket's own buffer
                captive.recv(100)
        captive.settimeout(PATIENCE_S)
        asker.sendto(b"and me?", (SERVER, 53))
        assert captive.recv(100) == b"and me?"


def test_an_echo_flood_is_the_flooders_own_loss(gate: Gate) -> None:
    del gate
    base = Ether(src=MACS[ONE], dst=gate_mac()) / IP(src=str(ADDRESSES[ONE]), dst=GATE_LAN)
    flood = [bytes(base / ICMP(id=number, seq=1) / Raw(b"flood")) for number in range(300)]
    with frames(ONE) as cable:
        cable.setblocking(True)
        answered = 0
        for _ in range(20):
            # Ten a second are let through: once in a while the ping is one of them.
            for frame in flood:
                cable.send(frame)
            answered += pings(ONE, GATE_LAN, 0.05)
    assert answered < 10
    assert pings(TWO, GATE_LAN, 5)


def test_a_claim_by_arp_does_not_steal_what_goes_down(gate: Gate) -> None:
    one = ADDRESSES[ONE]

    def claim() -> None:
        with frames(TWO) as cable:
            for operation in (1, 2):
                arp = ARP(op=operation, hwsrc=MACS[TWO], psrc=str(one), hwdst=gate_mac(), pdst=GATE_LAN)
                cable.send(bytes(Ether(src=MACS[TWO], dst=gate_mac()) / arp))

    def stolen(marker: bytes, wait_s: float = SILENCE_S) -> bool:
        with frames(TWO) as thief, udp(GATE) as sender:
            sender.sendto(marker, (str(one), 5555))
            return seen(thief, marker, wait_s)

    assert pings(ONE, GATE_LAN, 5)
    sh(f"ip neigh replace {one} lladdr {MACS[ONE]} dev br-lan nud stale")
    claim()
    assert stolen(b"stolen before admission", PATIENCE_S), "the claim works where nothing is bound"
    with inside(GATE):
        gate.admit(MACS[ONE], [one])
        claim()
        assert not stolen(b"stolen after admission")
        assert mac_of("br-lan", one) == MACS[ONE]
        sh(f"ip neigh del {one} dev br-lan; ip neigh replace 10.77.0.77 lladdr {MACS[TWO]} dev br-lan nud permanent")
        gate.sync({MACS[ONE]: [one]})
        assert "PERMANENT" in sh(f"ip neigh show {one}"), "bound again"
        gate.revoke(MACS[ONE], [one])
        assert "PERMANENT" not in sh(f"ip neigh show {one}")
        gate.sync({})
        assert "PERMANENT" in sh("ip neigh show 10.77.0.77"), "an administrator's own entry stays"


def test_a_stranger_opens_nothing_by_flushing(gate: Gate) -> None:
    """The policy stays DROP after -F, so there is no moment to wait for."""

    def passes(visitor: str, wait_s: float = SILENCE_S) -> bool:
        with frames(OUTSIDE) as outside, frames(visitor) as cable:
            ether = Ether(src=MACS[visitor], dst=gate_mac())
            syn = IP(src=str(ADDRESSES[visitor]), dst=SERVER) / TCP(sport=5555, dport=80, flags="S")
            cable.send(bytes(ether / syn / Raw(b"let me out")))
            return seen(outside, b"let me out", wait_s)

    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        for damage in (
            "iptables-legacy -F",
            "iptables-legacy -F; iptables-legacy -X",
            "iptables-legacy -t nat -F",
            "iptables-legacy -F; iptables-legacy -X; ipset flush",
            "for t in filter nat; do iptables-legacy -t $t -F; iptables-legacy -t $t -X; done; ipset destroy",
        ):
            sh(damage)
            assert not passes(TWO), damage
            gate.sync({MACS[ONE]: [ADDRESSES[ONE]]})
            assert not passes(TWO), damage
            assert passes(ONE, PATIENCE_S), damage
        # Who says ACCEPT besides is root and means it; the next sync takes it back.
        for damage in (
            "iptables-legacy -F; iptables-legacy -P FORWARD ACCEPT",
            "iptables-legacy -I FORWARD -j ACCEPT",
            f"ipset add qq-up4 {ADDRESSES[TWO]},{MACS[TWO]}; ipset add qq-down4 {ADDRESSES[TWO]}",
        ):
            sh(damage)
            gate.sync({MACS[ONE]: [ADDRESSES[ONE]]})
            assert not passes(TWO), damage
            assert passes(ONE, PATIENCE_S), damage
