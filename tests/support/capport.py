"""What RFC 8908 says of an answer of the captive portal API, to judge one by, from outside the product.

    >>> judged(b'{"captive": true}', "application/captive+json", "no-store")
    {'captive': True}

Must not know: who answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

ANDROID_READS_BYTES = 4096


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).hostname)


def _is_tls_url(value: object) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme == "https" and bool(urlsplit(value).hostname)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_KEYS: dict[str, Callable[[object], bool]] = {
    "captive": _is_boolean,
    "user-portal-url": _is_tls_url,
    "venue-info-url": _is_url,
    "can-extend-session": _is_boolean,
    "seconds-remaining": _is_count,
    "bytes-remaining": _is_count,
}
"""§5 and the registry that it opens; a client ignores other keys, so one would be a slip of the pen."""


def judged(body: bytes, media_type: str | None, caching: str | None) -> dict[str, object]:
    """The answer's keys, if it is one that clients take.

    Raises:
        AssertionError: it is not, and why.
    """
    assert media_type == "application/captive+json", f"§5: the type is {media_type}"
    said = {directive.strip() for directive in (caching or "").split(",")}
    assert said & {"private", "no-store"}, f"§5: the answer is one device's, and may be cached: {caching}"
    assert len(body) <= ANDROID_READS_BYTES, f"{len(body)} bytes"
    found = json.loads(body.decode("utf-8"))
    assert isinstance(found, dict)
    assert "captive" in found, "§5: captive must be there"
    for key, value in found.items():
        assert key in _KEYS, f"§5 knows no {key}"
        assert _KEYS[key](value), f"§5: {key} cannot be {value!r}"
    if found["captive"]:
        assert "user-portal-url" in found, "Android drops it"
        assert not {"seconds-remaining", "bytes-remaining"} & set(found), "§5: only while not captive"
    return found
