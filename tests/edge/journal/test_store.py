"""The one writer on a real file."""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database

from journal.database import connect_writer
from journal.entries import GateStarted, GateStopped
from journal.errors import Cause, JournalCorrupt, JournalNewer, JournalUnavailable
from journal.layout import STEPS, taken
from journal.migrations import steps
from journal.seal import verify
from journal.store import Store
from tests.edge.journal.samples import at, read, stay, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def test_what_is_appended_is_read_and_verifies(path: Path) -> None:
    store = Store.open(path)
    assert store.append([]) == 0
    assert store.append(stay()[:4]) == 4
    assert store.append(stay()[4:]) == 10
    store.close()
    assert read(path) == stay()
    verdict = verify(path)
    assert (verdict.entries, verdict.first_bad, verdict.problem) == (10, None, "")


def test_a_journal_goes_on_after_it_was_closed(path: Path) -> None:
    write(path, stay()[:3])
    head = verify(path).head
    write(path, stay()[3:])
    assert read(path) == stay()
    assert verify(path).entries == 10 and verify(path).head != head


def test_kept_is_written_and_deleted_with_the_entries(path: Path) -> None:
    store = Store.open(path)
    store.append(stay()[:1], {"a": b"1", "b": b"\0\xff", "c": b""})
    store.append(stay()[1:2], {"a": b"2", "b": None, "never": None})
    assert store.kept() == {"a": b"2", "c": b""}
    assert store.append([], {"c": None}) == 2, "kept alone is a transaction too"
    store.close()
    store = Store.open(path)
    assert store.kept() == {"a": b"2"}
    store.close()


def test_modes_are_0640_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o077)
    try:
        store = Store.open(path)
        store.append(stay())
    finally:
        os.umask(before)
    for suffix in ("", "-wal", "-shm"):
        assert stat.S_IMODE(Path(f"{path}{suffix}").stat().st_mode) == 0o640
    store.close()
    path.chmod(0o666)
    Store.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_second_writer_is_refused_until_the_first_is_gone(path: Path) -> None:
    first = Store.open(path)
    with pytest.raises(JournalUnavailable) as refused:
        Store.open(path)
    assert refused.value.cause is Cause.IN_USE
    assert first.append(stay()) == 10
    first.close()
    first.close()
    Store.open(path).close()


def test_a_lock_that_another_program_holds_is_an_error_and_no_more(path: Path) -> None:
    store = Store.open(path)
    store._connection.execute("PRAGMA busy_timeout = 20")
    shell = sqlite3.connect(path, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable) as refused:
        store.append(stay())
    assert refused.value.cause is Cause.IN_USE
    shell.execute("ROLLBACK")
    shell.close()
    assert store.append(stay()) == 10
    store.close()


def test_a_batch_that_fails_half_way_leaves_nothing(path: Path) -> None:
    store = Store.open(path)
    store.append(stay()[:2], {"state": b"old"})
    with pytest.raises(JournalUnavailable):
        # kept values are never NULL or text: SQLite refuses the row after the entries went in
        store.append(stay()[2:], {"state": b"new", "bad": "text"})  # type: ignore[dict-item]
    assert store.kept() == {"state": b"old"}
    assert store.append(stay()[2:], {"state": b"new"}) == 10
    assert store.kept() == {"state": b"new"}
    store.close()
    assert read(path) == stay()
    assert verify(path).first_bad is None


def test_an_exception_of_ours_inside_the_transaction_rolls_back_too(path: Path) -> None:
    store = Store.open(path, salt=iter([b"0" * 16, b"1" * 16]).__next__)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        store.append(stay())
    assert store.kept() == {}
    with pytest.raises(TypeError):
        store.append(stay())
    store.close()
    assert read(path) == []


COPIED = "utc_ms, boot_id, boot_ms, kind, body, salt, digest, commitment FROM entries LIMIT 1"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}' WHERE seq = 2",
        "UPDATE entries SET body = '', salt = zeroblob(16) WHERE seq = 2",
        "UPDATE entries SET body = '', salt = zeroblob(16), commitment = zeroblob(31) WHERE seq = 2",
        "UPDATE entries SET body = '{}', salt = zeroblob(16), commitment = zeroblob(32) WHERE seq = 2",
        "UPDATE entries SET body = '', commitment = zeroblob(32) WHERE seq = 2",
        "UPDATE entries SET body = '', salt = zeroblob(16), commitment = zeroblob(32), utc_ms = 0 WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 10",
        f"INSERT OR REPLACE INTO entries SELECT 2, {COPIED}",
        f"INSERT INTO entries SELECT 12, {COPIED}",
        f"INSERT INTO entries SELECT 0, {COPIED}",
    ],
)
def test_sql_refuses_what_is_no_appending(path: Path, statement: str) -> None:
    write(path, stay())
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert read(path) == stay()


def test_opened_in_one_thread_used_in_another(path: Path) -> None:
    store = Store.open(path)
    last: list[int] = []
    owner = threading.Thread(target=lambda: last.append(store.append(stay())))
    owner.start()
    owner.join(10)
    assert last == [10]
    store.close()


def _commits(wal: Path) -> int:
    """Transactions in a write-ahead log: the frames whose header says the database's size after a commit (nonzero).

    https://www.sqlite.org/fileformat2.html#walformat
    """
    log = wal.read_bytes()
    page_size = struct.unpack_from(">I", log, 8)[0]
    salt = log[16:24]
    frames = range(32, len(log), 24 + page_size)
    return sum(struct.unpack_from(">I", log, at + 4)[0] > 0 for at in frames if log[at + 8 : at + 16] == salt)


def test_a_batch_is_one_transaction(path: Path) -> None:
    store = Store.open(path)
    before = _commits(Path(f"{path}-wal"))
    store.append([(at(n), GateStopped(n)) for n in range(256)], {f"device {n}": b"x" for n in range(64)})
    assert _commits(Path(f"{path}-wal")) == before + 1
    for n in range(10):
        store.append([(at(n), GateStopped(n))])
    assert _commits(Path(f"{path}-wal")) == before + 11
    store.close()


def test_durability_settings_are_on(path: Path) -> None:
    Store.open(path).close()
    connection = connect_writer(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
    connection.close()


def test_a_file_that_is_no_journal_is_refused_and_untouched(path: Path) -> None:
    garbage = b"not a database" * 1000
    path.write_bytes(garbage)
    with pytest.raises(JournalCorrupt):
        Store.open(path)
    assert path.read_bytes() == garbage


def test_any_damaged_page_is_noticed_at_the_start(path: Path) -> None:
    write(path, [(at(n), GateStopped(n)) for n in range(200)])
    whole = path.read_bytes()
    for page in range(0, len(whole), 4096):
        path.write_bytes(whole[:page] + b"\xaa" * 4096 + whole[page + 4096 :])
        with pytest.raises(JournalCorrupt) as noticed:
            Store.open(path)
        assert "\n" not in str(noticed.value)
    path.write_bytes(whole)
    Store.open(path).close()


def test_a_newer_journal_is_refused_and_its_writer_lock_released(path: Path) -> None:
    write(path, stay())
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO _sqlite_migrations VALUES (99, 'journal', 'holograms', '')")
    connection.commit()
    for _ in range(2):
        with pytest.raises(JournalNewer, match="holograms"):
            Store.open(path)
    connection.execute("DELETE FROM _sqlite_migrations WHERE id = 99")
    connection.commit()
    connection.close()
    Store.open(path).close()


def test_no_directory_and_no_permission_have_their_causes(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable) as missing:
        Store.open(tmp_path / "nowhere" / "journal.sqlite3")
    assert missing.value.cause is Cause.MISSING
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalUnavailable) as under_file:
        Store.open(tmp_path / "file" / "journal.sqlite3")
    assert under_file.value.cause is Cause.MISSING


def test_an_interrupted_first_start_is_mended_by_the_next(path: Path) -> None:
    path.touch()
    store = Store.open(path)
    assert store.append([(at(0), GateStarted("0.1.0", 0, 0))]) == 1
    store.close()
    connection = sqlite3.connect(path)
    assert not steps.pending(Database(connection, execute_plugins=False))
    connection.close()


def test_a_journal_of_an_earlier_layout_is_brought_up_to_date(path: Path) -> None:
    connection = sqlite3.connect(path)
    steps.apply(Database(connection, execute_plugins=False), stop_before=STEPS[1])
    connection.close()
    store = Store.open(path)
    assert store.append([(at(0), GateStarted("0.1.0", 0, 0))]) == 1
    store.close()
    connection = sqlite3.connect(path)
    assert taken(connection) == [*STEPS]
    connection.close()
