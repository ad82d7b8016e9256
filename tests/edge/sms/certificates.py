"""A certification authority for one test: Debian's openssl makes it."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


class Authority:
    """Signs in a directory.

    Args:
        directory: gets keys and certificates.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir()
        self.file = directory / "ca.pem"
        self._openssl("req", "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority")

    def certify(self, names: str) -> tuple[Path, Path]:
        """Key and certificate for these names, such as ``DNS:smsc.example,IP:127.0.0.1``."""
        extensions = ("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE")
        issuer = ("-CA", "ca.pem", "-CAkey", "ca.key")
        self._openssl("req", "-x509", *issuer, "-keyout", "smsc.key", "-out", "smsc.pem", "-subj", "/CN=x", *extensions)
        return self._directory / "smsc.key", self._directory / "smsc.pem"

    def _openssl(self, *arguments: str) -> None:
        made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2")
        subprocess.run(["openssl", *arguments, *made], cwd=self._directory, check=True, capture_output=True)


def server_context(key: Path, certificate: Path) -> ssl.SSLContext:
    """For a hand-written SMSC."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
