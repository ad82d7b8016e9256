"""Readers beside the one writer: while it runs, after it was killed, as root when the writer is another user."""

from __future__ import annotations

import os
import pwd
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from journal import visits
from journal.database import reading
from journal.errors import Cause, JournalUnavailable
from journal.seal import verify
from journal.store import Store
from tests.edge.journal.gate_user import GATE_USER
from tests.edge.journal.samples import read, stay, write

ROOT = Path(__file__).parents[3]


def _as_gate(what: str, path: Path, first: int = 0, last: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.edge.journal.gate_user", what, str(path), str(first), str(last)]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60, check=False)


@pytest.fixture
def path() -> Iterator[Path]:
    """Where the gate's user may make a journal. Not pytest's own directory, which only root can enter."""
    user = pwd.getpwnam(GATE_USER)
    with tempfile.TemporaryDirectory(prefix="qaqpa-journal-") as above:
        Path(above).chmod(0o755)
        directory = Path(above) / "lib"
        directory.mkdir(mode=0o750)
        os.chown(directory, user.pw_uid, user.pw_gid)
        yield directory / "journal.sqlite3"


def _write(path: Path, *, killed: bool, first: int, last: int) -> None:
    done = _as_gate("killed" if killed else "write", path, first, last)
    assert done.returncode == (-signal.SIGKILL if killed else 0)


@pytest.mark.parametrize("killed", [True, False])
@pytest.mark.parametrize("log_lost", [True, False])
def test_root_reads_another_users_journal_and_leaves_it_usable(path: Path, killed: bool, log_lost: bool) -> None:
    _write(path, killed=killed, first=0, last=4)
    assert Path(f"{path}-wal").exists() is killed
    if log_lost:  # as after a reboot that came between: no shared memory file, root has to make it
        Path(f"{path}-shm").unlink(missing_ok=True)
    before = os.umask(0o077)
    try:
        assert verify(path).entries == 4
        assert read(path) == stay()[:4]
    finally:
        os.umask(before)
    owners = {entry.stat().st_uid for entry in path.parent.iterdir()}
    assert owners == {pwd.getpwnam(GATE_USER).pw_uid}
    _write(path, killed=False, first=4, last=10)
    assert read(path) == stay()
    assert verify(path).first_bad is None


def test_root_begins_reading_before_the_writer_starts_again(path: Path) -> None:
    _write(path, killed=True, first=0, last=4)
    rows = visits.entries(path)
    assert next(rows)[0] == 1
    _write(path, killed=True, first=4, last=10)
    assert [seq for seq, _, _ in rows] == [2, 3, 4], "one snapshot"
    assert read(path) == stay()


def test_reading_while_another_process_writes(path: Path) -> None:
    command = [sys.executable, "-m", "tests.edge.journal.crash_writer", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as writer:
        try:
            assert writer.stdout is not None
            for line in writer.stdout:
                if line == b"5\n":
                    break
            counts = []
            for _ in range(20):
                verdict = verify(path)
                assert verdict.first_bad is None
                assert len(list(visits.entries(path))) >= verdict.entries
                counts.append(verdict.entries)
            assert counts == sorted(counts) and counts[-1] > counts[0] >= 5
        finally:
            writer.kill()
    assert verify(path).entries >= counts[-1]


def test_a_long_reader_sees_one_state_and_stops_no_writer(path: Path) -> None:
    store = Store.open(path)
    store.append(stay()[:4])
    rows = visits.entries(path)
    next(rows)
    for _ in range(3000):  # past several checkpoints
        store.append(stay()[:1])
    assert [seq for seq, _, _ in rows] == [2, 3, 4]
    store.close()
    assert verify(path).entries == 3004


def test_two_questions_of_one_reader_have_the_same_state(path: Path) -> None:
    store = Store.open(path)
    store.append(stay()[:4])
    with reading(path) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (4,)
        store.append(stay()[4:])
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (4,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM kept")
    store.close()


def test_a_reader_makes_no_journal(path: Path) -> None:
    with pytest.raises(JournalUnavailable) as missing:
        verify(path)
    assert missing.value.cause is Cause.MISSING
    assert list(path.parent.iterdir()) == []


def test_a_user_outside_the_group_is_refused(path: Path) -> None:
    write(path, stay())
    path.chmod(0o600)

    assert _as_gate("refused", path).stdout.split() == [Cause.FORBIDDEN, Cause.FORBIDDEN]


def test_an_abandoned_iteration_lets_the_file_go(path: Path) -> None:
    write(path, stay())
    rows = visits.entries(path)
    next(rows)
    del rows
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",), "nobody else has it open"
