"""What the box's own screen shows: the state in a sentence, where the console is, and how a new box is claimed.

    >>> "ABCDE-FGHJK" in "\\n".join(drawn(Shown(State.UNCLAIMED, "Qaqpa", code="ABCDE-FGHJK"), Look.PLAIN, code_of))
    True

Two looks: a Linux console has blocks and, with our font, Cyrillic; of a serial line nothing is known, so it gets ASCII,
English and colours. Pure. Must not know: terminals, who is asked for the state.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources

from appliance.port_roles import Why
from appliance.screen_letters import halves, large
from appliance.wire_words import Language


class State(StrEnum):
    """The one sentence; the gravest first."""

    BROKEN = "broken"
    NO_PORT = "no_port"
    STARTING = "starting"
    UNCLAIMED = "unclaimed"
    NO_GATE = "no_gate"
    JOURNAL = "journal"
    UPLINK = "uplink"
    SMS = "sms"
    CLOSED = "closed"
    WORKS = "works"


class Look(StrEnum):
    """What a terminal can show."""

    BLOCKS = "blocks"
    PLAIN = "plain"


@dataclass(frozen=True)
class Shown:
    """All that is on it. Of secrets the claim code alone, and that only until somebody has claimed the box."""

    state: State
    name: str
    addresses: tuple[str, ...] = ()
    """Of the console, as URLs; the first is drawn large."""
    code: str = ""
    language: Language = Language.KAZAKH
    online: int = 0
    detail: str = ""
    """What exactly is wrong, for whoever is called."""
    why: tuple[Why, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    """``uplink``, ``lan``, ``radio``: what the sentences about ports name."""
    shell_code: str = ""
    """What is to be typed back for a root shell; "": nobody asked."""


_COLUMNS = 80
_GAP = 2
_LIGHT, _DARK, _PLAIN = "\x1b[47m  ", "\x1b[40m  ", "\x1b[0m"
_BRIGHT = "\x1b[97;40m"


Code = tuple[tuple[bool, ...], ...]
"""A QR code row by row; True is dark."""


def drawn(shown: Shown, look: Look, code_of: Callable[[str], Code], columns: int = _COLUMNS) -> list[str]:
    """The lines, no longer than the screen is wide.

    Args:
        code_of: an address as a QR code.
    """
    languages = _languages(shown, look)
    code = code_of(shown.addresses[0]) if shown.addresses else ()
    if look is Look.PLAIN:
        told = [line.encode("ascii", "replace").decode() for line in _told(shown, languages, columns)]
        return [*told, "", *_in_colours(code)] if code else told
    beside = halves(tuple(tuple(not dark for dark in row) for row in code)) if code else []
    width = columns - (len(beside[0]) + _GAP if beside else 0)
    told = _told(shown, languages, width)
    height = max(len(told), len(beside))
    lines = []
    for place in range(height):
        left = told[place] if place < len(told) else ""
        right = f"{_BRIGHT}{beside[place]}{_PLAIN}" if place < len(beside) else ""
        lines.append(f"{left:<{width + _GAP if right else 0}}{right}".rstrip(" "))
    return [*lines, *_large(shown, columns)]


def _told(shown: Shown, languages: tuple[Language, ...], width: int) -> list[str]:
    lines = [shown.name[:width], ""]  # of a venue's name no character moves the cursor
    for language in languages:
        lines += textwrap.wrap(_word(language, shown.state, online=shown.online), width)
    lines += ["", *textwrap.wrap(_harmless(shown.detail), width)] if shown.detail else []
    lines += [""]
    first = languages[0]
    if shown.addresses:
        lines += textwrap.wrap(f"{_word(first, 'address')}: {shown.addresses[0]}", width, break_on_hyphens=False)
        # A long IPv6 address has no room beside the code, and half of one is of no use.
        lines += [address for address in shown.addresses[1:] if len(address) <= width]
    if not shown.addresses and shown.roles.get("uplink"):
        for language in languages:
            lines += textwrap.wrap(_word(language, "no_address", ports=shown.roles["uplink"]), width)
    if shown.code:
        lines.append(f"{_word(first, 'code')}: {shown.code}")
    lines += [""]
    for why in shown.why:
        # In one language: which port is which is for whoever plugs cables.
        lines += textwrap.wrap(_word(first, why, **shown.roles), width)
    asked = _word(first, "shell_asks", code=shown.shell_code) if shown.shell_code else _word(first, "shell")
    return [*lines, *textwrap.wrap(asked, width)]


def _harmless(text: str) -> str:
    """Without what a terminal would obey: of a configuration that cannot be read anything may be quoted."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _languages(shown: Shown, look: Look) -> tuple[Language, ...]:
    """Whose box it will be is not known before it is claimed."""
    if look is Look.PLAIN:
        return (Language.ENGLISH,)
    return tuple(Language) if shown.state in {State.UNCLAIMED, State.STARTING, State.NO_PORT} else (shown.language,)


def _large(shown: Shown, columns: int) -> list[str]:
    lines: list[str] = []
    for text in (shown.addresses[0] if shown.addresses else "", shown.code):
        spelled = text.removeprefix("https://").rstrip("/")
        if spelled and len(rows := large(spelled)) and len(rows[0]) <= columns:
            lines += ["", *(f"{_BRIGHT}{row}{_PLAIN}" for row in rows)]
    return lines


def _in_colours(code: Code) -> list[str]:
    """Two blanks a module; a colour is named where it changes, since a serial line is slow."""
    lines = []
    for row in code:
        line, before = "", None
        for dark in row:
            line += "  " if dark is before else _DARK if dark else _LIGHT
            before = dark
        lines.append(line + _PLAIN)
    return lines


def _word(language: Language, key: str, **values: object) -> str:
    return words()[language][str(key)].format(**values)


@cache
def words() -> dict[Language, dict[str, str]]:
    """All sentences, by language."""
    text = (resources.files("appliance") / "screen_words.toml").read_text(encoding="utf-8")
    return {Language(name): said for name, said in tomllib.loads(text).items()}
