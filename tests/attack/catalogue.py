"""All attacks, by name, and which of them the product does not withstand yet.

Must not know: how an attack is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.attack import direct, forged, tunnels
from tests.attack.field import TUNNEL_SERVER, Attack
from tests.lab.venue import PORTAL, WEB


@dataclass(frozen=True)
class Listed:
    """One line of the table."""

    name: str
    run: Attack
    alone: bool = False
    """Disturbs others, or is disturbed by them: not run beside any."""
    silent: bool = True
    """Nothing at all may come out of the uplink meanwhile; not so where the admitted visitor takes part."""


def _tunnels() -> list[Listed]:
    dns = [Listed(f"dns tunnel, {kind}", tunnels.dns_tunnel(kind, PORTAL)) for kind in tunnels.RECORD_TYPES]
    return [
        *dns,
        Listed("dns tunnel, foreign server", tunnels.dns_tunnel("NULL", TUNNEL_SERVER)),
        Listed("icmp tunnel", tunnels.icmp_tunnel),
        Listed("foreign dns, udp", tunnels.foreign_dns("+notcp")),
        Listed("foreign dns, tcp", tunnels.foreign_dns("+tcp")),
        *(
            Listed(f"proxy {host}:{port}, {how}", tunnels.web_proxy(host, port, connect=how == "CONNECT"))
            for host, port in tunnels.PROXIES
            for how in ("absolute URI", "CONNECT")
        ),
    ]


def _direct() -> list[Listed]:
    return [
        Listed("http by address", direct.http),
        Listed("https (tcp 443)", direct.tcp(443, WEB)),
        Listed("DoT (tcp 853)", direct.tcp(853, WEB)),
        Listed("other tcp (4242)", direct.tcp(4242, WEB)),
        Listed("QUIC (udp 443)", direct.udp(443, WEB)),
        Listed("DoQ (udp 853)", direct.udp(853, WEB)),
        Listed("other udp (4242)", direct.udp(4242, WEB)),
        Listed("ping", direct.ping(WEB)),
        Listed("ipv6", direct.ipv6),
        Listed("WAN's own LAN", direct.beside),
        Listed("private host behind WAN", direct.behind),
        Listed("private host behind WAN, admitted", direct.behind_when_admitted, silent=False),
        Listed("console", direct.console, alone=True),
        Listed("gate's tcp ports", direct.gate_tcp_ports, alone=True),
        Listed("gate's udp ports", direct.gate_udp_ports, alone=True),
        Listed("gate by link-local", direct.gate_by_link_local),
        Listed("another visitor's ping", direct.neighbour),
    ]


def _forged() -> list[Listed]:
    outside = {
        "ip in ip": forged.protocol(4),
        "gre": forged.protocol(47),
        "esp": forged.protocol(50),
        "sctp": forged.protocol(132),
        "tcp without a connection": forged.bare_ack,
        "data in a syn": forged.syn_with_data,
        "fragments": forged.fragments,
        "tiny fragments": forged.tiny_fragments,
        "loose source route": forged.source_route(strict=False),
        "strict source route": forged.source_route(strict=True),
        "ipv6 hop-by-hop": forged.ipv6_header(forged.HOP_BY_HOP),
        "ipv6 destination options": forged.ipv6_header(forged.DESTINATION),
        "ipv6 routing header": forged.ipv6_header(forged.ROUTING),
        "ipv6 all headers": forged.ipv6_header(forged.HOP_BY_HOP, forged.DESTINATION, forged.ROUTING, forged.ATOMIC),
        "ipv6 atomic fragment": forged.ipv6_header(forged.ATOMIC),
        "ipv6 fragments": forged.ipv6_fragments,
        "address of the admitted": forged.address_of_admitted,
        "address of the gate": forged.address_of_gate,
    }
    return [
        *(Listed(name, forged.heard_outside(make)) for name, make in outside.items()),
        Listed("MAC of the admitted", forged.mac_of_admitted, alone=True),
        Listed("another visitor, by the gate", forged.by_way_of_the_gate),
        Listed("another visitor, by the bridge", forged.over_the_bridge),
        Listed("another visitor, without ip", forged.over_the_bridge_without_ip),
        Listed("arp takeover", forged.arp_takeover, alone=True, silent=False),
        Listed("nd takeover", forged.nd_takeover, alone=True),
        Listed("flood of connections", forged.flood, alone=True, silent=False),
        Listed("flood of connections, admitted", forged.flood_when_admitted, alone=True, silent=False),
    ]


ATTACKS = (*_tunnels(), *_direct(), *_forged())
