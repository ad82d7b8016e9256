"""A value as TOML writes it on one line. Must not know: where it stands.

>>> as_toml(["KZ"]), as_toml(True), as_toml('a "b"')
('["KZ"]', 'true', '"a \\\\"b\\\\""')
"""

from __future__ import annotations

import tomlkit


def as_toml(value: object) -> str:
    """One line, also of a text with several."""
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return table.as_string()
    return tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()
