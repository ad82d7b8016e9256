"""What an extract says of itself: ``record.json`` (what was extracted, by whom, from where in the chain, and the
digests of the data) and ``manifest.json`` (the digest of every file, the record among them), which the gate signs.

Two files, because the printed register carries the record's digest and cannot carry that of a file that knows the
register's own. Must not know: formats, how anything is signed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

import msgspec

RECORD, MANIFEST, SIGNATURE, ENTRIES = "record.json", "manifest.json", "signature.json", "entries.jsonl"
FORMAT = 1
_PIECE = 1 << 20


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class File(_Part, frozen=True):
    """One file of an extract."""

    name: str
    size: int
    """Bytes."""
    sha256: str


class Link(_Part, frozen=True):
    """A place in the chain."""

    seq: int
    digest: str


class Break(_Part, frozen=True):
    """Where the journal does not go on where it stopped: damaged, lost, cut short or put back."""

    seq: int
    recorded: str
    """RFC 3339, UTC."""
    why: str


class Counts(_Part, frozen=True):
    """How much there is."""

    visits: int
    entries: int
    """Of the period, in the chain."""
    expired: int
    """Of those, how many retention has emptied."""


class Record(_Part, frozen=True):
    """Times are UTC, as RFC 3339 has them."""

    format: int
    product: str
    venue: str
    rules: str
    timezone: str
    since: str | None
    until: str | None
    """The first moment after the period."""
    filter: dict[str, str]
    by: str
    why: str
    made: str
    counts: Counts
    before: str
    """Digest of the entry before the period's first."""
    first: Link | None
    """The period's first and last entry; None if it has none."""
    last: Link | None
    head: Link
    """The journal's last entry when the extract was made."""
    breaks: tuple[Break, ...]
    """In the whole journal, the newest first, at most 100: whoever spoils it to get rid of its history is seen."""
    seal: dict[str, str | int] | None
    """The newest checkpoint in the journal, as its entry says."""
    public: str
    """The key that the gate signs with; "": no gate was there."""
    fingerprint: str
    files: tuple[File, ...]
    """The data; the register, which is printed from it, is in the manifest alone."""


class Manifest(_Part, frozen=True):
    """Every file of the extract but this one and the signature."""

    format: int
    files: tuple[File, ...]


def written(message: Record | Manifest) -> bytes:
    """As it stands in its file: JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(message), indent=1) + b"\n"


def hashed(path: Path) -> File:
    """
    Raises:
        OSError
    """
    with path.open("rb") as stream:
        size, digest = digest_of(stream)
    return File(path.name, size, digest)


def digest_of(stream: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256 of all that is left in the stream, in flat memory."""
    size, digest = 0, hashlib.sha256()
    while piece := stream.read(_PIECE):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()
