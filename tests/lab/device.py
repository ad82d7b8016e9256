"""The gateway's own processes, started in a namespace exactly as systemd starts them on the device.

The command lines, environment, users and capabilities are read from ``systemd/*.service``, the directories from
``systemd/tmpfiles.d``; only the places differ (``Places``). Must not know: visitors, what the processes do.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.run import ROOT, Process, run, start
from tests.lab.waiting import PATIENCE_S

UNITS = ("gate", "dnsmasq-lan", "dnsmasq-captive", "sms", "portal", "nginx")
"""In the order in which the device starts them."""
STAFF_UNITS = ("steward", "console")
"""Those that run besides where staff have a side of their own."""


QAQPA = str(Path(sys.executable).with_name("qaqpa"))
"""The command, as installed in this environment."""


@dataclass(frozen=True)
class Places:
    """Where the lab has what the device has in /usr/lib, /etc, /run and /var/lib."""

    folder: Path
    """In the checkout, on a real disk: configuration, state, logs."""
    runtime: Path
    """For sockets: their paths may have 107 bytes only, so below /run as on the device."""

    @property
    def config(self) -> Path:
        return self.folder / "etc" / "qaqpa.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def of(self, text: str) -> str:
        """A line of a unit with the device's paths replaced by ours."""
        for there, here in (
            ("/usr/lib/qaqpa/bin/qaqpa", QAQPA),
            ("/etc/qaqpa", str(self.folder / "etc")),
            ("/run/qaqpa", str(self.runtime)),
            ("/var/lib/qaqpa", str(self.state)),
        ):
            text = text.replace(there, here)
        return text


def make_directories(places: Places) -> None:
    """What systemd-tmpfiles makes at boot."""
    (places.folder / "etc").mkdir(parents=True, exist_ok=True)
    for line in (ROOT / "systemd/tmpfiles.d/qaqpa.conf").read_text().splitlines():
        match line.split():
            case ["d", path, mode, user, group, "-"]:
                made = Path(places.of(path))
                made.mkdir(parents=True, exist_ok=True)
                os.chown(made, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
                made.chmod(int(mode, 8))
            case ["f", path, mode, user, group, "-"]:
                file = Path(path)
                file.touch()
                os.chown(file, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
                file.chmod(int(mode, 8))
            case ["z", pattern, "-", user, group, "-"]:
                for found in Path("/").glob(places.of(pattern).lstrip("/")):
                    os.chown(found, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
            case _:
                assert not line or line.startswith("#"), f"tmpfiles.d: {line}"


def remove(places: Places) -> None:
    """Leave nothing behind of state and sockets."""
    for folder in (places.folder, places.runtime):
        shutil.rmtree(folder, ignore_errors=True)


def apply(places: Places, namespace: str) -> None:
    """qaqpa-apply.service.

    Raises:
        CommandFailed: the configuration is refused.
    """
    run_unit(places, "apply", namespace)


def run_unit(places: Places, unit: str, namespace: str) -> str:
    """What systemd does for a unit that ends by itself (Type=oneshot); returns what it printed.

    Raises:
        CommandFailed: it ended with another code than 0.
    """
    return run(_command(places, unit)[0], namespace=namespace, timeout_s=PATIENCE_S).stdout


def run_deploy_hook(places: Places, namespace: str) -> str:
    """What certbot does when it has renewed: the hook that qaqpa-certbot.service gives it, in a shell.

    Raises:
        CommandFailed: it ended with another code than 0.
    """
    words, _ = _command(places, "certbot")
    hook = words[words.index("--deploy-hook") + 1]
    return run(["sh", "-c", hook], namespace=namespace, timeout_s=PATIENCE_S).stdout


def start_unit(places: Places, unit: str, namespace: str, *more: str) -> Process:
    """Start one process as its unit says, with ``more`` words at the end of its command line."""
    command, settings = _command(places, unit)
    return start(
        [*command, *more],
        name=unit,
        log=places.folder / "log" / f"{unit}.log",
        namespace=namespace,
        user=settings.get("User"),
        capabilities=[name.removeprefix("CAP_").lower() for name in settings.get("AmbientCapabilities", "").split()],
        environment=dict(each.split("=", 1) for each in settings.get("Environment", "").split()),
    )


def _command(places: Places, unit: str) -> tuple[list[str], Mapping[str, str]]:
    lines = (ROOT / f"systemd/qaqpa-{unit}.service").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return shlex.split(places.of(settings["ExecStart"])), settings
