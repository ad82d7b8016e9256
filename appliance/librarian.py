"""The thread that keeps the journal's index up to date, so that the console finds a visit among a million.

It takes in a little at a time and rests in between: an index that lags costs a search some milliseconds, a busy thread
would cost every visitor. Must not know: what is in the index, who searches.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from journal.errors import JournalError
from journal.index import Indexer

log = logging.getLogger(__name__)

EVERY_S = 10.0
REST_S = 0.2
"""Between two steps of 20 ms, when there is much to do."""


class Librarian:
    """Between ``start`` and ``stop``."""

    def __init__(self, journal: Path) -> None:
        self._indexer = Indexer(journal)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="appliance.librarian")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after at most one more step."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        wait_s = REST_S
        while not self._over.wait(wait_s):
            wait_s = EVERY_S
            try:
                if self._indexer.step():
                    wait_s = REST_S
            except JournalError as error:
                log.warning("visits are found more slowly, since the index cannot be kept: %s", error)
        self._indexer.close()
