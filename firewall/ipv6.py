"""The chains of IPv6, as data: the same promises as IPv4's, by what IPv6 needs.

The two kinds of the set ``UP6`` (MAC addresses or IPv6 addresses) are asked by the same words, ``src``, so the rules
are one text for both. Must not know: iptc, netlink, who is admitted.
"""

from __future__ import annotations

from firewall import limits, owners, staff
from firewall.ipv4 import NO_QUESTION
from firewall.rules import (
    DOWN6,
    GARDEN6,
    UP6,
    Chain,
    Family,
    Match,
    Rule,
    Table,
    TableName,
    Verdict,
    conntrack,
    member,
    port,
)
from firewall.settings import HTTPS_PORT, Settings

PRIVATE = (
    "fc00::/7",  # unique local (RFC 4193): the venue's own machines
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "::/96",
    "::ffff:0.0.0.0/96",
    # Translators' prefixes, where they would lead to IPv4's private networks (RFC 6052 3.1, RFC 8215)
    "64:ff9b::a00:0/104",
    "64:ff9b::6440:0/106",
    "64:ff9b::a9fe:0/112",
    "64:ff9b::ac10:0/108",
    "64:ff9b::c0a8:0/112",
    "64:ff9b:1::/48",
)
"""Upstream these are the venue's own machines or the provider's, never the Internet that a visitor was promised."""

_NEW = conntrack("INVALID,NEW,RELATED,UNTRACKED")
_INVALID = conntrack("INVALID")
_LOST = conntrack("INVALID,UNTRACKED")
_BEGINS = conntrack("NEW")
_KNOWN = conntrack("RELATED,ESTABLISHED")
_ANSWER = conntrack("RELATED,ESTABLISHED", ("ctdir", "REPLY"))  # why not plain ESTABLISHED: see ipv4
_DOWN = member(DOWN6, "dst")
_FROM_KNOWN = member(DOWN6, "src", counts=False)
_TO_GARDEN = member(GARDEN6, "dst")
_FROM_GARDEN = member(GARDEN6, "src")
_GARDEN_PORTS = "80,443"  # why these alone: see ipv4
_RESET = (("reject-with", "tcp-reset"),)
_PROHIBITED = (("reject-with", "icmp6-adm-prohibited"),)
_UNREACHABLE = (("reject-with", "icmp6-port-unreachable"),)

# What a router must hear (RFC 4861, RFC 3810); no router advertisement and no redirect from the LAN, which only the
# gate may send there. That they come from the link itself (hop limit 255) is the kernel's own check.
_FROM_DEVICES = (
    "131",  # MLD report
    "132",  # MLD done
    "133",  # router solicitation
    "135",  # neighbour solicitation
    "136",  # neighbour advertisement
    "143",  # MLDv2 report
)
_FROM_PROVIDER = (
    "130",  # MLD query
    "134",  # router advertisement
    "135",
    "136",
)


def filter_table(settings: Settings, redirects: bool, owned: bool, mac_sets: bool) -> Table:
    """What may pass, and what may reach the gate itself.

    Args:
        redirects: whether ``nat_table`` is loaded.
        owned: whether ``owners.table`` is.
        mac_sets: whether ``UP6`` knows MAC addresses.
    """
    policies = (("INPUT", Verdict.DROP), ("FORWARD", Verdict.DROP), ("OUTPUT", Verdict.ACCEPT))
    if settings.lan6 is None:
        chains = _shut(settings)
    else:
        chains = _open(settings, str(settings.lan6.network), redirects, owned, mac_sets)
    return Table(Family.IPV6, TableName.FILTER, policies, chains)


def _shut(settings: Settings) -> tuple[Chain, ...]:
    """IPv6, firmly closed; the console alone is reached by it, from its own interface.

    Neighbour discovery is dropped on input too. So the gate answers no neighbour solicitation, takes no router
    advertisement, and has nothing but a link-local address that nobody can reach: silent, and harmless because
    devices that hear no router use IPv4.
    """
    forward = Chain("QQ-FORWARD", (Rule("DROP"),), hook="FORWARD")
    own = (Rule("ACCEPT", in_interface="lo"), *staff.door(settings, Family.IPV6, neighbours=True), Rule("DROP"))
    entry = Chain("QQ-INPUT", own, hook="INPUT")
    return forward, entry


def _open(settings: Settings, prefix: str, redirects: bool, owned: bool, mac_sets: bool) -> tuple[Chain, ...]:
    lan, wan = settings.lan_interface, settings.wan_interface
    forward = Chain(
        "QQ-FORWARD",
        (Rule("QQ-FROM-LAN", in_interface=lan), Rule("QQ-TO-LAN", out_interface=lan)),
        hook="FORWARD",
    )
    # Without redirection a name asked of whatever server is refused at once too.
    refused = (443, 853) if redirects else (443, 853, 53)
    from_lan = Chain(
        "QQ-FROM-LAN",
        (
            Rule("QQ-NEW", matches=(_NEW,)),
            # Every packet must match, as in IPv4. A set of MAC addresses says nothing about the address: what a device
            # sends from must be in its visit, so in the journal, before it passes. Extension headers change nothing
            # here, and fragments arrive put together by connection tracking.
            Rule(
                "ACCEPT",
                source=prefix,
                out_interface=wan,
                matches=(*((_FROM_KNOWN,) if mac_sets else ()), *_up(owned, counts=True)),
            ),
            Rule(
                "ACCEPT",
                source=prefix,
                out_interface=wan,
                protocol="tcp",
                matches=(Match("multiport", (("dports", _GARDEN_PORTS),)), _TO_GARDEN),
            ),
            # What is refused is answered, and the answer quotes it: to an address out there it would be a way out for
            # anybody, payload and all. (In IPv4 the kernel drops such sources itself: rp_filter.)
            Rule("DROP", source=f"!{prefix}"),
            Rule("REJECT", protocol="tcp", target_options=_RESET),
            *(
                Rule("REJECT", protocol="udp", matches=(port("udp", number),), target_options=_UNREACHABLE)
                for number in refused
            ),
            # Not dropped in silence as in IPv4: the answer makes the gate resolve who sent, and so learn a new address
            # of an admitted device (RFC 8981), whose next try passes.
            Rule("REJECT", target_options=_PROHIBITED),
        ),
    )
    private = () if settings.private_wan else PRIVATE
    new = Chain(
        "QQ-NEW",
        (
            Rule("DROP", matches=(_LOST,)),
            *(Rule("QQ-PRIVATE", destination=network) for network in private),
            *limits.new_connections(settings, "qq-up6", 128, *_up(owned)),
        ),
    )
    garden_answers = (Match("multiport", (("sports", _GARDEN_PORTS),)), _KNOWN, _FROM_GARDEN)
    to_lan = Chain(
        "QQ-TO-LAN",
        (
            Rule("ACCEPT", in_interface=wan, matches=(_KNOWN, _DOWN)),
            Rule("ACCEPT", in_interface=wan, protocol="tcp", matches=garden_answers),
            Rule("DROP"),
        ),
    )
    entry = Chain(
        "QQ-INPUT",
        (
            Rule("ACCEPT", in_interface="lo"),
            Rule("QQ-LAN-INPUT", in_interface=lan),
            *staff.door(settings, Family.IPV6, neighbours=settings.console_interface != wan),
            *(
                Rule("ACCEPT", in_interface=wan, protocol="ipv6-icmp", matches=(_icmp(kind),))
                for kind in _FROM_PROVIDER
            ),
            Rule("ACCEPT", in_interface=wan, matches=(_KNOWN,)),
            # A DHCPv6 server answers a multicast, which connection tracking does not relate.
            Rule(
                "ACCEPT",
                source="fe80::/10",
                in_interface=wan,
                protocol="udp",
                matches=(Match("udp", (("sport", "547"), ("dport", "546"))),),
            ),
        ),
        hook="INPUT",
    )
    # While the bridge is renumbered, or is not there, the way to a visitor would be the uplink: no answer takes it.
    leaving = Chain("QQ-OUTPUT", (Rule("DROP", destination=prefix, out_interface=wan),), hook="OUTPUT")
    chains = (forward, from_lan, entry, _lan_input(settings, prefix, redirects, owned), new, to_lan, leaving)
    if settings.private_wan:
        return chains
    refusals = (
        Rule("DROP", source=f"!{prefix}"),
        Rule("REJECT", protocol="tcp", target_options=_RESET),
        Rule("REJECT", target_options=_PROHIBITED),
    )
    return *chains, Chain("QQ-PRIVATE", refusals)


def _lan_input(settings: Settings, prefix: str, redirects: bool, owned: bool) -> Chain:
    """What a visitor's device may ask of the gate itself; decided by each packet alone, not by a connection's past."""
    gate = _gate(settings)
    refuse = Rule("REJECT", protocol="udp", matches=(port("udp", 53),), target_options=_UNREACHABLE)
    secure = (Rule("ACCEPT", destination=gate, protocol="tcp", matches=(port("tcp", HTTPS_PORT),)),)
    return Chain(
        "QQ-LAN-INPUT",
        (
            *(Rule("ACCEPT", protocol="ipv6-icmp", matches=(_icmp(kind),)) for kind in _FROM_DEVICES),
            Rule("DROP", matches=(_INVALID,)),
            Rule(
                "ACCEPT",
                source="fe80::/10",
                protocol="udp",
                matches=(Match("udp", (("sport", "546"), ("dport", "547"))),),
            ),
            # Link-local addresses end here: names and pages are announced under the gate's other address, and a set of
            # IPv6 addresses could not tell whose link-local address it is.
            Rule("DROP", source=f"!{prefix}"),
            *limits.new_connections(settings, "qq-in6", 128, _BEGINS),
            Rule("ACCEPT", destination=gate, protocol="udp", matches=(port("udp", 53), *_up(owned))),
            Rule("ACCEPT", destination=gate, protocol="tcp", matches=(port("tcp", 53), *_up(owned))),
            *(() if redirects else (refuse,)),
            Rule("ACCEPT", protocol="udp", matches=(port("udp", settings.captive_dns_port),)),
            Rule("ACCEPT", protocol="tcp", matches=(port("tcp", settings.captive_dns_port),)),
            Rule("ACCEPT", destination=gate, protocol="tcp", matches=(port("tcp", settings.portal_port),)),
            *(secure if settings.portal_https else ()),
            Rule("ACCEPT", protocol="tcp", matches=(port("tcp", settings.redirect_port),)),
            Rule("ACCEPT", destination=gate, protocol="ipv6-icmp", matches=(_icmp("128"), limits.echo("qq-echo6"))),
            *NO_QUESTION,
            Rule("ACCEPT", matches=(_ANSWER,)),
            Rule("DROP"),
        ),
    )


def nat_table(settings: Settings, owned: bool) -> Table:
    """Redirection of the unadmitted; translation of the admitted if ``masquerade6`` asks for it."""
    assert settings.lan6 is not None, "IPv6 that is shut translates nothing"
    prefix = str(settings.lan6.network)
    captive_dns = (("to-ports", str(settings.captive_dns_port)),)
    redirect = (("to-ports", str(settings.redirect_port)),)
    prerouting = Chain("QQ-PREROUTING", (Rule("QQ-CAPTIVE", in_interface=settings.lan_interface),), hook="PREROUTING")
    captive = Chain(
        "QQ-CAPTIVE",
        (
            Rule("RETURN", matches=_up(owned)),
            # Of a link-local address nothing is served (see _lan_input), so nothing is redirected.
            Rule("RETURN", source=f"!{prefix}"),
            Rule("REDIRECT", protocol="udp", matches=(port("udp", 53),), target_options=captive_dns),
            Rule("REDIRECT", protocol="tcp", matches=(port("tcp", 53),), target_options=captive_dns),
            Rule("RETURN", protocol="tcp", matches=(port("tcp", 80), _TO_GARDEN)),
            Rule(
                "REDIRECT",
                destination=f"!{_gate(settings)}",
                protocol="tcp",
                matches=(port("tcp", 80),),
                target_options=redirect,
            ),
        ),
    )
    masquerade = Rule("MASQUERADE", source=prefix, out_interface=settings.wan_interface)
    postrouting = Chain("QQ-POSTROUTING", (masquerade,) if settings.masquerade6 else (), hook="POSTROUTING")
    policies = tuple((name, Verdict.ACCEPT) for name in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"))
    return Table(Family.IPV6, TableName.NAT, policies, (captive, postrouting, prerouting))


def _up(owned: bool, counts: bool = False) -> tuple[Match, ...]:
    """The sender is admitted."""
    return (*((owners.OWN,) if owned else ()), member(UP6, "src", counts))


def _gate(settings: Settings) -> str:
    assert settings.lan6 is not None
    return f"{settings.lan6.ip}/128"


def _icmp(kind: str) -> Match:
    return Match("icmp6", (("icmpv6-type", kind),))
