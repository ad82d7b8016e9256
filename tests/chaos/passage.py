"""Law 1 by what came out at the operator's side: whose packet it was, and whether its sender was admitted then.

Pure. Must not know: any code of the product.
"""

from __future__ import annotations

import re
import socket
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping

from tests.chaos.book import FIRST_PORT, HOME, Allows, Packet, Quit
from tests.chaos.evidence import Evidence
from tests.chaos.excuses import Excuses
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


def strays(evidence: Evidence, stories: Mapping[str, Story], excuses: Excuses) -> Iterator[tuple[float, str, str]]:
    """Moment, device and kind of everything that came out and should not have."""
    rights = {mac: _Rights(story) for mac, story in stories.items()}
    device_of = {person.number: person.mac for person in evidence.people}

    def why_not(mac: str, at_ms: float, *late: Allows) -> str:
        """Why this device may not be heard then; "" if it may, or might when a fault kept back what it had sent."""
        if why := rights[mac].why_not(at_ms):
            kept_back = [excuses.excuse(allows, at_ms, at_ms) for allows in late]
            if any(fault is not None and rights[mac].since(fault.injected_ms) for fault in kept_back):
                return ""
        return why

    for packet in evidence.packets:
        number = packet.port - FIRST_PORT
        if (mac := device_of.get(number)) is not None:
            if why := why_not(mac, packet.at_ms, Allows.KEPT_BACK):
                yield packet.at_ms, mac, f"{packet.source} to {packet.destination}, {why}"
        elif not _may_come(packet):
            yield packet.at_ms, "", f"nobody's: {packet.source} to {packet.destination} port {packet.port}"
    for arrival in evidence.arrivals:
        if (named := _NAME.search(arrival.detail)) and (mac := device_of.get(int(named[1]))) is not None:
            late = (Allows.KEPT_BACK, *([Allows.NAMES_LATE] if arrival.service == "dns" else []))
            if why := why_not(mac, arrival.at_ms, *late):
                yield arrival.at_ms, mac, f"{arrival.service} {arrival.detail}, {why}"
        elif arrival.service in ("http", "dns") and arrival.detail:
            yield arrival.at_ms, "", f"nobody's: {arrival.service} {arrival.detail}"


def _may_come(packet: Packet) -> bool:
    """Of a packet that is no visitor's knock."""
    if packet.protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        return (packet.protocol, packet.port) in _GATES_OWN | _ANYBODYS
    return bool(_OWN_SOURCES.match(packet.source))


class _Rights:
    """When one device may be heard out there. Made once, asked for each packet."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._entered = [note.began_ms for note in story.let_in()]
        self._quits = [note for note in story.notes if isinstance(note, Quit) and note.status == 303]
        self._quit_ms = [note.at_ms for note in self._quits]

    def since(self, at_ms: float) -> bool:
        """Whether it was admitted at some moment from then on."""
        return any(stay.closed_ms >= at_ms for stay in self._story.spans)

    def why_not(self, at_ms: float) -> str:
        """Why it may not at that moment; "" if it may."""
        stay = self._story.span_at(at_ms)
        if stay is None or at_ms > stay.closed_ms + CLOSING_MS:
            return "and the journal has no visit then"
        place = bisect_right(self._entered, at_ms)
        if not place:
            return "and it never had entered a password"
        quits = bisect_left(self._quit_ms, at_ms)
        if quits and self._quits[quits - 1].began_ms > self._entered[place - 1]:
            return "and it had said that it leaves"
        return ""
