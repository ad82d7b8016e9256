"""The configuration as a form, and what was entered as values to be written: no pages, no words.

    fields("[lan]\\nlease_s = 600\\n")["lan"][3].shown → "600"
    entered(form, toml) → Entered({"lan.lease_s": 900}, {})

A field's name is its key, with the number of its table where there are several: ``sms.provider.0.host``. The table
after the last is the one that may be added. Must not know: Flask, languages, the steward.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.schema import SEVERAL, Key, Kind, by_name, groups, keys

HIDDEN_GROUPS = ("paths",)
_NUMBER = re.compile(r"\[\d+\]")
"""What cannot be changed while the gate runs."""
REMOVED = "removed"


@dataclass(frozen=True)
class Field:
    """One entry of the form."""

    name: str
    key: Key
    shown: str
    """As a text; of a switch "on" or ""."""
    chosen: tuple[str, ...] = ()
    """Of several choices, those that are."""


@dataclass(frozen=True)
class Group:
    """One heading with its fields."""

    name: str
    """Of the schema: "sms.provider"."""
    anchor: str
    """Its own: "sms.provider.0"."""
    fields: tuple[Field, ...]
    number: int | None = None
    """Which of several tables, from 1; None: there is one only."""
    is_new: bool = False


@dataclass(frozen=True)
class Misfit:
    """What can be said without asking anybody."""

    kind: str
    """whole, number, range, long, pair"""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Entered:
    """What a form said."""

    values: dict[str, object] = field(default_factory=dict)
    """Those that differ from the text's; None: this table is to go."""
    misfits: dict[str, Misfit] = field(default_factory=dict)


def labelled(key: str) -> str:
    """The key as the catalogues have it, whichever table of a list it is in; "": none that the form shows."""
    plain, known = _NUMBER.sub("", key), by_name()
    return plain if plain in known and known[plain].group not in HIDDEN_GROUPS else ""


def form(toml: str, entered: Mapping[str, list[str]] | None = None) -> tuple[Group, ...]:
    """The whole form, with the text's values or, where something was entered, with that."""
    raw = tomllib.loads(toml)
    return tuple(
        _filled(group, entered) for name in groups() if name not in HIDDEN_GROUPS for group in _groups(name, raw)
    )


def entered(form_: Mapping[str, list[str]], toml: str) -> Entered:
    """What differs from the text. A field that was not sent is as it was, but a switch that is off is never sent."""
    told = Entered()
    for group in form(toml):
        if group.is_new and not _named(group, form_):
            continue
        if f"{group.anchor}.{REMOVED}" in form_:
            told.values[group.anchor] = None
            continue
        for each in group.fields:
            value = _value(each, form_)
            if isinstance(value, Misfit):
                told.misfits[each.name] = value
            elif value != _of(each) or type(value) is not type(_of(each)):
                told.values[each.name] = value
    return told


def _groups(name: str, raw: Mapping[str, Any]) -> Iterator[Group]:
    own = [key for key in keys() if key.group == name]
    if name not in SEVERAL:
        table = _inside(raw, name)
        yield Group(name, name, tuple(_field(key, f"{name}.{_last(key)}", table) for key in own))
        return
    tables = _inside(raw, name)
    # A provider that nobody wrote down is there all the same.
    tables = tables if isinstance(tables, list) else [{}] if name == "sms.provider" else []
    for number, table in enumerate([*tables, None]):
        anchor = f"{name}.{number}"
        shown = tuple(_field(key, f"{anchor}.{_last(key)}", {} if table is None else table) for key in own)
        if table is None:
            shown = tuple(_emptied(each) if _last(each.key) in _NAMES else each for each in shown)
        yield Group(name, anchor, shown, number + 1, is_new=table is None)


_NAMES = ("name", "number")
"""What a new table begins with; without it none is made."""


def _named(group: Group, form_: Mapping[str, list[str]]) -> bool:
    return any(form_.get(f"{group.anchor}.{name}", [""])[0].strip() for name in _NAMES)


def _inside(raw: Mapping[str, Any], name: str) -> Any:
    inside: Any = raw
    for step in name.split("."):
        inside = inside.get(step, {}) if isinstance(inside, dict) else {}
    return inside


def _last(key: Key) -> str:
    return key.name.rpartition(".")[2]


def _field(key: Key, name: str, table: Mapping[str, Any]) -> Field:
    value = table.get(_last(key), key.default) if isinstance(table, dict) else key.default
    return _shown(key, name, value)


def _emptied(each: Field) -> Field:
    return Field(each.name, each.key, "")


def _shown(key: Key, name: str, value: Any) -> Field:
    match key.kind:
        case Kind.SWITCH:
            return Field(name, key, "on" if value is True else "")
        case Kind.CHOICES:
            return Field(name, key, "", tuple(str(each) for each in value or ()))
        case Kind.LINES:
            return Field(name, key, "\n".join(str(each) for each in value or ()))
        case Kind.PAIRS:
            return Field(name, key, "\n".join(f"{one} = {other}" for one, other in (value or {}).items()))
        case _:
            return Field(name, key, "" if value is None else str(value))


def _filled(group: Group, entered: Mapping[str, list[str]] | None) -> Group:
    if entered is None:
        return group
    return Group(
        group.name, group.anchor, tuple(_entry(each, entered) for each in group.fields), group.number, group.is_new
    )


def _entry(each: Field, entered: Mapping[str, list[str]]) -> Field:
    said = entered.get(each.name)
    if each.key.kind is Kind.SWITCH:
        return Field(each.name, each.key, "on" if said else "")
    if each.key.kind is Kind.CHOICES:
        return Field(each.name, each.key, "", tuple(said or ()))
    return each if said is None else Field(each.name, each.key, said[0])


def _of(each: Field) -> object:
    """The value that the text has, or would have."""
    value = _value(
        each, {each.name: [each.shown]} if each.key.kind is not Kind.CHOICES else {each.name: [*each.chosen]}
    )
    return None if isinstance(value, Misfit) else value


def _value(each: Field, form_: Mapping[str, list[str]]) -> Any:
    key, said = each.key, form_.get(each.name)
    if key.kind is Kind.SWITCH:
        return bool(said and said[0])
    if key.kind is Kind.CHOICES:
        return [choice for choice in said or () if choice in key.choices]
    text = (each.shown if said is None else said[0]).replace("\r\n", "\n")
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    match key.kind:
        case Kind.WHOLE | Kind.NUMBER:
            return _number(key, text.strip())
        case Kind.LINES:
            return lines if key.most is None or len(lines) <= key.most else Misfit("many", most=key.most)
        case Kind.PAIRS:
            pairs = [line.partition("=") for line in lines]
            if not all(sign and one.strip() and other.strip() for one, sign, other in pairs):
                return Misfit("pair")
            return {one.strip(): other.strip() for one, _, other in pairs}
        case Kind.LONG_TEXT:
            stripped = text.strip("\n")
            return stripped if key.most is None or len(stripped) <= key.most else Misfit("long", most=key.most)
        case _:
            stripped = text.strip()
            return stripped if key.most is None or len(stripped) <= key.most else Misfit("long", most=key.most)


def _number(key: Key, text: str) -> int | float | Misfit:
    try:
        number = int(text) if key.kind is Kind.WHOLE else float(text.replace(",", "."))
    except ValueError:
        return Misfit("whole" if key.kind is Kind.WHOLE else "number", key.least, key.most)
    below = key.least is not None and number < key.least
    above = key.most is not None and number > key.most
    return Misfit("range", key.least, key.most) if below or above or math.isnan(number) else number


def field_name(problem_key: str) -> str:
    """The steward's "sms.provider[1].port" as a field's name; without a number, the first table's."""
    name = problem_key.replace("[", ".").replace("]", "")
    if name in by_name() and by_name()[name].group in SEVERAL:
        group, _, last = name.rpartition(".")
        return f"{group}.0.{last}"
    return name
