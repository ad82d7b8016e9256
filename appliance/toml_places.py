"""Where in a TOML text something is, and what its key allows: how a wrong configuration is told to a person.

A key in one of several tables of a name carries the table's number, from 0: ``sms.provider[1].port``. Must not know:
what any key means.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, get_args, get_origin

import msgspec

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def line_of(text: str, key: str) -> int | None:
    """The line (from 1) where ``key`` ("lan.address") is set in the TOML ``text``; that of its table's header if the
    table is one of several and leaves it out; None if neither is there.

    Finds keys written in the plain way, one a line below their section's header.
    """
    section, _, name = key.rpartition(".")
    inside, section_line = "", None
    numbers: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            if header[1] == "[[":
                numbers[header[2]] = numbers.get(header[2], -1) + 1
            inside = _numbered(header[2], numbers)
            if inside == key:
                return number
            if inside == section:
                section_line = number
        elif inside == section and re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line):
            return number
    return section_line if section.endswith("]") else None


def _numbered(section: str, numbers: Mapping[str, int]) -> str:
    """The section's key, each table of several with the number of the newest."""
    key = plain = ""
    for name in section.split("."):
        plain = f"{plain}.{name}" if plain else name
        key = f"{key}.{name}" if key else name
        if plain in numbers:
            key += f"[{numbers[plain]}]"
    return key


def plain(key: str) -> str:
    """The key as a person calls it, without numbers of tables."""
    return re.sub(r"\[\d+\]", "", key)


def located(error: msgspec.ValidationError) -> tuple[str, str]:
    """msgspec's error as (key, problem): "Expected `int` - at `$.lan.lease_s`" → ("lan.lease_s", "expected `int`")."""
    said = str(error)
    where = _PATH.search(said)
    key = re.sub(r"\[(?!\d+\]\.).*?\]", "", where[1]) if where else ""  # numbers of tables stay, those of values go
    problem = _PATH.sub("", said)
    return key, problem[:1].lower() + problem[1:]


def unknown_key(
    raw: Mapping[str, object], kind: type[msgspec.Struct], above: str = ""
) -> tuple[str, str | None] | None:
    """The first key that ``kind`` does not have, dotted, with the nearest that it or a table of it does have."""
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in raw.items():
        if name not in known:
            return f"{above}{name}", _nearest(name, known)
        inner = _table(known[name])
        if inner is None:
            continue
        tables = {f"{name}[{number}]": each for number, each in enumerate(value)} if isinstance(value, list) else {}
        for own, table in (tables or {name: value}).items():
            if isinstance(table, Mapping) and (found := unknown_key(table, inner, f"{above}{own}.")):
                return found
    return None


def _nearest(name: str, known: Mapping[str, object]) -> str | None:
    for other, kind in known.items():
        inner = _table(kind)
        if inner is not None and name in inner.__struct_fields__:
            return f"{other}.{name}"
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return nearest[0] if nearest else None


def _table(kind: object) -> type[msgspec.Struct] | None:
    """The type of a table, or of each of an array of tables; None: it is neither."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def type_of(key: str, kind: type[msgspec.Struct]) -> msgspec.inspect.Type | None:
    """The type of ``key``; None: there is no such key."""
    inner: object = kind
    for name in plain(key).split("."):
        table = _table(inner)
        if table is None:
            return None
        inner = {field.encode_name: field.type for field in msgspec.structs.fields(table)}.get(name)
    return msgspec.inspect.type_info(inner) if inner is not None else None
