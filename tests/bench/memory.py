"""What the whole product takes of the machine's memory: every process of a venue with a console, and two screens.

The proportional set size (PSS) counts what processes share once: their sum is what the machine has less. Looked at
with nobody online, and with a crowd while pages are asked for; with a steward that was just asked, and without the one
that rests when nobody asks. Must not know: what a process keeps.
"""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.bench import crowd
from tests.bench.effort import QUICK, Effort
from tests.bench.report import Better, Row
from tests.bench.stages import family
from tests.lab.device import QAQPA, STAFF_UNITS, UNITS
from tests.lab.run import ROOT, command_line, run
from tests.lab.venue import PORTAL, Venue
from tests.lab.waiting import until

_VISITS, _PAGES, _CONNECTIONS = 1_000, 600, 32
_SCREENS = 2


def measure(effort: Effort) -> list[Row]:
    """PSS by process, with the crowd and with nobody beside it."""
    visits, pages = (20, 40) if effort is QUICK else (_VISITS, _PAGES)
    with ExitStack() as stack:
        venue = stack.enter_context(Venue.open("qm-", visitors=1, office=True))
        # The first start makes the journal, and whoever is asked works: neither is how a box stands all day.
        venue.processes["gate"].stop()
        venue.restart("gate")
        screens = [stack.enter_context(_screen(venue)) for _ in range(_SCREENS)]
        nobody = _by_process(venue, screens)
        _admit(venue, visits)
        _ask_pages(venue, pages)
        full = _by_process(venue, screens)
    about = f"{visits:,} visits, nobody beside"
    rows = [Row(f"memory: {name}, {about}", full[name], "MiB", Better.LOWER, nobody[name]) for name in full]
    for what, resting in (("all", ()), ("all while the steward rests", ("steward",))):
        most, least = (sum(mib for name, mib in each.items() if name not in resting) for each in (full, nobody))
        rows.append(Row(f"memory: {what}, {about}", most, "MiB", Better.LOWER, least))
    return rows


def pss_mib(pid: int) -> float:
    """Of one process, without its children."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def _by_process(venue: Venue, screens: list[int]) -> Mapping[str, float]:
    named = {unit: [venue.processes[unit].pid] for unit in (*UNITS, *STAFF_UNITS)} | {"screens": screens}
    return {name: sum(_family_mib(pid) for pid in pids) for name, pids in named.items()}


def _family_mib(pid: int) -> float:
    found = pss_mib(pid)
    for each in family(pid)[1:]:
        with suppress(FileNotFoundError, ProcessLookupError):  # a command that it ran, and that has ended meanwhile
            found += pss_mib(each)
    return found


def _admit(venue: Venue, visits: int) -> None:
    for unit in ("gate", "dnsmasq-lan"):
        venue.processes[unit].stop()
    crowd.keep(venue.places.state, visits, ipv6=False)
    for unit in ("dnsmasq-lan", "gate"):
        venue.restart(unit)


def _ask_pages(venue: Venue, count: int) -> None:
    phone = venue.visitors[0]
    phone.connect()
    line = ["ab", "-q", "-l", "-n", str(count), "-c", str(_CONNECTIONS), f"http://{PORTAL}/"]
    said = run(line, namespace=phone.namespace, timeout_s=60.0).stdout
    assert "Failed requests:        0" in said and "Non-2xx" not in said, said


@contextmanager
def _screen(venue: Venue) -> Iterator[int]:
    """A terminal on which the box's state stands."""
    ours, theirs = pty.openpty()
    shown = bytearray()

    def look() -> None:
        with suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 65536):
                shown.extend(piece)

    words = [QAQPA, "screen", "--terminal", "ttyS0", "--config", str(venue.places.config)]
    line = command_line(words, namespace=venue.gate)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "linux"}
    with subprocess.Popen(line, stdin=theirs, stdout=theirs, cwd=ROOT, env=environment) as process:
        os.close(theirs)
        looking = threading.Thread(target=look, name="screen", daemon=True)
        looking.start()
        try:
            # The venue's name is on it, and the address that the code is of.
            until(lambda: b"Qaqpa Lab" in shown and b"8443" in shown, "the screen to show something")
            yield process.pid
        finally:
            process.kill()
    looking.join()
    os.close(ours)
