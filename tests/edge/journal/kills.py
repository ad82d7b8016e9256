"""Kill -9 at random moments: what was acknowledged is there, what is there is whole.

.venv/bin/python -m tests.edge.journal.kills [KILLS] [SEED]
"""

from __future__ import annotations

import random
import select
import subprocess
import sys
import tempfile
import time
from itertools import groupby
from pathlib import Path

from journal.entries import GateStopped
from journal.seal import verify
from journal.store import Store
from tests.edge.journal.samples import read

ROUND = 50
"""Kills of one journal, which grows and is read whole after each."""
ROOT = Path(__file__).parents[3]


def _run_and_kill(path: Path, after_s: float) -> int:
    """Start a writer, kill it that long after it began to open the store; the last acknowledged batch, or 0."""
    command = [sys.executable, "-m", "tests.edge.journal.crash_writer", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT) as writer:
        try:
            assert writer.stdout is not None
            assert select.select([writer.stdout], [], [], 300)[0], "the writer did not start in 300 s"
            told = writer.stdout.read(6)
            assert told == b"ready\n"
            deadline = time.monotonic() + after_s
            while (left := deadline - time.monotonic()) > 0 and select.select([writer.stdout], [], [], left)[0]:
                piece = writer.stdout.read(65536)
                assert piece, "the writer ended by itself"
                told += piece
        finally:
            writer.kill()
        told += writer.stdout.read()
    whole_lines = told[: told.rindex(b"\n")].split(b"\n")[1:]
    return int(whole_lines[-1]) if whole_lines else 0


def survive(path: Path, kills: int, seed: int) -> int:
    """Kill a writer so often, and judge what is there each time; how many batches there are in the end."""
    moments = random.Random(seed)
    in_opening = recovered = acknowledged = 0
    for turn in range(kills):
        longer = 10 if acknowledged < turn else 1  # where writing takes long
        last = _run_and_kill(path, moments.choice((0.004, 0.04, 0.1)) * moments.random() * longer)
        in_opening += last == 0
        acknowledged = max(acknowledged, last)
        if not path.exists():
            continue
        # First as a reader finds it, with the killed writer's log still beside it, then as the next writer does.
        if moments.random() < 0.5 and acknowledged:
            assert verify(path).first_bad is None
        store = Store.open(path)
        kept = int(store.kept().get("batch", b"0"))
        store.close()
        assert verify(path).first_bad is None
        numbers = [entry.online for _, entry in read(path) if isinstance(entry, GateStopped)]
        batches = {batch: len(list(group)) for batch, group in groupby(numbers)}
        assert batches == {batch: batch % 7 + 1 for batch in range(1, kept + 1)}, "whole batches, in order, none lost"
        assert acknowledged <= kept <= acknowledged + 1, "at most the one in flight was not acknowledged"
        recovered += kept > acknowledged
        acknowledged = kept
    assert acknowledged > kills, "the kills left time to write"
    assert in_opening > 0, "some kills came while the store was being opened"
    print(f"{kills} kills, {in_opening} while opening, {acknowledged} batches, {recovered} in flight and kept")
    return acknowledged


def main(kills: int, seed: int) -> None:
    for turn in range(0, kills, ROUND):
        with tempfile.TemporaryDirectory(prefix="qaqpa-kills-") as name:
            survive(Path(name) / "journal.db", min(ROUND, kills - turn), seed + turn)
    print(f"{kills} kills: nothing lost, every chain holds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 67)
