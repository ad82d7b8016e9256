"""What a device's pages need in whatever state it is, without changing that: the part of ``appliance.session`` for it.

All of it is in memory alone, so that it costs no write and goes on while the journal is broken. Must not know: who
draws the pages.
"""

from __future__ import annotations

from msgspec.structs import replace

from appliance import languages, troubles
from appliance.events import LanguageChosen, Looked, TroubleTold
from appliance.pairing import code_shown
from appliance.status import status
from appliance.turn import Turn


def looked(turn: Turn, event: Looked) -> None:
    """What stands on a page that is looked at stays good."""
    code_shown(turn, event.device)
    languages.shown(turn, event.device)
    turn.answer(status(turn.session, event.device, event.at.boot_ms))


def language_chosen(turn: Turn, event: LanguageChosen) -> None:
    """Pages are in this language from now on."""
    languages.chosen(turn, event.device, event.language)
    turn.answer(status(turn.session, event.device, event.at.boot_ms))


def trouble_told(turn: Turn, event: TroubleTold) -> None:
    """Pages say what keeps their visitors from the Internet."""
    since = troubles.told(turn.session.troubles, event.trouble, event.present, event.at.boot_ms)
    turn.session = replace(turn.session, troubles=since)
