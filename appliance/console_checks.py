"""What `qaqpa doctor` says of the console: its process, its certificate, and whether it is reached through nginx.

Must not know: what the console shows.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance import console_certificate, own_certificate, render_console
from appliance.config import Config
from appliance.console_certificate import LAST_DAYS
from appliance.staff.account import StaffFile
from appliance.staff.errors import StaffFileDamaged, StaffFileNewer
from appliance.staff.kept import KeptFile
from appliance.staff.sessions import SessionsFile

_DAY_S = 86400.0
_SOON_S = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    remedy: str = ""


def findings(config: Config, now_utc_s: float) -> Iterator[Finding]:
    """In the order in which a person should mend them. Raises nothing."""
    if not config.console.interface:
        yield Finding(True, "there is no console (console.interface is empty)")
        return
    yield _process(render_console.socket(config))
    yield from _office(Path(config.paths.state) / "console")
    try:
        pem = render_console.kept_file(config).read_bytes()
        about = own_certificate.about(pem)
    except (OSError, ValueError) as error:
        yield Finding(False, f"the console's certificate cannot be read ({error})", "run as root: qaqpa apply")
        return
    yield from _certificate(config, about, now_utc_s)
    yield _reached(config, pem)


def _process(path: str) -> Finding:
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(_SOON_S)
        try:
            attempt.connect(path)
        except OSError as error:
            what = f"the console does not answer at {path} ({error.strerror or error})"
            return Finding(False, what, "systemctl status qaqpa-console")
    return Finding(True, f"the console answers at {path}")


def _office(folder: Path) -> Iterator[Finding]:
    """Nobody can sign in where these cannot be read."""
    for file in (KeptFile(folder / "staff.json", StaffFile()), KeptFile(folder / "sessions.json", SessionsFile())):
        try:
            file.read()
        except StaffFileNewer as error:
            yield Finding(False, str(error), "qaqpa update install, or a USB stick with that version")
        except (StaffFileDamaged, OSError) as error:
            yield Finding(False, str(error), "bring it back from a back-up")


def _certificate(config: Config, about: own_certificate.About, now_utc_s: float) -> Iterator[Finding]:
    given = config.console.certificate_file
    chosen = console_certificate.served(config, now_utc_s, "", ())
    if chosen.problem:
        yield Finding(False, f"the console has its own certificate: {chosen.problem}", "mend that, then qaqpa apply")
    elif given and chosen.about != about:
        yield Finding(False, f"the console still has another certificate than {given}", "qaqpa apply --reload")
    days = int((about.expires_utc_s - now_utc_s) // _DAY_S)
    until = datetime.fromtimestamp(about.expires_utc_s, UTC).strftime("%Y-%m-%d")
    remedy = "renew it, then qaqpa apply --reload" if given else "qaqpa apply --reload makes another"
    yield Finding(days >= LAST_DAYS, f"the console's certificate is good until {until}", remedy)
    yield Finding(True, f"the console's certificate has SHA-256 {about.fingerprint}")


def _reached(config: Config, pem: bytes) -> Finding:
    """Asked over loopback: nginx answers there as it does the staff, by the certificate that lies in its place."""
    door = f"port {config.console.port}"
    try:
        shown = ssl.get_server_certificate(("127.0.0.1", config.console.port), timeout=_SOON_S)
    except (OSError, ssl.SSLError) as error:
        return Finding(False, f"the console's {door} does not answer ({error})", "systemctl restart qaqpa-nginx")
    if own_certificate.about(shown.encode()) != own_certificate.about(pem):
        return Finding(False, f"the console's {door} shows an older certificate", "qaqpa apply --reload")
    return Finding(True, f"the console's {door} answers, for whoever comes from {config.console.interface}")
