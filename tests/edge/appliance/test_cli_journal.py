"""`qaqpa journal verify · backup · restore` as a person runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from journal.checkpoints import beside
from journal.seal import verify
from journal.signing import SealKey, fingerprint
from journal.store import Store
from tests.edge.journal.extracts import extract
from tests.edge.journal.samples import at, read, stay
from tests.edge.journal.tampering import rewrite, tampering

KEY = SealKey(b"k" * 32)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    (tmp_path / "gate").mkdir()
    (tmp_path / "qaqpa.toml").write_text(f'[paths]\nstate = "{tmp_path}"\nruntime = "{tmp_path}/run"\n')
    path = tmp_path / "gate" / "journal.db"
    store = Store.open(path)
    store.append(stay())
    store.seal(KEY, at(65))
    store.close()
    return path


def _run(journal: Path, *words: str) -> Result:
    config = journal.parent.parent / "qaqpa.toml"
    return CliRunner().invoke(main, ["journal", *words, "--config", str(config)])


def test_verify_says_what_holds_and_who_sealed_it(journal: Path) -> None:
    done = _run(journal, "verify")
    assert done.exit_code == 0, done.output
    head = verify(journal).head
    assert done.output.splitlines() == [
        f"11 entries, the chain holds; head {head}",
        f"sealed up to entry 10 by the key {fingerprint(KEY.public)}",
    ]
    printed = fingerprint(KEY.public).upper()
    assert _run(journal, "verify", "--key", printed, "--head", f"11:{head}").exit_code == 0


def test_verify_refuses_another_key_and_another_head(journal: Path) -> None:
    another = _run(journal, "verify", "--key", fingerprint(SealKey(b"o" * 32).public))
    assert another.exit_code == 1 and "entry 11: " in another.output and "another key" in another.output
    longer = _run(journal, "verify", "--head", f"20:{'0' * 64}")
    assert longer.exit_code == 1 and "entry 12 is missing" in longer.output
    with tampering(journal) as connection:
        connection.execute("UPDATE entries SET utc_ms = 1 WHERE seq = 4")
    edited = _run(journal, "verify")
    assert edited.exit_code == 1 and "Error: entry 4: " in edited.output


def test_verify_holds_the_seals_against_the_appliances_own_key(journal: Path) -> None:
    """Signed all anew with another key, or without a key and without any checkpoint: who does not think of --key is
    told all the same."""
    journal.with_name("seal.key").write_bytes(b"k" * 32)
    assert _run(journal, "verify").exit_code == 0
    journal.with_name("seal.key").write_bytes(b"o" * 32)
    another = _run(journal, "verify")
    assert another.exit_code == 1 and "own key is another" in another.output
    assert _run(journal, "verify", "--key", fingerprint(KEY.public)).exit_code == 0
    rewrite(journal, lambda line: None if line.kind == b"sealed" else line)
    beside(journal).unlink()
    assert "no checkpoint vouches for it yet" in _run(journal, "verify").output
    config = journal.parent.parent / "qaqpa.toml"
    config.write_text(config.read_text() + "[journal]\nseal_entries = 10\n")
    store = Store.open(journal)
    store.append(stay())
    store.close()
    gone = _run(journal, "verify")
    assert gone.exit_code == 1 and "taken away" in gone.output


def test_verify_against_an_extract_that_was_kept(journal: Path) -> None:
    kept = journal.parent.parent / "kept"
    extract(journal, kept)
    done = _run(journal, "verify", "--against", str(kept))
    assert done.exit_code == 1 and "WRONG the journal says nothing of this extract" in done.output
    assert "ok    visits.jsonl: 1 visits, as the journal has them" in done.output


@pytest.mark.parametrize(
    ("option", "value"), [("--key", "abcd"), ("--key", "x" * 40), ("--head", "5"), ("--head", "x:y")]
)
def test_what_is_no_key_or_head_is_a_wrong_command_line(journal: Path, option: str, value: str) -> None:
    assert _run(journal, "verify", option, value).exit_code == 2


def test_a_copy_is_made_and_put_back(journal: Path) -> None:
    copy = journal.parent.parent / "copy.db"
    made = _run(journal, "backup", str(copy))
    assert made.exit_code == 0 and "11 entries, verified" in made.output
    assert "the gate does not run" in made.output
    assert _run(journal, "verify", "--file", str(copy)).exit_code == 0
    again = _run(journal, "backup", str(copy))
    assert again.exit_code == 1 and str(copy) in again.output

    journal.write_bytes(b"garbage")
    restored = _run(journal, "restore", str(copy))
    assert restored.exit_code == 0, restored.output
    assert "11 entries put back" in restored.output and "journal.db-before-" in restored.output
    assert read(journal)[:10] == stay() and verify(journal).entries == 12
    assert verify(journal).first_bad is None


def test_a_running_gate_keeps_its_journal(journal: Path) -> None:
    copy = journal.parent.parent / "copy.db"
    _run(journal, "backup", str(copy))
    store = Store.open(journal)
    refused = _run(journal, "restore", str(copy))
    assert refused.exit_code == 1 and "another gate has it open" in refused.output
    store.close()
