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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from appliance import announcement, render
from appliance.config import Config
from appliance.holding import Holding, holding
from appliance.resolving import addresses_of
from firewall.settings import HTTPS_PORT

_PATIENCE_S = 3.0
_MEDIA_TYPE = "application/captive+json"
_MOST_BYTES = 4096  # what Android reads
_SOON_S = 14 * 86400


@dataclass(frozen=True)
class Found:
    """A finding of the doctor's."""

    ok: bool
    what: str
    remedy: str = ""


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
        yield Found(False, f"DHCP announces {url or 'no captive portal API'}", _APPLY)
        return
    if not url:
        yield Found(False, "phones are told of no captive portal API: the portal's certificate allows none", _RENEW)
        return
    yield Found(True, f"phones are told of {url} by DHCP (options 114 and 103)")
    if wrong := list(_names(config)):
        yield from wrong
        return
    try:
        status, media_type, body = _fetch(config)
    except (OSError, http.client.HTTPException) as error:
        reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error
        yield Found(False, f"{url}: no client gets an answer: {reason}", _SERVE)
        return
    yield judged(config, status, media_type, body)


def judged(config: Config, status: int, media_type: str, body: bytes) -> Found:
    """Whether clients take this answer, and whether it leads to where the portal is."""
    url = announcement.api_url(config)
    if status != http.HTTPStatus.OK:
        return Found(False, f"{url} answers {status}", "systemctl status qaqpa-portal qaqpa-gate")
    if media_type != _MEDIA_TYPE or len(body) > _MOST_BYTES:
        return Found(False, f"{url} answers {len(body)} bytes of {media_type}, which is no {_MEDIA_TYPE}", _SERVE)
    try:
        told = msgspec.json.decode(body, type=Captivity)
    except msgspec.DecodeError as error:
        return Found(False, f"{url} answers what no client takes: {error}", _SERVE)
    if told.user_portal_url != announcement.secure_url(config):
        return Found(False, f"{url} leads to {told.user_portal_url}", "systemctl restart qaqpa-portal")
    return Found(True, f"{url} answers a client")


def _certificate(config: Config, held: Holding) -> Iterator[Found]:
    if held.problem:
        instead = "the one before is served" if held.pem else "the portal is on http"
        yield Found(False, f"{held.problem}; {instead}", "put the right files there, then qaqpa apply --reload")
    if held.pem:
        day = datetime.fromtimestamp(held.expires_utc_s, UTC).astimezone(config.venue.zone).strftime("%Y-%m-%d")
        yield Found(
            held.expires_utc_s - time.time() > _SOON_S,
            f"the portal's certificate is one that phones take, until {day}",
            _RENEW,
        )


_APPLY = "qaqpa apply --reload"
_RENEW = "renew the certificate (qaqpa-certbot.service, or the files that [portal] names), then qaqpa apply --reload"
_SERVE = "qaqpa apply --reload; then systemctl status qaqpa-nginx qaqpa-portal"


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
            said = ", ".join(sorted(found)) or "no address"
            what = f"{config.portal.host} is {said} at qaqpa-{unit}, and should be {', '.join(sorted(wanted))}"
            yield Found(False, what, f"qaqpa apply, then systemctl restart qaqpa-{unit}")


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
