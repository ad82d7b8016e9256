"""A copy made while the writer writes, and put back."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.books import COPY_BOOT, resume_copy
from appliance.performer import ALIVE, last_alive
from journal.backup import back_up, put_back
from journal.checkpoints import beside
from journal.entries import GateStopped, JournalBegan
from journal.errors import Cause, JournalCorrupt, JournalUnavailable
from journal.salvage import open_or_begin
from journal.seal import verify
from journal.signing import SealKey
from journal.store import Store
from tests.edge.journal.samples import NOON_MS, at, read, stay, write
from tests.edge.journal.tampering import tampering

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = SealKey(b"k" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_a_copy_is_one_moment_of_a_journal_that_is_written_to(path: Path) -> None:
    store = Store.open(path)
    store.append(stay())
    stop = threading.Event()
    batches: list[int] = []

    def go_on() -> None:
        while not stop.is_set():
            batches.append(store.append([(at(70), GateStopped(len(batches)))] * 7, {"batch": b"%d" % len(batches)}))

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for number in range(5):
            copy = path.with_name(f"copy-{number}.db")
            made = back_up(path, copy)
            assert (made.entries - 10) % 7 == 0, "whole batches"
            assert stat.S_IMODE(copy.stat().st_mode) == 0o600
            assert verify(copy) == made and len(read(copy)) == made.entries
    finally:
        stop.set()
        writer.join()
        store.close()
    assert verify(path).first_bad is None
    assert len(list(path.parent.glob("copy-*"))) == 5, "nothing else is left"


def test_a_copy_never_goes_over_a_file(path: Path) -> None:
    write(path, stay())
    copy = path.with_name("copy.db")
    copy.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        back_up(path, copy)
    assert copy.read_bytes() == b"precious"


def test_a_broken_chain_is_not_copied(path: Path) -> None:
    write(path, stay())
    with tampering(path) as connection:
        connection.execute("UPDATE entries SET utc_ms = 1 WHERE seq = 4")
    with pytest.raises(JournalCorrupt, match="entry 4"):
        back_up(path, path.with_name("copy.db"))
    assert not list(path.parent.glob("copy*"))


def test_a_copy_that_finds_no_room_says_so_and_leaves_nothing(path: Path) -> None:
    write(path, stay())
    with pytest.raises(JournalUnavailable) as refused:
        back_up(path, Path("/dev/full/copy.db"))
    assert refused.value.cause is Cause.MISSING


def test_a_copy_put_back_is_the_journal_again_and_says_so(path: Path) -> None:
    write(path, stay())
    store = Store.open(path)
    store.append([], {ALIVE: f"boot-1 {NOON_MS}".encode(), "device/x": b"{}"})
    store.seal(KEY, at(65))
    copy = path.with_name("copy.db")
    made = back_up(path, copy)
    store.append(stay())
    store.seal(KEY, at(165))
    store.close()
    later = path.read_bytes()

    verdict, began = put_back(copy, path, NOW)
    resume_copy(path, began)
    assert verdict == made and path.with_name("journal.db-before-20261122T120000Z").read_bytes() == later
    opened = open_or_begin(path, NOW)
    assert opened.began is None, "the checkpoint of the other file lies beside that one"
    kept = opened.store.kept()
    assert kept["device/x"] == b"{}" and last_alive(kept) == (COPY_BOOT, NOON_MS), "no boot like ours"
    opened.store.append(stay())
    opened.store.close()
    found = read(path)
    assert found[:10] == stay() and found[12:] == stay()
    told = found[11][1]
    assert isinstance(told, JournalBegan)
    assert (told.seq, told.head, told.previous) == (made.entries, made.head, "journal.db-before-20261122T120000Z")
    assert verify(path).first_bad is None


def test_a_copy_is_put_back_where_nothing_is_left(path: Path) -> None:
    write(path, stay())
    copy = path.with_name("copy.db")
    back_up(path, copy)
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    _, began = put_back(copy, path, NOW)
    assert began.previous == "" and read(path) == stay()


def test_nothing_is_put_back_under_a_running_gate_or_from_a_bad_copy(path: Path) -> None:
    write(path, stay())
    copy, bad = path.with_name("copy.db"), path.with_name("bad.db")
    back_up(path, copy)
    shutil.copy(copy, bad)
    with closing(sqlite3.connect(bad)) as connection, connection:
        connection.execute("DROP TRIGGER entries_refuse_delete")
        connection.execute("DELETE FROM entries WHERE seq = 5")
    with pytest.raises(JournalCorrupt, match="entry 5"):
        put_back(bad, path, NOW)
    store = Store.open(path)
    with pytest.raises(JournalUnavailable) as refused:
        put_back(copy, path, NOW)
    assert refused.value.cause is Cause.IN_USE
    assert store.append([(at(99), GateStopped(0))]) == 11
    store.close()
    assert not beside(path).exists()
