"""Change values in the text of a configuration and leave all else as its owner wrote it: comments, order, spacing.

    >>> print(with_values('[lan]        # the visitors\\n', {"lan.lease_s": 600}))
    [lan]        # the visitors
    lease_s = 600
    <BLANKLINE>

Keys are dotted; ``sms.provider.0.host`` names the first table of several, and the number after the last one makes a new
table. None takes a key, or such a table, out. Must not know: which keys there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from appliance.errors import ApplianceError


class CannotEdit(ApplianceError):
    """The text has no place for such a key."""

    def __init__(self, key: str, why: str) -> None:
        self.key = key
        super().__init__(f"{key}: {why}")


def with_values(toml: str, values: Mapping[str, object]) -> str:
    """The text with these values.

    Raises:
        CannotEdit: it is no TOML, or has something else where a table would have to be.
    """
    try:
        document = tomlkit.parse(toml)
    except TOMLKitError as error:
        raise CannotEdit("", f"is not TOML: {error}") from error
    # Tables are taken out from the last to the first: each number still means what it meant.
    removed = sorted((key for key, value in values.items() if value is None), key=_order, reverse=True)
    for key, value in values.items():
        if value is not None:
            _set(document, key, value)
    for key in removed:
        _remove(document, key)
    return tomlkit.dumps(document)


def _order(key: str) -> list[tuple[int, str]]:
    return [(int(name), "") if name.isdigit() else (-1, name) for name in key.split(".")]


def _set(document: Any, key: str, value: object) -> None:
    *above, last = key.split(".")
    inside = document
    for name, following in zip(above, [*above[1:], last], strict=True):
        inside = _entered(inside, name, following, key)
    if last.isdigit() and isinstance(inside, AoT):
        inside.append(_table(value, key))
        return
    held = inside[last].unwrap() if last in inside and hasattr(inside[last], "unwrap") else inside.get(last)
    plain = _plain(value)
    # tomlkit gives what is replaced its comment and spacing. True and 1 are equal, and yet not the same.
    if last not in inside or held != plain or type(held) is not type(plain):
        inside[last] = plain


def _entered(inside: Any, name: str, following: str, key: str) -> Any:
    """The table of that name, made if it is not there."""
    if isinstance(inside, AoT):
        number = int(name) if name.isdigit() else -1
        if number == len(inside):
            inside.append(tomlkit.table())
        if not 0 <= number < len(inside):
            raise CannotEdit(key, f"there are {len(inside)} tables before it")
        return inside[number]
    if name not in inside:
        inside[name] = tomlkit.aot() if following.isdigit() else tomlkit.table()
    if not isinstance(inside[name], dict | AoT):
        raise CannotEdit(key, f"{name} is no table")
    return inside[name]


def _remove(document: Any, key: str) -> None:
    *above, last = key.split(".")
    inside = document
    for name in above:
        if isinstance(inside, AoT) and name.isdigit() and int(name) < len(inside):
            inside = inside[int(name)]
        elif isinstance(inside, dict) and name in inside:
            inside = inside[name]
        else:
            return
    if isinstance(inside, AoT):
        if last.isdigit() and int(last) < len(inside):
            del inside[int(last)]
    elif isinstance(inside, dict) and last in inside:
        del inside[last]


def _table(value: object, key: str) -> Table:
    if not isinstance(value, Mapping):
        raise CannotEdit(key, "a whole table is wanted here")
    table = tomlkit.table()
    for name, held in value.items():
        table[name] = _plain(held)
    return table


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
