"""A certificate that the box makes for itself, and what stands in any certificate. The one module beside the journal
that knows X.509's library.

    >>> made = make("qaqpa", [ip_address("192.168.50.1")], 1790000000.0)
    >>> sorted(about(made).hosts | about(made).addresses)
    ['192.168.50.1', 'qaqpa']

No authority signs for an address of a private network, so browsers warn once, and a person compares the fingerprint.
Must not know: files, who serves it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 3650
_BEGINS = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""Fixed: a box without a battery makes its certificate before it knows the time."""


@dataclass(frozen=True)
class About:
    """What a person or a check wants to know of a certificate."""

    fingerprint: str
    """SHA-256 as browsers show it: pairs of capital hexadecimal digits with colons."""
    expires_utc_s: float
    hosts: frozenset[str] = frozenset()
    """Host names that it is for."""
    addresses: frozenset[str] = frozenset()


def make(host: str, addresses: Iterable[IPv4Address | IPv6Address], now_utc_s: float) -> bytes:
    """Certificate and key (P-256) as one PEM text, for ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Qaqpa console")])
    now = max(_BEGINS, datetime.datetime.fromtimestamp(now_utc_s, datetime.UTC))
    named = x509.SubjectAlternativeName([x509.DNSName(host), *map(x509.IPAddress, addresses)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGINS)
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        # Signs for nobody: whoever has a browser trust it trusts this box's console and nothing else.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(named, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private


def about(pem: bytes) -> About:
    """Of the first certificate in this text.

    Raises:
        ValueError: there is none.
    """
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        named = x509.SubjectAlternativeName([])
    return About(
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        expires_utc_s=certificate.not_valid_after_utc.timestamp(),
        hosts=frozenset(named.get_values_for_type(x509.DNSName)),
        addresses=frozenset(map(str, named.get_values_for_type(x509.IPAddress))),
    )
