"""The configuration's keys as a form or a reference shows them: kind, bounds, choices, value when left out.

    >>> by_name()["lan.lease_s"].kind, by_name()["lan.lease_s"].least
    (<Kind.WHOLE: 'whole'>, 120)

Read off the types of ``appliance.sections``: what is there is here. Tables of which there may be several are told by
their own keys: ``sms.provider.host``. Must not know: what any key means, how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from appliance.config import Config


class Kind(StrEnum):
    """How a value is entered."""

    SWITCH = "switch"
    WHOLE = "whole"
    NUMBER = "number"
    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    CHOICES = "choices"
    """Some of several."""
    LINES = "lines"
    """Words, any number of them."""
    PAIRS = "pairs"
    """Names with values."""


@dataclass(frozen=True)
class Key:
    """One key."""

    name: str
    """Dotted, such as "lan.lease_s"; of tables of several without number: "sms.provider.host"."""
    kind: Kind
    default: Any
    """As TOML has it; None: it must be given."""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    allowed: str = ""
    """What its type says of itself, in English."""

    @property
    def group(self) -> str:
        """Under which heading: "lan", "sms.provider"."""
        return self.name.rpartition(".")[0]


SEVERAL = ("workstation", "sms.provider")
"""Tables of which there may be any number."""
_LONG = 1000


@cache
def keys() -> tuple[Key, ...]:
    """All of them, in the order of their sections."""
    return tuple(_of(msgspec.inspect.type_info(Config), ""))


@cache
def by_name() -> Mapping[str, Key]:
    """The same."""
    return {key.name: key for key in keys()}


def groups() -> tuple[str, ...]:
    """All headings in their order."""
    return tuple(dict.fromkeys(key.group for key in keys()))


def _of(struct: msgspec.inspect.Type, above: str) -> Iterator[Key]:
    assert isinstance(struct, msgspec.inspect.StructType)
    inner_tables: list[tuple[msgspec.inspect.Type, str]] = []
    for field in struct.fields:
        kind, described = _bare(field.type)
        name = f"{above}{field.encode_name}"
        if isinstance(kind, msgspec.inspect.StructType):
            inner_tables.append((kind, f"{name}."))
        elif isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(
            _bare(kind.item_type)[0], msgspec.inspect.StructType
        ):
            inner_tables.append((_bare(kind.item_type)[0], f"{name}."))
        else:
            yield _key(name, kind, described, _default(field))
    for table, prefix in inner_tables:
        yield from _of(table, prefix)


def _bare(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, str]:
    """The type itself, and what it says of itself."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return kind.type, str((kind.extra_json_schema or {}).get("description", ""))
    return kind, ""


def _default(field: msgspec.inspect.Field) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory())
    return None


def _key(name: str, kind: msgspec.inspect.Type, described: str, default: Any) -> Key:
    inspect = msgspec.inspect
    match kind:
        case inspect.BoolType():
            return Key(name, Kind.SWITCH, default)
        case inspect.IntType():
            return Key(name, Kind.WHOLE, default, kind.ge, kind.le, allowed=described)
        case inspect.FloatType():
            return Key(name, Kind.NUMBER, default, kind.ge, kind.le, allowed=described)
        case inspect.StrType():
            long = kind.max_length is not None and kind.max_length >= _LONG
            return Key(name, Kind.LONG_TEXT if long else Kind.TEXT, default, most=kind.max_length, allowed=described)
        case inspect.EnumType():
            return Key(name, Kind.CHOICE, default, choices=tuple(str(each.value) for each in kind.cls))
        case inspect.LiteralType():
            return Key(name, Kind.CHOICE, default, choices=tuple(str(each) for each in kind.values))
        case inspect.VarTupleType():
            item, _ = _bare(kind.item_type)
            if isinstance(item, inspect.EnumType):
                choices = tuple(str(each.value) for each in item.cls)
                return Key(name, Kind.CHOICES, list(default or ()), choices=choices)
            return Key(name, Kind.LINES, list(default or ()), most=kind.max_length, allowed=described)
        case inspect.DictType():
            return Key(name, Kind.PAIRS, default or {}, most=kind.max_length, allowed=described)
        case _:
            raise TypeError(f"{name}: no form for {kind}")
