"""Durable entries a second: a batch a transaction beside a transaction an entry, on the same disk at the same time.

    .venv/bin/python -m tests.bench.journal [DIRECTORY]

Give a directory on the disk that matters; a tmpfs measures no disk. Also prints what writers at once get, and what
verifying, extracting and searching cost.
"""

from __future__ import annotations

import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from journal.entries import Entry, Stamp, VisitBegan, VisitEnded
from journal.index import Indexer
from journal.seal import verify
from journal.search import find
from journal.store import Store
from journal.visits import visits
from tests.bench import big_journal
from tests.support.csv_file import write_csv

BATCHES = (1, 4, 16, 64, 256, 1024)
WRITERS = (1, 16, 256)


@dataclass(frozen=True)
class Rate:
    """What one batch size gave."""

    batch: int
    entries: int
    seconds: float

    @property
    def per_s(self) -> float:
        """Durable entries a second."""
        return self.entries / self.seconds


def _pair(number: int) -> list[tuple[Stamp, Entry]]:
    stamp = Stamp(1_795_262_400_000 + number, "1b4e28ba-2fa1-41d2-883f-0016d3cca427", number)
    visit, device = f"{number:016x}", "02:00:00:00:00:01"
    return [
        (stamp, VisitBegan(visit, device, ("10.77.0.10",), "+77011234567", "sms")),
        (stamp, VisitEnded(visit, device, stamp.utc_ms + 1, "port")),
    ]


def measure(directory: Path, batch: int, seconds: float) -> Rate:
    """Append batches of that size for that long; each append also writes one kept row, as the gate does."""
    path = directory / f"batch-{batch}.sqlite3"
    entries = [line for number in range((batch + 1) // 2) for line in _pair(number)][:batch]
    store = Store.open(path)
    written, began = 0, time.monotonic()
    while (spent := time.monotonic() - began) < seconds:
        written = store.append(entries, {"state": b"%d" % written})
    store.close()
    return Rate(batch, written, spent)


def side_by_side(directory: Path, rounds: int = 4, round_s: float = 0.5) -> list[Rate]:
    """Every batch size in turn, several rounds, so that a slow moment of the disk meets all of them; sums of rounds."""
    totals = {batch: Rate(batch, 0, 0.0) for batch in BATCHES}
    for turn in range(rounds):
        for batch, total in totals.items():
            place = directory / f"round-{turn}"
            place.mkdir(exist_ok=True)
            rate = measure(place, batch, round_s)
            totals[batch] = Rate(batch, total.entries + rate.entries, total.seconds + rate.seconds)
    return list(totals.values())


def writers_at_once(directory: Path, writers: int, seconds: float) -> Rate:
    """So many threads, each with one entry at a time, each waiting until it is durable; one owner takes all that wait
    as one batch, as the engine does."""
    store = Store.open(directory / f"writers-{writers}.sqlite3")
    waiting: queue.SimpleQueue[threading.Event] = queue.SimpleQueue()
    over = threading.Event()
    entry = _pair(1)[:1]

    def write() -> None:
        while not over.is_set():
            durable = threading.Event()
            waiting.put(durable)
            durable.wait()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    written, began = 0, time.monotonic()
    while (spent := time.monotonic() - began) < seconds:
        batch = [waiting.get()]
        while len(batch) < writers:
            try:
                batch.append(waiting.get_nowait())
            except queue.Empty:
                break
        written = store.append(entry * len(batch), {"state": b"%d" % written})
        for durable in batch:
            durable.set()
    over.set()
    for thread in threads:
        while thread.is_alive():
            with suppress(queue.Empty):
                waiting.get(timeout=0.01).set()
    store.close()
    return Rate(writers, written, spent)


def searching(path: Path, visits_there: int, questions: int = 100) -> dict[str, list[float]]:
    """Milliseconds of single searches in a journal of ``big_journal`` with its index, by what was asked."""
    indexer = Indexer(path)
    while indexer.step():
        pass
    indexer.close()
    asked: dict[str, Callable[[int], str]] = {
        "number": big_journal.number_of,
        "device": big_journal.device_of,
        "end of a number": lambda visit: big_journal.number_of(visit)[-7:],
        "name": lambda visit: " ".join(big_journal.person_of(_documented(visit))[:2]),
        "frequent surname": lambda visit: big_journal.person_of(_documented(visit))[0],
    }
    took: dict[str, list[float]] = {what: [] for what in asked}
    for question in range(questions):
        visit = question * (visits_there // questions)
        for what, spelled in asked.items():
            start = time.perf_counter()
            found = find(path, spelled(visit), 20)
            took[what].append((time.perf_counter() - start) * 1000)
            if "name" in what:  # so many bear it that the newest twenty need not have this one
                assert found, (what, visit)
                assert all(one.surname.startswith(big_journal.person_of(_documented(visit))[0]) for one in found)
            else:
                assert any(one.visit == big_journal.name_of(visit) for one in found), (what, visit)
    return took


def _documented(visit: int) -> int:
    """The documented visit among ten neighbours."""
    return visit // 10 * 10 + 3


def reading(directory: Path, pairs: int = 50_000) -> tuple[float, float]:
    """Seconds to verify 2 * ``pairs`` entries, and to write the CSV of ``pairs`` visits."""
    path = directory / "reading.sqlite3"
    store = Store.open(path)
    for first in range(0, pairs, 1000):
        store.append([line for number in range(first, first + 1000) for line in _pair(number)])
    store.close()
    start = time.monotonic()
    assert verify(path).entries == 2 * pairs
    verified = time.monotonic()
    assert write_csv(visits(path), BytesIO(), ZoneInfo("Asia/Almaty")) == pairs
    return verified - start, time.monotonic() - verified


def main(parent: Path | None) -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory(prefix="qaqpa-bench-", dir=parent) as name:
        rates = side_by_side(Path(name))
        print("entries a transaction   durable entries/s   times")
        for rate in rates:
            print(f"{rate.batch:>21}   {rate.per_s:>17,.0f}   {rate.per_s / rates[0].per_s:>5.1f}")
        print("writers at once   durable entries/s   times one transaction an entry")
        for writers in WRITERS:
            rate = writers_at_once(Path(name), writers, 2.0)
            print(f"{writers:>15}   {rate.per_s:>17,.0f}   {rate.per_s / rates[0].per_s:>5.1f}")
        verify_s, csv_s = reading(Path(name))
        print(f"verify 100,000 entries: {verify_s:.2f} s; CSV of 50,000 visits: {csv_s:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
