"""`qaqpa apply`: render the configuration for nginx, dnsmasq and hostapd, have them try it as far as they can, then put
it in place.

What fails its check replaces nothing. A certificate that phones would refuse is no such failure: without it the portal
is on http, and that is better than none. Must not know: whether nginx or dnsmasq run, who restarts them.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from appliance import access_point, render, render_console, render_wifi
from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.holding import FILE, Holding, kept_file

if TYPE_CHECKING:
    from appliance.console_certificate import Served


class CheckFailed(ApplianceError):
    """nginx or dnsmasq refuses what was rendered for it."""

    def __init__(self, command: list[str], said: str) -> None:
        self.command, self.said = command, said
        super().__init__(f"`{shlex.join(command)}` refused it, nothing was changed:\n{said.strip()}")


def apply(config: Config, held: Holding, console: Served | None = None) -> dict[str, bool]:
    """Put all rendered files into ``<state>/conf``; file name → whether it changed.

    Args:
        held: the certificate that the portal holds (``holding.holding``).
        console: what the console serves (``console_certificate.served``); None: asked of this machine.

    Raises:
        CheckFailed: a file is refused; nothing was changed.
        LogoRefused: the venue's logo cannot be used; nothing was changed.
        OSError: they cannot be written.
    """
    wanted = judged(config, held, console)
    home = Path(config.paths.state) / "conf"
    gone = {name: _removed(home / name) for name in _MAY_GO if name not in wanted}
    return _put(home, wanted) | {name: True for name, was_there in gone.items() if was_there}


def put(config: Config, wanted: dict[str, bytes]) -> dict[str, bool]:
    """Put these files there and leave the others, once they were tried; file name → whether it changed.

    Raises:
        CheckFailed: one is refused; nothing was changed.
        OSError: they cannot be written.
    """
    _try_all(wanted, config)
    return _put(Path(config.paths.state) / "conf", wanted)


def _put(home: Path, wanted: dict[str, bytes]) -> dict[str, bool]:
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    return {name: _replace(home / name, content) for name, content in wanted.items()}


def judged(config: Config, held: Holding, console: Served | None = None) -> dict[str, bytes]:
    """What ``apply`` would put in place, tried by those who are to read it; nothing is changed.

    Raises:
        CheckFailed: a file is refused.
        LogoRefused: the venue's logo cannot be used.
    """
    if console is None:
        from appliance import console_certificate  # X.509: not for whoever only may have to apply something

        console = console_certificate.served_here(config)
    rendered = {name: text.encode() for name, text in render.files(config, held.standing).items()}
    radio = {name: text.encode() for name, text in access_point.files(config).items()}
    # Certificates first: nginx's configuration names them.
    wanted = {**({FILE: held.pem} if held.pem else {}), **console.files, **rendered, **radio}
    _try_all(wanted, config)
    return wanted


def _try_all(wanted: dict[str, bytes], config: Config) -> None:
    with tempfile.TemporaryDirectory() as trial:
        for name, content in wanted.items():
            _try(name, content, config, Path(trial))


def _try(name: str, content: bytes, config: Config, trial: Path) -> None:
    path = trial / name
    if name == "nginx.conf":
        content = _harmless(content.decode(), config, trial).encode()
    if name == render.ANNOUNCED:
        content = b"".join(b"dhcp-option=" + line for line in content.splitlines(keepends=True))
    _write(path, content)
    if name not in _JUDGES:
        return  # certificates were judged before, and nginx judges them again; hostapd tells nobody
    command = [word.format(path=path) for word in _JUDGES[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": _PATH})
    if done.returncode != 0:
        raise CheckFailed(command, done.stdout + done.stderr)


_DNSMASQ = ("dnsmasq", "--test", "--conf-file={path}")
_JUDGES = {
    "nginx.conf": ("nginx", "-q", "-t", "-c", "{path}"),
    "dnsmasq-lan.conf": _DNSMASQ,
    "dnsmasq-captive.conf": _DNSMASQ,
    render.ANNOUNCED: _DNSMASQ,
}
_MAY_GO = (render_wifi.FILE, render_wifi.FIXED_FILE)
"""By its file hostapd's unit knows whether there is to be an access point."""
_SECRET = (FILE, render_console.FILE, render_console.OWN_FILE, *_MAY_GO)
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def _harmless(content: str, config: Config, trial: Path) -> str:
    # `nginx -t` opens its pid file and binds: on loopback that always works, though the LAN may not be up yet.
    (trial / "nginx").mkdir()
    return (
        content.replace(f"{config.paths.runtime}/nginx", f"{trial}/nginx")
        .replace(f"listen {config.lan.gate.ip}:", "listen 127.0.0.1:")
        .replace(str(kept_file(config)), str(trial / FILE))
        .replace(str(render_console.kept_file(config)), str(trial / render_console.FILE))
    )


def _removed(path: Path) -> bool:
    was_there = path.exists()
    path.unlink(missing_ok=True)
    return was_there


def _replace(path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    draft = path.with_name(f"{path.name}.new")
    _write(draft, content, 0o600 if path.name in _SECRET else 0o644)
    draft.rename(path)
    return True


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    # With its mode from the beginning: a key is never readable, not even for the moment before a chmod.
    path.unlink(missing_ok=True)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, 0o600)) as out:
        os.fchmod(out.fileno(), mode)
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
