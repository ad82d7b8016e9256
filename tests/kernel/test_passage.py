"""Law 1 with packets: nothing passes unadmitted. Beside each "nothing" stands a "something": the way is open."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Set

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from firewall.gate import Gate
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    GATE_LAN,
    GATE_WAN,
    MACS,
    OUTSIDE,
    PATIENCE_S,
    SERVER,
    SERVER6,
    SILENCE_S,
    connect,
    frames,
    listener,
    pings,
    seen,
    sh,
    udp,
    write_sysctl,
)
from tests.lab.entering import inside

ONE, TWO = "ktv1", "ktv2"


def gate_mac() -> str:
    return sh("cat /sys/class/net/br-lan/address").strip()


@contextlib.contextmanager
def flow(visitor: str, port: int = 7000) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A running TCP connection from the visitor to the server: (visitor's end, server's end)."""
    with listener(OUTSIDE, port) as listening, connect(visitor, SERVER, port) as client:
        server, _ = listening.accept()
        server.settimeout(SILENCE_S)
        client.settimeout(SILENCE_S)
        with server:
            yield client, server


def echoes(client: socket.socket, server: socket.socket) -> bool:
    client.sendall(b"?")
    server.settimeout(PATIENCE_S)
    came = server.recv(1)
    server.settimeout(SILENCE_S)
    return came == b"?"


def attempts(visitor: str) -> dict[str, Packet]:
    """One packet of each kind towards the server, each with its own marker."""
    ether = Ether(src=MACS[visitor], dst=gate_mac())
    four = ether / IP(src=str(ADDRESSES[visitor]), dst=SERVER)
    six = ether / IPv6(src=ADDRESSES6[visitor], dst=SERVER6)
    packets = {
        "udp": four / UDP(sport=5555, dport=5555),
        "udp 443": four / UDP(sport=5556, dport=443),
        "syn": four / TCP(sport=5557, dport=443, flags="S"),
        "ack": four / TCP(sport=5558, dport=443, flags="A"),
        "icmp": four / ICMP(),
        "gre": four / IP(proto=47),
        "udp6": six / UDP(sport=5559, dport=5555),
        "syn6": six / TCP(sport=5560, dport=443, flags="S"),
        "icmp6": six / ICMPv6EchoRequest(),
    }
    return {name: packet / Raw(f"marker-{name}-end".encode()) for name, packet in packets.items()}


def arrived(visitor: str, wanted: Set[str] = frozenset()) -> set[str]:
    """Which of the attempts reach the outside; those that are wanted are waited for."""
    packets = attempts(visitor)
    with frames(OUTSIDE) as outside, frames(visitor) as cable:
        for packet in packets.values():
            cable.send(bytes(packet))
        got: set[str] = set()
        while (left := packets.keys() - got) and (name := _next(outside, left, wanted)):
            got.add(name)
    return got


def _next(sniffer: socket.socket, names: set[str], wanted: Set[str]) -> str | None:
    sniffer.settimeout(PATIENCE_S if names & wanted else SILENCE_S)
    with contextlib.suppress(TimeoutError):
        while True:
            frame = sniffer.recv(65536)
            for name in names:
                if f"marker-{name}-end".encode() in frame:
                    return name
    return None


FOUR = {"udp", "udp 443", "syn", "ack", "icmp", "gre"}
SIX = {"udp6", "syn6", "icmp6"}


def let_ipv6_through() -> None:
    """A stranger switches IPv6 forwarding on, and the gate knows the way: rules must hold without that help."""
    write_sysctl("net/ipv6/conf/all/forwarding", "1")
    outside_mac = sh("cat /sys/class/net/eth0/address", OUTSIDE).strip()
    sh(f"ip neigh replace {SERVER6} lladdr {outside_mac} dev wan0 nud permanent")


@pytest.mark.parametrize("bridge_calls", ["0", "1"])
def test_nothing_passes_unadmitted(gate: Gate, bridge_calls: str) -> None:
    write_sysctl("net/bridge/bridge-nf-call-iptables", bridge_calls)
    write_sysctl("net/bridge/bridge-nf-call-ip6tables", bridge_calls)
    let_ipv6_through()
    assert arrived(ONE) == set()
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    assert arrived(ONE, FOUR) == FOUR
    assert arrived(TWO) == set()
    with inside(GATE):
        gate.revoke(MACS[ONE], [ADDRESSES[ONE]])
    assert arrived(ONE) == set()
    sh("ip6tables-legacy -P FORWARD ACCEPT; ip6tables-legacy -F")
    assert arrived(ONE, SIX) == SIX, "the attempts in IPv6 would arrive if the rules let them"


@pytest.mark.parametrize("bridge_calls", ["0", "1"])
def test_revoking_ends_running_flows_at_once(gate: Gate, bridge_calls: str) -> None:
    write_sysctl("net/bridge/bridge-nf-call-iptables", bridge_calls)
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        gate.admit(MACS[TWO], [ADDRESSES[TWO]])
    with (
        flow(ONE) as mine,
        flow(TWO, 7001) as other,
        udp(OUTSIDE, port=7002) as server,
        udp(ONE) as client,
    ):
        client.sendto(b"hello", (SERVER, 7002))
        _, peer = server.recvfrom(100)
        assert peer[0] == GATE_WAN, "translated"
        server.sendto(b"down", peer)
        assert client.recv(100) == b"down"
        assert echoes(*mine)
        assert echoes(*other)
        with inside(GATE):
            gate.revoke(MACS[ONE], [ADDRESSES[ONE]])
        assert str(ADDRESSES[ONE]) not in sh("conntrack -L 2>/dev/null")
        server.settimeout(SILENCE_S)
        client.settimeout(SILENCE_S)
        server.sendto(b"down again", peer)
        client.sendto(b"up again", (SERVER, 7002))
        for sock in (client, server):
            with pytest.raises(TimeoutError):
                sock.recv(100)
        mine[1].sendall(b"pushed by the server")
        with pytest.raises(TimeoutError):
            mine[0].recv(100)
        mine[0].settimeout(PATIENCE_S)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            # The device's next packet is answered by a reset, so that it does not hang.
            mine[0].sendall(b"?")
            mine[0].recv(100)
        with pytest.raises(TimeoutError):
            mine[1].recv(100)
        assert echoes(*other), "somebody else's flow goes on"


def test_spoofed_addresses_pass_nothing(gate: Gate) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])

    def sent(mac: str, address: object, marker: bytes, wait_s: float = SILENCE_S) -> bool:
        with frames(OUTSIDE) as outside, frames(TWO) as cable:
            packet = Ether(src=mac, dst=gate_mac()) / IP(src=str(address), dst=SERVER) / UDP(dport=5555) / Raw(marker)
            cable.send(bytes(packet))
            return seen(outside, marker, wait_s)

    assert not sent(MACS[TWO], ADDRESSES[ONE], b"admitted address, other device")
    assert not sent(MACS[ONE], ADDRESSES[TWO], b"admitted device, other address")
    assert not sent(MACS[ONE], "192.0.2.66", b"admitted device, foreign address")
    assert sent(MACS[ONE], ADDRESSES[ONE], b"the very device", PATIENCE_S)


def test_web_and_names_are_redirected_until_admitted(gate: Gate) -> None:
    with (
        listener(GATE, 8080) as redirect,
        listener(GATE, 80) as portal,
        udp(GATE, port=5300) as captive,
        udp(GATE, port=53) as resolver,
        listener(OUTSIDE, 80) as web,
        udp(OUTSIDE, port=53) as foreign,
        udp(ONE) as asker,
    ):
        resolver.settimeout(SILENCE_S)
        foreign.settimeout(SILENCE_S)
        with connect(ONE, SERVER, 80):
            redirect.accept()[0].close()
        with connect(ONE, GATE_LAN, 80):
            portal.accept()[0].close()
        for server in (SERVER, GATE_LAN):
            asker.sendto(b"name?", (server, 53))
            captive.sendto(b"dummy", captive.recvfrom(100)[1])
            # The answer seems to come from the server that was asked.
            assert asker.recvfrom(100) == (b"dummy", (server, 53))
        for sock in (resolver, foreign):
            with pytest.raises(TimeoutError):
                sock.recv(100)
        with inside(GATE):
            gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        resolver.settimeout(PATIENCE_S)
        foreign.settimeout(PATIENCE_S)
        # The very same socket: what was decided for its flow before must be forgotten.
        asker.sendto(b"name?", (SERVER, 53))
        assert foreign.recv(100) == b"name?"
        asker.sendto(b"name?", (GATE_LAN, 53))
        assert resolver.recv(100) == b"name?"
        with connect(ONE, SERVER, 80):
            web.accept()[0].close()


def test_the_unadmitted_are_refused_quickly(gate: Gate) -> None:
    with pytest.raises(ConnectionRefusedError):
        connect(ONE, SERVER, 443)
    for port in (443, 853):
        with udp(ONE) as client:
            client.connect((SERVER, port))
            client.send(b"hello")
            with pytest.raises(ConnectionRefusedError):
                client.recv(100)
    assert not pings(ONE, SERVER)
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    assert pings(ONE, SERVER, 5)


def test_the_gate_itself_offers_only_its_own_services(gate: Gate) -> None:
    with listener(GATE, 22), listener(GATE, 80), listener(GATE, 5300), listener(GATE, 53), listener(OUTSIDE, 22):
        assert pings(ONE, GATE_LAN, 5)
        connect(ONE, GATE_LAN, 80).close()
        connect(ONE, GATE_LAN, 53).close()  # redirected to 5300
        for host in (GATE_LAN, GATE_WAN, "fd77::1"):
            with pytest.raises(TimeoutError):
                connect(ONE, host, 22, SILENCE_S)
        with pytest.raises(TimeoutError):
            connect(OUTSIDE, GATE_WAN, 80, SILENCE_S)
        assert not pings(OUTSIDE, GATE_WAN)
        # The gate's own connections, on both sides.
        connect(GATE, SERVER, 22).close()
        assert pings(GATE, str(ADDRESSES[TWO]), 5)
        with inside(GATE):
            gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        with pytest.raises(TimeoutError):
            connect(ONE, GATE_LAN, 22, SILENCE_S)


def test_an_admission_that_ended_does_not_go_on_at_the_resolver(gate: Gate) -> None:
    with udp(GATE, port=53) as resolver, udp(ONE) as asker:
        with inside(GATE):
            gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        asker.sendto(b"first", (GATE_LAN, 53))
        assert resolver.recv(100) == b"first"
        # The kernel's own time-out: the entry is gone, the connection is not.
        sh("ipset flush qq-up4")
        asker.sendto(b"second", (GATE_LAN, 53))
        resolver.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            resolver.recv(100)


@pytest.mark.parametrize("ended", ["qq-up4", "qq-down4"])
def test_a_running_flow_ends_with_its_entry_though_its_connection_is_still_known(gate: Gate, ended: str) -> None:
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    with flow(ONE) as (client, server):
        assert echoes(client, server)
        sh(f"ipset flush {ended}")
        assert "ESTABLISHED" in sh("conntrack -L 2>/dev/null")
        sender, receiver = (client, server) if ended == "qq-up4" else (server, client)
        sender.sendall(b"!")
        with pytest.raises(TimeoutError):
            receiver.recv(1)


def test_another_program_that_opens_a_hole_behind_ours_opens_nothing(gate: Gate) -> None:
    for command in ("iptables-legacy", "ip6tables-legacy"):
        sh(f"{command} -A FORWARD -j ACCEPT; {command} -P FORWARD ACCEPT")
    let_ipv6_through()
    assert arrived(ONE) == set()
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
    assert arrived(ONE, FOUR) == FOUR
