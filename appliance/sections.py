"""The sections of the venue's TOML file: each key with its type, its bounds and its value when left out.

Must not know: the file, what contradicts what, who uses which setting.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from appliance.wire import Language
from sms.settings import Bind, Long

Interface = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._-]{1,15}\Z", description="an interface name (1-15 of A-Z a-z 0-9 . _ -)")
]
OptionalInterface = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9._-]{0,15}\Z", description="an interface name (1-15 of A-Z a-z 0-9 . _ -), or empty"),
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
        pattern=r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])\Z",
        description="host names in lower case, such as pay.example.kz, without * and final dot; at most 100",
    ),
]
Rate = Annotated[int, Meta(ge=0, le=10_000_000)]
PerWindow = Annotated[int, Meta(ge=1, le=1_000_000)]
OptionalFilePath = Annotated[
    str, Meta(pattern=r"^(/[A-Za-z0-9._/-]{1,200})?\Z", description="an absolute path without blanks, or empty")
]
TermsText = Annotated[
    str,
    Meta(
        max_length=3000,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*\Z",
        description="a text of at most 3000 characters, a line for each paragraph",
    ),
]
Octet = Annotated[int, Meta(ge=0, le=255)]


class StatusMeaning(StrEnum):
    """What a provider means by a status code of its own; the words are those of ``sms.status.Verdict``."""

    RETRY = "retry"
    PERMANENT = "permanent"
    REBIND = "rebind"
    CREDENTIALS = "credentials"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file."""


class VenueTerms(Section, frozen=True):
    """What a visitor must agree to, in each language; all or none are given."""

    kk: TermsText = ""
    ru: TermsText = ""
    en: TermsText = ""

    @property
    def texts(self) -> dict[Language, str]:
        """What visitors agree to, in each language; empty: the venue asks for no agreement."""
        return {language: getattr(self, language.value) for language in Language}

    @property
    def digests(self) -> frozenset[str]:
        """SHA-256 (hex) of each text: what the gate knows of them."""
        return frozenset(hashlib.sha256(text.encode()).hexdigest() for text in self.texts.values() if text)


class Venue(Section, frozen=True):
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
    colour: Annotated[
        str, Meta(pattern=r"^(#[0-9a-f]{6})?\Z", description='a colour such as "#00697d", in lower case, or empty')
    ] = ""
    logo: OptionalFilePath = ""
    link: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[A-Za-z0-9][!#-&(-;=?-~]{0,199})?\Z",
            description='an address such as "https://cafe.example.kz", or empty',
        ),
    ] = ""
    terms: VenueTerms = VenueTerms()
    open: bool = True
    rules: Annotated[str, Meta(pattern=r"^67/2016\Z", description='the only rule set there is: "67/2016"')] = "67/2016"
    address: Annotated[
        str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z", description="one line of at most 200 characters")
    ] = ""
    owner_id: Annotated[
        str, Meta(pattern=r"^([0-9]{12})?\Z", description="the twelve digits of an IIN or a BIN, or empty")
    ] = ""

    @property
    def zone(self) -> ZoneInfo:
        """The venue's time zone."""
        return ZoneInfo(self.timezone)


class Rates(Section, frozen=True):
    uplink_down_kbit: Rate = 0
    uplink_up_kbit: Rate = 0
    visitor_down_kbit: Rate = 0
    visitor_up_kbit: Rate = 0


class Firewall(Section, frozen=True):
    private_wan: bool = False
    new_connections_per_s: Annotated[int, Meta(ge=1, le=10_000)] = 200
    new_connections_burst: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    connections_per_device: Annotated[int, Meta(ge=1, le=1_000_000)] = 1024


class Portal(Section, frozen=True):
    host: HostName = ""
    port: Port = 80
    redirect_port: Port = 8080
    captive_dns_port: Port = 5300
    https: bool = False
    certificate_file: FilePath = "/etc/qaqpa/portal.pem"
    key_file: FilePath = "/etc/qaqpa/portal.key"
    ca_file: OptionalFilePath = ""
    garden: Annotated[
        tuple[GardenName, ...],
        Meta(max_length=100, description="host names such as pay.example.kz, at most 100"),
    ] = ()


class Password(Section, frozen=True):
    valid_s: Annotated[int, Meta(ge=60, le=600)] = 300
    tries: Annotated[int, Meta(ge=1, le=10)] = 5
    resend_s: Annotated[int, Meta(ge=0, le=600)] = 60
    countries: Annotated[tuple[Country, ...], Meta(min_length=1, max_length=250)] = ("KZ",)
    number_per_hour: PerWindow = 5
    device_per_hour: PerWindow = 8
    venue_per_day: PerWindow = 1000


class Spending(Section, frozen=True):
    daily_sms: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000
    monthly_sms: Annotated[int, Meta(ge=1, le=30_000_000)] = 20_000
    reserved_percent: Annotated[int, Meta(ge=0, le=90)] = 30
    remember_days: Annotated[int, Meta(ge=0, le=730)] = 90


class Presence(Section, frozen=True):
    grace_s: Annotated[int, Meta(ge=0, le=3600)] = 60
    idle_window_s: Annotated[int, Meta(ge=10, le=3600)] = 240
    sleep_window_s: Annotated[int, Meta(ge=10, le=7200)] = 900
    hostapd: FilePath = "/run/hostapd"


class Visit(Section, frozen=True):
    max_s: Annotated[int, Meta(ge=0, le=2_592_000)] = 0
    quota_mb: Annotated[int, Meta(ge=0, le=10_000_000)] = 0


class DeskField(StrEnum):
    """What is asked of an identity document beyond ¶10; the words are those of ``identity.OPTIONAL``."""

    DOCUMENT = "document"
    IIN = "iin"
    BIRTH_DATE = "birth_date"


class Desk(Section, frozen=True):
    fields: Annotated[tuple[DeskField, ...], Meta(max_length=3)] = ()
    vouchers: bool = False
    voucher_needs_sms: bool = True


class Workstation(Section, frozen=True):
    number: Annotated[str, Meta(pattern=r"^[\w-]{1,16}\Z", description="1 to 16 letters, digits or hyphens")]
    mac: Annotated[
        str,
        Meta(pattern=r"^([0-9a-f]{2}(:[0-9a-f]{2}){5})?\Z", description="a MAC address such as 02:00:00:00:00:01"),
    ] = ""
    port: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{0,15}\Z", description="the name of a bridge port")] = ""


class SmsProvider(Section, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[!-~]{1,20}\Z", description="1 to 20 ASCII characters without blanks")] = (
        "smsc"
    )
    host: Server = "smsc.example.kz"
    port: Port = 2775
    tls: bool = False
    tls_ca_file: OptionalFilePath = ""
    system_id: Annotated[str, Meta(pattern=r"^[!-~]{1,15}\Z", description="1 to 15 ASCII characters")] = "qaqpa"
    password_file: FilePath = "/etc/qaqpa/smpp-password"
    system_type: Annotated[str, Meta(pattern=r"^[ -~]{0,12}\Z", description="at most 12 ASCII characters")] = ""
    bind: Bind = Bind.TRANSCEIVER
    source: Annotated[str, Meta(pattern=r"^[ -~]{1,20}\Z", description="1 to 20 ASCII characters")] = "Qaqpa"
    source_ton: Octet = 5
    source_npi: Octet = 0
    dest_plus: bool = False
    prefixes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{0,14}\Z")], ...],
        Meta(max_length=100, description='prefixes such as "+7701", at most 100'),
    ] = ()
    price: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    window: Annotated[int, Meta(ge=1, le=1000)] = 10
    rate_per_s: Annotated[int, Meta(ge=0, le=10_000)] = 30
    enquire_link_s: Annotated[int, Meta(ge=1, le=600)] = 30
    response_timeout_s: Annotated[int, Meta(ge=1, le=60)] = 10
    gsm_coding: Octet = 0
    ucs2_coding: Octet = 8
    long: Long = Long.UDH
    status: Annotated[
        dict[Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{1,8}\Z")], StatusMeaning],
        Meta(max_length=100, description='status codes such as "0x0403" = "credentials"'),
    ] = {}


class SmsText(Section, frozen=True):
    kk: str = "{venue}: пароль {password}"
    ru: str = "{venue}: пароль {password}"
    en: str = "{venue}: password {password}"

    def fill(self, language: Language, venue: str, password: str, host: str = "") -> str:
        """The message in this language; with ``host``, its last line binds the password to that site for phones that
        offer to fill it in (origin-bound one-time codes)."""
        template: str = getattr(self, language.value)
        text = template.replace("{venue}", venue).replace("{password}", password)
        return f"{text}\n@{host} #{password}" if host else text


class Sms(Section, frozen=True):
    max_parts: Annotated[int, Meta(ge=1, le=6)] = 1
    bound: bool = True
    provider: Annotated[
        tuple[SmsProvider, ...], Meta(min_length=1, max_length=8, description="1 to 8 tables [[sms.provider]]")
    ] = (SmsProvider(),)
    text: SmsText = SmsText()


class Journal(Section, frozen=True):
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] = 730
    reserve_mb: Annotated[int, Meta(ge=1, le=100_000)] = 64
    seal_entries: Annotated[int, Meta(ge=10, le=100_000)] = 1000
    seal_minutes: Annotated[int, Meta(ge=1, le=1440)] = 10


class Paths(Section, frozen=True):
    runtime: FilePath = "/run/qaqpa"
    state: FilePath = "/var/lib/qaqpa"
