"""What `qaqpa doctor` says of the console: its process, its certificate, and whether it is reached through nginx.

Must not know: what the console shows.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from appliance import console_certificate, own_certificate, render_console, sockets
from appliance.config import Config
from appliance.console_certificate import LAST_DAYS
from appliance.found import Found, right, wrong
from appliance.staff.account import StaffFile
from appliance.staff.errors import StaffFileDamaged, StaffFileNewer
from appliance.staff.kept import KeptFile
from appliance.staff.sessions import SessionsFile

_DAY_S = 86400.0
_SOON_S = 2.0


def findings(config: Config, now_utc_s: float) -> Iterator[Found]:
    """In the order in which a person should mend them. Raises nothing."""
    if not config.console.interface:
        yield right("there is no console (console.interface is empty)")
        return
    yield _process(sockets.console_socket(config))
    yield from _office(Path(config.paths.state) / "console")
    try:
        pem = render_console.kept_file(config).read_bytes()
        about = own_certificate.about(pem)
    except (OSError, ValueError) as error:
        yield wrong("console.unread", said=error)
        return
    yield from _certificate(config, about, now_utc_s)
    yield _reached(config, pem)


def _process(path: str) -> Found:
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(_SOON_S)
        try:
            attempt.connect(path)
        except OSError as error:
            return wrong("console.silent", path=path, said=error.strerror or error)
    return right(f"the console answers at {path}")


def _office(folder: Path) -> Iterator[Found]:
    """Nobody can sign in where these cannot be read."""
    for file in (KeptFile(folder / "staff.json", StaffFile()), KeptFile(folder / "sessions.json", SessionsFile())):
        try:
            file.read()
        except StaffFileNewer as error:
            yield wrong("console.office_newer", said=error)
        except (StaffFileDamaged, OSError) as error:
            yield wrong("console.office_damaged", said=error)


def _certificate(config: Config, about: own_certificate.About, now_utc_s: float) -> Iterator[Found]:
    given = config.console.certificate_file
    chosen = console_certificate.served(config, now_utc_s, "", ())
    if chosen.problem:
        yield wrong("console.own", said=chosen.problem)
    elif given and chosen.about != about:
        yield wrong("console.other", path=given)
    days = int((about.expires_utc_s - now_utc_s) // _DAY_S)
    until = datetime.fromtimestamp(about.expires_utc_s, UTC).strftime("%Y-%m-%d")
    if days >= LAST_DAYS:
        yield right(f"the console's certificate is good until {until}")
    else:
        yield wrong("console.ends_given" if given else "console.ends_own", day=until)
    yield right(f"the console's certificate has SHA-256 {about.fingerprint}")


def _reached(config: Config, pem: bytes) -> Found:
    """Asked over loopback: nginx answers there as it does the staff, by the certificate that lies in its place."""
    port = config.console.port
    try:
        shown = ssl.get_server_certificate(("127.0.0.1", port), timeout=_SOON_S)
    except (OSError, ssl.SSLError) as error:
        return wrong("console.unreached", port=port, said=error)
    if own_certificate.about(shown.encode()) != own_certificate.about(pem):
        return wrong("console.older", port=port)
    return right(f"the console's port {port} answers, for whoever comes from {config.console.interface}")
