"""In which language a device's pages are, once its visitor chose: the part of ``appliance.session`` that remembers it.

Strangers are remembered too, in memory alone: somebody who invents devices must not make the journal's file write.
Devices with a password or a visit are never forgotten for them, and their choice is kept whenever they are kept
anyway. Must not know: which languages there are, pages.
"""

from __future__ import annotations

from msgspec.structs import replace

from appliance.crowd import without_oldest
from appliance.state import Chosen
from appliance.turn import Turn
from appliance.wire import Language

MOST_REMEMBERED = 10_000
"""Some 3 MB. Inventing so many devices takes six minutes at 28 leases a second, which a /16 gives no longer than an
hour; a stranger who looks at the page within that time is not the oldest."""
SHOWN_MS = 60_000


def chosen(turn: Turn, device: str, language: Language) -> None:
    """The visitor chose, or asked for a password in this language."""
    languages = turn.session.languages.set(device, Chosen(language, turn.at.boot_ms))
    languages, _ = without_oldest(languages, MOST_REMEMBERED, _shown, spared=turn.session.devices)
    turn.session = replace(turn.session, languages=languages)


def shown(turn: Turn, device: str) -> None:
    """The device's page is looked at."""
    before = turn.session.languages.get(device)
    if before is not None and turn.at.boot_ms - before.shown_boot_ms >= SHOWN_MS:
        languages = turn.session.languages.set(device, Chosen(before.language, turn.at.boot_ms))
        turn.session = replace(turn.session, languages=languages)


def _shown(each: Chosen) -> int:
    return each.shown_boot_ms
