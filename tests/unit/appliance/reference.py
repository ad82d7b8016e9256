"""docs/configuration.md: every key with its kind, bounds, value when left out, and what the example says of it.

    python -m tests.unit.appliance.reference     writes it

Made of the schema and of the comments in ``appliance/example.toml``, so that there is one place for each. Must not
know: what any key means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from appliance.schema import Key, Kind, groups, keys
from appliance.steward.toml_words import as_toml

ROOT = Path(__file__).parents[3]
TARGET = ROOT / "docs" / "configuration.md"
_HEAD = """# Every key of the configuration

Made by `python -m tests.unit.appliance.reference` from the types in `appliance/sections.py` and the comments in
`appliance/example.toml`; a test says when it is older than they are. The file is TOML: `qaqpa settings try` says what
is wrong with one before anything changes, `qaqpa settings apply` puts it in force on trial.
"""
_HEADER = re.compile(r"^#? ?\[\[?([a-z0-9_.]+)\]\]?")
_LINE = re.compile(r"^#? ?([a-z0-9_]+) = (?:\"[^\"]*\"|\[[^\]]*\]|\S+)\s+# (.*)$")


def written() -> str:
    """The whole document."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    sections, meanings = comments()
    yield _HEAD
    for group in groups():
        yield f"## [{group}]" if group not in ("workstation", "sms.provider") else f"## [[{group}]]"
        yield ""
        if sections.get(group):
            yield f"{_sentence(sections[group])}"
            yield ""
        yield "| key | what is allowed | left out | |"
        yield "|---|---|---|---|"
        for key in keys():
            if key.group == group:
                name = key.name.rpartition(".")[2]
                default = "must be given" if key.default is None else f"`{as_toml(key.default)}`"
                yield f"| `{name}` | {_cell(_allowed(key))} | {default} | {_cell(meanings.get(key.name, ''))} |"
        yield ""


def comments() -> tuple[dict[str, str], dict[str, str]]:
    """What the example says of each section, and of each key; a comment goes on below where it began."""
    sections: dict[str, str] = {}
    meanings: dict[str, str] = {}
    section, last = "", ""
    for line in (ROOT / "appliance" / "example.toml").read_text(encoding="utf-8").splitlines():
        if header := _HEADER.match(line):
            section, last = header[1], ""
            if "#" in line[1:]:
                sections[section] = line[1:].partition("#")[2].strip()
        elif (told := _LINE.match(line)) and not line.startswith("# Up"):
            last = f"{section}.{told[1]}"
            meanings[last] = told[2].strip()
        elif last and re.match(r"^\s{8,}# ", line):
            meanings[last] += " " + line.strip("# ").strip()
        else:
            last = ""
    return sections, meanings


def _allowed(key: Key) -> str:
    if key.allowed:
        return key.allowed
    match key.kind:
        case Kind.SWITCH:
            return "true or false"
        case Kind.WHOLE | Kind.NUMBER:
            what = "a whole number" if key.kind is Kind.WHOLE else "a number"
            return f"{what} from {key.least:g} to {key.most:g}" if key.most is not None else what
        case Kind.CHOICE | Kind.CHOICES:
            return ", ".join(f'"{choice}"' for choice in key.choices)
        case Kind.LINES:
            return "a list of texts"
        case _:
            return "a text"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip(';.')}."


def _cell(text: str) -> str:
    return text.replace("|", "\\\\|").replace("<", "&lt;")


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="utf-8")
