"""An inspector who comes again and again, takes an extract and has it judged, whatever else goes on.

Must not know: what is in the journal, the faults.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from tests.chaos.book import Book, Inspected, now_ms
from tests.lab import device
from tests.lab.run import run
from tests.lab.venue import Venue

_EVERY_S = 8.0


class Over(Protocol):
    """Whether the day is."""

    def wait(self, seconds: float) -> bool: ...


class Inspector:
    """``work`` is its thread."""

    def __init__(self, venue: Venue, book: Book[Inspected], over: Over) -> None:
        self._venue, self._book, self._over = venue, book, over

    def work(self) -> None:
        """Until all is over."""
        target = self._venue.places.folder / "inspected"
        while not self._over.wait(_EVERY_S):
            shutil.rmtree(target, ignore_errors=True)
            self._book.write(self._inspect(target))

    def _inspect(self, target: Path) -> Inspected:
        began_ms = now_ms()
        words = ("journal", "extract", "--why", "inspection", "--format", "jsonl", "--output", str(target))
        made = self._qaqpa(*words)
        if made:
            return Inspected(began_ms, now_ms(), made=False, said=made)
        judged = run([device.QAQPA, "journal", "check", str(target)], check=False)
        return Inspected(began_ms, now_ms(), made=True, whole=judged.code == 0, said=judged.stderr[-300:])

    def _qaqpa(self, *words: str) -> str:
        """What was wrong; "" if nothing."""
        line = [device.QAQPA, *words[:2], "--config", str(self._venue.places.config), *words[2:]]
        done = run(line, namespace=self._venue.gate, check=False)
        return "" if done.code == 0 else done.stderr[-300:] or f"exit code {done.code}"
