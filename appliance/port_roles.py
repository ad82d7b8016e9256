"""Which port of a new box leads to the Internet and which to visitors, as far as the ports themselves tell.

    >>> ports = [PortSeen("enp1s0", carrier=True, offered=True), PortSeen("enp2s0", carrier=False)]
    >>> guess(ports)
    Roles(uplink='enp1s0', lan=('enp2s0',), radio='', why=(<Why.OFFERED: 'offered'>, <Why.REST: 'rest'>))

A wrong guess must never join visitors to the venue's own network: whatever hands out addresses is no port of theirs.
Pure. Must not know: the kernel, DHCP's packets, what is written because of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LAN_VLAN = 20
"""Of a box with a single port: with this tag visitors come, unless the owner says otherwise."""


@dataclass(frozen=True)
class PortSeen:
    """What is known of one port."""

    name: str
    carrier: bool
    offered: bool = False
    """A DHCP server offered an address on it."""
    default_route: bool = False
    wireless: bool = False


class Why(StrEnum):
    """What a role was concluded from; the words are in ``screen_words.toml``."""

    OFFERED = "offered"
    """The uplink: only there a DHCP server answers."""
    ROUTED = "routed"
    """The uplink: the way to the Internet leads there."""
    SEVERAL = "several"
    """The uplink is one of several with a DHCP server, and the others are left alone."""
    PLUGGED = "plugged"
    """The uplink: nobody answers anywhere, and there something is plugged in."""
    FIRST = "first"
    """The uplink is the first port, for nothing is plugged in."""
    NO_PORT = "no_port"
    """No wired port is there, so nothing can be the uplink."""
    REST = "rest"
    """Visitors: what is left."""
    RADIO = "radio"
    """Visitors: by the box's own Wi-Fi."""
    ONE_PORT = "one_port"
    """Visitors could only come by a VLAN of the single port: the owner must say."""


_TO_BE_ASKED = frozenset({Why.SEVERAL, Why.PLUGGED, Why.FIRST, Why.NO_PORT, Why.ONE_PORT})


@dataclass(frozen=True)
class Roles:
    """Names of ports; "" or none where there is nothing to guess."""

    uplink: str
    lan: tuple[str, ...]
    radio: str
    why: tuple[Why, ...]

    @property
    def sure(self) -> bool:
        """Whether the ports themselves told; else the owner is asked, and a box that nobody has claimed looks again."""
        return _TO_BE_ASKED.isdisjoint(self.why)


def guess(ports: Sequence[PortSeen]) -> Roles:
    """What each port is for.

    Args:
        ports: in the order in which a person would count them.
    """
    wired = [port for port in ports if not port.wireless]
    radio = next((port.name for port in ports if port.wireless), "")
    uplink, why = _uplink(wired)
    lan = tuple(port.name for port in wired if port.name != uplink and not port.offered)
    reasons = [why]
    if lan:
        reasons.append(Why.REST)
    if radio:
        reasons.append(Why.RADIO)
    if uplink and not lan and not radio:
        reasons.append(Why.ONE_PORT)
    return Roles(uplink, lan, radio, tuple(reasons))


def _uplink(wired: Sequence[PortSeen]) -> tuple[str, Why]:
    offered = [port for port in wired if port.offered]
    # A way to the Internet that somebody set up by hand says more than a DHCP server somewhere else.
    routed = [port for port in wired if port.default_route]
    if len(offered) > 1:
        return next((port.name for port in offered if port.default_route), offered[0].name), Why.SEVERAL
    if routed and not offered:
        return routed[0].name, Why.ROUTED
    if offered:
        return offered[0].name, Why.OFFERED
    plugged = [port for port in wired if port.carrier]
    if plugged:
        return plugged[0].name, Why.PLUGGED
    return (wired[0].name, Why.FIRST) if wired else ("", Why.NO_PORT)
