"""What the sender needs to know, judged once when it is made: the providers, the socket, who may connect.

    >>> Provider(host="smsc.example", port=3700, system_id="venue", password="123456789")
    Traceback (most recent call last):
    sms.errors.SettingRefused: password: at most 8 characters (it has 9 characters)

Must not know: the configuration file, its language, its other sections.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sms.errors import SettingRefused
from sms.status import CHOICES, Verdict
from sms.texts import MAX_PARTS

_PRINTABLE = frozenset(string.digits + string.ascii_letters + string.punctuation + " ")

_MAX_PROVIDERS = 8


class Role(StrEnum):
    """What a link is bound as (SMPP 3.4 §2.2)."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"


class Bind(StrEnum):
    """How a provider wants to be bound."""

    TRANSCEIVER = "transceiver"
    """One link for both directions: the usual way."""
    PAIR = "pair"
    """A transmitter and a receiver."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """A link for each; the first one submits."""
        return (Role.TRANSCEIVER,) if self is Bind.TRANSCEIVER else (Role.TRANSMITTER, Role.RECEIVER)


class Long(StrEnum):
    """How a text of several parts is sent."""

    UDH = "udh"
    """A user data header before each part (3GPP TS 23.040 §9.2.3.24.1): every SMSC knows it."""
    SAR = "sar"
    """The sar_* parameters beside each part (SMPP 3.4 §5.3.2.22)."""
    PAYLOAD = "payload"
    """The whole text in one message_payload; the SMSC cuts it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One operator's SMSC and how it wants to be spoken to. Ours to refuse: smpplib cuts long values silently.

    Raises:
        SettingRefused: a value is out of bounds.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    name: str = "smsc"
    """What the owner calls it: in logs and in ``qaqpa sms status``."""
    system_type: str = ""
    bind: Bind = Bind.TRANSCEIVER
    tls: bool = False
    """Encrypted, and refused when the certificate is not for ``host``."""
    tls_ca_file: str = ""
    """Who may have signed that certificate; empty: whom the machine trusts."""
    prefixes: tuple[str, ...] = ()
    """Which numbers it serves, for example ``+7701``; none: all."""
    source: str = "Qaqpa"
    """The registered sender name, or a short or long number without ``+`` when ``source_ton`` is not 5."""
    source_ton: int = 5
    """SMPP 3.4 §5.2.5; 5 is alphanumeric."""
    source_npi: int = 0
    dest_ton: int = 1
    """1 is international."""
    dest_npi: int = 1
    dest_plus: bool = False
    """Whether the number is written with its ``+``."""
    gsm_coding: int = 0
    """Its data_coding for GSM 03.38; 1 at some."""
    ucs2_coding: int = 8
    """Its data_coding for UCS2; 2 at some."""
    long: Long = Long.UDH
    window: int = 10
    """How many submit_sm may be unanswered at a time."""
    rate_per_s: int = 0
    """How many submit_sm it takes a second; 0: no such limit."""
    statuses: Mapping[int, Verdict] = field(default_factory=dict)
    """What its own status codes mean, or the standard's when it means something else by them."""
    enquire_link_s: float = 30.0
    """How often the link is proved alive. Providers cut links that are silent for 2 minutes."""
    response_timeout_s: float = 10.0
    """The longest wait for the answer to anything we ask."""
    connect_timeout_s: float = 5.0
    back_off_start_s: float = 0.5
    """The first pause after a lost link; it doubles."""
    back_off_cap_s: float = 30.0
    """The longest pause after a lost link."""
    credentials_back_off_s: float = 300.0
    """The pause after the SMSC refused system_id or password: only a person can mend that, and many SMSCs lock
    accounts that keep trying."""

    def __post_init__(self) -> None:
        _text("name", self.name, 20, minimum=1)
        _text("host", self.host, 253, minimum=1)
        _number("port", self.port, 1, 65535)
        _text("system_id", self.system_id, 15, minimum=1)
        _text("password", self.password, 8)
        _text("system_type", self.system_type, 12)
        _text("source", self.source, 11 if self.source_ton == 5 else 20)
        for name in ("source_ton", "source_npi", "dest_ton", "dest_npi", "gsm_coding", "ucs2_coding"):
            _number(name, getattr(self, name), 0, 255)
        for prefix in self.prefixes:
            if not (prefix.startswith("+") and prefix[1:].isdecimal() and prefix.isascii()):
                raise SettingRefused("prefixes", "each is + and digits, such as +7701")
        _number("rate_per_s", self.rate_per_s, 0, 10_000)
        for status, verdict in self.statuses.items():
            if not 1 <= status <= 0xFFFFFFFF or verdict not in CHOICES:
                raise SettingRefused("statuses", "each is 0x1 to 0xffffffff and " + ", ".join(sorted(CHOICES)))
        _number("window", self.window, 1, 1000)
        _number("enquire_link_s", self.enquire_link_s, 0.1, 3600)
        _number("response_timeout_s", self.response_timeout_s, 0.1, 600)
        _number("connect_timeout_s", self.connect_timeout_s, 0.1, 600)
        _number("back_off_start_s", self.back_off_start_s, 0.05, 600)
        _number("back_off_cap_s", self.back_off_cap_s, self.back_off_start_s, 3600)
        _number("credentials_back_off_s", self.credentials_back_off_s, self.back_off_start_s, 86400)


@dataclass(frozen=True, slots=True)
class Settings:
    """One sender.

    Raises:
        SettingRefused: the path does not fit a unix socket's address, or the providers are too many or of one name.
    """

    socket_path: str
    """Where the sender listens and the gate connects."""
    peer_uids: frozenset[int]
    """Who may hand over messages."""
    providers: tuple[Provider, ...]
    """In the order of preference."""
    max_parts: int = 1
    """Texts that need more are refused."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.providers) <= _MAX_PROVIDERS:
            raise SettingRefused("providers", f"1 to {_MAX_PROVIDERS}")
        if len({provider.name for provider in self.providers}) < len(self.providers):
            raise SettingRefused("name", "each provider needs a name of its own")
        _number("max_parts", self.max_parts, 1, MAX_PARTS)
        if not 1 <= len(self.socket_path.encode()) <= 107:  # sun_path holds 108 bytes with the closing zero
            raise SettingRefused("socket_path", "1 to 107 bytes", len(self.socket_path))


def _text(name: str, value: str, longest: int, minimum: int = 0) -> None:
    if len(value) < minimum:
        raise SettingRefused(name, "must not be empty")
    if len(value) > longest:
        raise SettingRefused(name, f"at most {longest} characters", len(value))
    if not _PRINTABLE.issuperset(value):
        raise SettingRefused(name, "only printable ASCII characters", len(value))


def _number(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # also refuses NaN
        raise SettingRefused(name, f"{least:g} to {most:g}")
