"""The Debian machine that is or will be the gateway, as its administrator asks it: apt, systemd, ``qaqpa setup``.

    place = Place(site, container, "qaqpa_0.1.0_amd64.deb")
    place.apt("remove", "qaqpa")

Must not know: which answers are right.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from tests.image import boot
from tests.image.container import Container
from tests.image.machine import WAN
from tests.image.site import WEB, Site
from tests.lab.internet import Arrival
from tests.lab.run import Process, program, start
from tests.lab.steps import hold
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until

PATIENCE_S = 120.0
KNOCKS = 853
"""The port out there that only a stranger asks for."""


@dataclass
class Place:
    """What the test's chapters share."""

    site: Site
    box: Container
    package: str
    """The file's name; it lies in /root."""
    served_s: float = 0.0
    """What ``apt install`` and ``qaqpa setup`` took together."""
    said: str = ""
    """By the last ``apt``."""

    def apt(self, *words: str) -> float:
        """How many seconds it took; what it needs has been fetched."""
        began = time.monotonic()
        self.said = self.box.shell.run(
            f"cd /root && DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Use-Pty=0 {' '.join(words)}", timeout_s=600
        ).text
        return time.monotonic() - began

    def packages(self) -> dict[str, int]:
        """Those that are installed, with the kilobytes that each takes by its own word."""
        said = self.box.shell.run("dpkg-query -W -f '${db:Status-Status} ${Package} ${Installed-Size}\\n'").text
        rows = (line.split() for line in said.splitlines())
        return {row[1]: int(row[2]) for row in rows if row[0] == "installed"}

    def uplink(self) -> str | None:
        """The address that the operator gave."""
        found = re.search(r"inet (203\.0\.113\.\d+)", self.box.shell.run(f"ip -4 address show {WAN}").text)
        return found[1] if found else None

    def active(self) -> list[str]:
        """Services of ours that run, without what all names have in common."""
        said = self.box.shell.run(
            "systemctl list-units --plain --no-legend --state=active --type=service 'qaqpa*'"
        ).text
        return [line.split()[0].removeprefix("qaqpa-").removesuffix(".service") for line in said.splitlines()]

    def enabled(self) -> list[str]:
        """What begins at the next boot of ours."""
        return self.box.shell.run("find /etc/systemd/system -name 'qaqpa*'").text.split()

    def failed(self) -> str:
        """Units that have failed, a line each."""
        return self.box.shell.run("systemctl --failed --plain --no-legend").text.strip()

    def show(self, unit: str, key: str) -> str:
        """What systemd knows of the unit ``qaqpa-UNIT.service``."""
        return self.box.shell.run(f"systemctl show --property={key} --value qaqpa-{unit}.service").text.strip()

    def set_up(self, *, check: bool = True) -> str:
        """``qaqpa setup``, with what it guesses; what it said."""
        return self.box.shell.run("printf '\\n\\ny\\n' | qaqpa setup", check=check, timeout_s=300).text

    def timed_set_up(self) -> tuple[str, float]:
        """The same, and how many seconds it took until all had begun."""
        began = time.monotonic()
        return self.set_up(), time.monotonic() - began

    def told_console(self) -> str:
        """Where the console is, as a screen at the machine would have it."""
        return self.box.shell.run("qaqpa screen --once", check=False).text

    def rests(self) -> None:
        """Waits until systemd has nothing more to do; then nothing may have failed.

        Raises:
            StepFailed, TooLate
        """
        until(lambda: not boot.restless(self.site), "the units to rest", PATIENCE_S)
        hold(not self.failed(), f"failed: {self.failed()}")

    def verified(self) -> str:
        """What the journal's own proof says.

        Raises:
            CommandFailed: the journal does not verify.
        """
        return self.box.shell.run("qaqpa journal verify").text.strip()

    def online(self, phone: Visitor) -> bool:
        """Whether the Internet answers it."""
        return phone.probe(Probe.APPLE).online and phone.tcp_echo(WEB, 4242, 5)

    def stranger(self, visitor: Visitor) -> Process:
        """Somebody who knocks at all times from there."""
        line = program("tests.image.stranger", WEB, str(KNOCKS))
        process = start(line, name="stranger", log=self.site.folder / "stranger.log", namespace=visitor.namespace)
        process.wait_for_line("ready")
        return process

    def knocks(self) -> list[Arrival]:
        """What of it arrived out there."""
        return [arrival for arrival in self.site.internet.arrivals("echo") if arrival.port == KNOCKS]
