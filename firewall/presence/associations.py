"""Which stations are connected to which of our BSSes, and what of that is evidence.

    >>> associations = Associations(roaming_s=0.5)
    >>> associations.connected("wlan0", "02:00:00:00:00:01")
    [Evidence(mac='02:00:00:00:00:01', present=True, proof=<Proof.STATION: 'station'>, port='wlan0')]

A station roams: it connects to another BSS before the first one notices that it has gone, or a moment after. So a
station has left when no BSS has it, and where there are several, when none has it for ``roaming_s``. A BSS that it went
on from may have it for minutes yet (hostapd's ``ap_max_inactivity``): where the one to which it came last loses it, the
others know nothing.

An access point that hears nothing from a station gives it up after minutes: the evidence then says for how long it had
been silent, as far as the lists tell. Pure: the time comes in. Must not know: hostapd, netlink.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from firewall.presence.evidence import Evidence, Proof

GIVEN_UP_S = 290.0
"""hostapd gives a station up after 300 s without an answer, unless told otherwise (``ap_max_inactivity``); what a list
says of silence may be some seconds old."""


class Associations:
    """For one thread.

    Args:
        roaming_s: how long a station may be between two BSSes, in seconds.
    """

    def __init__(self, roaming_s: float) -> None:
        self._roaming_s = roaming_s
        self._stations: dict[str, set[str]] = {}
        """BSS → who is connected to it; the BSSes that were listed or told of a station."""
        self._newest: dict[str, str] = {}
        """MAC address → the BSS to which it came last; nothing where only lists tell, which have no order."""
        self._heard_s: dict[str, float] = {}
        """MAC address → when an access point heard it last, by its newest list; nothing where none has told."""
        self._leaving: dict[str, tuple[float, str]] = {}
        """MAC address → when it has left, and the BSS it was connected to last."""

    def connected(self, bss: str, mac: str) -> list[Evidence]:
        """A station has come to this BSS just now."""
        self._newest[mac] = bss
        self._heard_s.pop(mac, None)
        return self._has(bss, mac)

    def disconnected(self, bss: str, mac: str, now_s: float) -> list[Evidence]:
        """A BSS has lost this station."""
        self._stations.setdefault(bss, set()).discard(mac)
        others = [name for name, stations in self._stations.items() if mac in stations]
        if not others:
            self._newest.pop(mac, None)
        # What the order of events does not tell, as after a list, may be roaming.
        elif (other := self._newest.get(mac, others[0])) in others:
            return [Evidence(mac, True, Proof.STATION, other)]
        if len(self._stations) == 1:
            return [self._gone(bss, mac, now_s)]
        self._leaving.setdefault(mac, (now_s + self._roaming_s, bss))
        return []

    def listed(
        self, bss: str, stations: Collection[str], now_s: float, silent_s: Mapping[str, float] | None = None
    ) -> list[Evidence]:
        """All that a BSS has now: tells of those who came and left while nobody heard.

        Args:
            silent_s: for how long it has not heard them, where it knows.
        """
        for mac, silence_s in (silent_s or {}).items():
            self._heard_s[mac] = max(now_s - silence_s, self._heard_s.get(mac, 0.0))
        before = self._stations.setdefault(bss, set())
        came, went = set(stations) - before, before.difference(stations)
        for mac in came:
            self._newest.pop(mac, None)
        found = [evidence for mac in sorted(came) for evidence in self._has(bss, mac)]
        return found + [evidence for mac in sorted(went) for evidence in self.disconnected(bss, mac, now_s)]

    def expect(self, bss: str, stations: Collection[str]) -> None:
        """These were behind this BSS before we began: the first list tells who is not any more."""
        self._stations.setdefault(bss, set()).update(stations)

    def forget(self, bss: str) -> None:
        """Somebody else tells about this BSS from now on."""
        self._stations.pop(bss, None)

    def due(self, now_s: float) -> list[Evidence]:
        """Those whose time to turn up at another BSS has passed."""
        over = [(mac, bss) for mac, (due_s, bss) in self._leaving.items() if due_s <= now_s]
        for mac, _ in over:
            del self._leaving[mac]
        return [self._gone(bss, mac, now_s) for mac, bss in over]

    def next_due_s(self) -> float | None:
        """When ``due`` is to be asked next; None: nobody is between two BSSes."""
        return min((due_s for due_s, _ in self._leaving.values()), default=None)

    def _gone(self, bss: str, mac: str, now_s: float) -> Evidence:
        silent_s = now_s - self._heard_s.pop(mac, now_s)
        return Evidence(mac, False, Proof.STATION, bss, silent_s if silent_s >= GIVEN_UP_S else 0.0)

    def _has(self, bss: str, mac: str) -> list[Evidence]:
        self._stations.setdefault(bss, set()).add(mac)
        self._leaving.pop(mac, None)
        return [Evidence(mac, True, Proof.STATION, bss)]
