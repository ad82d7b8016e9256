"""`qaqpa apply`: render the configuration for nginx and dnsmasq, try it with their own checks, then put it in place.

What fails its check replaces nothing. Must not know: whether nginx or dnsmasq run, who restarts them.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from appliance import render
from appliance.config import Config
from appliance.errors import ApplianceError


class CheckFailed(ApplianceError):
    """nginx or dnsmasq refuses what was rendered for it."""

    def __init__(self, command: list[str], said: str) -> None:
        self.command, self.said = command, said
        super().__init__(f"`{shlex.join(command)}` refused it, nothing was changed:\n{said.strip()}")


def apply(config: Config) -> dict[str, bool]:
    """Put all rendered files into ``<state>/conf``; file name → whether it changed.

    Raises:
        CheckFailed: a file is refused; nothing was changed.
        LogoRefused: the venue's logo cannot be used; nothing was changed.
        OSError: they cannot be written.
    """
    home = Path(config.paths.state) / "conf"
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    rendered = render.files(config)
    with tempfile.TemporaryDirectory() as trial:
        for name, content in rendered.items():
            _try(name, _harmless(name, content, config, trial), Path(trial))
    return {name: _replace(home / name, content) for name, content in rendered.items()}


def _try(name: str, content: str, trial: Path) -> None:
    if name not in _JUDGES:
        return  # the portal's: what is in it was judged with the configuration
    path = trial / name
    path.write_text(content, encoding="utf-8")
    command = [word.format(path=path) for word in _JUDGES[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": _PATH})
    if done.returncode != 0:
        raise CheckFailed(command, done.stdout + done.stderr)


_DNSMASQ = ("dnsmasq", "--test", "--conf-file={path}")
_JUDGES = {
    "nginx.conf": ("nginx", "-q", "-t", "-c", "{path}"),
    "dnsmasq-lan.conf": _DNSMASQ,
    "dnsmasq-captive.conf": _DNSMASQ,
}
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def _harmless(name: str, content: str, config: Config, trial: str) -> str:
    # `nginx -t` opens its pid file and binds: on loopback that always works, though the LAN may not be up yet.
    if name != "nginx.conf":
        return content
    (Path(trial) / "nginx").mkdir()
    return content.replace(f"{config.paths.runtime}/nginx", f"{trial}/nginx").replace(
        f"listen {config.lan.gate.ip}:", "listen 127.0.0.1:"
    )


def _replace(path: Path, content: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == content:
        return False
    draft = path.with_suffix(".new")
    draft.write_text(content, encoding="utf-8")
    draft.chmod(0o644)
    draft.rename(path)
    return True
