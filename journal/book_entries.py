"""Entries about the journal itself: seals, clocks, retention, copies, extracts, looks. Must not know: SQL, visits."""

from __future__ import annotations

from journal.entry import Kind


class Sealed(Kind, frozen=True, tag="sealed"):
    """A checkpoint: the appliance's key vouches for the entry before this one, and so for all before that."""

    seq: int
    """The number of the entry before."""
    head: str
    """Its digest, 64 hexadecimal digits."""
    public: str
    """The key's public half, 64 hexadecimal digits."""
    signature: str
    """See ``journal.checkpoints``; 128 hexadecimal digits."""


class ClockSet(Kind, frozen=True, tag="clock_set"):
    """What is known of the system's clock from here on; entries of the same boot before it are corrected by it."""

    before_utc_ms: int
    """What the clock would say now, had nobody set it."""
    after_utc_ms: int
    """What it says now."""
    boot_id: str
    boot_ms: int
    trusted: bool
    """Whether the kernel says that it is synchronised with a time server."""
    reason: str
    """``start`` (a gate began and it is not trusted), ``jump``, ``trusted`` (it became so) or ``lost``."""


class RetentionRan(Kind, frozen=True, tag="retention_ran"):
    """From now on what entries up to ``last`` say of persons may be missing: they are older than the period."""

    days: int
    before_utc_ms: int
    last: int


class JournalBegan(Kind, frozen=True, tag="journal_began"):
    """This file does not go on where the one before stopped: it was damaged, cut short or put back from a back-up."""

    previous: str
    """The name under which the file before was set aside; empty: it is this one."""
    seq: int
    """The last entry before that a checkpoint sealed; 0: none is known."""
    head: str
    """Its digest, 64 hexadecimal digits; empty: none is known."""
    why: str


class BackupMade(Kind, frozen=True, tag="backup_made"):
    """A copy of the journal was written."""

    file: str
    entries: int
    head: str
    by: str
    """Who asked for it."""


class ConfigurationChanged(Kind, frozen=True, tag="configuration_changed"):
    """A gate begins with another configuration than the one before; recorded when it starts."""

    digest: str
    """SHA-256 of all its keys with the digests of their values, 64 hexadecimal digits."""
    changed: tuple[str, ...]
    """Which keys have other values, as ``section.key``; empty: it is the first that is recorded."""


class ExtractMade(Kind, frozen=True, tag="extract_made"):
    """Visits of a period were written to a file that leaves the box; recorded before the gate signs its manifest."""

    by: str
    why: str
    since_utc_ms: int | None
    """None: from the journal's beginning."""
    until_utc_ms: int | None
    """None: to its end."""
    manifest: str
    """SHA-256 of the manifest, 64 hexadecimal digits: by it this entry and the extract find each other."""


class IdentifierShown(Kind, frozen=True, tag="identifier_shown"):
    """Somebody looked at whole numbers and names where lists mask them."""

    by: str
    what: str
    """Which list, with its filter."""
