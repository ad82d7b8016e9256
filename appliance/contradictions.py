"""What the types of a configuration cannot say: values that are good alone and wrong together.

Must not know: the file, who uses which setting.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance import announcement, colours, contradictions_network, owner_id
from appliance.found import Found, wrong
from appliance.wire import Language
from firewall.settings import CAPTIVE_ADDRESS, HTTPS_PORT
from sms.errors import TextRefused
from sms.texts import parts

if TYPE_CHECKING:
    from appliance.config import Config

_LEAST_KBIT = 64

# Of two labels at least, the last with a letter: no public authority signs others.
_HOST = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

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


def _no_garden(name: str, config: Config) -> Found | None:
    """Why this name cannot open before login; None if it can."""
    for probed in _NEVER_IN_GARDEN:
        if probed == name or probed.endswith(f".{name}"):
            return wrong("portal.garden.probed", name=name, probed=probed)
    if name == config.portal.host or name.endswith(f".{config.portal.host}"):
        return wrong("portal.garden.own", name=name)
    return None


def contradictions(config: Config) -> list[tuple[str, Found]]:
    """(key, problem) pairs, first first; each topic has a function of its own."""
    of_networks = (_of_the_lan, contradictions_network.of_the_sides, _of_the_rates, _of_the_portal)
    topics = (
        _of_the_venue,
        *of_networks,
        contradictions_network.of_the_wifi,
        _of_the_spending,
        _of_presence,
        _of_the_providers,
        _of_the_texts,
        _of_the_workstations,
        _of_the_console,
    )
    return [found for topic in topics for found in topic(config)]


def _of_the_venue(config: Config) -> Iterator[tuple[str, Found]]:
    if not _is_timezone(config.venue.timezone):
        yield "venue.timezone", wrong("venue.timezone")
    try:
        urlsplit(config.venue.link)
    except ValueError as error:
        yield "venue.link", wrong("venue.link", said=error)
    colour = config.venue.colour
    if colour and (has := colours.by_day(colour)) < colours.ENOUGH:
        rounded = math.floor(has * 10) / 10
        nearest = colours.darkened(colour)
        yield "venue.colour", wrong("venue.colour", has=rounded, enough=colours.ENOUGH, nearest=nearest)
    if config.venue.owner_id and isinstance(fault := owner_id.judged(config.venue.owner_id), owner_id.Fault):
        yield "venue.owner_id", wrong(f"venue.owner_id.{fault}")
    texts = config.venue.terms.texts
    if any(texts.values()):
        for language, said in texts.items():
            if not said.strip():
                yield f"venue.terms.{language.value}", wrong("venue.terms")


def _is_timezone(name: str) -> bool:
    """Whether this machine knows it. One is looked up: to list them all opens six hundred files."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def _of_the_lan(config: Config) -> Iterator[tuple[str, Found]]:
    try:
        gate = config.lan.gate
        network = gate.network
        if not 16 <= network.prefixlen <= 29:
            yield "lan.address", wrong("lan.bounds", length=network.prefixlen)
        elif gate.ip in (network.network_address, network.broadcast_address):
            yield "lan.address", wrong("lan.no_host", address=gate.ip, network=network)
        elif any(network.overlaps(ipaddress.ip_network(special)) for special in _NEVER_A_LAN):
            yield "lan.address", wrong("lan.special", network=network)
    except ValueError as error:
        yield "lan.address", wrong("lan.address", said=error)
    try:
        gate6 = config.lan.gate6
        contradictions_network.unscoped(config.lan.address6)
    except ValueError as error:
        yield "lan.address6", wrong("lan.address6", said=error)
        return
    if gate6 is not None and (gate6.network.prefixlen != 64 or gate6.ip == gate6.network.network_address):
        yield "lan.address6", wrong("lan.no_host6", address=gate6)
    elif gate6 is not None and (gate6.is_link_local or gate6.is_multicast or gate6.is_loopback):
        yield "lan.address6", wrong("lan.special6", address=gate6)


def _of_the_rates(config: Config) -> Iterator[tuple[str, Found]]:
    rates = config.rates
    for key in rates.__struct_fields__:
        if 0 < getattr(rates, key) < _LEAST_KBIT:
            yield f"rates.{key}", wrong("rates.too_slow", least=_LEAST_KBIT)
    for way in ("down", "up"):
        line, visitor = getattr(rates, f"uplink_{way}_kbit"), getattr(rates, f"visitor_{way}_kbit")
        if line and visitor > line:
            yield f"rates.visitor_{way}_kbit", wrong("rates.too_fast", way=way, line=line)


def _of_the_portal(config: Config) -> Iterator[tuple[str, Found]]:
    for name in config.portal.garden:
        if problem := _no_garden(name, config):
            yield "portal.garden", problem
    ports = [config.portal.port, config.portal.redirect_port, config.portal.captive_dns_port, 53]
    if len(set(ports)) < len(ports):
        yield "portal.port", wrong("portal.port")
    if not config.portal.https:
        return
    if HTTPS_PORT in ports:
        yield "portal.https", wrong("portal.https", port=HTTPS_PORT)
    if not _HOST.fullmatch(config.portal.host):
        yield "portal.host", wrong("portal.host.name")
    elif len(announcement.api_url(config)) > announcement.MAX_BYTES:
        yield "portal.host", wrong("portal.host.long", most=announcement.MAX_BYTES)


def _of_the_spending(config: Config) -> Iterator[tuple[str, Found]]:
    if config.spending.monthly_sms < config.spending.daily_sms:
        yield "spending.monthly_sms", wrong("spending.monthly", daily=config.spending.daily_sms)


def _of_presence(config: Config) -> Iterator[tuple[str, Found]]:
    if config.presence.sleep_window_s < config.presence.idle_window_s:
        yield "presence.sleep_window_s", wrong("presence.sleep", idle=config.presence.idle_window_s)


def _of_the_providers(config: Config) -> Iterator[tuple[str, Found]]:
    names = [provider.name for provider in config.sms.provider]
    for number, provider in enumerate(config.sms.provider):
        table = f"sms.provider[{number}]"
        if provider.name in names[:number]:
            yield f"{table}.name", wrong("sms.name", name=provider.name)
        if provider.source_ton == 5 and len(provider.source) > 11:
            yield f"{table}.source", wrong("sms.source", size=len(provider.source))
        if provider.tls_ca_file and not provider.tls:
            yield f"{table}.tls_ca_file", wrong("sms.tls")
        if any(int(code, 16) == 0 for code in provider.status):
            yield f"{table}.status", wrong("sms.status")
    if all(provider.prefixes for provider in config.sms.provider):
        served = ", ".join(prefix for provider in config.sms.provider for prefix in provider.prefixes)
        last = f"sms.provider[{len(config.sms.provider) - 1}].prefixes"
        yield last, wrong("sms.prefixes", served=served)


def _of_the_workstations(config: Config) -> Iterator[tuple[str, Found]]:
    seen: set[str] = set()
    for each in config.workstation:
        place = each.mac or each.port
        if bool(each.mac) == bool(each.port):
            yield "workstation.number", wrong("workstation.place", number=each.number)
        for what in (f"number {each.number}", f"place {place}"):
            if what in seen:
                yield "workstation.number", wrong("workstation.twice", number=each.number, what=what)
            seen.add(what)


def _of_the_console(config: Config) -> Iterator[tuple[str, Found]]:
    console = config.console
    if bool(console.certificate_file) != bool(console.key_file):
        yield "console.certificate_file", wrong("console.certificate")
    if not console.interface:
        return
    ports_of_the_lan = [each.port for each in config.workstation if each.port]
    if console.interface in (config.lan.interface, *ports_of_the_lan):
        yield "console.interface", wrong("console.visitors", port=console.interface)
    taken = {config.portal.port, config.portal.redirect_port, config.portal.captive_dns_port, 53}
    if console.port in taken | ({HTTPS_PORT} if config.portal.https else set()):
        yield "console.port", wrong("console.port", port=console.port)


def _of_the_texts(config: Config) -> Iterator[tuple[str, Found]]:
    host = config.bound_host
    for language in Language:
        key = f"sms.text.{language.value}"
        if "{password}" not in getattr(config.sms.text, language.value):
            yield key, wrong("sms.text.password")
        try:
            count = parts(config.sms.text.fill(language, config.venue.name, "0" * 6, host))
        except TextRefused as refused:
            yield key, wrong("sms.text.refused", said=refused)
            continue
        if count > config.sms.max_parts:
            code = f"sms.text.{'one' if config.sms.max_parts == 1 else 'parts'}{'_bound' if host else ''}"
            yield key, wrong(code, count=count, most=config.sms.max_parts, host=host)
