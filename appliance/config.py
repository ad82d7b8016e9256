"""The venue's one TOML file, parsed and judged once into one frozen value.

    >>> load(Path("/etc/qaqpa/qaqpa.toml")).lan.interface           # doctest: +SKIP
    'br-lan'

A wrong file is refused with line, key and what is allowed. Must not know: who uses which setting, how it is rendered.
"""

from __future__ import annotations

import ipaddress
import tomllib
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from appliance import toml_places as places
from appliance.errors import ConfigError
from appliance.wire import Language
from sms.message import parts

Interface = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._-]{1,15}\Z", description="an interface name (1-15 of A-Z a-z 0-9 . _ -)")
]
Port = Annotated[int, Meta(ge=1, le=65535)]
HostName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{0,253}\Z", description="a host name or an IPv4 address")]
Server = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:-]{1,253}\Z", description="a host name or address")]
FilePath = Annotated[str, Meta(pattern=r"^/[A-Za-z0-9._/-]{1,200}\Z", description="an absolute path without blanks")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z", description="two capital letters (ISO 3166)")]
GardenName = Annotated[
    str,
    # Two labels at least: "kz" would open a country. The last is no number: an address is no name.
    Meta(
        pattern=r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$",
        description="host names in lower case, such as pay.example.kz, without * and final dot; at most 100",
    ),
]
PerWindow = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Venue(_Section, frozen=True):
    # Nothing that could end a quoted string in a rendered file, a page or a command line.
    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=40,
            pattern=r"^[^\x00-\x1f\x7f\"'\\{}$]*\Z",
            description="a name without quotes or {}$\\",
        ),
    ] = "Qaqpa"
    language: Language = Language.KAZAKH
    timezone: str = "Asia/Almaty"
    rules: Annotated[str, Meta(pattern=r"^67/2016\Z", description='the only rule set there is: "67/2016"')] = "67/2016"

    @property
    def zone(self) -> ZoneInfo:
        """The venue's time zone."""
        return ZoneInfo(self.timezone)


class Lan(_Section, frozen=True):
    interface: Interface = "br-lan"
    address: str = "10.77.0.1/16"
    address6: str = ""
    lease_s: Annotated[int, Meta(ge=120, le=604800)] = 3600

    @property
    def gate(self) -> IPv4Interface:
        """The gate's own address with the visitors' network."""
        return IPv4Interface(self.address)

    @property
    def gate6(self) -> IPv6Interface | None:
        """The gate's own IPv6 address with the visitors' prefix; None: IPv6 is shut."""
        return IPv6Interface(self.address6) if self.address6 else None


class Wan(_Section, frozen=True):
    interface: Interface = "wan0"
    dns: tuple[str, ...] = ()
    masquerade6: bool = False


class Portal(_Section, frozen=True):
    host: HostName = ""
    port: Port = 80
    redirect_port: Port = 8080
    captive_dns_port: Port = 5300
    garden: Annotated[
        tuple[GardenName, ...],
        Meta(max_length=100, description="host names such as pay.example.kz, at most 100"),
    ] = ()


class Password(_Section, frozen=True):
    valid_s: Annotated[int, Meta(ge=60, le=600)] = 300
    tries: Annotated[int, Meta(ge=1, le=10)] = 5
    resend_s: Annotated[int, Meta(ge=0, le=600)] = 60
    countries: Annotated[tuple[Country, ...], Meta(min_length=1, max_length=250)] = ("KZ",)
    number_per_hour: PerWindow = 5
    device_per_hour: PerWindow = 8
    venue_per_day: PerWindow = 1000


class Presence(_Section, frozen=True):
    grace_s: Annotated[int, Meta(ge=0, le=3600)] = 60


class SmsText(_Section, frozen=True):
    kk: str = "{venue}: пароль {password}"
    ru: str = "{venue}: пароль {password}"
    en: str = "{venue}: password {password}"

    def fill(self, language: Language, venue: str, password: str) -> str:
        """The message in this language."""
        template: str = getattr(self, language.value)
        return template.replace("{venue}", venue).replace("{password}", password)


class Sms(_Section, frozen=True):
    host: Server = "smsc.example.kz"
    port: Port = 2775
    system_id: Annotated[str, Meta(pattern=r"^[!-~]{1,15}\Z", description="1 to 15 ASCII characters")] = "qaqpa"
    password_file: FilePath = "/etc/qaqpa/smpp-password"
    source: Annotated[str, Meta(pattern=r"^[ -~]{1,11}\Z", description="1 to 11 ASCII characters")] = "Qaqpa"
    text: SmsText = SmsText()


class Paths(_Section, frozen=True):
    runtime: FilePath = "/run/qaqpa"
    state: FilePath = "/var/lib/qaqpa"


class Config(_Section, frozen=True):
    """A whole configuration that was judged good."""

    venue: Venue = Venue()
    lan: Lan = Lan()
    wan: Wan = Wan()
    portal: Portal = Portal()
    password: Password = Password()
    presence: Presence = Presence()
    sms: Sms = Sms()
    paths: Paths = Paths()

    @property
    def portal_host(self) -> str:
        """The portal's host in links."""
        return self.portal.host or str(self.lan.gate.ip)


def load(path: Path) -> Config:
    """The configuration in this file.

    Raises:
        ConfigError: it cannot be read or used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error}") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> Config:
    """The configuration in this text; ``name`` is what errors call it.

    Raises:
        ConfigError: it cannot be used.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, None, "", f"is not TOML: {error}") from error
    if unknown := places.unknown_key(raw, Config):
        key, nearest = unknown
        hint = f'; did you mean "{nearest}"?' if nearest else ""
        raise ConfigError(name, places.line_of(text, key), key, f"there is no such key{hint}")
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        key, problem = places.located(error)
        raise ConfigError(name, places.line_of(text, key), key, problem + places.allowed(key, Config)) from error
    for key, problem in _contradictions(config):
        raise ConfigError(name, places.line_of(text, key), key, problem)
    return config


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


def _no_garden(name: str, config: Config) -> str:
    """Why this name cannot open before login; empty if it can."""
    for probed in _NEVER_IN_GARDEN:
        if probed == name or probed.endswith(f".{name}"):
            return f'"{name}" would open {probed}, by which devices notice the login page; name a narrower host'
    if name == config.portal.host or name.endswith(f".{config.portal.host}"):
        return f'"{name}" is the portal\'s own (portal.host), which is open anyway'
    return ""


def _contradictions(config: Config) -> list[tuple[str, str]]:
    """What types cannot say: (key, problem) pairs, first first."""
    found: list[tuple[str, str]] = []
    if config.venue.timezone not in available_timezones():
        found.append(("venue.timezone", 'is no time zone name; for example "Asia/Almaty"'))
    try:
        gate = config.lan.gate
    except ValueError as error:
        return [*found, ("lan.address", f'{error}; allowed: address/prefix, for example "10.77.0.1/16"')]
    network = gate.network
    if not 16 <= network.prefixlen <= 29:
        found.append(("lan.address", f"/{network.prefixlen} is out of bounds; allowed: /16 to /29"))
    elif gate.ip in (network.network_address, network.broadcast_address):
        found.append(("lan.address", f"{gate.ip} is no host address of {network}"))
    try:
        gate6 = config.lan.gate6
    except ValueError as error:
        return [*found, ("lan.address6", f'{error}; allowed: address/64, for example "fd77:6b7a:1::1/64"')]
    if gate6 is not None and (gate6.network.prefixlen != 64 or gate6.ip == gate6.network.network_address):
        found.append(("lan.address6", f"{gate6} is no host address of a /64, and phones make addresses only in one"))
    elif gate6 is not None and (gate6.is_link_local or gate6.is_multicast or gate6.is_loopback):
        found.append(("lan.address6", f"{gate6} is no address for a network; take a ULA (fd…) or your provider's"))
    if config.lan.interface == config.wan.interface:
        found.append(("wan.interface", f'is the LAN\'s too ("{config.lan.interface}"); the two sides must differ'))
    for server in config.wan.dns:
        try:
            ipaddress.ip_address(server)
        except ValueError:
            found.append(("wan.dns", f'"{server}" is no IP address'))
    found += [("portal.garden", problem) for name in config.portal.garden if (problem := _no_garden(name, config))]
    ports = [config.portal.port, config.portal.redirect_port, config.portal.captive_dns_port, 53]
    if len(set(ports)) < len(ports):
        found.append(("portal.port", "port, redirect_port, captive_dns_port and 53 (DNS) must all differ"))
    for language in Language:
        key = f"sms.text.{language.value}"
        if "{password}" not in getattr(config.sms.text, language.value):
            found.append((key, "must contain {password}"))
        count = parts(config.sms.text.fill(language, config.venue.name, "0" * 6))
        if count != 1:
            found.append((key, f"takes {count} SMS with this venue's name; it must fit one"))
    return found
