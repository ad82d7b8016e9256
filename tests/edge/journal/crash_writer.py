"""A writer to be killed: appends batches until then, and says on its output which have been acknowledged.

Run as ``python -m tests.edge.journal.crash_writer PATH``. Prints ``ready`` when it is about to open the store, then
the number of each batch as soon as ``append`` has returned. Batch n has n % 7 + 1 entries, which all carry n, and sets
the kept row ``batch`` to n.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from journal.entries import GateStopped
from journal.store import Store
from tests.edge.journal.samples import at


def main(path: Path) -> None:
    os.write(1, b"ready\n")
    store = Store.open(path)
    first = int(store.kept().get("batch", b"0")) + 1
    for batch in count(first):
        store.append([(at(batch), GateStopped(batch))] * (batch % 7 + 1), {"batch": b"%d" % batch})
        os.write(1, b"%d\n" % batch)  # unbuffered: what was acknowledged is in the pipe when the kill comes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
