"""The appliance's Ed25519 key (RFC 8032), and the one place that knows how a signature is made and judged.

    >>> verified(key.public, SEAL_DOMAIN, b"message", key.sign(SEAL_DOMAIN, b"message"))    # doctest: +SKIP
    True

What is signed is always ``domain | 00 | message``: a signature for one purpose is none for another. Must not know: what
is sealed or extracted.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from journal.errors import Cause, JournalUnavailable

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
SEAL_DOMAIN = b"qaqpa journal seal 1"
"""Of the journal's own checkpoints."""
EXTRACT_DOMAIN = b"qaqpa extract 1"
"""Of the manifests of extracts."""
_FINGERPRINT_BYTES = 20
_GROUP = 4


class SealKey:
    """The private key in memory. Made by ``load_or_make``; whoever can read its file can sign as the appliance."""

    def __init__(self, seed: bytes) -> None:
        # Loaded by who signs or judges a signature: whoever reads or lists does neither.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    @classmethod
    def load_or_make(cls, path: Path) -> SealKey:
        """The key in this file of 32 bytes, made with mode 0600 at the first start; its directory must be there.

        A power failure while it is made leaves either no file or a whole one.

        Raises:
            JournalUnavailable: it cannot be read or made, or is not 32 bytes. Such a file is not replaced: another key
                is a thing that a person must decide, since everybody who verifies will see it.
        """
        try:
            if not path.exists():
                _make(path)
            seed = path.read_bytes()
        except OSError as error:
            cause = Cause.FORBIDDEN if isinstance(error, PermissionError) else Cause.IO
            raise JournalUnavailable(path, cause, f"the sealing key: {error.strerror or error}") from error
        if len(seed) != SEED_BYTES:
            told = f"the sealing key has {len(seed)} bytes instead of {SEED_BYTES}: restore it, or remove it"
            raise JournalUnavailable(path, Cause.OTHER, told)
        return cls(seed)

    def sign(self, domain: bytes, message: bytes) -> bytes:
        """The signature, 64 bytes; the same for the same message."""
        return self._private.sign(_signed(domain, message))

    @property
    def public(self) -> bytes:
        """What others verify with: 32 bytes."""
        return self._private.public_key().public_bytes_raw()


def verified(public: bytes, domain: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key whose public half this is has signed this message for this purpose."""
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(domain, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """A public key's name on paper: 20 bytes of its SHA-256 in hexadecimal, in ten groups of four.

    160 bits: to find another key of the same name would take 2^160 tries, and a person still compares it line by line.
    """
    digits = hashlib.sha256(public).digest()[:_FINGERPRINT_BYTES].hex()
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def _signed(domain: bytes, message: bytes) -> bytes:
    return domain + b"\0" + message


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()  # of a start that was cut short
    with open(draft, "xb", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, 0o600)) as out:
        out.write(secrets.token_bytes(SEED_BYTES))
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)  # unlike a rename, never over a key that is there
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
