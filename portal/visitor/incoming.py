"""What one HTTP request says, judged before anything is asked of the gate: device, language, entries, sender.

All of it is hostile input. Must not know: the gate, pages.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

from appliance.wire import Ip, Language
from portal.errors import FromAnotherSite, NotBehindGateway

MAX_ENTRY_CHARACTERS = 64
"""What ``appliance.wire.Text`` carries; a longer entry is no number, password, voucher or digest."""

_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)


def device_ip(request: Request) -> Ip:
    """The visitor's address as nginx saw it; nginx overwrites whatever a visitor puts into X-Real-IP.

    Raises:
        NotBehindGateway: nginx did not say, so the request did not come through it.
    """
    said = request.headers.get("X-Real-IP")
    try:
        return str(ipaddress.ip_address(said or ""))
    except ValueError as error:
        raise NotBehindGateway(said) from error


def chosen_language(request: Request) -> Language | None:
    """The language that the address carries: links and forms hand the chosen one on, so no cookie is needed.

    The gate keeps it by device, and what it keeps counts more. The address says it even when the gate is not asked or
    does not answer, and when a form is refused unread. None: nothing chosen, or nothing that we speak.
    """
    return _spoken(request.args.get("lang"))


def language_entered(request: Request) -> Language | None:
    """The language of the button pressed on the page; None: nothing that we speak."""
    return _spoken(request.form.get("lang"))


def language_of(request: Request, default: Language) -> Language:
    """The language of the answer to a request that chose none: the phone's, else the venue's.

    Accept-Language is read here (RFC 9110 §12.5.4, primary subtag only) because werkzeug's ``best_match`` takes
    ``kk-Cyrl-KZ`` for no Kazakh at all, and among equals takes the last of the alphabet instead of the first named.
    """
    return _preferred(request.headers.get("Accept-Language", ""), default)


@lru_cache(maxsize=256)  # phones of one make and language say the same
def _preferred(accepted: str, default: Language) -> Language:
    wanted: list[tuple[float, Language]] = []
    for item in accepted.split(","):
        tag, _, parameter = item.partition(";")
        primary = tag.strip().partition("-")[0].lower()
        language = default if primary == "*" else next((each for each in Language if each == primary), None)
        quality = _QUALITY.fullmatch(parameter.strip() or "q=1")
        if language and quality and float(quality[1]) > 0:
            wanted.append((float(quality[1]), language))
    return max(wanted, key=lambda each: each[0], default=(0.0, default))[1]


def entry(request: Request, field: str) -> str | None:
    """What the visitor typed, untouched: the gate judges it. None = longer than anything that belongs there."""
    typed = request.form.get(field, "")
    return typed if len(typed) <= MAX_ENTRY_CHARACTERS else None


def scanned_voucher(request: Request) -> str:
    """What a printed voucher's QR code put into the address, untouched: the visitor sees it and sends it, or not."""
    scanned = request.args.get("voucher", "")
    return scanned if len(scanned) <= MAX_ENTRY_CHARACTERS else ""


def require_own_page(request: Request) -> None:
    """Refuse a form that another site's page sends through the visitor's phone.

    Sec-Fetch-Site cannot be set by a page, so where it is present it decides; browsers send it over https only, so
    most captive windows are judged by Origin, and the oldest, which send neither with a form, by Referer or not at all.

    Origin ``null`` is refused: any page can send it (a sandboxed frame is enough), and no window of ours does, because
    our pages say ``Referrer-Policy: same-origin``. Under ``no-referrer`` every browser would send ``null`` with our own
    forms (Fetch standard, "append a request Origin header"), and the two could not be told apart.

    Host names are compared without the port: a forwarder in front may listen on another one, and whoever serves pages
    under the gateway's own name has no need of a visitor's phone.

    Raises:
        FromAnotherSite
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise FromAnotherSite(f"Sec-Fetch-Site: {site}")
        return
    sender = request.headers.get("Origin") or request.headers.get("Referer")
    if sender is not None and (not _host(sender) or _host(sender) != _host(f"//{request.headers.get('Host', '')}")):
        raise FromAnotherSite(sender)


def _spoken(said: str | None) -> Language | None:
    return next((language for language in Language if language == said), None)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # an unclosed [ of an IPv6 address
        return None
