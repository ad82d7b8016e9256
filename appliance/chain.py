"""The captive portal API as a client comes to it, link by link: announcement, name, TLS, answer.

Part of `qaqpa doctor`. It begins with what DHCP has in place, not with the configuration, and ends with what that
address answers. Must not know: how any of it was made.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from appliance import announcement, render
from appliance.config import Config
from appliance.found import Found, right, wrong
from appliance.holding import Holding, holding
from appliance.resolving import addresses_of
from firewall.settings import HTTPS_PORT

_PATIENCE_S = 3.0
_MEDIA_TYPE = "application/captive+json"
_MOST_BYTES = 4096  # what Android reads
_SOON_S = 14 * 86400


class Captivity(msgspec.Struct, rename="kebab"):
    """What clients read of an answer (RFC 8908 §5); other keys are ignored as they ignore them."""

    captive: bool
    user_portal_url: str
    can_extend_session: bool = False
    venue_info_url: str | None = None
    seconds_remaining: int | None = None
    bytes_remaining: int | None = None


def findings(config: Config) -> Iterator[Found]:
    """Nothing where https is off; else each link, up to the first that is broken."""
    if not config.portal.https:
        return
    held = holding(config, time.time())
    yield from _certificate(config, held)
    url = _announced(config)
    if url != announcement.announced_url(announcement.options(config, held.standing)):
        yield wrong("api.announced", url=url) if url else wrong("api.not_announced")
        return
    if not url:
        yield wrong("api.untold")
        return
    yield right(f"phones are told of {url} by DHCP (options 114 and 103)")
    if faults := list(_names(config)):
        yield from faults
        return
    try:
        status, media_type, body = _fetch(config)
    except (OSError, http.client.HTTPException) as error:
        reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error
        yield wrong("api.silent", url=url, said=reason)
        return
    yield judged(config, status, media_type, body)


def judged(config: Config, status: int, media_type: str, body: bytes) -> Found:
    """Whether clients take this answer, and whether it leads to where the portal is."""
    url = announcement.api_url(config)
    if status != http.HTTPStatus.OK:
        return wrong("api.status", url=url, status=status)
    if media_type != _MEDIA_TYPE or len(body) > _MOST_BYTES:
        return wrong("api.type", url=url, size=len(body), type=media_type, wanted=_MEDIA_TYPE)
    try:
        told = msgspec.json.decode(body, type=Captivity)
    except msgspec.DecodeError as error:
        return wrong("api.answer", url=url, said=error)
    if told.user_portal_url != announcement.secure_url(config):
        return wrong("api.elsewhere", url=url, other=told.user_portal_url)
    return right(f"{url} answers a client")


def _certificate(config: Config, held: Holding) -> Iterator[Found]:
    if held.problem:
        yield wrong("certificate.before" if held.pem else "certificate.none", said=held.problem)
    if held.pem:
        day = datetime.fromtimestamp(held.expires_utc_s, UTC).astimezone(config.venue.zone).strftime("%Y-%m-%d")
        if held.expires_utc_s - time.time() > _SOON_S:
            yield right(f"the portal's certificate is one that phones take, until {day}")
        else:
            yield wrong("certificate.ends", day=day)


def _announced(config: Config) -> str:
    path = Path(config.paths.state) / "conf" / render.ANNOUNCED
    try:
        return announcement.announced_url(path.read_text(encoding="utf-8"))
    except OSError:
        return ""


def _names(config: Config) -> Iterator[Found]:
    """What is wrong with the addresses that both resolvers give for the portal's name."""
    gate, gate6 = config.lan.gate.ip, config.lan.gate6
    wanted = {str(gate), *([str(gate6.ip)] if gate6 else [])}
    for unit, port in (("dnsmasq-captive", config.portal.captive_dns_port), ("dnsmasq-lan", 53)):
        found = addresses_of(config.portal.host, str(gate), port)
        if found != wanted:
            told = {"host": config.portal.host, "unit": f"qaqpa-{unit}", "wanted": ", ".join(sorted(wanted))}
            yield wrong("api.name", found=", ".join(sorted(found)), **told) if found else wrong("api.no_name", **told)


def _fetch(config: Config) -> tuple[int, str, bytes]:
    """Status, type and body of the API's answer over TLS.

    Raises:
        OSError: no connection, or none that a client would trust.
        http.client.HTTPException: no HTTP answer.
    """
    client = ssl.create_default_context(cafile=config.portal.ca_file or None)
    client.hostname_checks_common_name = False
    where = (str(config.lan.gate.ip), HTTPS_PORT)
    with (
        socket.create_connection(where, _PATIENCE_S) as plain,
        client.wrap_socket(plain, server_hostname=config.portal.host) as secure,
    ):
        lines = (f"GET {announcement.API_PATH} HTTP/1.1", f"Host: {config.portal.host}", "Connection: close", "", "")
        secure.sendall("\r\n".join(lines).encode())
        answer = http.client.HTTPResponse(secure, method="GET")
        answer.begin()
        return answer.status, answer.getheader("Content-Type", ""), answer.read(_MOST_BYTES + 1)
