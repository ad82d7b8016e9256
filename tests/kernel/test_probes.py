"""Who answers when asked: real devices in both families, none that is gone, and nobody for another."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from firewall.errors import KernelRefused
from firewall.presence.probes import Probes
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import (
    ADDRESSES,
    ADDRESSES6,
    GATE,
    MACS,
    PATIENCE_S,
    VISITORS,
    frames,
    pings,
    seen,
    sh,
    until,
    write_sysctl,
)
from tests.lab.entering import inside

ONE, TWO, THREE = VISITORS
GATE4, GATE6 = IPv4Interface("10.77.0.1/16"), IPv6Interface("fd77::1/64")

Answered = queue.Queue[frozenset[str]]


@contextmanager
def probing(window_s: float = 10.0) -> Iterator[tuple[Probes, Answered]]:
    came: Answered = queue.Queue()
    probes = Probes("br-lan", GATE4, GATE6, came.put, window_s)
    with inside(GATE):
        probes.start()
    try:
        yield probes, came
    finally:
        probes.stop()


def silent(came: Answered) -> bool:
    try:
        came.get(timeout=0.4)
    except queue.Empty:
        return True
    return False


@pytest.mark.usefixtures("venue")
class TestProbes:
    def test_many_are_asked_at_once_and_those_who_are_there_answer(self) -> None:
        nobody = {f"02:00:00:09:00:{number:02x}": [IPv4Address(f"10.77.9.{number}")] for number in range(100)}
        with probing() as (probes, came):
            probes.ask({**nobody, **{MACS[name]: [ADDRESSES[name]] for name in VISITORS}})
            answered = came.get(timeout=PATIENCE_S)
            while answered != set(MACS.values()):
                answered |= came.get(timeout=PATIENCE_S)
            assert silent(came)

    def test_a_device_on_ipv6_alone_answers(self) -> None:
        sh("ip -4 address flush dev eth0", ONE)
        until(lambda: pings(ONE, "fd77::1"), "IPv6 on the cable")
        with probing() as (probes, came):
            probes.ask({MACS[ONE]: [ADDRESSES[ONE], IPv6Address(ADDRESSES6[ONE])]})
            assert came.get(timeout=PATIENCE_S) == {MACS[ONE]}
            sh("ip -6 address flush dev eth0", ONE)
            probes.ask({MACS[ONE]: [ADDRESSES[ONE], IPv6Address(ADDRESSES6[ONE])]})
            assert silent(came)

    def test_a_silent_leave_behind_a_second_bridge_is_heard_as_silence(self) -> None:
        # The port of ours keeps its carrier: only the other box knows that the cable behind it is out.
        sh("ip link add br-far type bridge forward_delay 0 && ip link set br-far up")
        sh("ip link add far0 type veth peer name far1 && ip link set far0 master br-far up")
        sh("ip link set p1 nomaster && ip link set p1 master br-far && ip link set far1 master br-lan up")
        until(lambda: pings(ONE, "10.77.0.1"), "the way over the second bridge")
        with probing() as (probes, came):
            probes.ask({MACS[ONE]: [ADDRESSES[ONE]]})
            assert came.get(timeout=PATIENCE_S) == {MACS[ONE]}
            sh("ip link set eth0 down", ONE)
            probes.ask({MACS[ONE]: [ADDRESSES[ONE]], MACS[TWO]: [ADDRESSES[TWO]]})
            assert came.get(timeout=PATIENCE_S) == {MACS[TWO]}
            assert silent(came)

    def test_nobody_answers_for_another(self) -> None:
        sh("ip link set eth0 down", ONE)
        one4, one6 = str(ADDRESSES[ONE]), ADDRESSES6[ONE]
        with probing() as (probes, came), frames(TWO) as cable:
            probes.ask({MACS[ONE]: [ADDRESSES[ONE], IPv6Address(one6)]})
            ether, gate = Ether(src=MACS[TWO], dst=gate_mac()), gate_mac()
            arp = {"op": 2, "psrc": one4, "hwdst": gate, "pdst": "10.77.0.1"}
            claim = IPv6(src=one6, dst="fd77::1", hlim=255) / ICMPv6ND_NA(tgt=one6, R=0, S=1, O=1)
            for forged in (
                ether / ARP(hwsrc=MACS[ONE], **arp),
                ether / ARP(hwsrc=MACS[TWO], **arp),
                # Gratuitous: as a request and as a reply, to all.
                Ether(src=MACS[TWO], dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=MACS[ONE], psrc=one4, pdst=one4),
                Ether(src=MACS[TWO], dst="ff:ff:ff:ff:ff:ff") / ARP(op=2, hwsrc=MACS[TWO], psrc=one4, pdst=one4),
                ether / claim / ICMPv6NDOptDstLLAddr(lladdr=MACS[ONE]),
                ether / claim / ICMPv6NDOptDstLLAddr(lladdr=MACS[TWO]),
                ether / claim,
            ):
                for _ in range(3):
                    cable.send(bytes(forged))
            assert silent(came)
            # The filter is no wall: what the device itself says still comes through.
            sh("ip link set eth0 up", ONE)
            until(lambda: pings(ONE, "10.77.0.1"), "the device to be back")
            probes.ask({MACS[ONE]: [ADDRESSES[ONE]]})
            assert came.get(timeout=PATIENCE_S) == {MACS[ONE]}

    def test_what_was_not_asked_or_asked_long_ago_is_no_answer(self) -> None:
        write_sysctl("net/ipv4/conf/all/arp_ignore", "8", ONE)  # it answers no ARP by itself
        reply = ARP(op=2, hwsrc=MACS[ONE], psrc=str(ADDRESSES[ONE]), hwdst=gate_mac(), pdst="10.77.0.1")
        own = bytes(Ether(src=MACS[ONE], dst=gate_mac()) / reply)
        with frames(ONE) as cable:
            with probing() as (probes, came):
                cable.send(own)
                assert silent(came)
                probes.ask({MACS[ONE]: [ADDRESSES[TWO]]})
                assert seen(cable, ADDRESSES[TWO].packed, PATIENCE_S)
                cable.send(own)
                assert silent(came), "another address than it was asked for"
            with probing(window_s=0.01) as (probes, came):
                probes.ask({MACS[ONE]: [ADDRESSES[ONE]]})
                assert seen(cable, b"_services", PATIENCE_S), "what wakes a phone"
                assert silent(came)
                cable.send(own)
                assert silent(came)
        with frames(ONE) as cable, probing() as (probes, came):
            probes.ask({MACS[ONE]: [ADDRESSES[ONE]]}, wake=False)
            assert seen(cable, bytes([8, 6, 0, 1]), PATIENCE_S)
            assert not seen(cable, b"_services")
            cable.send(own)
            assert came.get(timeout=PATIENCE_S) == {MACS[ONE]}
            cable.send(own)
            assert silent(came), "one answer a question"

    def test_the_interface_may_go_and_come_back(self) -> None:
        with probing() as (probes, came):
            sh("ip link set br-lan down")
            until(lambda: not probes.source().live, "the trouble to be told")
            sh("ip link set br-lan up")
            until(lambda: probes.source().live, "it to be over")
            probes.ask({MACS[ONE]: [ADDRESSES[ONE]]})
            assert came.get(timeout=PATIENCE_S) == {MACS[ONE]}

    def test_a_missing_interface_is_said(self) -> None:
        probes = Probes("nonesuch", GATE4, None, lambda _: None)
        with inside(GATE), pytest.raises(KernelRefused, match="nonesuch"):
            probes.start()
        probes.stop()
