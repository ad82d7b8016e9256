"""Our units as a whole: enabled and begun, or ended and disabled, by systemctl.

    >>> [*OwnUnits().begin()]                                              # doctest: +SKIP
    ['qaqpa.target: enabled and started']

Where no systemd runs (a folder in which an image is made) they are enabled all the same. Must not know: ports, the
configuration.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.errors import ApplianceError

_NETWORKD = "systemd-networkd.service"
_NETWORK = "qaqpa-network.service"
_TARGET = "qaqpa.target"
_IN_THE_WAY = ("nginx.service", "dnsmasq.service", "hostapd.service")
"""Debian's own: they take the ports 80, 53 and 67 or the radio, which ours need."""
_IMAGE_ONLY = "ConditionPathExists=/usr/lib/qaqpa-image"
_COMMAND_S = 180.0
"""A start waits for processes that say themselves that they are ready."""


class SetupRefused(ApplianceError):
    """The machine cannot become a gateway as it is, or systemd did not do what was asked."""


def to_enable(units: Mapping[str, str]) -> tuple[str, ...]:
    """Of our units (name → text) those that are begun at boot; the image's own ones and templates are not."""
    return tuple(
        name
        for name, text in sorted(units.items())
        if "@" not in name and "[Install]" in text.splitlines() and _IMAGE_ONLY not in text.splitlines()
    )


class OwnUnits:
    """Those of one machine.

    Args:
        systemctl: the program.
        folder: where the package put the units.
        booted: is there if systemd runs here (sd_booted(3)).
    """

    def __init__(
        self,
        systemctl: str = "/usr/bin/systemctl",
        folder: Path = Path("/usr/lib/systemd/system"),
        booted: Path = Path("/run/systemd/system"),
    ) -> None:
        self._systemctl, self._folder, self._booted = systemctl, folder, booted

    @property
    def booted(self) -> bool:
        """Whether systemd runs here."""
        return self._booted.is_dir()

    def begin(self) -> Iterator[str]:
        """Enable all, and start them; says what was done.

        Raises:
            SetupRefused
        """
        ours = self._ours()
        if _TARGET not in ours:
            raise SetupRefused(f"{self._folder}/{_TARGET} is not there: install the Debian package again")
        for unit in _IN_THE_WAY:
            # Where no systemd runs, systemctl says of every unit that it is active.
            if self._is("enabled", unit) or (self.booted and self._is("active", unit)):
                # Nor does it take --now there.
                self._do("disable", *(("--now",) if self.booted else ()), unit)
                yield f"{unit}: stopped and disabled; --undo does not begin it again"
        self._do("enable", _NETWORKD, *ours)
        if not self.booted:
            yield f"{_TARGET}: enabled; no systemd runs here, so it begins at the next boot"
            return
        if _NETWORK in ours:
            # In one transaction: systemd orders them, and networkd finds its files.
            self._do("restart", _NETWORK, _NETWORKD)
        self._do("start", _TARGET)
        yield f"{_TARGET}: enabled and started"

    def end(self) -> Iterator[str]:
        """Stop all, and disable them; says what that means. Where none is there, nothing is left to do.

        Raises:
            SetupRefused
        """
        ours = self._ours()
        if ours:
            self._do("disable", *ours)
        if ours and self.booted:
            self._do("stop", *ours)
            # The gate's admissions end by themselves in the kernel when nobody renews them.
            yield "stopped: nobody new is admitted, and whoever is online is so for five minutes at most"
        yield "it does not begin at the next boot; configuration and journal stay"
        yield "then the ports have what /etc/network or /etc/systemd/network say: look there before you reboot"

    def _ours(self) -> tuple[str, ...]:
        return to_enable({file.name: file.read_text(encoding="utf-8") for file in self._folder.glob("qaqpa*.*")})

    def _is(self, state: str, unit: str) -> bool:
        return self._run("--quiet", f"is-{state}", unit).returncode == 0

    def _do(self, *words: str) -> None:
        done = self._run(*words)
        if done.returncode != 0:
            why = done.stderr.strip() or f"it ended with {done.returncode}"
            raise SetupRefused(f"systemctl {words[0]} failed: {why}; then type qaqpa setup again")

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [self._systemctl, *words]
        try:
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COMMAND_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SetupRefused(f"{self._systemctl} cannot be asked: {error}") from error
