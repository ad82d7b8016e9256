"""What a reader of the journal needs of the gate, which alone may write it and has the key; a part of ``wire``.

Must not know: sockets, sessions, extracts.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(max_length=64)]
Reason = Annotated[str, Meta(min_length=1, max_length=200)]
# Any instant of the years 1 to 9999; beyond 2^53 a reader in JavaScript would not see the same number.
Instant = Annotated[int, Meta(ge=-(2**53), le=2**53)]


class _Request(msgspec.Struct, frozen=True, tag_field="request", forbid_unknown_fields=True):
    pass


class LookAtKey(_Request, frozen=True, tag="look_at_key"):
    """Which key signs extracts? → Key (not for the portal)"""


class SignExtract(_Request, frozen=True, tag="sign_extract"):
    """An extract was made: record that, and vouch for it → Signed or Refused (not for the portal)"""

    by: Name
    """Who made it."""
    why: Reason
    since_utc_ms: Instant | None
    """None: from the journal's beginning."""
    until_utc_ms: Instant | None
    """None: to its end."""
    manifest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """SHA-256 of the manifest."""


class NoteLook(_Request, frozen=True, tag="note_look"):
    """Somebody is about to see whole numbers and names: record that → Done or Refused (not for the portal)"""

    by: Name
    what: Reason
    """Which list, with its filter."""


class NoteBackup(_Request, frozen=True, tag="note_backup"):
    """A copy of the journal was written: record that → Done (administrators only)"""

    file: Name
    entries: Annotated[int, Meta(ge=0)]
    head: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    by: Name
    """Who asked for it."""


class _Reply(msgspec.Struct, frozen=True, tag_field="reply", forbid_unknown_fields=True):
    pass


class Key(_Reply, frozen=True, tag="key"):
    """The public half of the key that signs, 64 hexadecimal digits."""

    public: str


class Signed(_Reply, frozen=True, tag="signed"):
    """A signature under an extract's manifest, and the chain's end that it covers; see ``journal.notary``."""

    signature: str
    public: str
    seq: int
    head: str
