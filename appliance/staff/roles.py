"""What people who work at a venue may be, and who is signed in. Must not know: how they prove it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StaffRole(StrEnum):
    """A member of staff has one role."""

    OWNER = "owner"
    """May all."""
    DESK = "desk"
    """Admits visitors."""
    INSPECTOR = "inspector"
    """Reads the journal, for a limited time; each look is recorded."""


@dataclass(frozen=True)
class SignedIn:
    """Whose request it is."""

    login: str
    name: str
    """As on pages and in the journal beside the login."""
    role: StaffRole
    session: str
    """The session's name, which is no secret."""
    csrf: str
    """What every form of this session carries."""
    must_change: bool = False
    """The password is somebody else's choice: nothing but changing it is open."""
    language: str = ""
    """What the member of staff chose; "": never chose."""
