"""The pieces an edge test of the sender is made of: SMSC processes, sender processes, what the gate hears."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sms.message import Message, Report, State
from tests.lab.waiting import PATIENCE_S, until

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "s3cr3t-8"
TEXT = "Құпия сөз: 428517"


def utc_ms() -> int:
    """Now."""
    return time.time_ns() // 1_000_000


def message(message_id: str, text: str = TEXT, to: str = "+77011234567", life_s: float = 300.0) -> Message:
    """A message as the gate makes it."""
    return Message(id=message_id, to=to, text=text, expires_utc_ms=utc_ms() + round(life_s * 1000))


def free_port() -> int:
    """A port nobody listens on now. The kernel gives it to nobody meanwhile either, for a connection or a listener of
    whatever test: it is none of those that it gives by itself (32768 and above)."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Process:
    """A child process whose standard error is kept."""

    def __init__(self, argv: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        with log.open("ab") as errors:
            self._child = subprocess.Popen(
                argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
            )
        self.stderr = log

    @property
    def pid(self) -> int:
        return self._child.pid

    def line(self) -> str:
        """The next line of its output."""
        assert self._child.stdout is not None
        return self._child.stdout.readline()

    def said(self) -> str:
        """Its standard error so far."""
        return self.stderr.read_text()

    def ask_to_end(self) -> None:
        """SIGTERM; ``ended`` waits."""
        self._child.terminate()

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        return self._reap()

    def end(self) -> int:
        """SIGTERM; its exit code."""
        self._child.terminate()
        return self._reap()

    def kill(self) -> None:
        """SIGKILL."""
        self._child.kill()
        self._reap()

    def _reap(self) -> int:
        try:
            return self._child.wait(timeout=PATIENCE_S)
        finally:
            if self._child.poll() is None:
                self._child.kill()
                self._child.wait()
            if self._child.stdout is not None:
                self._child.stdout.close()


class Smsc(Process):
    """The lab's SMSC."""

    def __init__(self, log: Path, port: int = 0, *options: str) -> None:
        self.log = log
        argv = [sys.executable, "-m", "tests.lab.smsc", "--port", str(port), "--log", str(log), *options]
        super().__init__(argv, log.with_suffix(".stderr"))
        ready = self.line().split()
        assert ready[:1] == ["ready"], self.said()
        self.port = int(ready[1])

    def submits(self) -> list[dict[str, Any]]:
        """What it was sent."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text().splitlines()]


class NpmSmsc(Process):
    """The other real SMSC."""

    def __init__(self, log: Path, **given: object) -> None:
        self.log = log
        options = {"log": str(log), "password": PASSWORD, **given}
        script = Path(__file__).with_name("npm_smsc.js")
        # By its path node would look for the package beside the script.
        environment = {**os.environ, "NODE_PATH": str(ROOT / ".venv" / "node_modules")}
        super().__init__(["node", str(script), json.dumps(options)], log.with_suffix(".stderr"), environment)
        ready = self.line().split()
        assert ready[:1] == ["ready"], self.said()
        self.port = int(ready[1])

    def said_of(self, key: str) -> list[dict[str, Any]]:
        """The lines of its log that have this key."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in map(json.loads, lines) if key in line]


FAST = {"back_off_start_s": 0.05, "back_off_cap_s": 0.2, "response_timeout_s": 20.0, "connect_timeout_s": 20.0}
"""Pauses are short. Answers are waited for: an SMSC on a machine that stands still for seconds has not failed."""


class Sender(Process):
    """The sender's process, on a socket and towards one provider or several."""

    def __init__(
        self,
        directory: Path,
        providers: list[dict[str, object]],
        peer_uids: list[int] | None = None,
        max_parts: int = 1,
    ) -> None:
        self.socket_path = directory / "sms.sock"
        usual = {"host": "127.0.0.1", "system_id": "venue", "password": PASSWORD, **FAST}
        given = {
            "socket_path": str(self.socket_path),
            "peer_uids": [os.getuid()] if peer_uids is None else peer_uids,
            "providers": [{**usual, **provider} for provider in providers],
            "max_parts": max_parts,
        }
        argv = [sys.executable, "-X", "dev", "-m", "tests.edge.sms.process", json.dumps(given)]
        super().__init__(argv, directory / "sender.stderr")
        until(self._listens, "the sender's socket", PATIENCE_S)

    def says(self, words: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until its log has these words."""
        until(lambda: words in self.said(), f"{words!r} in the sender's log", timeout_s)

    def _listens(self) -> bool:
        assert self._child.poll() is None, self.said()
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket_path)) == 0


class Gate:
    """What a client delivered, in order."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self._changed = threading.Condition()

    def deliver(self, report: Report) -> None:
        """For ``Client``."""
        with self._changed:
            self.reports.append(report)
            self._changed.notify_all()

    def hears(self, message_id: str, state: State, timeout_s: float = PATIENCE_S) -> Report:
        """The report with this state, once it has come."""
        found: list[Report] = []

        def there() -> bool:
            found[:] = [r for r in self.reports if r.id == message_id and r.state is state]
            return bool(found)

        with self._changed:
            assert self._changed.wait_for(there, timeout_s), f"no {state} of {message_id} in {self.reports}"
        return found[0]

    def of(self, message_id: str) -> list[State]:
        """All states reported of one message."""
        with self._changed:
            return [report.state for report in self.reports if report.id == message_id]


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """A PDU by hand."""
    return struct.pack(">LLLL", 16 + len(body), command, status, sequence) + body


class RawSmsc:
    """A hand-written SMSC: ``behave`` gets each accepted connection, in a thread of its own, and may do anything."""

    def __init__(self, behave: Callable[[socket.socket, int], None], host: str = "127.0.0.1", port: int = 0) -> None:
        self._behave = behave
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._open: list[tuple[socket.socket, threading.Thread]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """End it and what it holds."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection, thread in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE_S)
            self.connections += 1
            thread = threading.Thread(target=self._one, args=(connection, self.connections))
            self._open.append((connection, thread))
            thread.start()

    def _one(self, connection: socket.socket, count: int) -> None:
        with connection, suppress(OSError):
            self._behave(connection, count)


def read_pdu(connection: socket.socket) -> tuple[int, int, int, bytes]:
    """Command, status, sequence and body of the next PDU.

    Raises:
        ConnectionError: the peer closed.
    """
    header = _exactly(connection, 16)
    length, command, status, sequence = struct.unpack(">LLLL", header)
    return command, status, sequence, _exactly(connection, length - 16)


def _exactly(connection: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        piece = connection.recv(count - len(octets))
        if not piece:
            raise ConnectionResetError
        octets += piece
    return octets
