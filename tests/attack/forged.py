"""Attacks by forged frames: odd headers, fragments, source routes, other people's addresses, floods.

Each sends frames that carry a fresh marker and returns, in words, where the marker was heard, or an empty text. Must
not know: whether the gate is open.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

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
from tests.lab.namespaces import ip
from tests.lab.run import run
from tests.lab.venue import PORTAL, WEB, WEB6
from tests.lab.visitor import Visitor
from tests.lab.waiting import until

_SOON_S = 1.0
_ATTACKER6 = "2001:db8:77::66"
_VICTIM6 = "2001:db8:77::77"
_NOBODY = 5999
"""A port at which nothing answers: an answer to an address that nobody has would make the gate complain of it later."""
_EXPERIMENTAL = 0x88B5  # IEEE 802, for local experiments
_FLOOD_S = 20.0

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
    whole = _ipv4(by, id=random.randrange(65536)) / UDP(sport=5000, dport=4242) / Raw(sign * 40)
    return list(reversed(fragment(whole, fragsize=256)))


def tiny_fragments(by: Attacker, sign: bytes) -> list[Packet]:
    """Pieces of 16 bytes, so that no piece holds a whole TCP header (RFC 1858).

    A router that has put them together sends pieces of the same size on, so the sign is a piece of its own.
    """
    whole = _ipv4(by, id=random.randrange(65536)) / TCP(sport=5001, dport=4242, flags="S") / Raw(bytes(12) + sign)
    return list(fragment(whole, fragsize=16))


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
    _take_back(by)
    return "the packet, seen out there" if heard else ""


def _take_back(by: Attacker) -> None:
    """The victim speaks up until bridge and neighbour table have it again where it is."""
    victim, gate = by.field.victim, by.field.venue.gate
    address = by.field.address(victim)
    hello = Ether(src=victim.mac, dst=by.field.gate_mac)
    hello = hello / ARP(op=2, hwsrc=victim.mac, psrc=address, hwdst=by.field.gate_mac, pdst=PORTAL)

    def believed() -> bool:
        transmit(victim.namespace, victim.interface, hello)
        return victim.mac in ip(gate, "neigh", "show", address, "dev", "br-lan")

    # For a second after a change the kernel believes no other (neigh/*/locktime).
    until(believed, "the gate to believe the victim again")


def address_of_gate(by: Attacker, sign: bytes) -> list[Packet]:
    """Addresses that are the gate's own, from the LAN's side."""
    sources = ("127.0.0.1", PORTAL, "203.0.113.2", "198.51.100.53")
    return [_ipv4(by, src=source) / UDP(sport=53, dport=4242) / Raw(sign) for source in sources]


def over_the_bridge_without_ip(by: Attacker) -> str:
    """A frame that is no IP, which no packet filter on the bridge looks at."""
    sign = marker()
    with Ear(by.field.victim.namespace, by.field.victim.interface) as ear:
        for target in (by.field.victim.mac, "ff:ff:ff:ff:ff:ff"):
            frame = Ether(src=by.phone.mac, dst=target, type=_EXPERIMENTAL) / Raw(sign)
            transmit(by.phone.namespace, by.phone.interface, frame)
        return "the frame, seen by another visitor" if ear.hears(sign, _SOON_S) else ""


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
            if heard := ear.hears(sign, _SOON_S / 2):
                break
    _take_back(by)
    return "an answer meant for the admitted visitor" if heard else ""


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
    """Connections without end by one device: every port that the uplink's one address has towards a server."""
    return _flood(by.phone, by.field)


def flood_when_admitted(by: Attacker) -> str:
    """The same by an admitted visitor, whose connections are its right, but not all there are."""
    return _flood(by.field.guest, by.field)


def _flood(phone: Visitor, field: Field) -> str:
    # Unanswered connections would be thrown out by the kernel itself as its table fills; translated ports are not.
    head = Ether(src=phone.mac, dst=field.gate_mac) / IP(src=field.address(phone), dst=WEB, ttl=9)
    raw = bytearray(bytes(head / UDP(sport=1024, dport=4242, chksum=0) / Raw(b"flood")))

    def frames() -> Iterator[bytes]:
        for port in range(1024, 65536):
            raw[34:36] = port.to_bytes(2, "big")
            yield bytes(raw)

    poured = pour(phone.namespace, phone.interface, frames(), _FLOOD_S)
    with ThreadPoolExecutor(5) as pool:
        # A flow for which there is no room is lost for good, a busy machine's answer is late.
        came_back = list(pool.map(lambda _: field.victim.udp_echo(WEB, 4242, timeout_s=8.0), range(5)))
    run(["conntrack", "-F"], namespace=field.venue.gate)  # so that the next attack does not suffer from this one
    lost = came_back.count(False)
    return f"{lost} of 5 new flows of another visitor lost" if lost and poured else ""
