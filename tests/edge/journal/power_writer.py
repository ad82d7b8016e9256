"""A writer whose every system call is recorded, for ``tests.edge.journal.power_cut``; ends by itself.

Run as ``python -m tests.edge.journal.power_writer PATH BATCHES``. Does what the gate does: batches with kept rows, a
checkpoint now and then, retention. Says each batch on its output as soon as it is acknowledged.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from journal.entries import GateStopped, PasswordAsked, RetentionRan
from journal.signing import SealKey
from journal.store import Store
from tests.edge.journal.samples import NUMBER, PHONE, at


def main(path: Path, batches: int) -> None:
    store = Store.open(path)
    # Many checkpoints of SQLite's own: by default one comes after a thousand pages.
    store._connection.execute("PRAGMA wal_autocheckpoint = 23")
    key, last = SealKey(b"k" * 32), 0
    for batch in range(1, batches + 1):
        asked = [(at(batch), PasswordAsked(PHONE, NUMBER, str(batch)))] * (batch % 3)
        last = store.append([*asked, (at(batch), GateStopped(batch))], {"batch": b"%d" % batch, "x": bytes(batch * 7)})
        os.write(1, b"%d\n" % batch)
        if batch % 10 == 0:
            store.seal(key, at(batch))
        if batch % 40 == 0:
            store.append([(at(batch + 86_401), RetentionRan(1, at(batch).utc_ms + 1, last))])
            store.expire(0, last // 2, (), 1000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
