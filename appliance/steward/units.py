"""The processes that a configuration concerns: restarted, told to read again, and seen to stand.

On a machine with systemd that is systemctl; where there is none, another program that takes the same words. Must not
know: why.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.smpp import without_sms

ORDER = ("network", "sms", "gate", "dnsmasq-captive", "dnsmasq-lan", "portal", "nginx", "hostapd", "console")
"""The network first, on which the others stand; the console last: it is what the change was asked through."""
_RELOADED = frozenset({"network", "nginx"})
"""They take up everything that way: nginx's new workers begin while the old ones finish what they serve, networkd
touches those interfaces alone whose files are new."""
_MAY_BE_ABSENT = frozenset({"console", "hostapd", "network"})
_BEGUN = frozenset({"hostapd"})
"""Its unit's own condition says whether it is to run, so it is begun too where it did not run before."""
_COMMAND_S = 1000.0
"""systemctl ends when the unit has begun or systemd has given it up, and the gate may go through a damaged journal for
as long as its ``TimeoutStartSec``: no reason to undo what the owner changed."""
_STANDS_S = 20.0
_LOOK_EVERY_S = 0.1


class NotRestarted(ApplianceError):
    """A process did not come back."""

    def __init__(self, unit: str, cause: str) -> None:
        self.unit, self.cause = unit, cause
        super().__init__(f"qaqpa-{unit} did not come back: {cause}; `journalctl -u qaqpa-{unit}` says more")


class Units(Protocol):
    """Whoever can have processes begin anew."""

    def renew(self, unit: str) -> None:
        """It runs with the configuration as it is now.

        Raises:
            NotRestarted
        """
        ...

    def stands(self, unit: str, config: Config) -> None:
        """Returns when it can be asked.

        Raises:
            NotRestarted: it cannot, for some 20 s.
        """
        ...


class Systemctl:
    """systemd's, or a program that is called as it is."""

    def __init__(self, program: str = "/usr/bin/systemctl") -> None:
        self._program = program

    def renew(self, unit: str) -> None:
        verb = "try-restart" if unit in _MAY_BE_ABSENT - _BEGUN else "restart"
        verb = "try-reload-or-restart" if unit in _RELOADED else verb
        command = [self._program, verb, f"qaqpa-{unit}.service"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COMMAND_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotRestarted(unit, str(error)) from error
        if done.returncode != 0 and unit not in _MAY_BE_ABSENT:
            raise NotRestarted(unit, done.stderr.strip() or f"systemctl ended with {done.returncode}")

    def begin(self, unit: str) -> None:
        """Have a unit begin that ends by itself, and wait for nothing.

        Raises:
            NotRestarted
        """
        self._told(unit, "start", "--no-block", f"qaqpa-{unit}.service")

    def reboot(self) -> None:
        """
        Raises:
            NotRestarted
        """
        self._told("reboot", "--no-block", "reboot")

    def _told(self, unit: str, *words: str) -> None:
        try:
            done = subprocess.run(
                [self._program, *words], capture_output=True, text=True, check=False, timeout=_COMMAND_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotRestarted(unit, str(error)) from error
        if done.returncode != 0:
            raise NotRestarted(unit, done.stderr.strip() or f"systemctl ended with {done.returncode}")

    def stands(self, unit: str, config: Config) -> None:
        if unit == "sms" and without_sms(config):
            return
        path = _sockets(config).get(unit)
        deadline = time.monotonic() + _STANDS_S
        while path is not None and (cause := _no_answer(path)):
            if time.monotonic() > deadline:
                raise NotRestarted(unit, f"nobody answers at {path} ({cause})")
            time.sleep(_LOOK_EVERY_S)


def in_order(units: Iterable[str]) -> tuple[str, ...]:
    """As they are to be renewed."""
    wanted = set(units)
    return tuple(unit for unit in ORDER if unit in wanted)


def _sockets(config: Config) -> Mapping[str, str]:
    """Where each can be asked whether it is there."""
    return {unit: f"{config.paths.runtime}/{unit}/{unit}.sock" for unit in ("gate", "sms", "portal")}


def _no_answer(path: str) -> str:
    """Why nobody takes a connection; "": somebody does. A process that was killed leaves its socket behind."""
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(2.0)
        try:
            attempt.connect(path)
        except OSError as error:
            return error.strerror or str(error)
    return ""
