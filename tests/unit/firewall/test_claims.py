"""Which ARP frames are claims, and how often a claim is told: the judging part, without a cable."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

import pytest
from scapy.layers.l2 import ARP, Ether

from firewall.presence.claims import BURST, REMEMBERED, REPEAT_S, Claim, Claims, sender

EVERYBODY = "ff:ff:ff:ff:ff:ff"
OWNER, THIEF = "02:00:00:00:00:01", "02:00:00:00:00:02"
ADDRESS = IPv4Address("10.77.0.10")


def arp(**fields: object) -> bytes:
    """A frame of the thief's with these ARP fields."""
    return bytes(Ether(src=THIEF, dst=EVERYBODY) / ARP(**fields))


class Listening:
    """Claims with a clock of ours, one admitted device and a lease that may move."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.leased: set[tuple[str, IPv4Address]] = set()
        self.told: list[Claim] = []
        self.claims = Claims(
            "br-lan",
            IPv4Network("10.77.0.0/16"),
            holder={ADDRESS: OWNER}.get,
            leased=lambda mac, address: (mac, address) in self.leased,
            deliver=self.told.append,
            now_s=lambda: self.now_s,
        )

    def hears(self, mac: str, address: str = str(ADDRESS), operation: int = 2) -> list[Claim]:
        """What is told upon this frame."""
        self.told.clear()
        self.claims.heard(arp(op=operation, hwsrc=mac, psrc=address, pdst="10.77.0.1"))
        return list(self.told)


@pytest.fixture
def listening() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.claims.stop()


@pytest.mark.parametrize("operation", [1, 2])
def test_another_sender_than_the_holder_is_a_claim(listening: Listening, operation: int) -> None:
    assert listening.hears(THIEF, operation=operation) == [Claim(THIEF, ADDRESS, OWNER)]


def test_the_holders_own_word_is_none(listening: Listening) -> None:
    """An announcement (RFC 5227) is a request whose two addresses are the sender's own."""
    assert listening.hears(OWNER, operation=1) == []
    assert listening.hears(OWNER, operation=2) == []


def test_an_address_that_nobody_is_admitted_under_is_none(listening: Listening) -> None:
    assert listening.hears(THIEF, "10.77.0.11") == []


def test_a_probe_claims_nothing(listening: Listening) -> None:
    assert listening.hears(THIEF, "0.0.0.0", operation=1) == []


def test_what_dhcp_gave_elsewhere_has_moved(listening: Listening) -> None:
    listening.leased.add((THIEF, ADDRESS))
    assert listening.hears(THIEF) == []


def test_a_claim_is_told_once_until_it_is_old(listening: Listening) -> None:
    assert len(listening.hears(THIEF)) == 1
    listening.now_s += REPEAT_S - 1
    assert listening.hears(THIEF) == []
    listening.now_s += 1
    assert len(listening.hears(THIEF)) == 1


def test_a_thousand_claimants_are_told_of_in_part(listening: Listening) -> None:
    told = [listening.hears(f"02:00:00:00:{number // 256:02x}:{number % 256:02x}") for number in range(256, 1256)]
    assert sum(map(len, told)) == BURST
    listening.now_s += 3
    assert [len(listening.hears(f"02:00:00:01:00:{number:02x}")) for number in range(5)] == [1, 1, 1, 0, 0]
    listening.now_s += 1
    assert len(listening.hears("02:00:00:01:00:04")) == 1, "one that was passed over is told when it is made again"


def test_memory_is_bounded(listening: Listening) -> None:
    frame = arp(hwsrc="02:00:00:02:00:00", psrc=str(ADDRESS))
    head, tail = frame.partition(bytes.fromhex("020000020000"))[::2]
    for number in range(REMEMBERED + 10):
        listening.now_s += 1
        listening.claims.heard(head + bytes.fromhex("02000002") + number.to_bytes(2) + tail)
    assert len(listening.told) == REMEMBERED + 10
    assert len(listening.claims._judged) == REMEMBERED


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        arp(hwsrc=THIEF, psrc="10.77.0.10")[:41],
        arp(hwtype=6, hwsrc=THIEF, psrc="10.77.0.10"),
        arp(ptype=0x86DD, hwsrc=THIEF, psrc="10.77.0.10"),
        arp(hwsrc="ff:ff:ff:ff:ff:ff", psrc="10.77.0.10"),
        arp(hwsrc="00:00:00:00:00:00", psrc="10.77.0.10"),
        arp(hwlen=8, hwsrc=THIEF, psrc="10.77.0.10"),
    ],
)
def test_what_is_no_frame_of_a_device(frame: bytes) -> None:
    assert sender(frame) is None
