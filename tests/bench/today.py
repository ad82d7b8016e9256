"""What the console's landing page costs in a large venue: how long it takes, and the console's memory.

Many visitors are online who came today, and the journal has a million visits of the years before; it grows while pages
are asked for. the console is served on a unix socket as behind nginx; the gate answers at its own socket, always
the same. Must not know: what a page shows.
"""

from __future__ import annotations

import http.client
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flask import Flask

from appliance import wire
from appliance.client import StandingClient
from appliance.steward.wire import Examination, Examine, Examined, LightName
from appliance.wire_console import LookAtVenue, VenueNow
from journal.entries import Entry, PasswordAsked, PasswordDelivered, PasswordSent, Stamp, VisitBegan
from journal.store import Store
from portal.console.site import COOKIE
from portal.serving import serve
from tests.bench import big_journal
from tests.bench.effort import Effort
from tests.bench.report import Better, Row, percentile
from tests.lab.run import ROOT
from tests.lab.waiting import until
from tests.support.console import console

_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
_ALMATY_MS = 5 * _HOUR_MS
"""What the venue's clocks are ahead of UTC."""
_STILL = b'<p class="state">'
"""On the page as long as figures are being counted."""


def measure(effort: Effort, visits: int, live: int) -> list[Row]:
    """The first page, when its figures are whole, the 99th percentile of those after, and the memory."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-today-", dir=ROOT / "build") as name:
        folder = Path(name)
        journal = folder / "gate" / "journal.db"
        journal.parent.mkdir()
        big_journal.make(journal, visits)
        midnight_ms = _next_midnight_ms(big_journal.FIRST_UTC_MS + visits * big_journal.SPACING_MS)
        now_ms = midnight_ms + 14 * _HOUR_MS
        store = Store.open(journal)
        try:
            store.append(list(_morning(live, midnight_ms, now_ms)))
            with _gate(folder / "gate.sock", live), _served(folder, now_ms) as process:
                began_s = time.monotonic()
                _page(folder)
                first_s = time.monotonic() - began_s
                until(lambda: _STILL not in _page(folder), "all entries of the day are counted", 60.0)
                whole_s = time.monotonic() - began_s
                took_ms = []
                for at in range(effort.requests):
                    if at % 10 == 0:
                        store.append(list(_morning(1, now_ms, now_ms + 1, f"new{at}")))
                    asked_s = time.monotonic()
                    _page(folder)
                    took_ms.append((time.monotonic() - asked_s) * 1000)
                memory_mib = _memory_mib(process.pid)
        finally:
            store.close()
    about = f"{live:,} online, {visits:,} visits in the journal"
    return [
        Row(f"today: page p99, {about}", percentile(took_ms, 99), "ms", Better.LOWER),
        Row(f"today: page p50, {about}", percentile(took_ms, 50), "ms", Better.LOWER),
        Row("today: first page after the start", first_s * 1000, "ms", Better.LOWER),
        Row("today: figures whole after the first page", whole_s, "s", Better.LOWER),
        Row("today: memory of the console's worker", memory_mib, "MiB", Better.LOWER),
    ]


def app(folder: str, now_ms: int) -> Flask:
    """What is served: the console below ``folder`` at that moment, the owner signed in."""
    made = console(Path(folder))
    client = StandingClient(f"{folder}/gate.sock")
    for asked in (LookAtVenue, wire.LookAtSpending):
        made.gate.answers[asked] = client.ask
    findings = tuple(Examination(True, "fine", "", name) for name in LightName)
    made.steward.answers[Examine] = lambda _: Examined(findings, now_ms)
    object.__setattr__(made.site, "now", lambda: datetime.fromtimestamp(now_ms / 1000, UTC))
    return made.app


def _next_midnight_ms(utc_ms: int) -> int:
    return -(-(utc_ms + _ALMATY_MS) // _DAY_MS) * _DAY_MS - _ALMATY_MS


def _morning(live: int, since_ms: int, until_ms: int, name: str = "today") -> Iterator[tuple[Stamp, Entry]]:
    """So many visitors come between those moments and stay."""
    for visit in range(live):
        utc_ms = since_ms + (until_ms - since_ms) * visit // live
        stamp = Stamp(utc_ms, big_journal.BOOT, utc_ms - big_journal.FIRST_UTC_MS)
        who = big_journal.device_of(visit), big_journal.number_of(visit), f"{name}-{visit}"
        yield stamp, PasswordAsked(*who)
        yield stamp, PasswordSent(*who, "smsc")
        yield stamp, PasswordDelivered(*who, 2_000 + visit % 9_000)
        yield stamp, VisitBegan(who[2], who[0], ("10.77.0.10",), who[1], "sms")


@contextmanager
def _gate(path: Path, live: int) -> Iterator[None]:
    """A gate that says how many are online, and what was spent."""

    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline(wire.MAX_REQUEST_BYTES):
                spent = isinstance(wire.decode_request(line), wire.LookAtSpending)
                reply = wire.Spending(500, 9_000, 500, 300, 100, 80, False, ()) if spent else VenueNow(live, 20, 30)
                self.wfile.write(wire.encode(reply) + b"\n")

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with Server(str(path), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, name="gate")
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _served(folder: Path, now_ms: int) -> Iterator[subprocess.Popen[bytes]]:
    """As on the device: one worker of eight threads."""
    command = [sys.executable, "-m", "tests.bench.today", str(folder), str(now_ms)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            until(lambda: _listens(folder) or process.poll() is not None, "the console to listen", 30.0)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)


def _listens(folder: Path) -> bool:
    connection = _Connection(folder / "console.sock")
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


class _Connection(http.client.HTTPConnection):
    """To a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("console", timeout=60)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _page(folder: Path) -> bytes:
    connection = _Connection(folder / "console.sock")
    try:
        connection.request("GET", "/today", headers={"Cookie": f"{COOKIE}=owner"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body
    finally:
        connection.close()


def _memory_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    at = Path(sys.argv[1])
    serve(at / "console.sock", partial(app, str(at), int(sys.argv[2])), threads=8)
