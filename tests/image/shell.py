"""A root's shell inside the emulated box, over a virtio-serial port that is a unix socket here.

    shell = Shell(folder / "shell.sock")
    shell.wait(timeout_s=300)
    shell.run("systemctl is-active qaqpa.target").text

The image is booted as it is: the unit that runs the shell comes in by credentials of the firmware (systemd.exec(5),
"SYSTEM CREDENTIALS"), which only whoever owns the hardware can give. Must not know: the product.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.errors import CommandFailed, CommandTooLong

PORT = "lab-shell"
_UNIT = f"""\
[Unit]
Description=The lab's shell
# While nobody is at the other end each ends at once, and on a busy machine the port is named late: not five times only.
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/bash -c 'test -c /dev/virtio-ports/{PORT} && exec bash --norc <>/dev/virtio-ports/{PORT} >&0 2>&1'
Restart=always
RestartSec=1
OOMScoreAdjust=-900
"""
_RESTORED = """\
[Unit]
Description=The lab's configuration: as a box has it whose back-up was restored
DefaultDependencies=no
ConditionPathExists=!/etc/initrd-release
RequiresMountsFor=/etc/qaqpa
After=systemd-sysusers.service
Before=qaqpa-closed.service qaqpa-network.service qaqpa-first-boot.service
[Service]
Type=oneshot
RemainAfterExit=yes
"""
_RADIOS = """\
[Unit]
Description=The lab's radios: as if they were built into the box
DefaultDependencies=no
ConditionPathExists=!/etc/initrd-release
Before=qaqpa-closed.service qaqpa-network.service systemd-networkd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/modprobe mac80211_hwsim radios={radios}
"""
_RESTORED_LINE = "ExecStart=/bin/bash -c 'cd /etc/qaqpa && echo {packed} | base64 -d >{name} && {kept}'\n"


@dataclass(frozen=True)
class Restored:
    """A file that is in ``/etc/qaqpa`` before anything of the product looks there."""

    name: str
    text: str
    group: str = ""
    """Who reads it; "": anybody."""


def credentials(restored: Sequence[Restored] = (), radios: int = 0) -> dict[str, str]:
    """What the firmware must hand over, by name: an SMBIOS type 11 string each."""
    given, early = {f"systemd.extra-unit.{PORT}.service": _UNIT}, []
    if restored:
        lines = [
            _RESTORED_LINE.format(packed=_packed(file.text), name=file.name, kept=_kept(file)) for file in restored
        ]
        given["systemd.extra-unit.lab-restored.service"] = _RESTORED + "".join(lines)
        early.append("lab-restored.service")
    if radios:
        given["systemd.extra-unit.lab-radios.service"] = _RADIOS.format(radios=radios)
        early.append("lab-radios.service")
    if early:
        given["systemd.unit-dropin.sysinit.target"] = f"[Unit]\nWants={' '.join(early)}\n"
    return {**given, "systemd.unit-dropin.multi-user.target": f"[Unit]\nWants={PORT}.service\n"}


def _kept(file: Restored) -> str:
    return f"chown root:{file.group} {file.name} && chmod 0640 {file.name}" if file.group else f"chmod 0644 {file.name}"


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def smbios(credential: str, text: str) -> str:
    """One credential as an SMBIOS string."""
    return f"io.systemd.credential.binary:{credential}={_packed(text)}"


@dataclass(frozen=True)
class Said:
    """A command that ended inside the box."""

    code: int
    text: str
    """Standard output and standard error."""


class Shell:
    """The other end of the socket. One command at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._number = 0
        self._heard = b""

    def wait(self, timeout_s: float) -> None:
        """Return once the shell answers.

        Raises:
            CommandTooLong: it did not within ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(CommandTooLong, OSError):
                # No process begins for it: what was asked while nobody listened is all answered when somebody does.
                self._said("echo; echo {mark} 0\n", "(are you there?)", 2.0)
                return
            time.sleep(0.2)
        raise CommandTooLong(["(the shell in the box)"], timeout_s, self._heard.decode(errors="replace"))

    def run(self, command: str, *, check: bool = True, timeout_s: float = 120.0) -> Said:
        """Run a line of bash to its end.

        Args:
            check: an exit code other than 0 is an error.

        Raises:
            CommandFailed: ``check`` and another exit code than 0.
            CommandTooLong: it did not end within ``timeout_s`` seconds; it is left running.
            OSError: there is no such socket, or the emulator has closed it.
        """
        # In base64 the line has one form, whatever quotes it has.
        line = f'bash -c "$(echo {_packed(command)} | base64 -d)" </dev/null 2>&1; code=$?; '
        said = self._said(line + "echo; echo {mark} $code\n", command, timeout_s)
        if check and said.code != 0:
            raise CommandFailed([command], said.code, said.text)
        return said

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        """Make a file in the box."""
        packed = _packed(text)
        # A terminal's line is at most 4,096 bytes; a virtio port's is not, but its buffer is one page.
        self.run(f": >{path}.new.b64")
        for start in range(0, len(packed), 2000):
            self.run(f"echo {packed[start : start + 2000]} >>{path}.new.b64")
        self.run(f"base64 -d {path}.new.b64 >{path}.new && rm {path}.new.b64")
        self.run(f"chmod {mode} {path}.new && mv {path}.new {path}")

    def close(self) -> None:
        """Forget the connection; the next command makes a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._heard = b""

    def _said(self, asked: str, command: str, timeout_s: float) -> Said:
        """What that line is answered, which says its ``{mark}`` at its end."""
        self._number += 1
        # A late answer to an earlier one has another number.
        mark = f"lab-{self._number}-done"
        self._connected().sendall(asked.format(mark=mark).encode())
        return Said(*self._answer(mark, command, timeout_s))

    def _connected(self) -> socket.socket:
        if self._socket is None:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(str(self._path))
            except OSError:
                link.close()
                raise
            self._socket = link
        return self._socket

    def _answer(self, mark: str, command: str, timeout_s: float) -> tuple[int, str]:
        link = self._connected()
        pattern = re.compile(rb"(?:^|\n)" + mark.encode() + rb" (\d+)\r?\n")
        deadline = time.monotonic() + timeout_s
        while not (found := pattern.search(self._heard)):
            left = deadline - time.monotonic()
            if left <= 0:
                raise CommandTooLong([command], timeout_s, self._heard.decode(errors="replace"))
            link.settimeout(left)
            try:
                more = link.recv(65536)
            except TimeoutError:
                continue
            if not more:
                self.close()
                raise ConnectionResetError("the emulator closed the shell's port")
            self._heard += more
        text = self._heard[: found.start()].decode(errors="replace")
        self._heard = self._heard[found.end() :]
        # What an earlier command that was given up on still said.
        return int(found[1]), re.split(r"(?:^|\n)lab-\d+-done \d+\r?\n", text)[-1]
