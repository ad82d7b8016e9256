"""What chains are made of, as data, and how they read as text. Pure: nothing here touches the kernel.

    >>> print(listing(ruleset(settings, abilities)))                        # doctest: +SKIP
    # ipv4 filter
    :FORWARD DROP
    :QQ-FORWARD -
    -A FORWARD -j QQ-FORWARD
    ...

Must not know: iptc, netlink, who is admitted, what the gate's own chains say (``datapath``, ``ipv4``, ``ipv6``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UP4 = "qq-up4"
"""From the visitor: binds IPv4 address and MAC address (bitmap:ip,mac)."""
DOWN4 = "qq-down4"
"""To the visitor: IPv4 addresses (hash:ip)."""
UP6 = "qq-up6"
"""From the visitor: MAC addresses (hash:mac) where the kernel can, else IPv6 addresses (hash:ip)."""
DOWN6 = "qq-down6"
"""To the visitor: IPv6 addresses (hash:ip)."""
GARDEN4 = "qq-garden"
"""IPv4 addresses open to everybody, put in by the captive dnsmasq as it resolves the garden's names (hash:ip)."""
SHARE4 = "qq-share4"
"""The class of each admitted IPv4 address in the queues (hash:ip with skbinfo); only where rates are configured."""
SHARE6 = "qq-share6"
"""The same for IPv6."""

GARDEN6 = "qq-garden6"
"""The same for IPv6."""

OURS = "QQ-"
"""Every chain of ours begins with this; every other chain is a stranger's and is left alone."""

SHARES = "QQS-"
"""So begin the chains of ``shares``, which come and go by themselves: to the others they are a stranger's, and back."""


class Family(StrEnum):
    """Protocol families; each has its own tables."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class TableName(StrEnum):
    """The built-in tables that hold chains of ours."""

    FILTER = "filter"
    MANGLE = "mangle"
    NAT = "nat"


class Verdict(StrEnum):
    """What a built-in chain does at its end."""

    ACCEPT = "ACCEPT"
    DROP = "DROP"


@dataclass(frozen=True)
class Match:
    """One extension match, its options in the order in which iptables prints them, values split at blanks unless they
    are quoted; the value ``!`` negates an option that has none."""

    name: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rule:
    """One rule; an empty string means "any". A leading ``!`` in ``destination`` negates it."""

    target: str
    source: str = ""
    destination: str = ""
    in_interface: str = ""
    out_interface: str = ""
    protocol: str = ""
    matches: tuple[Match, ...] = ()
    target_options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Chain:
    """A chain of ours; ``hook`` names the built-in chain whose first rule jumps to it, if one does."""

    name: str
    rules: tuple[Rule, ...]
    hook: str = ""


@dataclass(frozen=True)
class Table:
    """What one table must hold of ours."""

    family: Family
    name: TableName
    policies: tuple[tuple[str, Verdict], ...]
    chains: tuple[Chain, ...]
    prefix: str = OURS
    """How the names of the chains begin that are this table's business, wanted or left over."""


@dataclass(frozen=True)
class Ruleset:
    """Everything of ours in every table, in the order in which it is loaded."""

    tables: tuple[Table, ...]


def conntrack(states: str, *more: tuple[str, str]) -> Match:
    """Connection tracking's word for the packet, states in the order in which iptables prints them."""
    return Match("conntrack", (("ctstate", states), *more))


def member(set_name: str, directions: str, counts: bool = True) -> Match:
    """The packet's addresses are in the set. A packet that passes must be counted there once, so that of all the rules
    that ask on its way one counts: the one that lets it through."""
    asked = ("match-set", f"{set_name} {directions}")
    return Match("set", (asked,) if counts else (asked, ("update-counters", "!")))


def port(protocol: str, number: int) -> Match:
    """To this port."""
    return Match(protocol, (("dport", str(number)),))


def listing(wanted: Ruleset) -> str:
    """The ruleset as readable text: the lines that ``iptables-save`` prints of it, without counters."""
    return "\n".join(line for table in wanted.tables for line in _table_lines(table)) + "\n"


def _table_lines(table: Table) -> list[str]:
    chains = sorted(table.chains, key=lambda chain: chain.name)
    return [
        f"# {table.family} {table.name}",
        *(f":{name} {verdict}" for name, verdict in table.policies),
        *(f":{chain.name} -" for chain in chains),
        *(f"-A {hook} -j {chain.name}" for hook, _ in table.policies for chain in chains if chain.hook == hook),
        *(f"-A {chain.name} {_rule_text(rule)}" for chain in chains for rule in chain.rules),
    ]


def _rule_text(rule: Rule) -> str:
    words: list[str] = []
    for option, value in (("-s", rule.source), ("-d", rule.destination)):
        if value:
            words += ["!", option, value[1:]] if value.startswith("!") else [option, value]
    for option, value in (("-i", rule.in_interface), ("-o", rule.out_interface), ("-p", rule.protocol)):
        words += [option, value] if value else []
    for match in rule.matches:
        words += ["-m", match.name]
        for name, value in match.options:
            words += ["!", f"--{name}"] if value == "!" else [word for word in (f"--{name}", value) if word]
    words += ["-j", rule.target]
    words += [word for name, value in rule.target_options for word in (f"--{name}", value) if word]
    return " ".join(words)
