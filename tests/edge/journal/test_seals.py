"""Checkpoints on a real file: whoever computes the chain anew, or cuts its end off, is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from journal import checkpoints
from journal.entries import GateStopped
from journal.errors import JournalUnavailable
from journal.seal import Line, verify
from journal.signing import SealKey, fingerprint
from journal.store import Store
from tests.edge.journal.samples import at, stay
from tests.edge.journal.tampering import rewrite, tampering

KEY, OTHER = SealKey(b"k" * 32), SealKey(b"o" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten entries, a checkpoint (11), ten entries, a checkpoint (22), three entries."""
    path = tmp_path / "journal.sqlite3"
    store = Store.open(path)
    for entries in (stay(), stay(), [(at(70 + n), GateStopped(n)) for n in range(3)]):
        store.append(entries)
        if len(entries) > 3:
            store.seal(KEY, at(65))
    store.close()
    return path


def _edited(line: Line) -> Line:
    return replace(line, utc_ms=line.utc_ms + 1) if line.seq == 15 else line


def test_checkpoints_vouch_up_to_the_last_one(path: Path) -> None:
    verdict = verify(path)
    assert (verdict.first_bad, verdict.entries, verdict.sealed) == (None, 25, 21)
    assert verdict.signers == (fingerprint(KEY.public),)
    assert verify(path, keys=verdict.signers, heads={25: verdict.head}) == verdict


def test_nothing_new_is_not_sealed_again(path: Path) -> None:
    store = Store.open(path)
    assert store.sealed_up_to() == 22
    sealed = store.seal(KEY, at(80))
    assert sealed is not None and sealed.seq == 25 and store.holds(sealed)
    assert store.seal(KEY, at(81)) is None
    assert store.sealed_up_to() == 26
    store.close()
    assert verify(path).entries == 26 and checkpoints.newest(path) == sealed


def test_an_empty_journal_is_not_sealed(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "journal.sqlite3")
    assert store.seal(KEY, at(0)) is None and store.sealed_up_to() == 0
    store.close()


def test_a_chain_computed_anew_is_found_at_the_next_checkpoint(path: Path) -> None:
    rewrite(path, _edited)
    assert verify(path).first_bad == 21, "by the one beside"
    checkpoints.beside(path).unlink()
    verdict = verify(path)
    assert verdict.first_bad == 22 and "entries 11 to 22" in verdict.problem


def test_a_chain_computed_anew_without_its_checkpoints_is_found_by_the_one_beside(path: Path) -> None:
    rewrite(path, lambda line: None if line.seq in (11, 22) else _edited(line))
    verdict = verify(path)
    assert verdict.first_bad == 21 and "computed anew" in verdict.problem
    checkpoints.beside(path).unlink()
    assert verify(path).sealed == 0
    assert verify(path, keys=[fingerprint(KEY.public)]).first_bad is not None


def test_a_checkpoint_signed_with_another_key_is_found(path: Path) -> None:
    rewrite(path, _edited, OTHER)
    verdict = verify(path)
    assert verdict.first_bad == 21 and "beside" in verdict.problem
    checkpoints.beside(path).unlink()
    # All of it signed by one key: only who knows the right one can tell, and its name is in the verdict.
    assert verify(path).signers == (fingerprint(OTHER.public),)
    verdict = verify(path, keys=[fingerprint(KEY.public)])
    assert verdict.first_bad == 11 and "another key" in verdict.problem


def test_a_change_of_key_is_visible_and_can_be_vouched_for(path: Path) -> None:
    store = Store.open(path)
    store.seal(OTHER, at(80))
    store.close()
    verdict = verify(path)
    assert verdict.first_bad == 26 and fingerprint(OTHER.public) in verdict.problem
    both = (fingerprint(KEY.public), fingerprint(OTHER.public))
    assert verify(path, keys=both).first_bad is None
    assert verify(path, keys=both).signers == both


def _cut(path: Path, last: int) -> None:
    with tampering(path) as connection:
        connection.execute("DELETE FROM entries WHERE seq > ?", (last,))


@pytest.mark.parametrize("last", [0, 5, 11, 20])
def test_an_end_cut_off_is_found_by_the_checkpoint_beside(path: Path, last: int) -> None:
    _cut(path, last)
    verdict = verify(path)
    assert (verdict.first_bad, verdict.entries) == (last + 1, last) and "missing" in verdict.problem


def test_an_end_cut_off_after_the_last_checkpoint_is_found_by_what_is_printed(path: Path) -> None:
    printed = verify(path)
    _cut(path, 23)
    assert verify(path).first_bad is None
    assert verify(path, heads={printed.entries: printed.head}).first_bad == 24


def test_an_older_copy_put_back_is_found(path: Path) -> None:
    older = path.with_name("older.sqlite3")
    shutil.copy(path, older)
    store = Store.open(path)
    store.append(stay())
    store.seal(KEY, at(90))
    store.close()
    shutil.copy(older, path)
    assert verify(path).first_bad == 26


def test_older_copies_of_all_files_are_found_by_a_printed_checkpoint(path: Path) -> None:
    older = verify(path)
    later_head = "0" * 64  # whatever it was: it is not there
    assert verify(path, heads={older.entries + 10: later_head}).first_bad == older.entries + 1
    assert verify(path, heads={older.entries: later_head}).first_bad == older.entries


def test_a_checkpoint_beside_that_another_key_signed_is_found(path: Path) -> None:
    """Cut off, and the file beside made to fit: it must be the key of the chain's own checkpoints."""
    _cut(path, 20)
    with tampering(path) as connection:
        ((digest,),) = connection.execute("SELECT digest FROM entries WHERE seq = 20").fetchall()
    checkpoints.remember(path, checkpoints.make(OTHER, 20, digest), 0o640)
    verdict = verify(path)
    assert verdict.first_bad == 21 and "another key" in verdict.problem


@pytest.mark.parametrize("content", [b"", b"{}", b'{"kind":"gate_stopped","online":1}', b"\xff"])
def test_a_garbled_checkpoint_beside_is_none(path: Path, content: bytes) -> None:
    checkpoints.beside(path).write_bytes(content)
    assert checkpoints.newest(path) is None
    assert verify(path).first_bad is None


def test_a_checkpoint_that_cannot_be_laid_beside_is_in_the_journal(path: Path) -> None:
    checkpoints.beside(path).unlink()
    checkpoints.beside(path).mkdir()
    store = Store.open(path)
    with pytest.raises(JournalUnavailable):
        store.seal(KEY, at(80))
    assert store.sealed_up_to() == 26
    store.close()
