"""Releases by the thousand, of devices that there are not; and when a device's silence is believed."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

import pytest

from firewall.presence.departures import Departures
from tests.unit.firewall.test_dhcp import packet


def test_invented_releases_do_not_fill_the_memory() -> None:
    departures = Departures("br-lan", leave=print, ask=print, listed=lambda _: False, heard=lambda _: None)
    forger, departures._releases = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    departures._releases.setblocking(False)
    release = packet(("message-type", "release"))
    chaddr = 20 + 8 + 28
    for number in range(5000):
        forger.send(release[: chaddr + 2] + number.to_bytes(4) + release[chaddr + 6 :])
        departures._hear()
    assert len(departures._heard) == 4096
    assert any(mac.endswith((4999).to_bytes(4).hex(":")) for mac, _ in departures._heard), "the newest are remembered"
    departures.stop()
    forger.close()


DEVICE, ADDRESS = "02:00:00:00:00:01", IPv4Address("10.77.0.11")


class Doubted:
    """One device whose lease vanished at 0 s; it is asked at 1.5 s, and its silence believed at 2 s."""

    def __init__(self) -> None:
        self.asked = 0
        self.left: list[str] = []
        self.departures = Departures(
            "br-lan",
            leave=self.left.append,
            ask=self._ask,
            listed=lambda _: False,
            heard=lambda _: None,
            early_s=(1.5, 2.0),
        )
        self.departures._consider(DEVICE, ADDRESS, True, 0.0)

    def _ask(self, targets: Mapping[str, object]) -> None:
        self.asked += len(targets)

    def at(self, now_s: float) -> tuple[int, bool]:
        """How often it was asked by then, and whether it has left."""
        self.departures._go_on(now_s)
        return self.asked, bool(self.left)


@pytest.fixture
def doubted() -> Iterator[Doubted]:
    made = Doubted()
    yield made
    made.departures.stop()


def test_what_a_device_answers_before_it_is_asked_proves_nothing(doubted: Doubted) -> None:
    doubted.departures.answered({DEVICE})
    assert [doubted.at(now_s) for now_s in (1.0, 1.6, 1.9, 2.1)] == [(0, False), (1, False), (1, False), (1, True)]


def test_a_machine_that_stood_still_asks_again_before_it_believes_a_silence(doubted: Doubted) -> None:
    assert [doubted.at(now_s) for now_s in (1.6, 5.0, 5.1)] == [(1, False), (2, False), (2, False)]
    doubted.departures.answered({DEVICE})
    assert [doubted.at(now_s) for now_s in (5.2, 9.0)] == [(2, False)] * 2, "it was there all the time"


def test_nobody_is_believed_silent_who_was_never_asked(doubted: Doubted) -> None:
    assert [doubted.at(now_s) for now_s in (2.1, 2.2, 2.5)] == [(1, False), (1, False), (1, True)]
