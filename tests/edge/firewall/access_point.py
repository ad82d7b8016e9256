"""A real hostapd whose driver "none" has no radio: its control socket and its list of stations are the real ones."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab.waiting import until


class AccessPoint:
    """One hostapd with one BSS.

    Args:
        folder: where its control socket is.
        name: the BSS's.
        prefix: what its command line begins with, such as ``ip netns exec NAME``.
    """

    def __init__(self, folder: Path, name: str, prefix: Sequence[str] = ()) -> None:
        self._prefix = prefix
        self._conf, self.path = folder.parent / f"{name}.conf", folder / name
        self._conf.write_text(f"interface={name}\ndriver=none\nctrl_interface={folder}\n")
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([*self._prefix, "hostapd", str(self._conf)], stdout=subprocess.DEVNULL)
        until(self._answers, "hostapd's control socket")

    def stop(self, kill: bool = False) -> None:
        (self._process.kill if kill else self._process.terminate)()
        self._process.wait()

    def connect(self, mac: str) -> None:
        self._command(f"NEW_STA {mac}")

    def disconnect(self, mac: str) -> None:
        self._command(f"DISASSOCIATE {mac}")

    def _command(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
            control.settimeout(15)
            # No abstract name: hostapd could not answer it from another network namespace.
            own = self._conf.with_suffix(".client")
            own.unlink(missing_ok=True)
            control.bind(str(own))
            control.connect(str(self.path))
            control.send(command.encode())
            assert control.recv(4096) in (b"OK\n", b"PONG\n")

    def _answers(self) -> bool:
        try:
            self._command("PING")
        except OSError:
            return False
        return True
