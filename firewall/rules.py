"""The chains, as data: settings in, one ruleset of both families out. Pure: nothing here touches the kernel.

    >>> print(listing(ruleset(settings)))                                   # doctest: +SKIP
    # ipv4 filter
    :FORWARD DROP
    :QQ-FORWARD -
    -A FORWARD -j QQ-FORWARD
    ...

Nothing is added to a chain for a visitor: membership is in the sets ``UP4`` and ``DOWN4``, so that a packet costs the
same with 1 or 60,000 visitors; the owner's garden is one more set, ``GARDEN4``. Must not know: iptc, netlink, who is
admitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from firewall.settings import Settings

UP4 = "qq-up4"
"""From the visitor: binds IPv4 address and MAC address (bitmap:ip,mac)."""
DOWN4 = "qq-down4"
"""To the visitor: IPv4 addresses (hash:ip)."""
GARDEN4 = "qq-garden"
"""IPv4 addresses open to everybody, put in by the captive dnsmasq as it resolves the garden's names (hash:ip)."""

OURS = "QQ-"
"""Every chain of ours begins with this; every other chain is a stranger's and is left alone."""


class Family(StrEnum):
    """Protocol families; each has its own tables."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class TableName(StrEnum):
    """The built-in tables that hold chains of ours."""

    FILTER = "filter"
    NAT = "nat"


class Verdict(StrEnum):
    """What a built-in chain does at its end."""

    ACCEPT = "ACCEPT"
    DROP = "DROP"


@dataclass(frozen=True)
class Match:
    """One extension match, its options in the order in which iptables prints them, values split at blanks."""

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


@dataclass(frozen=True)
class Ruleset:
    """Everything of ours in every table, in the order in which it is loaded."""

    tables: tuple[Table, ...]


def ruleset(settings: Settings) -> Ruleset:
    """The whole data path for these settings."""
    # filter before nat: until the drop stands, nothing may be translated either.
    return Ruleset((_filter6(), _filter4(settings), _nat4(settings)))


_INVALID = Match("conntrack", (("ctstate", "INVALID"),))
_KNOWN = Match("conntrack", (("ctstate", "RELATED,ESTABLISHED"),))
# Only packets that answer a connection which the gate itself opened. Plain ESTABLISHED would let a device whose
# admission ended go on talking to the gate's resolver on an old connection.
_ANSWER = Match("conntrack", (("ctstate", "RELATED,ESTABLISHED"), ("ctdir", "REPLY")))
_UP = Match("set", (("match-set", f"{UP4} src,src"),))
_TO_GARDEN = Match("set", (("match-set", f"{GARDEN4} dst"),))
_FROM_GARDEN = Match("set", (("match-set", f"{GARDEN4} src"),))
# The garden is for pages. Every other port of its addresses would be a way for tunnels (UDP 53, 443) and worth nothing.
_GARDEN_PORTS = "80,443"
_DOWN = Match("set", (("match-set", f"{DOWN4} dst"),))


def _port(protocol: str, port: int) -> Match:
    return Match(protocol, (("dport", str(port)),))


def _filter4(settings: Settings) -> Table:
    lan, wan = settings.lan_interface, settings.wan_interface
    unreachable = (("reject-with", "icmp-port-unreachable"),)
    forward = Chain(
        "QQ-FORWARD",
        (
            # What touches the LAN is decided here for good, whatever rules a stranger has behind our jump. All else
            # returns to the stranger's rules and, at the end, to the policy.
            Rule("QQ-FROM-LAN", in_interface=lan),
            Rule("QQ-TO-LAN", out_interface=lan),
        ),
        hook="FORWARD",
    )
    from_lan = Chain(
        "QQ-FROM-LAN",
        (
            # A packet without a connection is not translated: it would show the LAN's addresses to the WAN.
            Rule("DROP", matches=(_INVALID,)),
            # No connection state here: every packet must match the set, so that revoking stops a running flow at once.
            Rule("ACCEPT", out_interface=wan, matches=(_UP,)),
            # From the LAN's addresses alone: only those are translated.
            Rule(
                "ACCEPT",
                source=str(settings.lan.network),
                out_interface=wan,
                protocol="tcp",
                matches=(Match("multiport", (("dports", _GARDEN_PORTS),)), _TO_GARDEN),
            ),
            # A client that is refused at once falls back at once: TCP by a reset, QUIC and DNS over QUIC by ICMP.
            Rule("REJECT", protocol="tcp", target_options=(("reject-with", "tcp-reset"),)),
            Rule("REJECT", protocol="udp", matches=(_port("udp", 443),), target_options=unreachable),
            Rule("REJECT", protocol="udp", matches=(_port("udp", 853),), target_options=unreachable),
            Rule("DROP"),
        ),
    )
    to_lan = Chain(
        "QQ-TO-LAN",
        (
            Rule("ACCEPT", in_interface=wan, matches=(_KNOWN, _DOWN)),
            Rule(
                "ACCEPT",
                in_interface=wan,
                protocol="tcp",
                matches=(Match("multiport", (("sports", _GARDEN_PORTS),)), _KNOWN, _FROM_GARDEN),
            ),
            Rule("DROP"),
        ),
    )
    entry = Chain(
        "QQ-INPUT",
        (
            Rule("ACCEPT", in_interface="lo"),
            Rule("QQ-LAN-INPUT", in_interface=lan),
            Rule("ACCEPT", in_interface=wan, matches=(_KNOWN,)),
            # A DHCP server's answer may come to the broadcast address, which connection tracking does not relate.
            Rule(
                "ACCEPT", in_interface=wan, protocol="udp", matches=(Match("udp", (("sport", "67"), ("dport", "68"))),)
            ),
            # Anything else returns: a stranger's own rule (remote administration on the WAN) may take it, or the policy
            # drops it.
        ),
        hook="INPUT",
    )
    policies = (("INPUT", Verdict.DROP), ("FORWARD", Verdict.DROP), ("OUTPUT", Verdict.ACCEPT))
    return Table(Family.IPV4, TableName.FILTER, policies, (forward, from_lan, entry, _lan_input(settings), to_lan))


def _lan_input(settings: Settings) -> Chain:
    """What a visitor's device may ask of the gate itself; decided by each packet alone, not by a connection's past."""
    gate = f"{settings.lan.ip}/32"
    echo = (Match("icmp", (("icmp-type", "8"),)), Match("limit", (("limit", "50/sec"), ("limit-burst", "100"))))
    return Chain(
        "QQ-LAN-INPUT",
        (
            Rule("DROP", matches=(_INVALID,)),
            # No address is asked of DHCP's: a client has none yet and asks by broadcast.
            Rule("ACCEPT", protocol="udp", matches=(Match("udp", (("sport", "68"), ("dport", "67"))),)),
            # The real resolver only for the admitted: from others it would be a tunnel.
            Rule("ACCEPT", destination=gate, protocol="udp", matches=(_port("udp", 53), _UP)),
            Rule("ACCEPT", destination=gate, protocol="tcp", matches=(_port("tcp", 53), _UP)),
            Rule("ACCEPT", protocol="udp", matches=(_port("udp", settings.captive_dns_port),)),
            Rule("ACCEPT", protocol="tcp", matches=(_port("tcp", settings.captive_dns_port),)),
            Rule("ACCEPT", destination=gate, protocol="tcp", matches=(_port("tcp", settings.portal_port),)),
            Rule("ACCEPT", protocol="tcp", matches=(_port("tcp", settings.redirect_port),)),
            Rule("ACCEPT", destination=gate, protocol="icmp", matches=echo),
            Rule("ACCEPT", matches=(_ANSWER,)),
            Rule("DROP"),
        ),
    )


def _nat4(settings: Settings) -> Table:
    gate = f"{settings.lan.ip}/32"
    captive_dns = (("to-ports", str(settings.captive_dns_port)),)
    redirect = (("to-ports", str(settings.redirect_port)),)
    prerouting = Chain("QQ-PREROUTING", (Rule("QQ-CAPTIVE", in_interface=settings.lan_interface),), hook="PREROUTING")
    captive = Chain(
        "QQ-CAPTIVE",
        (
            Rule("RETURN", matches=(_UP,)),
            Rule("REDIRECT", protocol="udp", matches=(_port("udp", 53),), target_options=captive_dns),
            Rule("REDIRECT", protocol="tcp", matches=(_port("tcp", 53),), target_options=captive_dns),
            Rule("RETURN", protocol="tcp", matches=(_port("tcp", 80), _TO_GARDEN)),
            Rule(
                "REDIRECT",
                destination=f"!{gate}",
                protocol="tcp",
                matches=(_port("tcp", 80),),
                target_options=redirect,
            ),
        ),
    )
    postrouting = Chain(
        "QQ-POSTROUTING",
        (Rule("MASQUERADE", source=str(settings.lan.network), out_interface=settings.wan_interface),),
        hook="POSTROUTING",
    )
    # Translation's own policies accept: dropping is the filter table's work.
    policies = tuple((name, Verdict.ACCEPT) for name in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"))
    return Table(Family.IPV4, TableName.NAT, policies, (captive, postrouting, prerouting))


def _filter6() -> Table:
    """IPv6, firmly closed.

    Neighbour discovery is dropped on input too. So the gate answers no neighbour solicitation, takes no router
    advertisement, and has nothing but a link-local address that nobody can reach: silent, and harmless because
    devices that hear no router use IPv4. Accepting ICMPv6 would only offer a surface that nothing needs yet.
    """
    policies = (("INPUT", Verdict.DROP), ("FORWARD", Verdict.DROP), ("OUTPUT", Verdict.ACCEPT))
    forward = Chain("QQ-FORWARD", (Rule("DROP"),), hook="FORWARD")
    entry = Chain("QQ-INPUT", (Rule("ACCEPT", in_interface="lo"), Rule("DROP")), hook="INPUT")
    return Table(Family.IPV6, TableName.FILTER, policies, (forward, entry))


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
        words += ["-m", match.name, *(word for name, value in match.options for word in (f"--{name}", value))]
    words += ["-j", rule.target, *(word for name, value in rule.target_options for word in (f"--{name}", value))]
    return " ".join(words)
