"""The chains of IPv4, as data. Must not know: iptc, netlink, who is admitted."""

from __future__ import annotations

from firewall import limits, staff
from firewall.rules import (
    DOWN4,
    GARDEN4,
    UP4,
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
    "0.0.0.0/8",  # "this network" (RFC 6890)
    "10.0.0.0/8",
    "100.64.0.0/10",  # the provider's own side of its translation (RFC 6598)
    "127.0.0.0/8",
    "169.254.0.0/16",  # link-local, must not be forwarded (RFC 3927 7); a cloud's metadata service lives here
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",  # multicast, reserved and broadcast
)
"""Upstream these are the venue's own machines or the provider's, never the Internet that a visitor was promised."""

_NEW = conntrack("INVALID,NEW,RELATED,UNTRACKED")
_INVALID = conntrack("INVALID")
_LOST = conntrack("INVALID,UNTRACKED")
_BEGINS = conntrack("NEW")
_KNOWN = conntrack("RELATED,ESTABLISHED")
# Only packets that answer a connection which the gate itself opened. Plain ESTABLISHED would let a device whose
# admission ended go on talking to the gate's resolver on an old connection.
_ANSWER = conntrack("RELATED,ESTABLISHED", ("ctdir", "REPLY"))
NO_QUESTION = tuple(Rule("DROP", protocol=protocol, matches=(port(protocol, 53),)) for protocol in ("udp", "tcp"))
"""Before whatever takes answers. The resolver's own answer may come after its device was closed, whose connections are
forgotten by then: it looks like a beginning, and each later question from the same port like the answer to it."""
_UP = member(UP4, "src,src")
_IS_UP = member(UP4, "src,src", counts=False)
_DOWN = member(DOWN4, "dst")
_TO_GARDEN = member(GARDEN4, "dst")
_FROM_GARDEN = member(GARDEN4, "src")
# The garden is for pages. Every other port of its addresses would be a way for tunnels (UDP 53, 443) and worth nothing.
_GARDEN_PORTS = "80,443"


def filter_table(settings: Settings) -> Table:
    """What may pass, and what may reach the gate itself."""
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
            # What is asked of a connection's first packet only, so that the others do not pay for it.
            Rule("QQ-NEW", matches=(_NEW,)),
            # No connection state here: every packet must match the set, so that revoking stops a running flow at once.
            # Out of the WAN only: visitors never reach each other through the gate either.
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
            Rule("REJECT", protocol="udp", matches=(port("udp", 443),), target_options=unreachable),
            Rule("REJECT", protocol="udp", matches=(port("udp", 853),), target_options=unreachable),
            Rule("DROP"),
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
            *staff.door(settings, Family.IPV4),
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
    private = Chain(
        "QQ-PRIVATE",
        (
            # Not by ICMP alone, of which the kernel sends a device only a few a second.
            Rule("REJECT", protocol="tcp", target_options=(("reject-with", "tcp-reset"),)),
            Rule("REJECT", target_options=(("reject-with", "icmp-admin-prohibited"),)),
        ),
    )
    chains = (forward, from_lan, entry, _lan_input(settings), _new(settings), private, to_lan)
    return Table(Family.IPV4, TableName.FILTER, policies, chains)


def _new(settings: Settings) -> Chain:
    """A connection's first packet from the LAN; what returns from here still has to be a member."""
    private = () if settings.private_wan else PRIVATE
    return Chain(
        "QQ-NEW",
        (
            # A packet without a connection is not translated: it would show the LAN's addresses to the WAN.
            Rule("DROP", matches=(_LOST,)),
            Rule("QQ-PRIVATE", destination=f"{settings.captive_address}/32"),
            *(Rule("QQ-PRIVATE", destination=network) for network in private),
            # Members only are counted: others get no connection here, and could fill the count with invented addresses.
            *limits.new_connections(settings, "qq-up4", 32, _IS_UP),
        ),
    )


def _lan_input(settings: Settings) -> Chain:
    """What a visitor's device may ask of the gate itself; decided by each packet alone, not by a connection's past."""
    gate = f"{settings.lan.ip}/32"
    secure = (Rule("ACCEPT", destination=gate, protocol="tcp", matches=(port("tcp", HTTPS_PORT),)),)
    echo = (Match("icmp", (("icmp-type", "8"),)), limits.echo("qq-echo4"))
    return Chain(
        "QQ-LAN-INPUT",
        (
            Rule("DROP", matches=(_INVALID,)),
            # No address is asked of DHCP's: a client has none yet and asks by broadcast.
            Rule("ACCEPT", protocol="udp", matches=(Match("udp", (("sport", "68"), ("dport", "67"))),)),
            Rule("DROP", source=f"!{settings.lan.network}"),
            # The redirected arrive here too: their connections live in the same table as everybody's.
            *limits.new_connections(settings, "qq-in4", 32, _BEGINS),
            # The real resolver only for the admitted: from others it would be a tunnel.
            Rule("ACCEPT", destination=gate, protocol="udp", matches=(port("udp", 53), _IS_UP)),
            Rule("ACCEPT", destination=gate, protocol="tcp", matches=(port("tcp", 53), _IS_UP)),
            Rule("ACCEPT", protocol="udp", matches=(port("udp", settings.captive_dns_port),)),
            Rule("ACCEPT", protocol="tcp", matches=(port("tcp", settings.captive_dns_port),)),
            Rule("ACCEPT", destination=gate, protocol="tcp", matches=(port("tcp", settings.portal_port),)),
            *(secure if settings.portal_https else ()),
            Rule("ACCEPT", protocol="tcp", matches=(port("tcp", settings.redirect_port),)),
            Rule("ACCEPT", destination=gate, protocol="icmp", matches=echo),
            *NO_QUESTION,
            Rule("ACCEPT", matches=(_ANSWER,)),
            Rule("DROP"),
        ),
    )


def nat_table(settings: Settings) -> Table:
    """Redirection of the unadmitted, translation of the admitted."""
    gate = f"{settings.lan.ip}/32"
    captive_dns = (("to-ports", str(settings.captive_dns_port)),)
    redirect = (("to-ports", str(settings.redirect_port)),)
    prerouting = Chain("QQ-PREROUTING", (Rule("QQ-CAPTIVE", in_interface=settings.lan_interface),), hook="PREROUTING")
    captive = Chain(
        "QQ-CAPTIVE",
        (
            Rule("RETURN", matches=(_IS_UP,)),
            Rule("REDIRECT", protocol="udp", matches=(port("udp", 53),), target_options=captive_dns),
            Rule("REDIRECT", protocol="tcp", matches=(port("tcp", 53),), target_options=captive_dns),
            Rule("RETURN", protocol="tcp", matches=(port("tcp", 80), _TO_GARDEN)),
            Rule(
                "REDIRECT",
                destination=f"!{gate}",
                protocol="tcp",
                matches=(port("tcp", 80),),
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
