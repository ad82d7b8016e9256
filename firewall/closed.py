"""Before the network, and after all that may go wrong: nothing passes, and the machine itself is still there for staff.

    >>> close(settings)                                                     # doctest: +SKIP

The gate's own rules without what they decide for visitors: where they would lead into a chain of its own, they end in a
drop. The gate that starts later finds them as it finds any others, and puts its own in their place. Must not know:
where the settings come from, who is admitted.
"""

from __future__ import annotations

from dataclasses import replace

from firewall import switches, tables
from firewall.datapath import Abilities, ruleset
from firewall.rules import OURS, Chain, Family, Match, Rule, Ruleset, Table, TableName, Verdict, conntrack, port
from firewall.settings import Settings

_NO_MATTER = Abilities(mac_sets=False, nat6=False)
"""Kernels differ in the chains that are left out."""
_POLICIES = (("INPUT", Verdict.DROP), ("FORWARD", Verdict.DROP), ("OUTPUT", Verdict.ACCEPT))
_KNOWN = conntrack("RELATED,ESTABLISHED")
_LEASES = {Family.IPV4: ("67", "68"), Family.IPV6: ("547", "546")}
"""From a server's port to a client's (RFC 2131 §4.1, RFC 8415 §7.2); a server may answer from an address of which
connection tracking knows nothing."""
_ROUTERS = ("130", "134", "135", "136")
"""ICMPv6: MLD query, router advertisement, neighbour solicitation and advertisement (RFC 4861, RFC 3810)."""


def close(settings: Settings | None) -> None:
    """Make it so in the network namespace of the calling process, whatever was there; interfaces need not exist.

    Args:
        settings: None: they cannot be read.

    Raises:
        KernelRefused, LockTimeout: something may be open; no interface must come up.
    """
    wanted = closed(settings)
    tables.drop(wanted)
    switches.shut()
    tables.load(wanted)


def closed(settings: Settings | None) -> Ruleset:
    """What ``close`` loads. Pure."""
    if settings is None:
        return Ruleset(tuple(_unknown(family) for family in (Family.IPV6, Family.IPV4)))
    whole = ruleset(settings, _NO_MATTER)
    return Ruleset(tuple(_without_visitors(table) for table in whole.tables if table.name is TableName.FILTER))


def _without_visitors(table: Table) -> Table:
    return replace(table, chains=tuple(_ended(chain) for chain in table.chains if chain.hook))


def _ended(chain: Chain) -> Chain:
    rules = (replace(rule, target="DROP") if rule.target.startswith(OURS) else rule for rule in chain.rules)
    return replace(chain, rules=tuple(rules))


def _unknown(family: Family) -> Table:
    """Which interface is the visitors' nobody knows: the machine asks for addresses, and answers staff, from wherever,
    on the port that the console has by default. Nothing else comes in."""
    server, client = _LEASES[family]
    asked = _ROUTERS if family is Family.IPV6 else ()
    own = (
        Rule("ACCEPT", in_interface="lo"),
        Rule("ACCEPT", matches=(_KNOWN,)),
        Rule("ACCEPT", protocol="udp", matches=(Match("udp", (("sport", server), ("dport", client))),)),
        *(Rule("ACCEPT", protocol="ipv6-icmp", matches=(Match("icmp6", (("icmpv6-type", kind),)),)) for kind in asked),
        Rule("ACCEPT", protocol="tcp", matches=(port("tcp", Settings.console_port),)),
        Rule("DROP"),
    )
    forward = Chain("QQ-FORWARD", (Rule("DROP"),), hook="FORWARD")
    return Table(family, TableName.FILTER, _POLICIES, (forward, Chain("QQ-INPUT", own, hook="INPUT")))
