"""What the sender needs to know, judged once when it is made: a provider's link, the socket, who may connect.

    >>> Provider(host="smsc.example", port=3700, system_id="venue", password="123456789")
    Traceback (most recent call last):
    sms.errors.SettingRefused: password: at most 8 characters (it has 9 characters)

Must not know: the configuration file, its language, its other sections.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field

from sms.errors import SettingRefused

_PRINTABLE = frozenset(string.digits + string.ascii_letters + string.punctuation + " ")


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
    system_type: str = ""
    source: str = "Qaqpa"
    """The registered sender name, or a short or long number without ``+`` when ``source_ton`` is not 5."""
    source_ton: int = 5
    """SMPP 3.4 §5.2.5; 5 is alphanumeric."""
    source_npi: int = 0
    dest_ton: int = 1
    """1 is international: the number is written without ``+``."""
    dest_npi: int = 1
    window: int = 10
    """How many submit_sm may be unanswered at a time."""
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
        _text("host", self.host, 253, minimum=1)
        _number("port", self.port, 1, 65535)
        _text("system_id", self.system_id, 15, minimum=1)
        _text("password", self.password, 8)
        _text("system_type", self.system_type, 12)
        _text("source", self.source, 11 if self.source_ton == 5 else 20)
        for name in ("source_ton", "source_npi", "dest_ton", "dest_npi"):
            _number(name, getattr(self, name), 0, 255)
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
        SettingRefused: the path does not fit a unix socket's address.
    """

    socket_path: str
    """Where the sender listens and the gate connects."""
    peer_uids: frozenset[int]
    """Who may hand over messages."""
    provider: Provider

    def __post_init__(self) -> None:
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
