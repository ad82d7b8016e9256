"""The gate's signature under an extract: its key vouches for the manifest, and for the chain as it then was.

What is signed (``signing.EXTRACT_DOMAIN`` before it) is 72 bytes:

    SHA-256 of manifest.json, 32 bytes | seq, 8 bytes big-endian | digest of that entry, 32 bytes

``seq`` is the journal's last entry, at or after the one that says that the extract was made. Must not know: what is in
an extract.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from journal.as_entries import end_of_chain
from journal.database import reading
from journal.signing import EXTRACT_DOMAIN, SealKey, verified


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in signature.json; all but ``seq`` are hexadecimal digits."""

    signature: str
    public: str
    seq: int
    head: str


class Notary:
    """Signs for one journal."""

    def __init__(self, journal: Path, key: SealKey) -> None:
        self._journal, self._key = journal, key

    @property
    def public(self) -> str:
        """The key's public half, 64 hexadecimal digits."""
        return self._key.public.hex()

    def sign(self, manifest: str) -> Signature:
        """The signature under a manifest with that SHA-256 (64 hexadecimal digits); it was recorded before.

        Raises:
            JournalUnavailable, JournalCorrupt: the chain's end cannot be read.
        """
        seq, head = chain_end(self._journal)
        signature = self._key.sign(EXTRACT_DOMAIN, _message(manifest, seq, head))
        return Signature(signature.hex(), self.public, seq, head)


def chain_end(journal: Path) -> tuple[int, str]:
    """The number of the last entry and its digest.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    with reading(journal) as connection:
        end = end_of_chain(connection)
    return end.seq, end.digest


def genuine(manifest: str, signature: Signature) -> bool:
    """Whether the key named in it signed this manifest. Whose key that is, its fingerprint tells."""
    try:
        message = _message(manifest, signature.seq, signature.head)
        public, signed = bytes.fromhex(signature.public), bytes.fromhex(signature.signature)
    except (ValueError, OverflowError):
        return False
    return verified(public, EXTRACT_DOMAIN, message, signed)


def _message(manifest: str, seq: int, head: str) -> bytes:
    return bytes.fromhex(manifest) + seq.to_bytes(8, "big") + bytes.fromhex(head)
