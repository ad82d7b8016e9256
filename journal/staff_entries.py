"""Entries of the staff: what they did at the console, whom they keep out. Must not know: SQL, what a visit means."""

from __future__ import annotations

from journal.entry import Kind


class StaffActed(Kind, frozen=True, tag="staff_acted"):
    """A member of staff did, or failed to do, what no other kind of entry tells."""

    act: str
    """For example ``signed_in``."""
    staff: str
    role: str
    """``owner``, ``desk`` or ``inspector``; "": nobody is signed in."""
    detail: str
    """Whom or what it concerns, and from where; never a secret."""


class Blocked(Kind, frozen=True, tag="blocked"):
    """From now on nobody with this device, or with this number, is admitted. A block that is there already has these
    words now."""

    block: str
    """Its name."""
    device: str
    """The MAC address; "": it is a number that is blocked."""
    number: str
    """E.164; "": it is a device."""
    why: str
    until_utc_ms: int | None
    """None: until it is lifted."""
    staff: str


class Unblocked(Kind, frozen=True, tag="unblocked"):
    """The block holds no longer."""

    block: str
    device: str
    number: str
    staff: str
    """Who lifted it; "": its time was over."""
