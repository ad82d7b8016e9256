"""The key's file and its signatures; a vector of RFC 8032 (7.1, TEST 2) shows that it is plain Ed25519."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from journal.errors import Cause, JournalUnavailable
from journal.signing import EXTRACT_DOMAIN, SEAL_DOMAIN, SealKey, fingerprint, verified

SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")


def test_it_is_ed25519_of_the_domain_a_zero_and_the_message() -> None:
    key = SealKey(SEED)
    assert key.public == PUBLIC
    plain = Ed25519PrivateKey.from_private_bytes(SEED).sign(b"qaqpa journal seal 1\0message")
    assert key.sign(SEAL_DOMAIN, b"message") == plain


def test_a_signature_is_good_for_its_key_purpose_and_message_alone() -> None:
    key = SealKey(SEED)
    signature = key.sign(SEAL_DOMAIN, b"message")
    assert verified(key.public, SEAL_DOMAIN, b"message", signature)
    assert not verified(key.public, EXTRACT_DOMAIN, b"message", signature)
    assert not verified(key.public, SEAL_DOMAIN, b"massage", signature)
    assert not verified(SealKey(bytes(32)).public, SEAL_DOMAIN, b"message", signature)
    for place in range(64):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not verified(key.public, SEAL_DOMAIN, b"message", bytes(changed))


@pytest.mark.parametrize(("public", "signature"), [(b"", b""), (bytes(31), bytes(64)), (b"\xff" * 32, bytes(64))])
def test_what_is_no_key_or_no_signature_verifies_nothing(public: bytes, signature: bytes) -> None:
    assert not verified(public, SEAL_DOMAIN, b"message", signature)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    (tmp_path / "seal.key.new").write_bytes(b"cut short")
    made = SealKey.load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SealKey.load_or_make(path).public == made.public
    assert [entry.name for entry in tmp_path.iterdir()] == ["seal.key"]


def test_a_malformed_key_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    path.write_bytes(b"short")
    with pytest.raises(JournalUnavailable, match="5 bytes instead of 32"):
        SealKey.load_or_make(path)
    assert path.read_bytes() == b"short"


def test_a_key_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable) as refused:
        SealKey.load_or_make(tmp_path / "nowhere" / "seal.key")
    assert refused.value.cause is Cause.IO


def test_a_fingerprint_reads_well_on_paper() -> None:
    printed = fingerprint(PUBLIC)
    assert printed == "39f7 13d0 a644 253f 0452 9421 b9f5 1b9b 0897 9d08"
    assert fingerprint(bytes(32)) != printed
