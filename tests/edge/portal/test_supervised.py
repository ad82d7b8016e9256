"""systemd's watchdog and the pages: who lives and answers nobody is found out, and who is told to end ends."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.proving import answers
from tests.edge.portal.served import served
from tests.lab.waiting import PATIENCE_S, until
from tests.support.systemd import Supervisor, supervising

WATCHDOG_S = 1.0
QUIET_S = 1.5
THREADS = 3
_WAITS = """
import sys, time
from pathlib import Path
from portal.serving import serve

at = Path(sys.argv[1])

def create():
    def application(environ, start_response):
        while environ["PATH_INFO"] == "/waits" and not (at / "freed").exists():
            time.sleep(0.05)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "8")])
        return [b"answered"]
    return application

serve(at / "its.sock", create, threads=int(sys.argv[2]))
"""


@contextlib.contextmanager
def serving(at: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """An application of which ``/waits`` waits for the file ``freed``."""
    line = [sys.executable, "-c", _WAITS, str(at), str(THREADS)]
    with subprocess.Popen(line, env={**os.environ, **environment}) as process:
        try:
            until(lambda: answers(at / "its.sock"), "it to serve")
            yield process
        finally:
            process.kill()


def asks(at: Path, path: str) -> socket.socket:
    """A connection on which this was asked."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE_S)
    connection.connect(str(at / "its.sock"))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return connection


def test_pages_that_no_thread_is_left_for_are_told_by_silence(tmp_path: Path) -> None:
    with supervising(WATCHDOG_S) as supervisor, serving(tmp_path, supervisor.environment()):
        speaks(supervisor)
        waiting = [asks(tmp_path, "/waits") for _ in range(THREADS)]
        supervisor.silence(QUIET_S)  # what was on its way
        try:
            assert supervisor.silence(QUIET_S)
        finally:
            (tmp_path / "freed").touch()
            for each in waiting:
                each.close()
        supervisor.hears("WATCHDOG=1", times=3)
        assert supervisor.heard.count("READY=1") == 1


def test_whoever_is_told_to_end_answers_what_was_asked_before(tmp_path: Path) -> None:
    with serving(tmp_path, {}) as process, contextlib.closing(asks(tmp_path, "/waits")) as asked:
        idle = asks(tmp_path, "/")
        assert b"answered" in everything(idle)
        process.terminate()
        until(lambda: not answers(tmp_path / "its.sock"), "it to take no more")
        assert process.poll() is None
        (tmp_path / "freed").touch()
        assert everything(asked).endswith(b"answered")
        assert process.wait(timeout=PATIENCE_S) == 0


def test_the_portal_is_one_process_that_says_that_it_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with supervising(WATCHDOG_S) as supervisor:
        for name, value in supervisor.environment().items():
            monkeypatch.setenv(name, value)
        with served(tmp_path / "portal.sock", tmp_path / "gate.sock", tmp_path / "log") as process:
            speaks(supervisor)
            # Another would hold all of it once more.
            assert Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text() == ""


def speaks(supervisor: Supervisor) -> None:
    supervisor.ready()
    supervisor.hears("WATCHDOG=1", times=3)


def everything(connection: socket.socket) -> bytes:
    with connection:
        said = b""
        while piece := connection.recv(65536):
            said += piece
        return said
