"""What an extract of a large journal costs: seconds and memory, each format in a process of its own.

.venv/bin/python -m tests.bench.extracts JOURNAL FORMAT FOLDER      # one measurement, as a line of JSON
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from journal.columns import Language
from journal.extract import make
from journal.extract_data import Order
from journal.wanted import Wanted
from tests.bench import big_journal
from tests.bench.report import Better, Row
from tests.lab.run import program, run


def measure(folder: Path, visits: int, formats: Iterable[str]) -> list[Row]:
    """Rows for a journal of so many visits, which is made first."""
    journal = folder / "big.db"
    big_journal.make(journal, visits)
    rows = []
    for form in formats:
        line = program("tests.bench.extracts", str(journal), form, str(folder))
        told = json.loads(run(line, timeout_s=1800.0).stdout)
        name = f"extract: {visits:,} visits to {form}"
        rows.append(Row(name, told["seconds"], "s", Better.LOWER))
        rows.append(Row(f"{name}, memory", told["rss_mib"], "MiB", Better.LOWER))
    return rows


def one(journal: Path, form: str, folder: Path) -> dict[str, float]:
    """A whole extract in that format, without a signature; seconds, and the largest this process ever was."""
    target = folder / f"extract-{form}"
    order = Order(
        wanted=Wanted(),
        by="bench",
        why="bench",
        made=datetime.now(UTC),
        venue="Qaqpa",
        rules="67/2016",
        version="0",
        zone=ZoneInfo("Asia/Almaty"),
        language=Language.KAZAKH,
        formats=(form,),
    )
    began = time.monotonic()
    make(journal, target, order, signer=None)
    seconds = time.monotonic() - began
    for path in target.iterdir():
        path.unlink()
    target.rmdir()
    return {"seconds": seconds, "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(one(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))
