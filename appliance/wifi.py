"""The section [wifi] of the venue's TOML file: the radio of this box, and which channels there are.

Must not know: hostapd, which port is a radio.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from appliance.sections import Country, FilePath, OptionalInterface, Section

LONGEST_NAME = 32
"""Bytes (IEEE 802.11 §9.4.2.2)."""


class Band(StrEnum):
    """Where a radio sends, in GHz."""

    LOW = "2.4"
    HIGH = "5"


class Security(StrEnum):
    """What a phone must do to be heard."""

    OPEN = "open"
    OWE = "owe"
    """As open, and encrypted for whoever can (RFC 8110), who finds it by the open network."""
    PSK = "psk"
    """A password that the venue tells: WPA3 (SAE), and WPA2 for older devices."""


class Wifi(Section, frozen=True):
    interface: OptionalInterface = ""
    name: Annotated[
        str, Meta(max_length=32, pattern=r"^[^\x00-\x1f\x7f]*\Z", description="at most 32 bytes on one line")
    ] = ""
    country: Country = "KZ"
    channel: Annotated[int, Meta(ge=0, le=196)] = 0
    band: Band = Band.LOW
    security: Security = Security.OPEN
    password_file: FilePath = "/etc/qaqpa/wifi-password"


CHANNELS = {
    Band.LOW: tuple(range(1, 14)),
    Band.HIGH: (36, 40, 44, 48, 52, 56, 60, 64, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140),
}
"""By band; which of them its country allows, the radio knows."""


def is_wifi_password(text: str) -> bool:
    """Whether phones take it: IEEE 802.11 J.4.1 has 8 to 63 printable ASCII characters."""
    return 8 <= len(text) <= 63 and text.isascii() and text.isprintable()
