"""What an interface stands on: a bridge on its ports, a bond on its members, a VLAN on what carries it.

    >>> shared(links(), "eth0.10", "br-lan")                                # doctest: +SKIP
    'eth0'

Asks the kernel, changes nothing. Must not know: who comes in where, and why that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import firewall.links
from firewall.errors import KernelRefused


@dataclass(frozen=True)
class Link:
    """One interface; others are named by their numbers, 0 is none."""

    name: str
    master: int = 0
    """Whose port or member it is."""
    carrier: int = 0
    """On which it stands."""
    tagged: bool = False
    """It is a VLAN: of what its carrier hears, it has the frames with its tag alone."""


def links() -> dict[int, Link]:
    """All interfaces by their numbers.

    Raises:
        KernelRefused: the kernel does not tell.
    """
    try:
        told = firewall.links.links()
    except OSError as error:
        raise KernelRefused("list the interfaces", str(error)) from error
    return {
        each.index: Link(
            each.name,
            each.master,
            # A cable's other end carries nothing, nor does what is in another namespace.
            0 if each.kind == "veth" or each.elsewhere else each.carried_by,
            each.kind == "vlan",
        )
        for each in told
    }


def shared(known: Mapping[int, Link], interface: str, bridge: str) -> str:
    """Whose frames reach both, the interface itself if it is a port of the bridge; empty: the two are apart.

    A VLAN that is a port of the bridge brings its own frames there: beside it, its carrier may have other VLANs. What
    is a port as a whole brings those of every VLAN over it, because whoever is behind it may send tags.
    """
    heard = _beneath(known, bridge, through_tags=False)
    stands = _beneath(known, interface, through_tags=True)
    return next((name for name in stands if name in heard), "")


def _beneath(known: Mapping[int, Link], name: str, *, through_tags: bool) -> list[str]:
    """The interface and what it is made of at whatever depth, the nearest first."""
    found = [index for index, link in known.items() if link.name == name]
    for index in found:  # grows meanwhile
        found += [more for more in _directly(known, index, through_tags) if more not in found]
    return [known[index].name for index in found]


def _directly(known: Mapping[int, Link], index: int, through_tags: bool) -> Iterator[int]:
    yield from (port for port, link in known.items() if link.master == index)
    link = known[index]
    if link.carrier in known and (through_tags or not link.tagged):
        yield link.carrier
