"""systemd's side of sd_notify(3): what a process said to it, in order."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.lab.waiting import until


class Supervisor:
    """Listens where ``environment`` says."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        self._path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._socket.setblocking(False)
        self._patience_s = patience_s
        self.heard: list[str] = []

    def environment(self) -> dict[str, str]:
        """What a process is started with besides its own."""
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": str(int(self._patience_s * 1e6))}

    def listen(self) -> list[str]:
        """All lines that were said so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self._socket.recv(4096).decode().splitlines()
        return self.heard

    def ready(self) -> None:
        """Waits until whoever was started has said that it serves."""
        until(lambda: "READY=1" in self.listen(), "READY=1")

    def hears(self, line: str, times: int = 1) -> None:
        """Waits until it has been said that often from now on."""
        before = self.listen().count(line)
        until(lambda: self.listen().count(line) >= before + times, f"{line} said {times} times")

    def silence(self, for_s: float) -> bool:
        """Whether nothing is said for so long. What was said before is heard first."""
        before = len(self.listen())
        with contextlib.suppress(BlockingIOError):
            self._socket.settimeout(for_s)
            try:
                self.heard += self._socket.recv(4096).decode().splitlines()
            except TimeoutError:
                return True
            finally:
                self._socket.setblocking(False)
        return len(self.heard) == before

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def supervising(patience_s: float) -> Iterator[Supervisor]:
    """A supervisor with that patience, at a path short enough for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101
        made = Supervisor(Path(folder), patience_s)
        try:
            yield made
        finally:
            made.close()
