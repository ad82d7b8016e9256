"""A certification authority for tests: signs whatever is asked, also what no honest authority would.

    authority = Authority()
    authority.issue("login.example.kz").write(folder)

Must not know: who is shown the certificates.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, in PEM form."""

    certificate: bytes
    chain: bytes
    """Of the authorities between it and the root, without either."""
    key: bytes

    @property
    def fullchain(self) -> bytes:
        """As certbot calls it."""
        return self.certificate + self.chain

    def write(self, certificate: Path, key: Path) -> None:
        """Into the files that a configuration names."""
        certificate.write_bytes(self.fullchain)
        key.write_bytes(self.key)
        key.chmod(0o600)


class Authority:
    """A root, and one authority below it that signs, as the public ones have."""

    def __init__(self) -> None:
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._root = _signed("Test root", self._root_key, None, self._root_key)
        self._between = _signed("Test authority", self._key, self._root, self._root_key)

    @property
    def root(self) -> bytes:
        """What a client must trust, in PEM form."""
        return _pem(self._root)

    def issue(self, *names: str, begins_in_days: float = -1, ends_in_days: float = 30) -> Issued:
        """A certificate for these host names.

        Args:
            begins_in_days: from now; negative: it has been valid for so long.
            ends_in_days: the same; negative: it has expired.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        times = (begins_in_days, ends_in_days)
        certificate = _signed(names[0], key, self._between, self._key, names=names, times=times)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Issued(_pem(certificate), _pem(self._between), private)


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    names: tuple[str, ...] = (),
    times: tuple[float, float] = (-400, 400),
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    building = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + times[0] * _DAY)
        .not_valid_after(now + times[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        .add_extension(own, critical=False)
        .add_extension(signer, critical=False)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        building = building.add_extension(alternatives, critical=False)
    return building.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
