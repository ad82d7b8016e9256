"""Which certificate the console serves now: the configured one, else one that the box made itself and keeps.

Unlike the portal's it is not judged as a phone would: the console must be reachable on the day on which a certificate
has lapsed too, and staff can compare a fingerprint. Files that hold no certificate with its key are no reason to be
without one either. Must not know: nginx, who writes the files.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from appliance import own_certificate
from appliance.config import Config
from appliance.own_certificate import About
from appliance.render_console import FILE, OWN_FILE, kept_file
from firewall import surroundings

LAST_DAYS = 30
"""So long before its end the own one is replaced, and another's end is told."""
_DAY_S = 86400.0


@dataclass(frozen=True)
class Served:
    """What nginx is given."""

    pem: bytes = b""
    """Empty: there is no console."""
    own: bytes = b""
    about: About | None = None
    problem: str = ""
    """Why the configured certificate is not it."""

    @property
    def files(self) -> dict[str, bytes]:
        """File name → content, as they stand in ``<state>/conf``."""
        return {FILE: self.pem, OWN_FILE: self.own} if self.pem else {}


def served(config: Config, now_utc_s: float, host: str, addresses: Collection[IPv4Address | IPv6Address]) -> Served:
    """Chosen now, and made if need be; nothing is written.

    Args:
        host, addresses: what a new certificate of the box's own is for.
    """
    if not config.console.interface:
        return Served()
    own = _kept(config, now_utc_s, bool(addresses)) or own_certificate.make(host, addresses, now_utc_s)
    if not config.console.certificate_file:
        return Served(own, own, own_certificate.about(own))
    try:
        given = _given(config)
    except (OSError, ValueError) as error:
        return Served(own, own, own_certificate.about(own), str(error))
    return Served(given, own, own_certificate.about(given))


def served_here(config: Config) -> Served:
    """The same for this machine, now: by its name and the addresses that the console's interface has.

    Raises:
        firewall.errors.KernelRefused: the kernel does not tell them.
    """
    if not config.console.interface:
        return Served()
    return served_at(config, [each.ip for each in surroundings.addresses_of(config.console.interface)])


def served_at(config: Config, addresses: Collection[IPv4Address | IPv6Address]) -> Served:
    """The same for this machine at these addresses."""
    return served(config, time.time(), socket.gethostname(), addresses)


def _kept(config: Config, now_utc_s: float, addressed: bool) -> bytes:
    """The box's own from before; none, if it ends soon, or was made while there was no address to make it for. Another
    address is no reason for another: then there would be another fingerprint to compare."""
    path = kept_file(config, OWN_FILE)
    try:
        pem = path.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)
        about = own_certificate.about(pem)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return b""
    lasts = about.expires_utc_s - now_utc_s > LAST_DAYS * _DAY_S
    return pem if lasts and (about.addresses or not addressed) else b""


def _given(config: Config) -> bytes:
    """
    Raises:
        OSError, ValueError: with a sentence that says which file and why.
    """
    names = (config.console.certificate_file, config.console.key_file)
    for name in names:
        try:
            content = Path(name).read_bytes()
        except OSError as error:
            raise ValueError(f"{name} cannot be read: {error.strerror}") from error
        if b"ENCRYPTED" in content:
            raise ValueError(f"{name} is locked by a passphrase, and nobody sits there to type it: take it off")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*names)
    except ssl.SSLError as error:
        raise ValueError(f"{names[0]} and {names[1]} are no certificate and its key in PEM form: {error}") from error
    # The newline is for files that lack their own at the end.
    return b"\n".join(Path(name).read_bytes().rstrip() for name in dict.fromkeys(names)) + b"\n"


def told(config: Config, now: Served) -> Iterator[str]:
    """What `qaqpa apply` says of it: where the console is, and what to compare the browser's warning with."""
    if now.about is None:
        return
    addresses = surroundings.addresses_of(config.console.interface)
    port = "" if config.console.port == 443 else f":{config.console.port}"
    hosts = [f"[{each.ip}]" if each.version == 6 else str(each.ip) for each in addresses]
    where = " ".join(f"https://{host}{port}/" for host in hosts)
    yield f"console: {where or f'{config.console.interface} has no address yet'}"
    if now.problem:
        yield f"console: {now.problem}; it has the certificate that the box made itself"
    yield f"console's certificate: SHA-256 {now.about.fingerprint}"
