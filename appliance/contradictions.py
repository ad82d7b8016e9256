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
from zoneinfo import available_timezones

from appliance import announcement, colours, contradictions_network, owner_id
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


def _of_the_venue(config: Config) -> Iterator[tuple[str, str]]:
    if config.venue.timezone not in available_timezones():
        yield "venue.timezone", 'is no time zone name; for example "Asia/Almaty"'
    try:
        urlsplit(config.venue.link)
    except ValueError as error:
        yield "venue.link", f'is no address ({error}); for example "https://cafe.example.kz"'
    colour = config.venue.colour
    if colour and (has := colours.by_day(colour)) < colours.ENOUGH:
        yield (
            "venue.colour",
            f"has a contrast of {math.floor(has * 10) / 10}:1 with the page's white; {colours.ENOUGH}:1 is needed to "
            f'read words (WCAG AA), and the nearest shade that has it is "{colours.darkened(colour)}"',
        )
    if config.venue.owner_id and isinstance(fault := owner_id.judged(config.venue.owner_id), owner_id.Fault):
        yield "venue.owner_id", f"is neither an IIN nor a BIN ({fault.value}); copy it from the owner's papers"
    texts = config.venue.terms.texts
    if any(texts.values()):
        for language, said in texts.items():
            if not said.strip():
                yield f"venue.terms.{language.value}", "is missing: visitors must be able to read what they agree to"


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
        contradictions_network.unscoped(config.lan.address6)
    except ValueError as error:
        yield "lan.address6", f'{error}; allowed: address/64, for example "fd77:6b7a:1::1/64"'
        return
    if gate6 is not None and (gate6.network.prefixlen != 64 or gate6.ip == gate6.network.network_address):
        yield "lan.address6", f"{gate6} is no host address of a /64, and phones make addresses only in one"
    elif gate6 is not None and (gate6.is_link_local or gate6.is_multicast or gate6.is_loopback):
        yield "lan.address6", f"{gate6} is no address for a network; take a ULA (fd…) or your provider's"


def _of_the_rates(config: Config) -> Iterator[tuple[str, str]]:
    rates = config.rates
    for key in rates.__struct_fields__:
        if 0 < getattr(rates, key) < _LEAST_KBIT:
            yield f"rates.{key}", f"is so slow that no page opens; allowed: 0 (none), or {_LEAST_KBIT} and more"
    for way in ("down", "up"):
        line, visitor = getattr(rates, f"uplink_{way}_kbit"), getattr(rates, f"visitor_{way}_kbit")
        if line and visitor > line:
            yield f"rates.visitor_{way}_kbit", f"is more than the uplink has (uplink_{way}_kbit = {line})"


def _of_the_portal(config: Config) -> Iterator[tuple[str, str]]:
    for name in config.portal.garden:
        if problem := _no_garden(name, config):
            yield "portal.garden", problem
    ports = [config.portal.port, config.portal.redirect_port, config.portal.captive_dns_port, 53]
    if len(set(ports)) < len(ports):
        yield "portal.port", "port, redirect_port, captive_dns_port and 53 (DNS) must all differ"
    if not config.portal.https:
        return
    if HTTPS_PORT in ports:
        yield "portal.https", f"serves port {HTTPS_PORT}; port, redirect_port and captive_dns_port must be others"
    if not _HOST.fullmatch(config.portal.host):
        yield (
            "portal.host",
            "must be a name such as login.example.kz when portal.https is true: certificates name names",
        )
    elif len(announcement.api_url(config)) > announcement.MAX_BYTES:
        yield "portal.host", f"is too long: DHCP carries addresses of at most {announcement.MAX_BYTES} bytes (RFC 8910)"


def _of_the_spending(config: Config) -> Iterator[tuple[str, str]]:
    if config.spending.monthly_sms < config.spending.daily_sms:
        yield "spending.monthly_sms", f"is less than a single day may cost (daily_sms = {config.spending.daily_sms})"


def _of_presence(config: Config) -> Iterator[tuple[str, str]]:
    if config.presence.sleep_window_s < config.presence.idle_window_s:
        yield (
            "presence.sleep_window_s",
            f"is shorter than idle_window_s ({config.presence.idle_window_s}); sleepers need the longer of the two",
        )


def _of_the_providers(config: Config) -> Iterator[tuple[str, str]]:
    names = [provider.name for provider in config.sms.provider]
    for number, provider in enumerate(config.sms.provider):
        table = f"sms.provider[{number}]"
        if provider.name in names[:number]:
            yield f"{table}.name", f'"{provider.name}" is there twice; give each provider a name of its own'
        if provider.source_ton == 5 and len(provider.source) > 11:
            yield (
                f"{table}.source",
                f"a sender name has at most 11 characters, this one {len(provider.source)}; "
                "a number needs source_ton = 1 and source_npi = 1",
            )
        if provider.tls_ca_file and not provider.tls:
            yield f"{table}.tls_ca_file", "is of no use without tls = true"
        if any(int(code, 16) == 0 for code in provider.status):
            yield f"{table}.status", "0x0 means accepted and nothing else"
    if all(provider.prefixes for provider in config.sms.provider):
        served = ", ".join(prefix for provider in config.sms.provider for prefix in provider.prefixes)
        last = f"sms.provider[{len(config.sms.provider) - 1}].prefixes"
        yield last, f"no provider serves numbers other than {served}; leave one without prefixes"


def _of_the_workstations(config: Config) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for each in config.workstation:
        place = each.mac or each.port
        if bool(each.mac) == bool(each.port):
            yield "workstation.number", f'"{each.number}" needs either mac or port, by which it is found'
        for what in (f"number {each.number}", f"place {place}"):
            if what in seen:
                yield "workstation.number", f'"{each.number}": two workstations have the same {what}'
            seen.add(what)


def _of_the_console(config: Config) -> Iterator[tuple[str, str]]:
    console = config.console
    if bool(console.certificate_file) != bool(console.key_file):
        yield "console.certificate_file", "certificate_file and key_file go together: give both, or none"
    if not console.interface:
        return
    ports_of_the_lan = [each.port for each in config.workstation if each.port]
    if console.interface in (config.lan.interface, *ports_of_the_lan):
        yield (
            "console.interface",
            f'"{console.interface}" is on the visitors\' side; name a port or VLAN of its own',
        )
    taken = {config.portal.port, config.portal.redirect_port, config.portal.captive_dns_port, 53}
    if console.port in taken | ({HTTPS_PORT} if config.portal.https else set()):
        yield "console.port", f"{console.port} is the portal's or DNS's already; 8443 is free unless you took it"


def _of_the_texts(config: Config) -> Iterator[tuple[str, str]]:
    host = config.bound_host
    for language in Language:
        key = f"sms.text.{language.value}"
        if "{password}" not in getattr(config.sms.text, language.value):
            yield key, "must contain {password}"
        try:
            count = parts(config.sms.text.fill(language, config.venue.name, "0" * 6, host))
        except TextRefused as refused:
            yield key, str(refused)
            continue
        if count > config.sms.max_parts:
            with_line = f' and the line "@{host} #000000" (sms.bound)' if host else ""
            must = "it must fit one" if config.sms.max_parts == 1 else f"sms.max_parts is {config.sms.max_parts}"
            yield key, f"takes {count} SMS with this venue's name{with_line}; {must}"
