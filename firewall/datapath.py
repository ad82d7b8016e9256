"""The whole data path as one ruleset: both families, every table.

Nothing is added to a chain for a visitor: membership is in the sets, so that a packet costs the same with 1 or 60,000
visitors. Must not know: iptc, netlink, who is admitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from firewall import ipv4, ipv6, owners
from firewall.rules import Ruleset, Table
from firewall.settings import Settings


@dataclass(frozen=True)
class Abilities:
    """What kernels differ in; ``firewall.abilities`` asks this one."""

    mac_sets: bool
    """Sets of type hash:mac: an IPv6 device is known by its MAC address. Without: by its addresses, one by one."""
    nat6: bool
    """Translation in IPv6: without, an unadmitted device's web requests and names are refused, not redirected."""
    owner_marks: bool = False
    """Where ``mac_sets`` are missing: whether every packet can be asked all the same whose address it has."""

    @property
    def owned(self) -> bool:
        """Whether that is done."""
        return self.owner_marks and not self.mac_sets


def ruleset(settings: Settings, abilities: Abilities) -> Ruleset:
    """Everything of ours for these settings on this kernel, in the order in which it is loaded."""
    # filter before nat: until the drop stands, nothing may be translated either.
    tables: tuple[Table, ...] = (
        ipv6.filter_table(settings, abilities.nat6, abilities.owned, abilities.mac_sets),
        ipv4.filter_table(settings),
        ipv4.nat_table(settings),
    )
    if settings.lan6 is not None and abilities.owned:
        tables += (owners.table(settings),)
    if settings.lan6 is not None and abilities.nat6:
        # Only where it is used: each table costs every packet a walk through its hooks.
        tables += (ipv6.nat_table(settings, abilities.owned),)
    return Ruleset(tables)
