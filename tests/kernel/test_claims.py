"""Claims by ARP to an admitted address, on a real cable: refused by the kernel, and told."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import pytest
from scapy.layers.l2 import ARP, Ether

from firewall.errors import KernelRefused
from firewall.gate import Gate
from firewall.presence.claims import Claim, Claims
from firewall.presence.neighbours import mac_of
from tests.kernel.test_passage import gate_mac
from tests.kernel.venue import ADDRESSES, GATE, GATE_LAN, MACS, PATIENCE_S, VISITORS, Venue, frames, sh, until
from tests.lab.entering import inside

ONE, TWO, THREE = VISITORS
EVERYBODY = "ff:ff:ff:ff:ff:ff"
Heard = queue.Queue[Claim]


def says(visitor: str, mac: str, address: str, *, operation: int = 1, to: str = EVERYBODY) -> None:
    """One ARP message from the visitor's cable."""
    arp = ARP(op=operation, hwsrc=mac, psrc=address, hwdst=to, pdst=address if to == EVERYBODY else GATE_LAN)
    with frames(visitor) as cable:
        cable.send(bytes(Ether(src=MACS[visitor], dst=to) / arp))


@pytest.fixture
def heard(gate: Gate, venue: Venue) -> Iterator[Heard]:
    """ONE is admitted, and claims are listened to."""
    came: Heard = queue.Queue()
    claims = Claims("br-lan", venue.settings.lan.network, holder=gate.holder, leased=lambda *_: False, deliver=came.put)
    with inside(GATE):
        gate.admit(MACS[ONE], [ADDRESSES[ONE]])
        claims.start()
    yield came
    claims.stop()


def test_claims_of_every_kind_are_told_and_refused(heard: Heard) -> None:
    one = str(ADDRESSES[ONE])
    # None of these is a claim; what follows them is heard after them.
    says(ONE, MACS[ONE], one)
    says(ONE, MACS[ONE], one, operation=2, to=gate_mac())
    says(TWO, MACS[TWO], "0.0.0.0")
    says(TWO, MACS[TWO], str(ADDRESSES[TWO]))
    says(TWO, MACS[TWO], "192.168.1.1")
    invented = ["02:00:00:00:0a:01", "02:00:00:00:0a:02"]
    says(TWO, MACS[TWO], one)
    says(TWO, invented[0], one, operation=2)
    says(TWO, invented[1], one, operation=2, to=gate_mac())
    says(TWO, MACS[TWO], one)
    says(THREE, MACS[THREE], one, to=gate_mac())
    told = [heard.get(timeout=PATIENCE_S) for _ in range(4)]
    assert told == [Claim(mac, ADDRESSES[ONE], MACS[ONE]) for mac in (MACS[TWO], *invented, MACS[THREE])]
    with inside(GATE):
        assert mac_of("br-lan", ADDRESSES[ONE]) == MACS[ONE]


def test_a_bridge_that_went_down_is_listened_to_again(heard: Heard) -> None:
    sh("ip link set br-lan down; ip link set br-lan up")

    def told() -> bool:
        says(TWO, MACS[TWO], str(ADDRESSES[ONE]))
        return not heard.empty()

    until(told, "a claim to be heard")


def test_a_flood_costs_little_and_ends(heard: Heard) -> None:
    """What one cable brings in a burst is more than the socket holds: the kernel drops it, we look at a few."""
    one = str(ADDRESSES[ONE])
    with frames(TWO) as cable:
        cable.setblocking(True)
        for number in range(20_000):
            mac = f"02:00:00:0b:{number // 256:02x}:{number % 256:02x}"
            frame = bytes.fromhex(("ff" * 6 + mac + "0806" + "0001080006040001" + mac).replace(":", ""))
            cable.send(frame + ADDRESSES[ONE].packed + bytes(6) + ADDRESSES[ONE].packed)
    says(TWO, MACS[TWO], one)
    until(lambda: heard.qsize() >= 1, "the flood to be noticed")
    assert heard.qsize() < 100


@pytest.mark.usefixtures("venue")
def test_no_interface_is_said() -> None:
    claims = Claims("lan7", Venue.settings.lan.network, holder=lambda _: None, leased=lambda *_: False, deliver=print)
    with inside(GATE), pytest.raises(KernelRefused, match="listen to claims on lan7"):
        claims.start()
    claims.stop()
