"""The one door of the staff's side: the console's port, from the console's interface, in both families. Pure.

Everything else that comes from there is left to the policy, which drops it. From the visitors' side that port is never
opened, whatever address of the gate a device aims at: their chain ends in a drop of its own. Must not know: iptc,
netlink, who is signed in.
"""

from __future__ import annotations

from collections.abc import Iterator

from firewall.rules import Family, Match, Rule, port
from firewall.settings import Settings

_NEIGHBOURS = ("135", "136")  # solicitation and advertisement: without them nobody finds the gate (RFC 4861)


def door(settings: Settings, family: Family, *, neighbours: bool = False) -> Iterator[Rule]:
    """What ``QQ-INPUT`` has for the console; nothing where there is none.

    Args:
        neighbours: whether neighbour discovery must be opened too, because nothing else has for this interface.
    """
    if not settings.console_interface:
        return
    if family is Family.IPV6 and neighbours:
        for kind in _NEIGHBOURS:
            asked = Match("icmp6", (("icmpv6-type", kind),))
            yield Rule("ACCEPT", in_interface=settings.console_interface, protocol="ipv6-icmp", matches=(asked,))
    here = (port("tcp", settings.console_port),)
    yield Rule("ACCEPT", in_interface=settings.console_interface, protocol="tcp", matches=here)
