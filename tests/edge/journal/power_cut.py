"""Power cuts at random moments, a thousand of them: what the disk may then hold, and what the journal makes of it.

    .venv/bin/python -m tests.edge.journal.power_cut [CUTS] [SEED]

strace(1) records every write and sync of a real writer. A cut takes the writes up to some moment: what was synced is on
the disk; each later write may be there, or not, or some of its sectors of 512 bytes, independently of the others, as a
disk with a cache that reorders may leave them. The log's directory entry counts as durable, since SQLite syncs it. Then
the store is opened as at a next start. What must hold: every acknowledged batch is there, at most one more is, batches
are whole, the chain and its checkpoints verify.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journal.entries import GateStopped
from journal.seal import verify
from journal.store import Store
from journal.visits import entries

ROOT = Path(__file__).parents[3]
SECTOR = 512
_CALL = re.compile(r"^(?:\d+ +)?(pwrite64|write|fsync|fdatasync|ftruncate)\((\d+)<([^>]*)>(?:, (.*))?\) += (\d+)")
_DATA = re.compile(r'^"((?:\\x[0-9a-f]{2})*)", (\d+)(?:, (\d+))?$')


@dataclass(frozen=True)
class Step:
    """A system call: ``data`` written at ``offset``, a file cut, or (neither) synced; without a file: acknowledged."""

    file: str
    offset: int = 0
    data: bytes | None = None
    cut_to: int | None = None
    acknowledged: int = 0


@dataclass
class Disk:
    """What is surely there, and what was written since the last sync of each file."""

    synced: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Step]] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        if step.data is not None or step.cut_to is not None:
            self.pending.setdefault(step.file, []).append(step)
            return
        image = self.synced.setdefault(step.file, bytearray())
        for written in self.pending.pop(step.file, ()):
            _apply(image, written)

    def after_cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files as the next start may find them."""
        found = {}
        # In one order: that of a set differs from run to run, and the same seed would cut otherwise each time.
        for file in sorted(self.synced.keys() | self.pending.keys()):
            image = bytearray(self.synced.get(file, b""))
            for step in self.pending.get(file, ()):
                for piece in _torn(step, chance):
                    _apply(image, piece)
            found[file] = bytes(image)
        return found


def record(folder: Path, batches: int) -> tuple[dict[str, bytearray], list[Step]]:
    """The files before, and every step of a writer of so many batches."""
    path, trace = folder / "journal.db", folder / "trace"
    Store.open(path).close()
    before = {"journal.db": bytearray(path.read_bytes())}
    calls = "trace=pwrite64,write,fsync,fdatasync,ftruncate"
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", calls, "-e", "signal=none", "-o", str(trace)]
    writer = [sys.executable, "-m", "tests.edge.journal.power_writer", str(path), str(batches)]
    subprocess.run([*strace, *writer], cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=120)
    return before, list(_steps(trace))


def _steps(trace: Path) -> Iterator[Step]:
    for line in trace.read_text(encoding="ascii").splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        name, descriptor, hexed, arguments, _ = call.groups()
        # -xx prints some paths in hexadecimal too.
        file = Path(bytes.fromhex(hexed.replace("\\x", "")).decode() if hexed.startswith("\\x") else hexed).name
        if name == "write" and descriptor == "1":
            data = _DATA.match(arguments)
            assert data is not None, line[:200]
            yield Step("", acknowledged=int(bytes.fromhex(data[1].replace("\\x", ""))))
        elif file not in ("journal.db", "journal.db-wal"):
            continue
        elif name == "pwrite64":
            data = _DATA.match(arguments)
            assert data is not None and data[3] is not None, line[:200]
            yield Step(file, int(data[3]), bytes.fromhex(data[1].replace("\\x", "")))
        elif name == "ftruncate":
            yield Step(file, cut_to=int(arguments))
        else:
            yield Step(file)


def survive(before: dict[str, bytearray], steps: Sequence[Step], cuts: int, seed: int, folder: Path) -> tuple[int, int]:
    """Cut so often, open and judge each time.

    Returns:
        How many cuts left an unsynced write in part or not at all, and how many the batch in flight whole.
    """
    chance = random.Random(seed)
    disk = Disk({name: bytearray(image) for name, image in before.items()})
    taken = acknowledged = torn = ahead = 0
    for moment in sorted(chance.randrange(1, len(steps) + 1) for _ in range(cuts)):
        for step in steps[taken:moment]:
            if step.file:
                disk.take(step)
            else:
                acknowledged = step.acknowledged
        taken = moment
        for name, image in disk.after_cut(chance).items():
            (folder / name).write_bytes(image)
        for rest in ("journal.db-shm", "journal.db-seal"):
            (folder / rest).unlink(missing_ok=True)
        kept = _judge(folder / "journal.db", acknowledged)
        torn += any(disk.pending.values())
        ahead += kept > acknowledged
    return torn, ahead


def _judge(path: Path, acknowledged: int) -> int:
    store = Store.open(path)  # checks the pages
    kept = int(store.kept().get("batch", b"0"))
    store.close()
    verdict = verify(path)
    assert verdict.first_bad is None, verdict.problem
    assert acknowledged <= kept <= acknowledged + 1, "what was acknowledged is there, and at most the one in flight"
    numbers = [entry.online for _, _, entry in entries(path) if isinstance(entry, GateStopped)]
    assert numbers == list(range(1, kept + 1))
    return kept


def _apply(image: bytearray, step: Step) -> None:
    if step.cut_to is not None:
        del image[step.cut_to :]
        image.extend(bytes(step.cut_to - len(image)))
        return
    assert step.data is not None
    image.extend(bytes(max(0, step.offset - len(image))))
    image[step.offset : step.offset + len(step.data)] = step.data


def _torn(step: Step, chance: random.Random) -> Iterator[Step]:
    match chance.choice(("there", "lost", "torn")):
        case "there":
            yield step
        case "torn" if step.data is not None:
            begin, end = step.offset, step.offset + len(step.data)
            while begin < end:
                stop = min(end, (begin // SECTOR + 1) * SECTOR)
                if chance.random() < 0.5:
                    yield Step(step.file, begin, step.data[begin - step.offset : stop - step.offset])
                begin = stop
        case _:
            pass


def main(cuts: int, seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="qaqpa-power-") as name:
        folder = Path(name)
        before, steps = record(folder, 400)
        torn, ahead = survive(before, steps, cuts, seed, folder)
    print(f"{cuts} cuts in {len(steps)} steps: nothing lost, every chain holds; {torn} with unsynced writes,")
    print(f"{ahead} found the batch in flight whole")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 67)
