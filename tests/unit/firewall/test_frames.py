"""The frames of probing, beside those that scapy makes of the same words."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, Ether

from firewall.presence.frames import (
    advertisement,
    arp_answer,
    arp_request,
    mac_bytes,
    solicitation,
    wake_up,
)

GATE, PHONE, OTHER = "02:00:00:00:00:fe", "02:00:00:00:00:01", "02:00:00:00:00:02"
GATE4, PHONE4 = "10.77.0.1", "10.77.0.10"
GATE6, PHONE6 = "fd77::1", "fd77::1234:5678"


def test_an_arp_request_is_scapys() -> None:
    ours = arp_request(mac_bytes(GATE), IPv4Address(GATE4), mac_bytes(PHONE), IPv4Address(PHONE4))
    assert ours == bytes(
        Ether(src=GATE, dst=PHONE) / ARP(op=1, hwsrc=GATE, psrc=GATE4, hwdst="0:0:0:0:0:0", pdst=PHONE4)
    )


def test_a_solicitation_is_scapys() -> None:
    ours = solicitation(mac_bytes(GATE), IPv6Address(GATE6), mac_bytes(PHONE), IPv6Address(PHONE6))
    ether = Ether(src=GATE, dst=PHONE) / IPv6(src=GATE6, dst=PHONE6, hlim=255)
    assert ours == bytes(ether / ICMPv6ND_NS(tgt=PHONE6) / ICMPv6NDOptSrcLLAddr(lladdr=GATE))


def test_a_wake_up_is_scapys() -> None:
    ours = wake_up(mac_bytes(GATE), IPv4Address(GATE4), mac_bytes(PHONE), IPv4Address(PHONE4))
    question = DNSQR(qname="_services._dns-sd._udp.local", qtype="PTR", unicastresponse=1)
    ip = IP(src=GATE4, dst=PHONE4, ttl=255, id=0) / UDP(sport=5353, dport=5353, chksum=0)
    assert ours == bytes(Ether(src=GATE, dst=PHONE) / ip / DNS(rd=0, qd=question))


def test_an_arp_reply_is_an_answer() -> None:
    reply = bytes(Ether(src=PHONE, dst=GATE) / ARP(op=2, hwsrc=PHONE, psrc=PHONE4, hwdst=GATE, pdst=GATE4))
    assert arp_answer(reply) == mac_bytes(PHONE) + IPv4Address(PHONE4).packed
    assert arp_answer(reply + bytes(18)) is not None, "padded to 60 bytes"


@pytest.mark.parametrize(
    "frame",
    [
        Ether(src=PHONE, dst=GATE) / ARP(op=1, hwsrc=PHONE, psrc=PHONE4, hwdst=GATE, pdst=GATE4),
        Ether(src=OTHER, dst=GATE) / ARP(op=2, hwsrc=PHONE, psrc=PHONE4, hwdst=GATE, pdst=GATE4),
        Ether(src=PHONE, dst=GATE) / ARP(op=2, hwsrc=OTHER, psrc=PHONE4, hwdst=GATE, pdst=GATE4),
        Ether(src=PHONE, dst=GATE) / ARP(op=2, hwlen=8, hwsrc=PHONE, psrc=PHONE4, hwdst=GATE, pdst=GATE4),
        Ether(src=PHONE, dst=GATE) / b"",
    ],
)
def test_what_is_no_arp_answer(frame: Ether) -> None:
    assert arp_answer(bytes(frame)) is None


def advertised(source: str, option: str | None = None, kind: int = 136, **flags: int) -> bytes:
    frame = Ether(src=source, dst=GATE) / IPv6(src=PHONE6, dst=GATE6, hlim=255)
    frame /= ICMPv6ND_NA(type=kind, tgt=PHONE6, **{"R": 0, "S": 1, "O": 0, **flags})
    return bytes(frame / ICMPv6NDOptDstLLAddr(lladdr=option) if option else frame)


def test_an_advertisement_is_an_answer_with_and_without_the_option() -> None:
    expected = mac_bytes(PHONE) + IPv6Address(PHONE6).packed
    assert advertisement(advertised(PHONE)) == expected
    assert advertisement(advertised(PHONE, PHONE)) == expected


@pytest.mark.parametrize(
    "frame",
    [
        advertised(PHONE, OTHER),
        advertised(OTHER, PHONE),
        advertised(PHONE, S=0),
        advertised(PHONE, kind=135),
        advertised(PHONE)[:70],
        b"",
    ],
)
def test_what_is_no_advertisement_to_us(frame: bytes) -> None:
    assert advertisement(frame) is None


def test_any_bytes_are_read_without_complaint() -> None:
    whole = advertised(PHONE, PHONE)
    for length in range(len(whole)):
        advertisement(whole[:length])
        arp_answer(whole[:length])
