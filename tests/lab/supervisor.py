"""systemctl for a machine without systemd: what it is asked is written down, and done by whoever started the lab.

    venue.restart("steward")                    # with --systemctl venue.supervisor.program
    venue.supervisor.until(lambda: it_happened(), "it to happen")

The processes are children of the lab's own thread, which alone may start them anew (see ``run.start``): so it serves
while it waits. Must not know: who restarts what, and why.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from tests.lab.device import Places
from tests.lab.run import Process
from tests.lab.waiting import until

T = TypeVar("T")

_SCRIPT = """#!/bin/sh
ask="{folder}/$(date +%s%N)-$$"
echo "$1 $2" > "$ask.new"
mv "$ask.new" "$ask.ask"
while [ ! -e "$ask.done" ]; do sleep 0.05; done
"""


class Processes(Protocol):
    """Of a venue, by the names of their units."""

    @property
    def places(self) -> Places: ...

    @property
    def processes(self) -> Mapping[str, Process]: ...

    def restart(self, unit: str) -> None:
        """Start it again, and wait until it can be asked."""
        ...


class Supervisor:
    """Restarts a venue's processes on demand."""

    def __init__(self, venue: Processes) -> None:
        self._venue = venue
        self._folder = venue.places.folder / "units"
        self._folder.mkdir(exist_ok=True)
        self.program = self._folder / "systemctl"
        self.program.write_text(_SCRIPT.format(folder=self._folder))
        self.program.chmod(0o755)
        self.done: list[str] = []
        """What was done, such as "restart gate"."""

    def until(self, condition: Callable[[], T | None], what: str, timeout_s: float = 120.0) -> T:
        """As ``waiting.until``, and whatever is asked meanwhile is done."""

        def served() -> T | None:
            for ask in sorted(self._folder.glob("*.ask")):
                self._do(ask)
            return condition()

        return until(served, what, timeout_s)

    def _do(self, ask: Path) -> None:
        verb, unit = ask.read_text().replace("qaqpa-", "").replace(".service", "").split()
        process = self._venue.processes.get(unit)
        if process is not None and verb == "try-reload-or-restart":
            process.send(signal.SIGHUP)
        elif process is not None:
            process.stop()
            self._venue.restart(unit)
        self.done.append(f"{verb} {unit}")
        ask.with_suffix(".done").touch()
        ask.unlink()
