"""Which certificates the gateway takes: whatever a phone would refuse is refused first, in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from appliance.certificates import Judgement, Pair, judge
from tests.support.authority import Authority, Issued

HOST = "login.example.kz"
AUTHORITY = Authority()
DAY_S = 86400


def judged(folder: Path, issued: Issued, host: str = HOST, ca: bytes = AUTHORITY.root) -> Judgement:
    certificate, key, authorities = folder / "portal.pem", folder / "portal.key", folder / "ca.pem"
    issued.write(certificate, key)
    authorities.write_bytes(ca)
    return judge(Pair(str(certificate), str(key)), host, str(authorities))


def test_a_good_one_is_taken_until_it_expires(tmp_path: Path) -> None:
    found = judged(tmp_path, AUTHORITY.issue(HOST, ends_in_days=30))
    assert found.problem == ""
    assert abs(found.expires_utc_s - time.time() - 30 * DAY_S) < DAY_S


def test_certificate_and_key_may_be_one_file(tmp_path: Path) -> None:
    issued = AUTHORITY.issue(HOST)
    both, ca = tmp_path / "both.pem", tmp_path / "ca.pem"
    both.write_bytes(issued.fullchain + issued.key)
    ca.write_bytes(AUTHORITY.root)
    assert judge(Pair(str(both), str(both)), HOST, str(ca)).problem == ""


@pytest.mark.parametrize(
    ("issued", "says"),
    [
        (AUTHORITY.issue("other.example.kz"), "is not for login.example.kz"),
        (AUTHORITY.issue("example.kz", "sub.login.example.kz"), "is not for login.example.kz"),
        (AUTHORITY.issue(HOST, begins_in_days=-2, ends_in_days=-1), "has expired"),
        (AUTHORITY.issue(HOST, begins_in_days=1, ends_in_days=2), "is not valid yet"),
        (Authority().issue(HOST), "leads to no authority"),
        (Issued(AUTHORITY.issue(HOST).certificate, b"", AUTHORITY.issue(HOST).key), "is not the key of"),
        (Issued(b"-----BEGIN CERTIFICATE-----\nrubbish\n", b"", b"rubbish"), "are no certificate and key"),
        (Issued(b"", b"", b""), "are no certificate and key"),
    ],
    ids=["other name", "neighbour's names", "expired", "not yet", "stranger's authority", "key", "rubbish", "empty"],
)
def test_what_phones_refuse_is_refused(tmp_path: Path, issued: Issued, says: str) -> None:
    found = judged(tmp_path, issued)
    assert says in found.problem
    assert found.expires_utc_s == 0.0


def test_a_wildcard_names_the_host(tmp_path: Path) -> None:
    assert judged(tmp_path, AUTHORITY.issue("*.example.kz")).problem == ""


def test_a_chain_with_a_gap_is_told(tmp_path: Path) -> None:
    whole = AUTHORITY.issue(HOST)
    found = judged(tmp_path, Issued(whole.certificate, b"", whole.key))
    assert "then the chain up to the authority" in found.problem


def test_a_certificate_of_an_authority_that_this_machine_does_not_trust(tmp_path: Path) -> None:
    issued = AUTHORITY.issue(HOST)
    certificate, key = tmp_path / "portal.pem", tmp_path / "portal.key"
    issued.write(certificate, key)
    assert "that this machine trusts" in judge(Pair(str(certificate), str(key)), HOST).problem


def test_a_locked_key_does_not_stop_and_ask(tmp_path: Path) -> None:
    issued = AUTHORITY.issue(HOST)
    key = serialization.load_pem_private_key(issued.key, None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"sesame"),
    )
    assert "passphrase" in judged(tmp_path, Issued(issued.certificate, issued.chain, locked)).problem


@pytest.mark.parametrize("missing", ["portal.pem", "portal.key", "ca.pem"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, missing: str) -> None:
    AUTHORITY.issue(HOST).write(tmp_path / "portal.pem", tmp_path / "portal.key")
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.root)
    (tmp_path / missing).unlink()
    pair = Pair(str(tmp_path / "portal.pem"), str(tmp_path / "portal.key"))
    assert judge(pair, HOST, str(tmp_path / "ca.pem")).problem == (
        f"{tmp_path / missing} cannot be read: No such file or directory"
    )


def test_no_authorities_in_their_file_is_told(tmp_path: Path) -> None:
    assert "no certificates of authorities" in judged(tmp_path, AUTHORITY.issue(HOST), ca=b"").problem
