"""IPv6 open: the same laws with packets, by what IPv6 has of its own."""

from __future__ import annotations

import dataclasses
import ipaddress
import queue
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from scapy.layers.inet import TCP
from scapy.layers.inet6 import (
    ICMPv6ND_RA,
    ICMPv6NDOptPrefixInfo,
    IPv6,
)
from scapy.layers.l2 import Ether

from firewall.datapath import Abilities
from firewall.errors import DeviceRefused, SettingsRefused
from firewall.gate import Gate, Repairs
from firewall.presence.evidence import Address
from firewall.presence.neighbours import Neighbours
from firewall.settings import Settings
from tests.kernel.test_passage import FOUR, SIX, arrived, echoes, gate_mac
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    GATE_LAN6,
    MACS,
    OUTSIDE,
    PATIENCE_S,
    SERVER6,
    SILENCE_S,
    connect,
    frames,
    listener,
    pings,
    read_sysctl,
    rules_of,
    sh,
    udp,
    until,
    write_sysctl,
)
from tests.lab.entering import inside

ONE, TWO = "ktv1", "ktv2"
IPS6 = {name: ipaddress.IPv6Address(text) for name, text in ADDRESSES6.items()}
NewGate = Callable[[Settings], Gate]


@pytest.mark.parametrize(
    ("owned", "tables", "golden"),
    [(False, ("filter", "nat"), "ipv6-open.txt"), (True, ("filter", "mangle", "nat"), "ipv6-open-owned.txt")],
)
def test_the_kernel_holds_exactly_the_golden_listing(
    settings6: Settings, owned: bool, tables: tuple[str, ...], golden: str
) -> None:
    with inside(GATE):
        gate = Gate(dataclasses.replace(settings6, masquerade6=True), Abilities(False, True, owner_marks=owned))
        gate.setup()
        assert gate.sync({}) == Repairs(0, 0, 0)
        gate.close()
    lines = [f"# ipv6 {table}\n" + "\n".join(rules_of("ip6tables-legacy-save", table)) for table in tables]
    assert "\n".join(lines) + "\n" == (Path(__file__).parent / "golden" / golden).read_text()


def test_a_kernel_without_translation_is_served_without(settings6: Settings) -> None:
    without = Abilities(mac_sets=False, nat6=False)
    with inside(GATE):
        gate = Gate(settings6, without)
        gate.setup()
        assert "nat" not in sh("cat /proc/net/ip6_tables_names").split()
        with pytest.raises(SettingsRefused, match="masquerade6"):
            Gate(dataclasses.replace(settings6, masquerade6=True), without).setup()
        with udp(ONE, socket.AF_INET6) as asker:
            asker.connect((SERVER6, 53))
            asker.send(b"name?")
            with pytest.raises(ConnectionRefusedError):
                asker.recv(100)
        gate.close()


def test_nothing_passes_unadmitted_and_both_families_open_together(gate6: Gate) -> None:
    assert arrived(ONE) == set()
    with inside(GATE):
        gate6.admit(MACS[ONE], [ADDRESSES[ONE], IPS6[ONE]])
    assert arrived(ONE, FOUR | SIX) == FOUR | SIX
    assert arrived(TWO) == set()
    with inside(GATE):
        gate6.revoke(MACS[ONE], [IPS6[ONE]])
        assert arrived(ONE, FOUR) == FOUR
        gate6.revoke(MACS[ONE], [ADDRESSES[ONE]])
    assert arrived(ONE) == set()


def test_revoking_ends_a_running_flow_at_once(gate6: Gate) -> None:
    with inside(GATE):
        gate6.admit(MACS[ONE], [IPS6[ONE]])
        gate6.admit(MACS[TWO], [IPS6[TWO]])
    with (
        listener(OUTSIDE, 7000, socket.AF_INET6) as listening,
        connect(ONE, SERVER6, 7000) as client,
        connect(TWO, SERVER6, 7000) as other,
    ):
        ends = {}
        for _ in range(2):
            end, peer = listening.accept()
            end.settimeout(SILENCE_S)
            ends[peer[0]] = end
        server, others = ends[ADDRESSES6[ONE]], ends[ADDRESSES6[TWO]]
        with server, others:
            assert echoes(client, server)
            with inside(GATE):
                gate6.revoke(MACS[ONE], [IPS6[ONE]])
            known = sh("conntrack -L -f ipv6 2>/dev/null")
            assert ADDRESSES6[ONE] not in known
            assert ADDRESSES6[TWO] in known, "somebody else's connection is not forgotten with it"
            client.settimeout(SILENCE_S)
            server.sendall(b"pushed by the server")
            with pytest.raises(TimeoutError):
                client.recv(100)
            client.settimeout(PATIENCE_S)
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                client.sendall(b"?")
                client.recv(100)
            with pytest.raises(TimeoutError):
                server.recv(1)
            assert echoes(other, others), "somebody else's flow goes on"


def test_web_and_names_are_redirected_until_admitted(gate6: Gate) -> None:
    six = socket.AF_INET6
    with (
        listener(GATE, 8080, six) as redirect,
        listener(GATE, 80, six) as portal,
        udp(GATE, six, 5300) as captive,
        udp(GATE, six, 53) as resolver,
        listener(OUTSIDE, 80, six) as web,
        udp(OUTSIDE, six, 53) as foreign,
        udp(ONE, six) as asker,
    ):
        resolver.settimeout(SILENCE_S)
        foreign.settimeout(SILENCE_S)
        with connect(ONE, SERVER6, 80):
            redirect.accept()[0].close()
        with connect(ONE, GATE_LAN6, 80):
            portal.accept()[0].close()
        for server in (SERVER6, GATE_LAN6):
            asker.sendto(b"name?", (server, 53))
            captive.sendto(b"dummy", captive.recvfrom(100)[1])
            assert asker.recvfrom(100)[1][0] == server
        for sock in (resolver, foreign):
            with pytest.raises(TimeoutError):
                sock.recv(100)
        with inside(GATE):
            gate6.admit(MACS[ONE], [IPS6[ONE]])
        resolver.settimeout(PATIENCE_S)
        foreign.settimeout(PATIENCE_S)
        asker.sendto(b"name?", (SERVER6, 53))
        assert foreign.recv(100) == b"name?"
        asker.sendto(b"name?", (GATE_LAN6, 53))
        assert resolver.recv(100) == b"name?"
        with connect(ONE, SERVER6, 80):
            web.accept()[0].close()


def test_the_unadmitted_are_refused_quickly(gate6: Gate) -> None:
    del gate6
    with pytest.raises(ConnectionRefusedError):
        connect(ONE, SERVER6, 443)
    for port, refusal in ((443, ConnectionRefusedError), (853, ConnectionRefusedError), (5555, PermissionError)):
        with udp(ONE, socket.AF_INET6) as client:
            client.connect((SERVER6, port))
            client.send(b"hello")
            with pytest.raises(refusal):
                client.recv(100)


def test_the_gate_itself_offers_only_its_own_services(gate6: Gate) -> None:
    del gate6
    six = socket.AF_INET6
    with listener(GATE, 22, six), listener(GATE, 80, six), listener(OUTSIDE, 22, six):
        connect(ONE, GATE_LAN6, 80).close()
        assert pings(ONE, GATE_LAN6, 5)
        assert not pings(OUTSIDE, "2001:db8::1")
        for host in (GATE_LAN6, "2001:db8::1"):
            with pytest.raises(TimeoutError):
                connect(ONE, host, 22, SILENCE_S)
        with pytest.raises(TimeoutError):
            connect(OUTSIDE, "2001:db8::1", 80, SILENCE_S)
        connect(GATE, SERVER6, 22).close()


@pytest.mark.usefixtures("gate6")
def test_a_router_is_heard_on_the_wan_and_not_on_the_lan() -> None:
    def advertise(namespace: str, source: str, prefix: str) -> None:
        mac = sh("cat /sys/class/net/eth0/address", namespace).strip()
        packet = (
            Ether(src=mac, dst="33:33:00:00:00:01")
            / IPv6(src=source, dst="ff02::1", hlim=255)
            / ICMPv6ND_RA(routerlifetime=1800)
            / ICMPv6NDOptPrefixInfo(prefix=prefix, prefixlen=64)
        )
        with frames(namespace) as cable:
            cable.send(bytes(packet))

    assert read_sysctl("net/ipv6/conf/all/forwarding") == "1"
    advertise(ONE, "fe80::bad", "2001:db8:bad::")
    advertise(OUTSIDE, "fe80::900d", "2001:db8:900d::")
    until(lambda: "fe80::900d" in sh("ip -6 route show default"), "the provider's router")
    assert not re.search(r"fe80::bad\b|2001:db8:bad:", sh("ip -6 route; ip -6 addr"))


def test_the_providers_router_is_heard_by_one(settings6: Settings, new_gate: NewGate) -> None:
    switch = f"net/ipv6/conf/{settings6.wan_interface}/accept_ra"
    write_sysctl(switch, "1")
    with inside(GATE):
        new_gate(settings6).setup()
    assert read_sysctl(switch) == "2", "the kernel hears it, and forwards too"
    write_sysctl(switch, "0")  # as systemd-networkd does, which hears it itself
    with inside(GATE):
        new_gate(settings6).setup()
    assert read_sysctl(switch) == "0"


def test_a_new_address_of_an_admitted_device_passes_after_a_retry(gate6: Gate) -> None:
    """With a set of addresses, the first packet is refused, and that is what makes the gate learn."""
    came: queue.Queue[Address] = queue.Queue()
    neighbours = Neighbours("br-lan", came.put)
    with inside(GATE):
        gate6.admit(MACS[ONE], [IPS6[ONE]])
        neighbours.start()
    try:
        private = ipaddress.IPv6Address("fd77::abcd:1234")
        sh(f"ip addr add {private}/64 dev eth0 nodad && ip -6 route replace default via {GATE_LAN6} src {private}", ONE)
        with udp(OUTSIDE, socket.AF_INET6, 7000) as server, udp(ONE, socket.AF_INET6) as client:
            client.sendto(b"first", (SERVER6, 7000))
            learnt = came.get(timeout=PATIENCE_S)
            while learnt.address != private:
                learnt = came.get(timeout=PATIENCE_S)
            assert learnt == Address(MACS[ONE], private, None)
            with inside(GATE):
                gate6.admit(learnt.mac, [private])
            client.sendto(b"second", (SERVER6, 7000))
            data, peer = server.recvfrom(100)
            assert (data, peer[0]) == (b"second", str(private))
            server.sendto(b"answer", peer)
            assert client.recv(100) == b"answer"
    finally:
        neighbours.stop()


def test_a_new_address_that_speaks_tcp_alone_is_learnt_whatever_another_program_did_to_the_bridge(gate6: Gate) -> None:
    for which in ("ip", "ip6", "arp"):
        write_sysctl(f"net/bridge/bridge-nf-call-{which}tables", "1")
    fresh = "fd77::abcd:4321"
    came: queue.Queue[Address] = queue.Queue()
    neighbours = Neighbours("br-lan", came.put)
    with inside(GATE):
        assert gate6.sync({}).rules == 3
        neighbours.start()
    sh(f"ip addr add {fresh}/64 dev eth0 nodad", ONE)
    try:
        with frames(ONE) as cable:
            syn = IPv6(src=fresh, dst=SERVER6) / TCP(sport=4000, dport=443, flags="S")
            cable.send(bytes(Ether(src=MACS[ONE], dst=gate_mac()) / syn))
        while (learnt := came.get(timeout=PATIENCE_S)).address != ipaddress.IPv6Address(fresh):
            pass
        assert learnt.mac == MACS[ONE]
    finally:
        neighbours.stop()


def test_sync_is_idempotent_and_mends_ipv6_too(gate6: Gate) -> None:
    addresses: set[ipaddress.IPv4Address | ipaddress.IPv6Address] = {ADDRESSES[ONE], IPS6[ONE]}
    desired = {MACS[ONE]: frozenset({*addresses, ipaddress.IPv6Address("2001:db8:9::1")})}
    with inside(GATE):
        assert gate6.sync(desired) == Repairs(2, 0, 0)
        assert gate6.sync(desired) == Repairs(0, 0, 0)
        for damage in ("ipset flush qq-up6", "ipset del qq-down6 fd77::11"):
            sh(damage)
            assert gate6.sync(desired) == Repairs(1, 0, 0)
        sh("ipset add qq-up6 fd77::66; ipset add qq-down6 fd77::67")
        assert gate6.sync(desired) == Repairs(0, 2, 0)
        sh("ip6tables-legacy -F; ip6tables-legacy -t nat -F; ipset destroy qq-up6; ipset destroy qq-down6")
        first = gate6.sync(desired)
        assert (first.admitted, first.rules > 0) == (1, True)
        # An address that another device took meanwhile is not closed by the one that lost it.
        gate6.admit(MACS[TWO], [IPS6[ONE]])
        gate6.revoke(MACS[ONE], [IPS6[ONE]])
        assert "fd77::11" in sh("ipset save qq-up6")
        gate6.revoke(MACS[TWO], [IPS6[ONE]])
        assert "fd77::11" not in sh("ipset save")


@pytest.mark.parametrize("address", ["fe80::11", "2001:db8::11", "fd77::", GATE_LAN6, "ff02::1", "::1"])
def test_what_can_be_no_devices_address_is_refused(gate6: Gate, gate: Gate, address: str) -> None:
    with inside(GATE), pytest.raises(DeviceRefused):
        gate6.admit(MACS[ONE], [ADDRESSES[ONE], ipaddress.IPv6Address(address)])
    with inside(GATE), pytest.raises(DeviceRefused):
        gate.admit(MACS[ONE], [IPS6[ONE]])  # IPv6 is shut there
    assert "timeout" not in sh("ipset save | grep ^add || true")
