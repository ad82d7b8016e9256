"""Attacks by forged frames: odd headers, fragments, source routes, other people's addresses, floods.

Each sends frames that carry a fresh marker and returns, in words, where the marker was heard, or an empty text. Must
not know: whether the gate is open.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_SSRR, fragment
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6NDOptDstLLAddr,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    fragment6,
)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from tests.attack.field import Attack, Attacker, Field
from tests.attack.frames import Ear, link_address, marker, pour, transmit
from tests.lab.venue import PORTAL, WEB, WEB6

_SOON_S = 1.0
_ATTACKER6 = "2001:db8:77::66"
_VICTIM6 = "2001:db8:77::77"
_NOBODY = 5999
"""A port at which nothing answers: an answer to an address that nobody has would make the gate complain of it later."""
_FLOOD_S = 12.0
_CONNECTIONS = 400_000
"""More than the kernel tracks (262,144 by default on a machine of 4 GB and more)."""

Made = Callable[[Attacker, bytes], list[Packet]]


def heard_outside(make: Made) -> Attack:
    """Send what ``make`` makes and listen at the operator's end of the uplink."""

    def attack(by: Attacker) -> str:
        sign = marker()
        with Ear(by.field.venue.operator, "isp0") as ear:
            transmit(by.phone.namespace, by.phone.interface, *make(by, sign))
            return "the packet, seen out there" if ear.hears(sign, _SOON_S) else ""

    return attack


def _ether(by: Attacker) -> Packet:
    return Ether(src=by.phone.mac, dst=by.field.gate_mac)


def _ipv4(by: Attacker, **fields: object) -> Packet:
    return _ether(by) / IP(**{"src": by.address, "dst": WEB, **fields})


def _ipv6(by: Attacker) -> Packet:
    return _ether(by) / IPv6(src=_ATTACKER6, dst=WEB6)


def protocol(number: int) -> Made:
    """A bare IP protocol: IP in IP, GRE, ESP, …"""
    return lambda by, sign: [_ipv4(by, proto=number) / Raw(bytes(8) + sign)]


def bare_ack(by: Attacker, sign: bytes) -> list[Packet]:
    """TCP data of a connection that never began."""
    port = random.randrange(1024, 65536)
    return [_ipv4(by) / TCP(sport=port, dport=443, flags="PA", seq=7, ack=7) / Raw(sign)]


def syn_with_data(by: Attacker, sign: bytes) -> list[Packet]:
    """A message in a SYN (as TCP Fast Open does)."""
    port = random.randrange(1024, 65536)
    return [_ipv4(by) / TCP(sport=port, dport=4242, flags="S") / Raw(sign)]


def fragments(by: Attacker, sign: bytes) -> list[Packet]:
    """A datagram in pieces, the ports in the first alone, the last one first."""
    whole = _ipv4(by, id=random.randrange(65536)) / UDP(sport=5000, dport=53) / Raw(sign * 40)
    return list(reversed(fragment(whole, fragsize=256)))


def tiny_fragments(by: Attacker, sign: bytes) -> list[Packet]:
    """Pieces of 8 bytes, so that no piece holds a whole TCP header (RFC 1858)."""
    whole = _ipv4(by, id=random.randrange(65536)) / TCP(sport=5001, dport=80, flags="S") / Raw(sign)
    return list(fragment(whole, fragsize=8))


def source_route(strict: bool) -> Made:
    """Addressed to the gate itself, to be passed on by a source route."""

    def make(by: Attacker, sign: bytes) -> list[Packet]:
        option = (IPOption_SSRR if strict else IPOption_LSRR)(routers=["203.0.113.1" if strict else WEB], pointer=4)
        return [_ipv4(by, dst=PORTAL, options=[option]) / UDP(sport=5002, dport=4242) / Raw(sign)]

    return make


def ipv6_header(*headers: Packet) -> Made:
    """UDP behind IPv6 extension headers."""

    def make(by: Attacker, sign: bytes) -> list[Packet]:
        packet = _ipv6(by)
        for header in headers:
            packet = packet / header.copy()
        return [packet / UDP(sport=5003, dport=4242) / Raw(sign), packet / ICMPv6EchoRequest(data=sign)]

    return make


HOP_BY_HOP = IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])
DESTINATION = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])
ROUTING = IPv6ExtHdrRouting(type=2, segleft=0, addresses=[WEB6])
ATOMIC = IPv6ExtHdrFragment(id=77)


def ipv6_fragments(by: Attacker, sign: bytes) -> list[Packet]:
    """A datagram in pieces."""
    whole = IPv6(src=_ATTACKER6, dst=WEB6) / IPv6ExtHdrFragment(id=random.randrange(2**32))
    pieces = fragment6(whole / UDP(sport=5004, dport=4242) / Raw(sign * 100), 1280)
    return [_ether(by) / piece for piece in pieces]


def address_of_admitted(by: Attacker, sign: bytes) -> list[Packet]:
    """The admitted visitor's IPv4 address, the attacker's MAC address."""
    four = _ipv4(by, src=by.field.address(by.field.victim))
    return [four / UDP(sport=5005, dport=4242) / Raw(sign), four / ICMP(id=5) / Raw(sign)]


def mac_of_admitted(by: Attacker) -> str:
    """The admitted visitor's MAC address, the attacker's IPv4 address, or one that nobody has."""
    sign, victim = marker(), by.field.victim
    with Ear(by.field.venue.operator, "isp0") as ear:
        for source in (by.address, "10.77.99.99"):
            four = Ether(src=victim.mac, dst=by.field.gate_mac) / IP(src=source, dst=WEB)
            transmit(by.phone.namespace, by.phone.interface, four / UDP(sport=5006, dport=_NOBODY) / Raw(sign))
        heard = ear.hears(sign, _SOON_S)
    # The bridge has learnt the victim's MAC address at the attacker's port: the victim takes it back.
    hello = ARP(op=2, hwsrc=victim.mac, psrc=by.field.address(victim), pdst=by.field.address(victim))
    transmit(victim.namespace, victim.interface, Ether(src=victim.mac, dst="ff:ff:ff:ff:ff:ff") / hello)
    return "the packet, seen out there" if heard else ""


def address_of_gate(by: Attacker, sign: bytes) -> list[Packet]:
    """Addresses that are the gate's own, from the LAN's side."""
    sources = ("127.0.0.1", PORTAL, "203.0.113.2", "198.51.100.53")
    return [_ipv4(by, src=source) / UDP(sport=53, dport=4242) / Raw(sign) for source in sources]


def by_way_of_the_gate(by: Attacker) -> str:
    """Another visitor, through the gate instead of over the bridge."""
    sign = marker()
    with Ear(by.field.victim.namespace, by.field.victim.interface) as ear:
        packet = _ipv4(by, dst=by.field.address(by.field.victim))
        transmit(by.phone.namespace, by.phone.interface, packet / UDP(sport=5007, dport=5007) / Raw(sign))
        return "the packet, seen by another visitor" if ear.hears(sign, _SOON_S) else ""


def over_the_bridge(by: Attacker) -> str:
    """Another visitor by a frame to its MAC address, and to all by broadcast."""
    sign = marker()
    with Ear(by.field.victim.namespace, by.field.victim.interface) as ear:
        for target in (by.field.victim.mac, "ff:ff:ff:ff:ff:ff"):
            packet = Ether(src=by.phone.mac, dst=target) / IP(src=by.address, dst="10.77.255.255")
            transmit(by.phone.namespace, by.phone.interface, packet / UDP(sport=5008, dport=5008) / Raw(sign))
        return "the frame, seen by another visitor" if ear.hears(sign, _SOON_S) else ""


def arp_takeover(by: Attacker) -> str:
    """Claim an admitted visitor's address by ARP, to be sent the answers of its connections."""
    address, sign = by.field.address(by.field.victim), marker()
    asked = Ether(src=by.field.victim.mac, dst=by.field.gate_mac) / IP(src=address, dst=WEB)
    asked = asked / UDP(sport=random.randrange(1024, 65536), dport=4242) / Raw(sign)
    claim = Ether(src=by.phone.mac, dst=by.field.gate_mac) / ARP(
        op=2, hwsrc=by.phone.mac, psrc=address, hwdst=by.field.gate_mac, pdst=PORTAL
    )
    with Ear(by.phone.namespace, by.phone.interface) as ear:
        for _ in range(5):
            transmit(by.phone.namespace, by.phone.interface, claim, claim)
            transmit(
                by.field.victim.namespace, by.field.victim.interface, asked
            )  # its echo comes back to whom the gate asks
            if ear.hears(sign, _SOON_S / 2):
                return "an answer meant for the admitted visitor"
    return ""


def nd_takeover(by: Attacker) -> str:
    """The same in IPv6, by a neighbour advertisement nobody asked for."""
    sign = marker()
    claim = Ether(src=by.phone.mac, dst=by.field.gate_mac) / IPv6(src=_VICTIM6, dst="2001:db8:77::1", hlim=255)
    claim = claim / ICMPv6ND_NA(tgt=_VICTIM6, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=by.phone.mac)
    back = Ether(dst=_mac_of_wan(by.field)) / IPv6(src=WEB6, dst=_VICTIM6) / UDP(sport=4242, dport=5009) / Raw(sign)
    with Ear(by.phone.namespace, by.phone.interface) as ear:
        for _ in range(3):
            transmit(by.field.venue.operator, "isp0", back)  # the gate begins to ask for the address
            solicited = claim.copy()
            solicited[ICMPv6ND_NA].S = 1
            transmit(by.phone.namespace, by.phone.interface, claim, solicited)
            if ear.hears(sign, _SOON_S / 2):
                return "a packet meant for another's IPv6 address"
    return ""


def _mac_of_wan(field: Field) -> str:
    return link_address(field.venue.gate, "wan0")


def flood(by: Attacker) -> str:
    """Connections without end by one device, until the kernel can track no more for anybody."""
    poured = pour(by.phone.namespace, by.phone.interface, _connections(by), _FLOOD_S)
    refused = [number for number in range(5) if not by.field.victim.tcp_echo(WEB, 4242, timeout_s=_SOON_S)]
    return f"{len(refused)} of 5 new connections of another visitor lost ({poured:,} frames)" if refused else ""


def _connections(by: Attacker) -> Iterator[bytes]:
    # To ports that the gate leads to itself, so that the connections are tracked although nobody is admitted. Built
    # once, then only destination and port are changed, without checksums: those of UDP may be 0.
    first = _ipv4(by, dst="100.0.0.0") / UDP(sport=1024, dport=53, chksum=0) / Raw(bytes(17))
    raw = bytearray(bytes(first))
    head = raw[14:34]
    base = sum(int.from_bytes(head[at : at + 2], "big") for at in range(0, 20, 2) if at not in (10, 16, 18))
    for number, port in zip(range(_CONNECTIONS), itertools.cycle(range(1024, 65536)), strict=False):
        host = number // 60_000
        raw[32:34] = host.to_bytes(2, "big")
        total = base + int.from_bytes(head[16:18], "big") + host
        total = (total & 0xFFFF) + (total >> 16)
        raw[24:26] = (~((total & 0xFFFF) + (total >> 16)) & 0xFFFF).to_bytes(2, "big")
        raw[34:36] = port.to_bytes(2, "big")
        yield bytes(raw)
