"""Law 1 by what came out at the operator's side: whose packet it was, and whether its sender was admitted then.

Pure. Must not know: any code of the product.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping

from tests.chaos.book import FIRST_PORT, HOME, Entered, Packet, Quit
from tests.chaos.evidence import Evidence
from tests.chaos.spans import Story

CLOSING_MS = 5_000
"""Within which whoever is closed is closed: the entry has the moment of the news, the deed comes after it."""
_NAME = re.compile(rf"\bv(\d+)\.{re.escape(HOME)}\b")
_GATES_OWN = {(socket.IPPROTO_TCP, 2775), (socket.IPPROTO_UDP, 53), (socket.IPPROTO_TCP, 53)}
"""SMPP; questions of names, which the Internet's own log attributes."""
_ANYBODYS = {(socket.IPPROTO_TCP, 80)}
"""Requests of pages, which the Internet's own log attributes."""
_OWN_SOURCES = re.compile(r"fe80:|::$|2001:db8:ffff:|203\.0\.113\.")
"""Of what has no port: neighbour discovery, groups (RFC 3810), unreachables. Visitors have none of them but by NAT."""


def strays(evidence: Evidence, stories: Mapping[str, Story]) -> Iterator[tuple[float, str, str]]:
    """Moment, device and kind of everything that came out and should not have."""
    device_of = {person.number: person.mac for person in evidence.people}
    for packet in evidence.packets:
        number = packet.port - FIRST_PORT
        if (mac := device_of.get(number)) is not None:
            if why := _why_not(packet.at_ms, stories[mac]):
                yield packet.at_ms, mac, f"{packet.source} to {packet.destination}, {why}"
        elif not _may_come(packet):
            yield packet.at_ms, "", f"nobody's: {packet.source} to {packet.destination} port {packet.port}"
    for arrival in evidence.arrivals:
        if (named := _NAME.search(arrival.detail)) and (mac := device_of.get(int(named[1]))) is not None:
            if why := _why_not(arrival.at_ms, stories[mac]):
                yield arrival.at_ms, mac, f"{arrival.service} {arrival.detail}, {why}"
        elif arrival.service in ("http", "dns") and arrival.detail:
            yield arrival.at_ms, "", f"nobody's: {arrival.service} {arrival.detail}"


def _may_come(packet: Packet) -> bool:
    """Of a packet that is no visitor's knock."""
    if packet.protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        return (packet.protocol, packet.port) in _GATES_OWN | _ANYBODYS
    return bool(_OWN_SOURCES.match(packet.source))


def _why_not(at_ms: float, story: Story) -> str:
    """Why this device may not have been heard out there at that moment; "" if it may."""
    if not any(stay.opened_ms <= at_ms <= stay.closed_ms + CLOSING_MS for stay in story.spans):
        return "and the journal has no visit then"
    entered = [each.began_ms for each in story.notes if isinstance(each, Entered) and each.right]
    since_ms = max((began_ms for began_ms in entered if began_ms <= at_ms), default=None)
    if since_ms is None:
        return "and it never had entered a password"
    quits = [each for each in story.notes if isinstance(each, Quit) and each.status == 303]
    if any(since_ms < each.began_ms and each.at_ms < at_ms for each in quits):
        return "and it had said that it leaves"
    return ""
