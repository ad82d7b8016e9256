"""What whoever stands at the emulated computer does to it: freezes it, plugs a USB stick in and out.

    Monitor(folder / "monitor.sock").ask("stop")

QEMU's own monitor for people, on a unix socket. Must not know: what the computer is for.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

from tests.lab.waiting import until

_PROMPT = b"(qemu) "
_ANSWER_S = 60.0


@dataclass(frozen=True)
class Monitor:
    """The socket's path; each command is a connection of its own."""

    path: Path

    def ask(self, command: str) -> str:
        """What the monitor says to this line.

        Raises:
            OSError: the emulator is not there, or does not answer.
        """
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(_ANSWER_S)
            link.connect(str(self.path))
            _heard(link)
            link.sendall(command.encode() + b"\n")
            return _heard(link).partition("\n")[2]

    def plug(self, stick: Path) -> None:
        """A USB stick, which cannot be written, with this file system on it."""
        self.ask(f"drive_add 0 if=none,id=stick,format=raw,readonly=on,file={stick}")
        said = self.ask("device_add usb-storage,id=stick-plug,bus=usb.0,drive=stick,removable=on").strip()
        assert not said, said

    def unplug(self) -> None:
        """Pulled out."""
        self.ask("device_del stick-plug")
        until(lambda: "stick" not in self.ask("info block"), "the stick to be out", _ANSWER_S, 0.2)

    def keep(self, memory: Path) -> None:
        """The computer stands still from now on, and all its memory is in that file."""
        self.ask("stop")
        self.ask(f"migrate -d file:{memory}")
        until(lambda: "completed" in self.ask("info migrate"), "the memory to be written", _ANSWER_S, 0.2)


def _heard(link: socket.socket) -> str:
    heard = b""
    while not heard.endswith(_PROMPT):
        more = link.recv(65536)
        if not more:
            raise ConnectionResetError("the emulator closed its monitor")
        heard += more
    with contextlib.suppress(ValueError):
        heard = heard[: heard.rindex(b"\r\n")]
    return heard.decode(errors="replace").replace("\r\n", "\n")
