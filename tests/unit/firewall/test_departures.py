"""Releases by the thousand, of devices that there are not."""

from __future__ import annotations

import socket

from firewall.presence.departures import Departures
from tests.unit.firewall.test_dhcp import packet


def test_invented_releases_do_not_fill_the_memory() -> None:
    departures = Departures("br-lan", leave=print, ask=print, listed=lambda _: False, heard=lambda: None)
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
