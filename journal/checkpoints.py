"""Checkpoints: now and then the appliance's key signs the chain's head, so that whoever recomputes the chain is found.

For whoever must repeat it without our code:

    signature = Ed25519( "qaqpa journal seal 1" 00 | seq, 8 bytes signed big-endian | digest(seq), 32 bytes )

A checkpoint is the entry ``Sealed`` right after entry ``seq``; the newest one also lies in the file ``<journal>-seal``
beside the journal, so that a journal that was cut off or put back to an older copy is found. Must not know: SQLite's
layout beyond one query, when a checkpoint is due.

What is left to an attacker:

- without the key (not root, not the gate): whoever can write all files can cut off what came after a checkpoint and put
  an old ``-seal`` file beside it. Only a checkpoint known from outside tells: each extract carries one, and prints it.
- without the key, an end that no checkpoint covers yet (by default 1,000 entries or ten minutes) can be rewritten.
- a journal signed all anew with another key looks like one of another appliance: compare the key's fingerprint.
- with the key (root on the box) everything can be signed anew, but never so that it fits what is on paper elsewhere.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from journal.entries import Sealed, decode
from journal.signing import SEAL_DOMAIN, SealKey, fingerprint, verified

KIND = b"sealed"


def make(key: SealKey, seq: int, head: bytes) -> Sealed:
    """The checkpoint of the entry ``seq`` with the digest ``head``."""
    return Sealed(seq, head.hex(), key.public.hex(), key.sign(SEAL_DOMAIN, _message(seq, head)).hex())


def genuine(seal: Sealed) -> bool:
    """Whether its signature is one by the key that it names."""
    try:
        public, head, signature = (bytes.fromhex(text) for text in (seal.public, seal.head, seal.signature))
        message = _message(seal.seq, head)
    except (ValueError, struct.error):
        return False
    return verified(public, SEAL_DOMAIN, message, signature)


def beside(journal: Path) -> Path:
    """Where the newest checkpoint lies."""
    return journal.with_name(f"{journal.name}-seal")


def newest(journal: Path) -> Sealed | None:
    """The genuine checkpoint that lies beside the journal; None: there is none.

    Raises:
        OSError: there may be one, but it cannot be read.
    """
    try:
        seal = decode(beside(journal).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return seal if isinstance(seal, Sealed) and genuine(seal) else None


def last_in(connection: sqlite3.Connection) -> Sealed | None:
    """The newest genuine checkpoint among the journal's own entries; None: there is none.

    Raises:
        sqlite3.Error: for ``translated`` to translate.
    """
    query = "SELECT body FROM entries NOT INDEXED WHERE kind = 'sealed' ORDER BY seq DESC LIMIT 1"
    for (body,) in connection.execute(query):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            seal = decode(body)
            return seal if isinstance(seal, Sealed) and genuine(seal) else None
    return None


def remember(journal: Path, seal: Sealed, mode: int) -> None:
    """Lay the checkpoint beside the journal, after it is durable in it.

    Raises:
        OSError: the one before is still there.
    """
    draft = journal.with_name(f"{journal.name}-seal.new")
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as out:
        os.fchmod(out.fileno(), mode)  # whatever the umask is
        out.write(msgspec.json.encode(seal))
        out.flush()
        os.fsync(out.fileno())
    draft.rename(beside(journal))


@dataclass
class Walk:
    """Judges the checkpoints that verification meets on its way through the chain.

    Args:
        keys: fingerprints of the keys that may have signed; none: whichever signed first, and no other.
        heads: digests of entries as they are known from outside, in hexadecimal digits.
        beside: the newest checkpoint, as it lies beside the journal.
    """

    keys: Collection[str] = ()
    heads: Mapping[int, str] = field(default_factory=dict)
    beside: Sealed | None = None
    sealed: int = 0
    """Up to which entry a checkpoint vouches."""
    signers: list[str] = field(default_factory=list)
    """Fingerprints of the keys met, in that order."""

    def passed(self, seq: int, digest: bytes) -> str:
        """What is wrong with the entry ``seq``, whose chain holds; empty: nothing."""
        known = self.heads.get(seq)
        if known is not None and known != digest.hex():
            return f"entry {seq} is another than it is known to have been: the chain was computed anew"
        if self.beside and self.beside.seq == seq and self.beside.head != digest.hex():
            return f"entry {seq} is another than the checkpoint beside the journal says: the chain was computed anew"
        return ""

    def met(self, seq: int, previous: bytes, body: bytes) -> str:
        """What is wrong with the checkpoint ``seq``, after an entry with the digest ``previous``; empty: nothing."""
        try:
            seal = decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return f"the checkpoint {seq} cannot be understood"
        if not isinstance(seal, Sealed) or (seal.seq, seal.head) != (seq - 1, previous.hex()) or not genuine(seal):
            return (
                f"the checkpoint {seq} does not fit what is before it: of the entries {self.sealed + 1} to {seq}"
                " one was rewritten, and the chain computed anew"
            )
        signer = self._signer(seal)
        allowed = self.keys or self.signers[:1]
        if allowed and signer not in allowed:
            return f"the checkpoint {seq} is signed by another key: {signer}"
        if signer not in self.signers:
            self.signers.append(signer)
        self.sealed = seal.seq
        return ""

    def missing(self, entries: int) -> str:
        """What is wrong with an end after so many entries; empty: nothing."""
        last = max(*self.heads, self.beside.seq if self.beside else 0, 0)
        if last > entries:
            return f"entry {entries + 1} is missing: there was an entry {last} when a checkpoint was made of it"
        if self.beside and self._signer(self.beside) not in self.signers:
            return f"the checkpoint beside the journal is signed by another key: {self._signer(self.beside)}"
        if self.keys and not self.sealed:
            return "no checkpoint was ever signed, so the key proves nothing"
        return ""

    @staticmethod
    def _signer(seal: Sealed) -> str:
        return fingerprint(bytes.fromhex(seal.public))


def _message(seq: int, head: bytes) -> bytes:
    if len(head) != 32:
        raise ValueError(f"a digest of {len(head)} bytes")
    return struct.pack(">q", seq) + head
