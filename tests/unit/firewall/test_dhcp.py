"""What is a release, and what is not."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP

from firewall.presence.dhcp import released
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
