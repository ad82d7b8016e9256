"""The words that both halves of the wire are made of: ``appliance.wire``, and ``appliance.wire_desk`` for staff.

Must not know: requests, replies.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

# Bounds are on the wire types themselves: nothing longer ever reaches the core.
Ip = Annotated[str, Meta(min_length=2, max_length=45)]
Text = Annotated[str, Meta(max_length=64)]
Mac = Annotated[str, Meta(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class Language(StrEnum):
    """The languages of pages and messages (ISO 639-1)."""

    KAZAKH = "kk"
    RUSSIAN = "ru"
    ENGLISH = "en"


class Phase(StrEnum):
    """Where a device stands."""

    STRANGER = "stranger"
    """Nothing asked yet."""
    ASKED = "asked"
    """A password is on its way or waits to be entered."""
    ONLINE = "online"
    AWAY = "away"
    """It left and may still return within the grace."""
