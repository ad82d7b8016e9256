"""What phones are told of the captive portal API (RFC 8910), and when.

    >>> print(options(config, Standing.ANNOUNCED))                          # doctest: +SKIP
    114,https://login.example.kz/captive-portal
    option6:103,https://login.example.kz/captive-portal

Pure: the time comes in. Must not know: how a certificate is judged, dnsmasq's other lines.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.certificates import Judgement
    from appliance.config import Config

API_PATH = "/captive-portal"
"""Where the portal answers (``portal.visitor.captive``)."""
MAX_BYTES = 255
"""What a DHCPv4 option carries (RFC 8910 §2: identical everywhere, so DHCPv6 gets no more)."""
WATCH_S = 3600
"""How often the certificate is looked at again (``systemd/qaqpa-certificate.timer``)."""


class Standing(StrEnum):
    """How far the portal's https goes."""

    NONE = "none"
    """The portal is on http."""
    SERVED = "served"
    """On https, for whoever comes; no new device is told."""
    ANNOUNCED = "announced"


def standing(judgement: Judgement, lease_s: int, now_utc_s: float) -> Standing:
    """What this certificate allows.

    A device keeps what it was told until its lease is renewed, and meanwhile it goes by the API instead of its probes:
    a certificate that expires under it would leave the visitor without a login page. So nobody is told any more when
    it could expire before the next look and the end of a lease given until then.
    """
    if judgement.problem:
        return Standing.NONE
    return Standing.ANNOUNCED if judgement.expires_utc_s - now_utc_s > lease_s + 2 * WATCH_S else Standing.SERVED


def options(config: Config, standing: Standing) -> str:
    """The lines of dnsmasq's ``dhcp-optsfile``, which it reads again on SIGHUP.

    Not option 160, which RFC 8910 gave back because others use it. No router advertisement (type 37): dnsmasq knows
    none, and a second daemon that advertises on the same link would contradict the first. Nothing is lost: whoever is
    served here has asked DHCPv4.
    """
    if standing is not Standing.ANNOUNCED:
        return ""
    return f"114,{api_url(config)}\noption6:103,{api_url(config)}\n"


def announced_url(options: str) -> str:
    """The address in such lines, as a client gets it; empty: none."""
    first = options.partition("\n")[0]
    return first.partition(",")[2] if first.startswith("114,") else ""


def secure_url(config: Config) -> str:
    """The portal's page on https."""
    return f"https://{config.portal.host}/"


def api_url(config: Config) -> str:
    """The captive portal API."""
    return f"https://{config.portal.host}{API_PATH}"
