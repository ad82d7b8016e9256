"""The conversation with one hostapd over its control socket: what to ask next, and what its datagrams mean.

    >>> conversation = Conversation()
    >>> conversation.ask()
    b'ATTACH'
    >>> conversation.heard(b"OK\\n"), conversation.ask()
    ([], b'STA-FIRST')
    >>> conversation.heard(b""), conversation.ask()      # no station, the list is complete
    ([Listed(stations=frozenset())], None)
    >>> conversation.heard(b"<3>AP-STA-CONNECTED 02:00:00:00:00:01")
    [Connected(mac='02:00:00:00:00:01')]

hostapd answers one datagram a command, in order, with its events in between; an event begins with its level in angle
brackets. What is neither an event we know nor a possible answer ends the conversation: the next one begins with a list.
Pure. Must not know: sockets, time, which interface it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_EVENT = re.compile(rb"<\d{1,2}>")
# Anchored: other events carry words that visitors choose (a WPS device's name, an EAP identity).
_STATION = re.compile(rb"<\d{1,2}>AP-STA-(CONNECTED|DISCONNECTED) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})(?: |$)")
_OVER = re.compile(rb"<\d{1,2}>(AP-DISABLED|INTERFACE-DISABLED|CTRL-EVENT-TERMINATING)(?: |$)")
_ENTRY = re.compile(rb"([0-9a-f]{2}(?::[0-9a-f]{2}){5})\n")
_SILENT = re.compile(rb"^inactive_msec=(\d{1,10})$", re.MULTILINE)
_AUTHORIZED = re.compile(rb"^flags=.*\[AUTHORIZED\]", re.MULTILINE)

_LONGEST_LIST = 8192
"""More stations than an access point can have (2007 association ids); a list without end must end."""
_WALKS = 8
"""How often a list is begun anew because the station it had come to left."""


@dataclass(frozen=True)
class Connected:
    """A station may use the network now."""

    mac: str


@dataclass(frozen=True)
class Disconnected:
    """A station is gone."""

    mac: str


@dataclass(frozen=True)
class Listed:
    """All stations that may use the network now, by MAC address in lower case."""

    stations: frozenset[str]
    surprising: bool = False
    """It differs from what the events told: some were lost."""
    silent_s: Mapping[str, float] = field(default_factory=dict)
    """For how long the access point has not heard them, where it knows."""


@dataclass(frozen=True)
class Over:
    """The BSS was switched off: it has no stations, and will tell nothing more."""


@dataclass(frozen=True)
class Unintelligible:
    """No answer to what was asked: begin a new conversation."""

    answer: bytes


Fact = Connected | Disconnected | Listed | Over | Unintelligible


class Conversation:
    """With one control socket, from its connection to its end."""

    def __init__(self) -> None:
        self._next: bytes | None = b"ATTACH"
        self._asked: bytes | None = None
        self._walked: set[str] | None = None
        """Whom the list has brought so far; None: no list is being asked for."""
        self._silent_s: dict[str, float] = {}
        self._entries = self._walks = 0
        self._told: frozenset[str] | None = None
        """Who is connected by the events since the last list; None before the first."""

    @property
    def waiting(self) -> bool:
        """Whether an answer is owed."""
        return self._asked is not None

    def ask(self) -> bytes | None:
        """The command to send now; None: wait for an answer, or there is nothing to ask."""
        if self._asked is None and self._next is not None:
            self._asked, self._next = self._next, None
            return self._asked
        return None

    def greet(self) -> None:
        """Ask whether it is still there, when nothing else is asked."""
        self._want(b"PING")

    def list_again(self) -> None:
        """Ask for all stations, when nothing else is asked."""
        self._want(b"STA-FIRST")

    def _want(self, command: bytes) -> None:
        if self._asked is None and self._next is None:
            self._next = command

    def heard(self, datagram: bytes) -> list[Fact]:
        """What this datagram means."""
        return self._event(datagram) if _EVENT.match(datagram) else self._answer(datagram)

    def _event(self, event: bytes) -> list[Fact]:
        if _OVER.match(event):
            return [Over()]
        found = _STATION.match(event)
        if found is None:
            return []
        mac, connected = found[2].decode().lower(), found[1] == b"CONNECTED"
        if self._walked is not None:
            (self._walked.add if connected else self._walked.discard)(mac)
        if self._told is not None:
            self._told = self._told | {mac} if connected else self._told - {mac}
        return [Connected(mac) if connected else Disconnected(mac)]

    def _answer(self, answer: bytes) -> list[Fact]:
        asked, self._asked = self._asked, None
        match asked:
            case b"ATTACH" if answer == b"OK\n":
                self._next = b"STA-FIRST"
                return []
            case b"PING" if answer == b"PONG\n":
                return []
            case b"STA-FIRST":
                self._walked, self._silent_s, self._entries = set(), {}, 0
                return self._entry(answer)
            case bytes() if asked.startswith(b"STA-NEXT "):
                return self._entry(answer)
            case _:
                return [Unintelligible(answer)]

    def _entry(self, answer: bytes) -> list[Fact]:
        if answer == b"":
            stations = frozenset(self._walked or ())
            surprising = self._told is not None and self._told != stations
            self._walked, self._told, self._walks = None, stations, 0
            silent_s, self._silent_s = self._silent_s, {}
            return [Listed(stations, surprising, silent_s)]
        if answer == b"FAIL\n" and self._walks < _WALKS:
            self._walks += 1
            self._next = b"STA-FIRST"  # the station that was to show us the next one is gone
            return []
        found = _ENTRY.match(answer)
        mac = found[1].decode() if found else ""
        if found is None or self._walked is None or self._entries >= _LONGEST_LIST:
            return [Unintelligible(answer)]
        self._entries += 1
        if _AUTHORIZED.search(answer):
            self._walked.add(mac)
            if silent := _SILENT.search(answer):
                self._silent_s[mac] = int(silent[1]) / 1000
        self._next = b"STA-NEXT " + found[1]
        return []
