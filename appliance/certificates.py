"""Whether the portal's certificate is one that visitors' phones take, and until when.

    >>> judge(Pair("/etc/qaqpa/portal.pem", "/etc/qaqpa/portal.key"), "login.example.kz")     # doctest: +SKIP
    Judgement(problem='', expires_utc_s=1797379199.0)

Judged as a phone judges it: by a whole TLS handshake, in memory, between the files and a client that trusts whom this
machine trusts. So nothing is forgotten that a client looks at, and no rule about certificates is written here. Must not
know: nginx, who announces what, when to look again.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

_EXPIRED, _NOT_YET, _WRONG_NAME = 10, 9, 62  # X509_V_ERR_… of OpenSSL's x509_vfy.h
_NO_ISSUER = (2, 18, 19, 20, 21)


@dataclass(frozen=True)
class Pair:
    """Where a certificate with its chain is, and its key; both may be one file."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Judgement:
    """What came of it."""

    problem: str = ""
    """A sentence for a person; empty: phones take it."""
    expires_utc_s: float = 0.0
    """When they no longer will; 0 with a problem."""


def judge(pair: Pair, host: str, ca_file: str = "") -> Judgement:
    """Whether a client that asks for ``host`` takes this certificate now.

    Args:
        ca_file: who may have signed it, a PEM file; empty: whom this machine trusts.
    """
    for path in (pair.certificate, pair.key, *([ca_file] if ca_file else [])):
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            return Judgement(f"{path} cannot be read: {error.strerror}")
        if path == pair.key and b"ENCRYPTED" in content:
            return Judgement(f"{path} is locked by a passphrase, and nobody sits there to type it: take it off")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(pair.certificate, pair.key)
    except ssl.SSLError as error:
        return Judgement(_unusable(pair, error))
    try:
        client = ssl.create_default_context(cafile=ca_file or None)
    except ssl.SSLError as error:
        return Judgement(f"{ca_file} holds no certificates of authorities in PEM form: {error.reason}")
    client.hostname_checks_common_name = False
    try:
        return Judgement(expires_utc_s=_handshake(server, client, host))
    except ssl.SSLCertVerificationError as error:
        return Judgement(_refusal(pair, host, error, ca_file))
    except ssl.SSLError as error:
        return Judgement(f"{pair.certificate} makes no TLS connection: {error.reason}")


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> float:
    """Both ends in memory, taking turns; when the certificate expires.

    Raises:
        ssl.SSLError: the client refuses, or the two find no common ground.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    asking = client.wrap_bio(to_client, to_server, server_hostname=host)
    done = False
    while not done:
        done = _turn(asking)
        done = _turn(serving) and done
    certificate = asking.getpeercert()
    assert certificate, "a client that verifies has the certificate after the handshake"
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def _turn(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _unusable(pair: Pair, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{pair.key} is not the key of {pair.certificate}"
    return f"{pair.certificate} and {pair.key} are no certificate and key in PEM form: {error}"


def _refusal(pair: Pair, host: str, error: ssl.SSLCertVerificationError, ca_file: str) -> str:
    certificate = pair.certificate
    if error.verify_code == _WRONG_NAME:
        return f"{certificate} is not for {host}: it does not name it (subjectAltName)"
    if error.verify_code == _EXPIRED:
        return f"{certificate}, or one of its chain, has expired; is the clock right?"
    if error.verify_code == _NOT_YET:
        return f"{certificate}, or one of its chain, is not valid yet; is the clock right?"
    if error.verify_code in _NO_ISSUER:
        trusted = f"in {ca_file}" if ca_file else "that this machine trusts"
        return (
            f"{certificate} leads to no authority {trusted}: the file must hold the certificate first, then the chain "
            f"up to the authority (fullchain.pem of certbot): {error.verify_message}"
        )
    return f"{certificate} would be refused by clients: {error.verify_message}"
