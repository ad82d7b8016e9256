"""What the doctor says of a journal: every finding, and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from journal.checks import findings
from journal.seal import verify
from journal.store import Store
from tests.edge.journal.samples import stay, write


def _wrong(path: Path) -> list[tuple[str, str]]:
    return [(finding.what, finding.remedy) for finding in findings(path) if not finding.ok]


def test_a_good_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    store = Store.open(path)
    store.append(stay())
    told = findings(path)
    assert [finding.ok for finding in told] == [True] * 4
    assert verify(path).head in told[2].what
    store.close()


def test_no_journal(tmp_path: Path) -> None:
    ((what, remedy),) = _wrong(tmp_path / "journal.sqlite3")
    assert "the gate makes it" in what and remedy


def test_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    write(path, stay())
    path.chmod(0o644)
    assert _wrong(path) == [(f"the journal {path} has mode 0644: others may see it", f"chmod 0640 {path}")]


def test_a_broken_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    write(path, stay())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER entries_refuse_update")
        connection.execute("UPDATE entries SET utc_ms = utc_ms + 1 WHERE seq = 5")
    ((what, remedy),) = _wrong(path)
    assert "entry 5" in what and "inspector" in remedy


def test_no_database(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"not a database" * 1000)
    path.chmod(0o640)
    ((what, remedy),) = _wrong(path)
    assert "damaged" in what and remedy
