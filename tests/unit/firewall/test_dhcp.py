"""What is a release, and what is not."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP

from firewall.dhcp_look import packet as packet_around
from firewall.presence.dhcp import discover, is_offer, released
from firewall.presence.frames import mac_bytes

MAC, ADDRESS = "02:00:00:00:00:01", "10.77.0.10"


def packet(*options: object, ip_options: bytes = b"") -> bytes:
    ip = IP(src=ADDRESS, dst="10.77.0.1", options=ip_options) / UDP(sport=68, dport=67)
    return bytes(ip / BOOTP(op=1, ciaddr=ADDRESS, chaddr=mac_bytes(MAC)) / DHCP(options=[*options, "end"]))


def test_a_release_wherever_its_type_stands() -> None:
    expected = (MAC, IPv4Address(ADDRESS))
    assert released(packet(("message-type", "release"))) == expected
    assert released(packet("pad", ("hostname", b"\x35\x01\x07"), ("message-type", "release"))) == expected
    assert released(packet(("message-type", "release"), ip_options=b"\x01\x01\x01\x01")) == expected


@pytest.mark.parametrize(
    "options",
    [
        [],
        [("message-type", "request")],
        [("message-type", "decline")],
        [("hostname", b"\x35\x01\x07")],
        ["end", ("message-type", "release")],
    ],
)
def test_other_messages_are_none(options: list[object]) -> None:
    assert released(packet(*options)) is None


def test_any_bytes_are_read_without_complaint() -> None:
    whole = packet(("hostname", b"phone"), ("message-type", "release"))
    for length in range(len(whole)):
        assert released(whole[:length]) in (None, (MAC, IPv4Address(ADDRESS)))


@given(st.binary(max_size=300), st.integers(0, 2**32 - 1))
def test_what_is_no_answer_to_the_question_is_no_offer(said: bytes, exchange: int) -> None:
    assert not is_offer(said, exchange)


def answer(kind: str, operation: int = 2, exchange: int = 7) -> bytes:
    return bytes(BOOTP(op=operation, xid=exchange) / DHCP(options=[("message-type", kind), "end"]))


def test_an_offer_answers_that_question_and_no_other() -> None:
    assert is_offer(answer("offer"), 7)
    assert not is_offer(answer("offer"), 8)
    assert not is_offer(answer("ack"), 7)
    assert not is_offer(answer("offer", operation=1), 7)


def test_the_question_is_one_that_every_server_reads() -> None:
    read = IP(packet_around(discover(mac_bytes(MAC), 0xDEADBEEF)))
    again = IP(bytes(read))
    del again.chksum
    assert IP(bytes(again)).chksum == read.chksum
    assert (read.src, read.dst, read[UDP].sport, read[UDP].dport) == ("0.0.0.0", "255.255.255.255", 68, 67)
    bootp = read[BOOTP]
    assert (bootp.op, bootp.xid, bootp.flags.value, bootp.chaddr[:6]) == (1, 0xDEADBEEF, 0x8000, mac_bytes(MAC))
    assert read[DHCP].options[:2] == [("message-type", 1), ("param_req_list", [1, 3])]
    assert len(bytes(read[BOOTP])) >= 300
