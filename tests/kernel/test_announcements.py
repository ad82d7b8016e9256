"""New addresses as devices announce them on a real cable, by the kernel's own duplicate address detection."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import Ether

from firewall.errors import KernelRefused
from firewall.gate import Gate
from firewall.presence.announcements import Announcements
from firewall.presence.evidence import Address
from firewall.presence.neighbours import Neighbours, mac_of
from firewall.settings import Settings
from tests.kernel.test_ipv6 import IPS6
from tests.kernel.venue import ADDRESSES6, GATE, GATE_LAN6, MACS, PATIENCE_S, VISITORS, frames, pings, sh, until
from tests.lab.entering import inside

ONE, TWO, THREE = VISITORS
PREFIX = GATE_LAN6.removesuffix("1")
Heard = queue.Queue[Address]


@pytest.fixture
def learnt(gate6: Gate, settings6: Settings) -> Iterator[Heard]:
    """ONE and TWO are admitted; what the neighbour table learns from now on."""
    came: Heard = queue.Queue()
    assert settings6.lan6
    heard = Announcements("br-lan", settings6.lan6.network, admitted=gate6.admits, holder=gate6.holder)
    neighbours = Neighbours("br-lan", came.put)
    with inside(GATE):
        for name in (ONE, TWO):
            gate6.admit(MACS[name], [IPS6[name]])
        neighbours.start()
        heard.start()
    while not came.empty():
        came.get()
    yield came
    heard.stop()
    neighbours.stop()


def takes(visitor: str, address: str) -> None:
    """As a phone takes another address: it asks whether it is free, and sends nothing else."""
    sh(f"ip address add {address}/64 dev eth0", visitor)


def asks(visitor: str, target: str, *, mac: str = "", hop_limit: int = 255, source: str = "::") -> None:
    """The same question, made by hand."""
    question = IPv6(src=source, dst="ff02::1:ff00:1", hlim=hop_limit) / ICMPv6ND_NS(tgt=target)
    with frames(visitor) as cable:
        cable.send(bytes(Ether(src=mac or MACS[visitor], dst="33:33:ff:00:00:01") / question))


def heard_of(learnt: Heard, mac: str) -> str:
    """The next address of this device's."""
    while True:
        told = learnt.get(timeout=PATIENCE_S)
        if told.mac == mac:
            return str(told.address)


def test_an_address_is_learnt_before_its_first_packet(learnt: Heard) -> None:
    takes(ONE, f"{PREFIX}abcd")
    assert heard_of(learnt, MACS[ONE]) == f"{PREFIX}abcd"


def test_who_is_not_admitted_is_not_learnt_nor_what_is_no_such_question(learnt: Heard) -> None:
    asks(THREE, f"{PREFIX}3333")
    asks(ONE, "2001:db8:ffff::1")  # of another network
    asks(ONE, f"{PREFIX}1111", hop_limit=254)  # from elsewhere
    asks(ONE, f"{PREFIX}2222", source="fe80::1")  # asks for somebody
    asks(ONE, f"{PREFIX}abcd")
    assert heard_of(learnt, MACS[ONE]) == f"{PREFIX}abcd"
    with inside(GATE):
        assert mac_of("br-lan", IPv6Address(f"{PREFIX}3333")) is None


def test_to_ask_is_no_claim(learnt: Heard) -> None:
    until(lambda: pings(GATE, ADDRESSES6[THREE]), "a device that is not admitted to be known")
    sh(f"ip neighbour del {ADDRESSES6[ONE]} dev br-lan || true")
    asks(TWO, ADDRESSES6[THREE])
    asks(TWO, ADDRESSES6[ONE])  # which is admitted, and of which the kernel knows nothing for the moment
    asks(TWO, f"{PREFIX}abcd")
    assert heard_of(learnt, MACS[TWO]) == f"{PREFIX}abcd"
    with inside(GATE):
        assert mac_of("br-lan", IPS6[THREE]) == MACS[THREE]
        assert mac_of("br-lan", IPS6[ONE]) is None


def test_no_interface_is_said(settings6: Settings) -> None:
    assert settings6.lan6
    heard = Announcements("lan7", settings6.lan6.network, admitted=lambda _: True, holder=lambda _: None)
    with inside(GATE), pytest.raises(KernelRefused, match="lan7"):
        heard.start()
    heard.stop()
