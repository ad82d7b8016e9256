"""From the one configuration to those of nginx, dnsmasq and the portal, and the portal's command line.

    >>> sorted(files(Config()))
    ['dnsmasq-announced.opts', 'dnsmasq-captive.conf', 'dnsmasq-lan.conf', 'nginx.conf', 'portal.json']

Pure but for reading the templates beside it and the venue's logo. Must not know: whether anything runs.
"""

from __future__ import annotations

import html
import ipaddress
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import resources

import msgspec

from appliance import announcement, branding, render_console, sockets
from appliance.announcement import Standing
from appliance.config import Config
from appliance.holding import kept_file
from firewall.rules import GARDEN4, GARDEN6
from firewall.settings import CAPTIVE_ADDRESS, HTTPS_PORT

_GARDEN_TTL_S = 60
_BACKLOG = (
    4096  # connections that wait to be taken; nginx's own 511 is less than a train's crowd. The kernel's bound too
)
_PLACEHOLDER = re.compile(r"@\{([a-z0-9_]+)\}")  # not $name or {name}: nginx has its own of those


ANNOUNCED = "dnsmasq-announced.opts"
"""What DHCP tells of the captive portal API: a file of its own, because dnsmasq reads it again without a restart."""


def files(config: Config, standing: Standing = Standing.NONE) -> dict[str, str]:
    """File name → content, as they stand in ``<state>/conf``.

    Args:
        standing: how far the portal's https goes with the certificate that it holds.

    Raises:
        LogoRefused
    """
    secure = standing is not Standing.NONE
    gate = config.lan.gate
    first, last = dhcp_range(config)
    servers = [f"server={server}" for server in config.wan.dns]
    named = config.portal.host if config.portal.host and not _is_address(config.portal.host) else ""
    gate6 = config.lan.gate6
    names = [config.portal_host, str(gate.ip), *([f"[{gate6.ip}]"] if gate6 else [])]
    records = [f"address=/{named}/{own.ip}" for own in (gate, gate6) if named and own]
    # Whatever else is asked of it (AAAA while IPv6 is shut, HTTPS) has no answer, instead of one from the Internet.
    records += [f"local=/{named}/"] if named else []
    values = {
        "runtime": config.paths.runtime,
        "state": config.paths.state,
        "venue": html.escape(config.venue.name, quote=False),
        "interface": config.lan.interface,
        "gate": str(gate.ip),
        "netmask": str(gate.netmask),
        "first": str(first),
        "last": str(last),
        "lease_s": str(config.lan.lease_s),
        "port": str(config.portal.port),
        "redirect_port": str(config.portal.redirect_port),
        "captive_address": str(CAPTIVE_ADDRESS),
        "captive_dns_port": str(config.portal.captive_dns_port),
        "portal_url": announcement.secure_url(config) if secure else portal_url(config),
        "portal_url6": announcement.secure_url(config) if secure else _portal_url6(config, named),
        "names": " ".join(dict.fromkeys(names)),
        "listen_any": _listen(config, _plain(config), f" default_server backlog={_BACKLOG}"),
        # On https alone: then whoever asks for our name on http is answered like any other probe, by the way there.
        "listen_ours": _secure(config) if secure else _listen(config, _plain(config)),
        "misdirected": _misdirected(config) if secure else "# Nothing is on https.",
        "servers": "\n".join(["no-resolv", *servers]) if servers else "# upstream: as /etc/resolv.conf says",
        "garden": "\n".join(_garden(config)) or "# empty",
        "portal_record": "\n".join(records) or "# the portal is named by its address",
        "router6": _router6(config),
        "console": render_console.server(config),
    }
    templates = resources.files("appliance") / "templates"
    rendered = {
        name: _PLACEHOLDER.sub(lambda match: values[match[1]], (templates / name).read_text(encoding="utf-8"))
        for name in ("dnsmasq-lan.conf", "dnsmasq-captive.conf", "nginx.conf")
    }
    return {**rendered, ANNOUNCED: announcement.options(config, standing), branding.FILE: branding.text(config)}


def portal_url(config: Config, host: str = "") -> str:
    """Where every unadmitted probe is sent while the portal is on http."""
    port = "" if config.portal.port == 80 else f":{config.portal.port}"
    return f"http://{host or config.portal_host}{port}/"


def _portal_url6(config: Config, named: str) -> str:
    gate6 = config.lan.gate6
    return portal_url(config, f"[{gate6.ip}]") if gate6 and not named else portal_url(config)


def portal_command(config: Config) -> list[str]:
    """The portal's process, from this very environment."""
    told = {"gate": sockets.gate_socket(config), "venue": config.venue.name, "language": config.venue.language.value}
    told["look"] = f"{config.paths.state}/conf/{branding.FILE}"
    if config.portal.https:
        told["portal_url"] = announcement.secure_url(config)
    socket = f"{config.paths.runtime}/portal/portal.sock"
    return [sys.executable, "-Pm", "portal.visitor.serve", socket, msgspec.json.encode(told).decode()]


def dhcp_range(config: Config) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    """First and last address for visitors: the larger side of the gate's own."""
    gate, network = config.lan.gate.ip, config.lan.gate.network
    low, high = network.network_address + 1, network.broadcast_address - 1
    below, above = int(gate) - int(low), int(high) - int(gate)
    return (gate + 1, high) if above >= below else (low, gate - 1)


def _plain(config: Config) -> tuple[int, int]:
    return config.portal.port, config.portal.redirect_port


def _listen(config: Config, ports: Iterable[int], suffix: str = "") -> str:
    own = [str(config.lan.gate.ip)]
    # Any IPv6 address, since older kernels' REDIRECT takes the link-local one; the firewall knows who may come.
    own += ["[::]"] if config.lan.gate6 else []
    only = {"[::]": " ipv6only=on"} if "default_server" in suffix else {}  # once an address, as backlog
    return "\n        ".join(f"listen {host}:{port}{suffix}{only.get(host, '')};" for host in own for port in ports)


# A visitor comes twice; keys of tickets that nobody changes would open what was recorded before.
_TLS = ("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_session_tickets off;")


def _secure(config: Config) -> str:
    return "\n        ".join(
        (
            _listen(config, [HTTPS_PORT], " ssl"),
            f"ssl_certificate {kept_file(config)};",
            f"ssl_certificate_key {kept_file(config)};",
            *_TLS,
            # No Strict-Transport-Security: phones would refuse the portal on http for as long as it says, and that is
            # where the portal is when the certificate has lapsed. No stapling: authorities are giving OCSP up.
        )
    )


def _misdirected(config: Config) -> str:
    """Another name has no page of ours on https either: with a site's own DNS leading here, or a wildcard certificate
    that it shares, our forms would be that site's own (DNS rebinding)."""
    lines = (
        "server {",
        f"    {_listen(config, [HTTPS_PORT], f' ssl default_server backlog={_BACKLOG}')}",
        *(f"    {line}" for line in _TLS),
        "    ssl_reject_handshake on;",
        "    return 421;",  # our name in the handshake, another in Host (RFC 9110 15.5.20)
        "}",
    )
    return "\n    ".join(lines)


def _router6(config: Config) -> str:
    gate6 = config.lan.gate6
    if gate6 is None:
        return "# IPv6 is shut"
    first, last = gate6.network[0x1000], gate6.network[0xFFFFFF]
    return "\n".join(
        (
            # Addresses of the phone's own making (RFC 4862) and by DHCPv6, as it likes.
            "enable-ra",
            f"dhcp-range={first},{last},slaac,64,{config.lan.lease_s}",
            f"dhcp-option=option6:dns-server,[{gate6.ip}]",
            # Often enough that a phone which missed the answer to its solicitation does not wait for minutes.
            f"ra-param={config.lan.interface},60,1800",
        )
    )


def _garden(config: Config) -> Iterator[str]:
    if config.portal.garden:
        yield from ("stop-dns-rebind", f"max-ttl={_GARDEN_TTL_S}")
        if config.lan.gate6 is None:
            yield "filter-AAAA"  # an address that cannot open only makes a phone wait
    # Each set takes the addresses of its own family; dnsmasq offers every address to both.
    sets = f"{GARDEN4},{GARDEN6}" if config.lan.gate6 else GARDEN4
    # A line each: dnsmasq cuts lines at 1025 characters.
    for name in dict.fromkeys(config.portal.garden):
        yield f"server=/{name}/{config.lan.gate.ip}"
        yield f"ipset=/{name}/{sets}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
