"""What the types of a configuration cannot say: values that are good alone and wrong together.

Must not know: the file, who uses which setting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from appliance.wire import Language
from firewall.settings import CAPTIVE_ADDRESS
from sms.message import parts

if TYPE_CHECKING:
    from appliance.config import Config

# By these phones and computers notice that they must log in, browsers whether names may be asked elsewhere.
_NEVER_IN_GARDEN = (
    "captive.apple.com",
    "www.apple.com",
    "connectivitycheck.gstatic.com",
    "connectivitycheck.android.com",
    "clients3.google.com",
    "www.google.com",
    "play.googleapis.com",
    "www.msftconnecttest.com",
    "ipv6.msftconnecttest.com",
    "www.msftncsi.com",
    "dns.msftncsi.com",
    "edge-http.microsoft.com",
    "detectportal.firefox.com",
    "use-application-dns.net",
)


_NEVER_A_LAN = (
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    f"{CAPTIVE_ADDRESS}/32",  # the captive resolver's answer to everything, which must lead through the gate
    "224.0.0.0/3",
)


def _no_garden(name: str, config: Config) -> str:
    """Why this name cannot open before login; empty if it can."""
    for probed in _NEVER_IN_GARDEN:
        if probed == name or probed.endswith(f".{name}"):
            return f'"{name}" would open {probed}, by which devices notice the login page; name a narrower host'
    if name == config.portal.host or name.endswith(f".{config.portal.host}"):
        return f'"{name}" is the portal\'s own (portal.host), which is open anyway'
    return ""


def contradictions(config: Config) -> list[tuple[str, str]]:
    """(key, problem) pairs, first first; each topic has a function of its own."""
    return [
        found
        for topic in (_of_the_venue, _of_the_lan, _of_the_wan, _of_the_portal, _of_the_texts)
        for found in topic(config)
    ]


def _of_the_venue(config: Config) -> Iterator[tuple[str, str]]:
    if config.venue.timezone not in available_timezones():
        yield "venue.timezone", 'is no time zone name; for example "Asia/Almaty"'


def _of_the_lan(config: Config) -> Iterator[tuple[str, str]]:
    try:
        gate = config.lan.gate
        network = gate.network
        if not 16 <= network.prefixlen <= 29:
            yield "lan.address", f"/{network.prefixlen} is out of bounds; allowed: /16 to /29"
        elif gate.ip in (network.network_address, network.broadcast_address):
            yield "lan.address", f"{gate.ip} is no host address of {network}"
        elif any(network.overlaps(ipaddress.ip_network(special)) for special in _NEVER_A_LAN):
            yield "lan.address", f"{network} is no network for devices; allowed: a private one such as 10.77.0.1/16"
    except ValueError as error:
        yield "lan.address", f'{error}; allowed: address/prefix, for example "10.77.0.1/16"'
    try:
        gate6 = config.lan.gate6
    except ValueError as error:
        yield "lan.address6", f'{error}; allowed: address/64, for example "fd77:6b7a:1::1/64"'
        return
    if gate6 is not None and (gate6.network.prefixlen != 64 or gate6.ip == gate6.network.network_address):
        yield "lan.address6", f"{gate6} is no host address of a /64, and phones make addresses only in one"
    elif gate6 is not None and (gate6.is_link_local or gate6.is_multicast or gate6.is_loopback):
        yield "lan.address6", f"{gate6} is no address for a network; take a ULA (fd…) or your provider's"


def _of_the_wan(config: Config) -> Iterator[tuple[str, str]]:
    if config.lan.interface == config.wan.interface:
        yield "wan.interface", f'is the LAN\'s too ("{config.lan.interface}"); the two sides must differ'
    for server in config.wan.dns:
        try:
            address = ipaddress.ip_address(server)
        except ValueError:
            yield "wan.dns", f'"{server}" is no IP address'
            continue
        for lan in _networks(config):
            if address in lan:
                yield "wan.dns", f'"{server}" is on the visitors\' side ({lan}); name a server behind the uplink'


def _networks(config: Config) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The visitors' networks, as far as they can be read: what cannot is told as the LAN's."""
    try:
        yield config.lan.gate.network
        if config.lan.gate6 is not None:
            yield config.lan.gate6.network
    except ValueError:
        return


def _of_the_portal(config: Config) -> Iterator[tuple[str, str]]:
    for name in config.portal.garden:
        if problem := _no_garden(name, config):
            yield "portal.garden", problem
    ports = [config.portal.port, config.portal.redirect_port, config.portal.captive_dns_port, 53]
    if len(set(ports)) < len(ports):
        yield "portal.port", "port, redirect_port, captive_dns_port and 53 (DNS) must all differ"


def _of_the_texts(config: Config) -> Iterator[tuple[str, str]]:
    for language in Language:
        key = f"sms.text.{language.value}"
        if "{password}" not in getattr(config.sms.text, language.value):
            yield key, "must contain {password}"
        count = parts(config.sms.text.fill(language, config.venue.name, "0" * 6))
        if count != 1:
            yield key, f"takes {count} SMS with this venue's name; it must fit one"
