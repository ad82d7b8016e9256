"""The console reads the journal as its own user; whoever takes it over can neither change it nor keep the gate out."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance import journal_rights
from journal import database, shutting_out
from journal.index import Indexer, beside
from journal.opening import FILE_MODE
from journal.seal import verify
from journal.signing import SealKey
from journal.store import Store
from tests.edge.journal.console_user import CONSOLE_USER
from tests.edge.journal.samples import at, stay

ROOT = Path(__file__).parents[3]
KEY = SealKey(b"k" * 32)


@pytest.fixture
def path() -> Iterator[Path]:
    """In a folder as systemd-tmpfiles makes it (the gate is root here), with keys beside the journal."""
    with tempfile.TemporaryDirectory(prefix="qaqpa-journal-") as above:
        Path(above).chmod(0o755)
        folder = Path(above) / "gate"
        folder.mkdir()
        os.chown(folder, 0, pwd.getpwnam(CONSOLE_USER).pw_gid)
        folder.chmod(0o2750)
        for name in ("seal.key", "password.key"):
            (folder / name).write_bytes(b"k" * 32)
            (folder / name).chmod(0o600)
        yield folder / "journal.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Sealed and indexed, by a gate whose umask would let nobody read."""
    before = os.umask(0o077)
    try:
        opened = Store.open(path)
        opened.append(stay())
        opened.seal(KEY, at(70))
        indexer = Indexer(path)
        while indexer.step():
            pass
        yield opened
        indexer.close()
        opened.close()
    finally:
        os.umask(before)


def _command(what: str, path: Path) -> list[str]:
    return [sys.executable, "-m", "tests.edge.journal.console_user", what, str(path)]


def as_console(what: str, path: Path) -> list[str]:
    done = subprocess.run(_command(what, path), cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


@contextmanager
def holding(what: str, path: Path) -> Iterator[None]:
    pipe = subprocess.PIPE
    with subprocess.Popen(_command(what, path), cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.stdin.close()


def wrong(path: Path) -> list[str]:
    return [found.what for found in journal_rights.findings(path, CONSOLE_USER) if not found.ok]


def test_the_console_reads_while_the_gate_writes(path: Path, store: Store) -> None:
    assert as_console("read", path) == ["11 1"]
    assert wrong(path) == []
    store.append(stay())
    assert as_console("read", path) == ["21 2"]


@pytest.mark.usefixtures("store")
def test_the_console_reads_what_a_killed_gate_left(path: Path) -> None:
    """The log and its shared memory are there, and nobody has them open."""
    left = path.parent.with_name("left")
    left.mkdir()
    left.chmod(0o755)
    for file in path.parent.iterdir():
        copied = left / file.name
        copied.write_bytes(file.read_bytes())
        copied.chmod(0o644)
    assert as_console("read", left / path.name) == ["11 1"]


def test_a_console_taken_over_changes_nothing(path: Path, store: Store) -> None:
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    assert as_console("spoil", path) == []
    assert {name: path.with_name(name).read_bytes() for name in before} == before
    store.append(stay())


def test_who_holds_the_writers_lock_is_shut_out(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.close()
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    opened = Store.open(path)
    with holding("block", path):
        assert opened.append(stay()) == 21
        assert opened.append(stay()) == 31
        assert "the right to read it is taken away" in caplog.text
        assert "has mode 0600, so the console cannot read it" in wrong(path)[0]
        assert verify(path).first_bad is None
    opened.close()
    Store.open(path).close()
    assert wrong(path) == [], "given back at the next start"


def test_who_holds_it_does_not_keep_the_gate_from_starting(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate was killed: its log and shared memory are there, and locked."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    log, shared = (Path(f"{path}{suffix}") for suffix in ("-wal", "-shm"))
    kept = log.read_bytes(), shared.read_bytes()
    store.close()
    log.write_bytes(kept[0])
    shared.write_bytes(bytes(len(kept[1])))  # as the power leaves it: to be made anew, under that very lock
    shared.chmod(FILE_MODE)
    with holding("block", path):
        opened = Store.open(path)
        assert opened.append(stay()) == 21
        opened.close()


def test_who_lingers_does_not_make_the_log_grow(path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutting_out, "LOG_MOST_BYTES", 1_000_000)
    with holding("linger", path):
        longest = 0
        for _ in range(600):
            store.append(stay())
            longest = max(longest, Path(f"{path}-wal").stat().st_size)
        assert 900_000 < longest < 1_100_000
        assert verify(path).entries == 6011
    assert "has mode 0600" in wrong(path)[0]


def test_an_index_that_is_locked_is_made_anew(path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    indexer = Indexer(path)
    indexer.step()
    store.append(stay())
    with holding("block", beside(path)):
        while indexer.step():
            pass
        assert as_console("read", path) == ["21 2"]
    indexer.close()


@pytest.mark.usefixtures("store")
def test_a_writers_own_lock_shuts_nobody_out(path: Path) -> None:
    """A person's sqlite3 shell that writes would lose its lock, and two would write."""
    shared = Path(f"{path}-shm")
    locks = path.with_name("locks")
    inode = shared.stat().st_ino
    for kind, shut in (("WRITE", False), ("READ", True)):
        locks.write_text(f"1: POSIX  ADVISORY  {kind} 77 fe:00:{inode} 120 120\n")
        assert shutting_out.stood_in_the_way(path, locks) is shut
    locks.write_text(f"1: POSIX  ADVISORY  READ 77 fe:00:{inode} 123 128\n2: FLOCK  ADVISORY  READ 7 fe:00:1 0 EOF\n")
    assert not shutting_out.stood_in_the_way(path, locks), "those of honest readers"


@pytest.mark.usefixtures("store")
def test_the_doctor_names_what_is_open_or_closed(path: Path) -> None:
    path.with_name("seal.key").chmod(0o640)
    os.chown(path, 0, 0)
    said = "\n".join(wrong(path))
    assert f"{path} belongs to another group" in said
    assert "seal.key has mode 0640: others than the gate may open it" in said
