"""Whoever edits the file is found, and verification names the first bad entry."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from journal import checkpoints, visits
from journal.entries import RetentionRan
from journal.errors import JournalError
from journal.seal import GENESIS, Line, commitment, link, verify
from journal.signing import SealKey
from journal.store import Store
from tests.edge.journal.samples import NOON_MS, at, read, stay, write
from tests.edge.journal.tampering import tampering

TEXTS, BLOBS, NUMBERS = ("boot_id", "kind", "body"), ("salt", "digest"), ("utc_ms", "boot_ms")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite3"
    write(path, stay())
    return path


def _row(connection: sqlite3.Connection, seq: int) -> tuple[object, ...]:
    row: tuple[object, ...] = connection.execute("SELECT * FROM entries WHERE seq = ?", (seq,)).fetchone()
    return row


def test_every_edited_byte_of_every_text_and_blob_is_named(path: Path) -> None:
    edits = 0
    with tampering(path) as connection:
        for column in TEXTS + BLOBS:
            kind = "TEXT" if column in TEXTS else "BLOB"
            edit = f"UPDATE entries SET {column} = CAST(? AS {kind}) WHERE seq = ?"
            read_back = f"SELECT CAST({column} AS BLOB) FROM entries WHERE seq = ?"
            for seq in range(1, 11):
                (whole,) = connection.execute(read_back, (seq,)).fetchone()
                for place in range(len(whole)):
                    changed = bytearray(whole)
                    changed[place] ^= 1 << (place % 8)
                    connection.execute(edit, (bytes(changed), seq))
                    assert verify(path).first_bad == seq, f"{column}, byte {place} of entry {seq}"
                    edits += 1
                for changed_length in (whole[:-1], whole + b"\0", b""):
                    connection.execute(edit, (changed_length, seq))
                    assert verify(path).first_bad == seq
                connection.execute(edit, (whole, seq))
    assert edits > 1500
    assert verify(path).first_bad is None, "every edit was undone"


def test_every_edited_bit_of_every_number_is_named(path: Path) -> None:
    with tampering(path) as connection:
        for column in NUMBERS:
            edit = f"UPDATE entries SET {column} = ? WHERE seq = ?"
            for seq in range(1, 11):
                (whole,) = connection.execute(f"SELECT {column} FROM entries WHERE seq = ?", (seq,)).fetchone()
                for changed in [whole ^ (1 << bit) for bit in range(63)] + [-whole, whole - 2**63]:
                    connection.execute(edit, (changed, seq))
                    assert verify(path).first_bad == seq, f"{column} of entry {seq} = {changed}"
                connection.execute(edit, (whole, seq))


def test_an_edited_number_of_an_entry_is_named(path: Path) -> None:
    with tampering(path) as connection:
        for seq in range(1, 11):
            for changed in (-seq, 0, 11, 1000, 2**62):
                connection.execute("UPDATE entries SET seq = ? WHERE seq = ?", (changed, seq))
                assert verify(path).first_bad == min(seq, changed)
                connection.execute("UPDATE entries SET seq = ? WHERE seq = ?", (seq, changed))
    assert verify(path).first_bad is None


@pytest.mark.parametrize("seq", range(1, 10))
def test_a_deleted_entry_is_named(path: Path, seq: int) -> None:
    with tampering(path) as connection:
        connection.execute("DELETE FROM entries WHERE seq = ?", (seq,))
    verdict = verify(path)
    assert (verdict.first_bad, verdict.entries) == (seq, seq - 1)
    assert "missing" in verdict.problem


@pytest.mark.parametrize("seq", range(1, 10))
def test_a_deleted_entry_is_named_when_the_rest_moves_up(path: Path, seq: int) -> None:
    with tampering(path) as connection:
        connection.execute("DELETE FROM entries WHERE seq = ?", (seq,))
        connection.execute("UPDATE entries SET seq = -seq WHERE seq > ?", (seq,))
        connection.execute("UPDATE entries SET seq = -seq - 1 WHERE seq < 0")
    assert verify(path).first_bad == seq


@pytest.mark.parametrize("seq", range(1, 10))
def test_two_entries_that_changed_places_are_named(path: Path, seq: int) -> None:
    with tampering(path) as connection:
        connection.execute("UPDATE entries SET seq = -1 WHERE seq = ?", (seq,))
        connection.execute("UPDATE entries SET seq = ? WHERE seq = ?", (seq, seq + 1))
        connection.execute("UPDATE entries SET seq = ? WHERE seq = -1", (seq + 1,))
    assert verify(path).first_bad == seq


@pytest.mark.parametrize("seq", range(1, 11))
def test_an_inserted_entry_is_named(path: Path, seq: int) -> None:
    """A copy of a true entry, salt and digest included, with the rest moved down."""
    with tampering(path) as connection:
        copied = _row(connection, 4)[1:]
        connection.execute("UPDATE entries SET seq = -seq WHERE seq >= ?", (seq,))
        connection.execute("UPDATE entries SET seq = -seq + 1 WHERE seq < 0")
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, *copied))
    # A copy of entry 4 at place 4 is entry 4: there it is the old one, moved to place 5, that is wrong.
    assert verify(path).first_bad == (5 if seq == 4 else seq)


def test_an_inserted_entry_before_the_first_is_named(path: Path) -> None:
    with tampering(path) as connection:
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (0, *_row(connection, 1)[1:]))
    verdict = verify(path)
    assert (verdict.first_bad, verdict.entries, verdict.head) == (0, 0, GENESIS.hex())


@pytest.mark.parametrize("seq", range(1, 10))
def test_an_entry_rewritten_with_a_fitting_digest_breaks_the_next(path: Path, seq: int) -> None:
    with tampering(path) as connection:
        (digest,) = connection.execute("SELECT digest FROM entries WHERE seq = ?", (seq - 1,)).fetchone() or (GENESIS,)
        _, utc_ms, boot_id, boot_ms, kind, body, salt, _, _ = _row(connection, seq)
        assert isinstance(utc_ms, int) and isinstance(boot_ms, int) and isinstance(salt, bytes)
        line = Line(seq, utc_ms + 1, str(boot_id).encode(), boot_ms, str(kind).encode(), str(body).encode(), salt)
        edit = "UPDATE entries SET utc_ms = ?, digest = ? WHERE seq = ?"
        connection.execute(edit, (line.utc_ms, link(digest, line), seq))
    verdict = verify(path)
    assert verdict.first_bad == seq + 1
    assert "the one before" in verdict.problem


def test_an_entry_of_another_journal_is_named(path: Path) -> None:
    other = path.with_name("other.sqlite3")
    write(other, stay())
    with closing(sqlite3.connect(other)) as connection:
        foreign = _row(connection, 5)
    with tampering(path) as connection:
        connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", foreign)
    assert verify(path).first_bad == 5


def test_a_byte_that_moves_between_salt_and_body_is_named(path: Path) -> None:
    with tampering(path) as connection:
        connection.execute(
            "UPDATE entries SET salt = CAST(salt || x'7b' AS BLOB), body = substr(body, 2) WHERE seq = 3"
        )
    assert verify(path).first_bad == 3


def test_a_forged_index_is_not_read_instead_of_the_entries(path: Path) -> None:
    """An index that covers all that an extract reads, made of a forged row, put back after the row was mended."""
    true_visits = list(visits.visits(path))
    forge = "UPDATE entries SET body = replace(body, ?, ?) WHERE kind = 'visit_began'"
    with tampering(path) as connection:
        connection.execute(forge, ("+77011234567", "+77019999999"))
        connection.execute("CREATE INDEX quick ON entries (kind, utc_ms, boot_id, boot_ms, body)")
        connection.execute("PRAGMA writable_schema = ON")
        hidden = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'quick'").fetchone()
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'quick'")
    with tampering(path) as connection:
        connection.execute(forge, ("+77019999999", "+77011234567"))
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", hidden)
    with closing(sqlite3.connect(path)) as connection:
        (body,) = connection.execute("SELECT body FROM entries INDEXED BY quick WHERE kind = 'visit_began'").fetchone()
        assert "+77019999999" in body, "the forgery works"
    assert verify(path).first_bad is None
    assert list(visits.visits(path)) == true_visits


def test_a_value_of_another_type_is_named(path: Path) -> None:
    """STRICT is only a word in the schema, which whoever can write the file can take out."""
    with tampering(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'entries'")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'entries'")
    for column, value in (("body", None), ("utc_ms", "noon"), ("boot_id", b"x"), ("digest", 7), ("salt", None)):
        copy = path.with_name(f"{column}.sqlite3")
        shutil.copy(path, copy)
        with tampering(copy) as connection:
            connection.execute(f"UPDATE entries SET {column} = ? WHERE seq = 3", (value,))
        assert verify(copy).first_bad == 3, column


def test_an_end_cut_off_is_seen_only_against_a_printed_count_and_head(path: Path) -> None:
    printed = verify(path)
    with tampering(path) as connection:
        connection.execute("DELETE FROM entries WHERE seq > 7")
    cut = verify(path)
    assert cut.first_bad is None
    assert (cut.entries, printed.entries) == (7, 10) and cut.head != printed.head


def test_an_edited_byte_anywhere_in_the_entries_page_never_gives_a_changed_extract_with_a_good_verdict(
    path: Path,
) -> None:
    true_entries, true_verdict = read(path), verify(path)
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'").fetchone()
    whole = path.read_bytes()
    found = 0
    with path.open("r+b", buffering=0) as file:
        for place in range((root - 1) * 4096, root * 4096):
            file.seek(place)
            file.write(bytes([whole[place] ^ (1 << (place % 8))]))
            if _outcome(path, lambda: verify(path) == true_verdict):
                assert read(path) == true_entries, f"byte {place}"
            else:
                found += 1
            file.seek(place)
            file.write(whole[place : place + 1])
    assert found > 2000, "about half of the page is entries"
    assert list(visits.entries(path)), "every edit was undone"


def _outcome(path: Path, clean: Callable[[], bool]) -> bool:
    """False also for a file that is refused; any error but ours fails the test."""
    try:
        return clean()
    except JournalError as error:
        assert str(path) in str(error)
        return False


@pytest.fixture
def worn(tmp_path: Path) -> Path:
    """A journal as it is after years: expired entries (2 to 8), checkpoints (11, 13), a retention run (12)."""
    path = tmp_path / "worn.sqlite3"
    store = Store.open(path)
    store.append(stay())
    store.seal(SealKey(b"k" * 32), at(62))
    store.append([(at(63 + 86_400), RetentionRan(1, NOON_MS + 63_000, 8))])
    store.expire(0, 8, (), 100)
    store.seal(SealKey(b"k" * 32), at(64))
    store.close()
    checkpoints.beside(path).unlink()
    return path


def test_every_edited_byte_of_a_worn_journal_is_named(worn: Path) -> None:
    true = verify(worn)
    assert (true.first_bad, true.entries, true.expired, true.sealed) == (None, 13, 7, 12)
    edits = 0
    with tampering(worn) as connection:
        for column in ("kind", "body", "salt", "commitment"):
            kind = "TEXT" if column in TEXTS else "BLOB"
            edit = f"UPDATE entries SET {column} = CAST(? AS {kind}) WHERE seq = ?"
            read_back = f"SELECT CAST({column} AS BLOB) FROM entries WHERE seq = ?"
            for seq in range(1, 14):
                (whole,) = connection.execute(read_back, (seq,)).fetchone()
                there = whole or b""
                flipped = [
                    there[:place] + bytes([there[place] ^ 1]) + there[place + 1 :] for place in range(0, len(there), 5)
                ]
                for changed in [*flipped, there + b"\0", there[:-1] if there else bytes(32)]:
                    connection.execute(edit, (changed, seq))
                    assert verify(worn).first_bad == seq, f"{column} of entry {seq}: {changed!r}"
                    edits += 1
                connection.execute(edit, (whole, seq))
    assert edits > 300 and verify(worn) == true


@pytest.mark.parametrize("seq", [1, 9, 10, 11, 12, 13])
def test_nobody_can_pass_an_entry_off_as_expired(worn: Path, seq: int) -> None:
    """Its commitment is what the chain has, so the chain itself would hold."""
    with tampering(worn) as connection:
        body, salt = connection.execute("SELECT body, salt FROM entries WHERE seq = ?", (seq,)).fetchone()
        connection.execute(
            "UPDATE entries SET body = '', salt = zeroblob(16), commitment = ? WHERE seq = ?",
            (commitment(salt, body.encode()), seq),
        )
    verdict = verify(worn)
    assert verdict.first_bad == seq and "no retention run" in verdict.problem
