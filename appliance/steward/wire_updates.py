"""The steward's words about versions of the whole system; a part of ``appliance.steward.wire``.

What takes longer than an answer may is done by units of root's (``appliance.errands``), and asked after with
``AskUpdates``. Must not know: sockets, pages.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.steward.wire_words import Staff

Version = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.~^+-]{0,63}\Z")]


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class AskUpdates(_Request, frozen=True, tag="ask_updates"):
    """Which version runs, what was found, how far an installation is → Updates"""


class LookForUpdates(_Request, frozen=True, tag="look_for_updates"):
    """Begin to look for a newer version → Done or StewardRefused"""

    staff: Staff
    stick: bool = False
    """On a USB stick, instead of where the configuration says."""


class StartUpdate(_Request, frozen=True, tag="start_update"):
    """Begin to install this version → Done or StewardRefused"""

    version: Version
    staff: Staff
    stick: bool = False


class Restart(_Request, frozen=True, tag="restart"):
    """Restart the whole box → Done or StewardRefused"""

    staff: Staff


class StickBackup(_Request, frozen=True, tag="stick_backup"):
    """Begin to write a back-up on the USB stick that is plugged in → Done or StewardRefused"""

    staff: Staff


class FactoryReset(_Request, frozen=True, tag="factory_reset"):
    """Have everything forgotten at the next start → Done or StewardRefused"""

    staff: Staff
    withdraw: bool = False
    """Not after all."""


UpdateRequest = AskUpdates | LookForUpdates | StartUpdate | Restart | StickBackup | FactoryReset


class Errand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How something stands that takes its time."""

    busy: bool = False
    over: bool = False
    """It ended, since the box started."""
    percent: int = 0
    why: str = ""
    """Why it failed, one of ``updating.UpdateTrouble``; "": it did not."""
    said: str = ""
    result: str = ""
    """What came of it: a version, a file."""
    at_utc_ms: int = 0
    stick: bool = False


class Updates(msgspec.Struct, frozen=True, tag_field="reply", tag="updates", forbid_unknown_fields=True):
    """How it stands with versions."""

    image: bool
    """False: this Qaqpa is a Debian package, and apt's."""
    running: str
    source: str = ""
    """Where new versions come from (``update.source``); "": USB sticks alone."""
    look: Errand = Errand()
    install: Errand = Errand()
    backup: Errand = Errand()
    """On a stick."""
    given_up: tuple[str, ...] = ()
    """Versions that were installed and did not pass their check."""
    reset: Errand = Errand()
    """How the asking for a reset stands."""
    will_reset: bool = False
    """The next start forgets everything."""
