"""What the configuration amounts to, key by key, and which keys differ from what the journal was last told. Pure.

    >>> changed({"visit.max_s": "5f", "desk.vouchers": "a1"}, {"visit.max_s": "60", "desk.vouchers": "a1"})
    ('visit.max_s',)

Values stay out of the journal: of each key a digest is kept, so that the keys that changed can be named. Defaults count
as if they were written, for what was in force is what matters. Secrets are in files of their own, of which only the
paths are here. Must not know: TOML, what keeps it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import msgspec

from appliance.config import Config
from journal.entries import ConfigurationChanged

KEY = "configuration"
"""Under which key the digests are kept, as JSON."""
_encode = msgspec.json.Encoder(order="sorted").encode


def digests(config: Config) -> dict[str, str]:
    """Of every key as ``section.key`` the SHA-256 of its value, hexadecimal; tables in a list count as one value."""
    return {key: hashlib.sha256(_encode(value)).hexdigest() for key, value in leaves(msgspec.to_builtins(config))}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The keys whose values differ, sorted; also those that only one of the two has."""
    return tuple(sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key)))


def noticed(kept: bytes, config: Config) -> tuple[ConfigurationChanged, bytes] | None:
    """What is to be recorded, and kept with it; None: this is what was last recorded."""
    now = digests(config)
    to_keep = _encode(now)
    if to_keep == kept:
        return None
    try:
        before = msgspec.json.decode(kept, type=dict[str, str]) if kept else {}
    except msgspec.DecodeError:
        before = {}
    # What the first start finds has not changed: all of its keys would only be the names of all there are.
    entry = ConfigurationChanged(hashlib.sha256(to_keep).hexdigest(), changed(before, now) if before else ())
    return entry, to_keep


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """(``section.key``, value) of a configuration's builtins; a list is one value."""
    if not isinstance(value, dict):
        yield name, value
        return
    for key, held in value.items():
        yield from leaves(held, f"{name}.{key}" if name else str(key))
