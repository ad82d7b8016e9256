"""What the served portal needs around it: a gate behind a unix socket, the portal's process, curl as the phone.

Must not know: pages.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

from appliance import wire
from appliance.errors import WireError
from appliance.wire import Refusal, Refused
from tests.unit.portal.gate import GateWithState
from tests.unit.portal.phone import IP, Seen

START_S = 120.0
"""It starts in about a second; a busy machine of two cores gets more."""


class GateServer:
    """The gate with state behind a real unix socket; connections stay open, as the gate's do."""

    def __init__(self, path: Path, gate: GateWithState) -> None:
        self._path, self._gate = path, gate
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="gate")
        self._thread.start()

    def kill(self) -> None:
        """As kill -9 leaves it: nobody listens, the socket's file is still there."""
        os.write(self._stop_write, b".")
        self._thread.join(timeout=15)
        assert not self._thread.is_alive()
        self._listener.close()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _serve(self) -> None:
        with contextlib.ExitStack() as stack:
            peers: dict[socket.socket, BinaryIO] = {}
            while True:
                watched: list[socket.socket | int] = [self._listener, self._stop_read, *peers]
                ready, _, _ = select.select(watched, [], [])
                if self._stop_read in ready:
                    return
                if self._listener in ready:
                    connection = stack.enter_context(self._listener.accept()[0])
                    connection.settimeout(60)
                    peers[connection] = stack.enter_context(connection.makefile("rb"))
                for connection in peers.keys() & ready:
                    if not self._answered(connection, peers[connection]):
                        peers.pop(connection).close()
                        connection.close()

    def _answered(self, connection: socket.socket, lines: BinaryIO) -> bool:
        with contextlib.suppress(OSError):
            if line := lines.readline(wire.MAX_REQUEST_BYTES):
                connection.sendall(wire.encode(self._reply(line)) + b"\n")
                return True
        return False

    def _reply(self, line: bytes) -> wire.Reply:
        try:
            return self._gate.answer(wire.decode_request(line))
        except WireError:
            return Refused(Refusal.BAD_REQUEST)


@contextlib.contextmanager
def served(listen: Path, gate: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The portal's process serving on the unix socket ``listen``, ended afterwards.

    Raises:
        TimeoutError: it did not answer in time; carries its log.
    """
    told = json.dumps({"gate": str(gate), "venue": "Café «Q»", "language": "kk"})
    command = [sys.executable, "-m", "portal.visitor.serve", str(listen), told]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + START_S
            while not _answers(listen):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise TimeoutError(f"the portal does not answer:\n{log.read_text()}")
                # Its socket's appearance is no event that a stranger can wait on; a tenth of a second is the poll.
                select.select([], [], [], 0.1)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _answers(listen: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(str(listen))
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


@dataclass
class PhoneWithCurl:
    """Asks with curl what nginx would pass on."""

    listen: Path
    gate: GateWithState
    always: dict[str, str] = field(default_factory=lambda: {"X-Real-IP": IP, "Host": "10.77.0.1"})

    def get(self, path: str, headers: Mapping[str, str] = {}) -> Seen:
        return self.curl(path, headers)

    def post(self, path: str, form: Mapping[str, str] | bytes, headers: Mapping[str, str] = {}) -> Seen:
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        return self.curl(path, headers, "--data-binary", "@-", body=body)

    def curl(self, path: str, headers: Mapping[str, str], *options: str, body: bytes = b"") -> Seen:
        sent = [f"{name}: {value}" for name, value in {**self.always, **headers}.items()]
        command = ["curl", "-q", "--silent", "--show-error", "--include", "--max-time", "60", "--path-as-is"]
        command += ["--unix-socket", str(self.listen), *options]
        for line in sent:
            command += ["--header", line]
        done = subprocess.run([*command, f"http://portal{path}"], input=body, capture_output=True, check=True)
        return _seen(done.stdout.decode())


def _seen(text: str) -> Seen:
    head, _, body = text.partition("\r\n\r\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, body = body.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Seen(int(first.split()[1]), headers, body)
