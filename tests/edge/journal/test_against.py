"""An extract that was taken home, held against the journal of a venue that would rather have another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from journal.against import compare
from journal.entries import ClockSet, ExtractMade, RetentionRan
from journal.manifest import MANIFEST, RECORD, Manifest, Record, hashed, written
from journal.notary import Notary, Signature
from journal.seal import verify
from journal.store import Store
from journal.wanted import Wanted
from tests.edge.journal.extracts import KEY, OTHER_KEY, extract
from tests.edge.journal.samples import BOOT, NOON_MS, at, began, ended, stay
from tests.edge.journal.tampering import rewrite


class Gate:
    """Records what it signs, as the real one does."""

    def __init__(self, store: Store, journal: Path) -> None:
        self._store, self._notary = store, Notary(journal, KEY)
        self.public = self._notary.public

    def sign(self, manifest: str) -> Signature:
        self._store.append([(at(200), ExtractMade("ayan", "тексеру", None, None, manifest))])
        return self._notary.sign(manifest)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two visits, one still running; sealed, extracted, and gone on."""
    path = tmp_path / "journal.db"
    store = Store.open(path)
    store.append([*stay(), (at(70), began("v2"))])
    store.seal(KEY, at(80))
    extract(path, tmp_path / "kept", signer=Gate(store, path))
    extract(path, tmp_path / "narrow", Wanted(number="+77019999999"), signer=Gate(store, path))
    store.append([(at(300), ended("v2", 299)), (at(301), ClockSet(0, 0, BOOT, 306_000, True, "jump"))])
    store.seal(KEY, at(302))
    store.close()
    return path


def wrong(journal: Path, extract_: Path) -> list[str]:
    return [finding.what for finding in compare(journal, extract_) if not finding.ok]


def test_the_journal_that_it_was_made_of_agrees(journal: Path) -> None:
    kept = journal.with_name("kept")
    assert [finding.what for finding in compare(journal, kept)] == [
        f"the journal is the extract's: {verify(journal).entries} entries, 4 since",
        "the journal says that ayan made it: тексеру",
        "visits.jsonl: 2 visits, as the journal has them",
    ]
    assert wrong(journal, journal.with_name("narrow")) == []


def test_all_signed_anew_with_the_very_key_is_found(journal: Path) -> None:
    """Root reads the key, drops a visit and computes everything anew: it verifies, and the extract knows better."""
    rewrite(journal, lambda line: None if line.kind.startswith(b"visit") and b'"v1"' in line.body else line, KEY)
    Path(f"{journal}-seal").unlink()
    assert verify(journal).first_bad is None
    (problem,) = wrong(journal, journal.with_name("kept"))
    assert problem.startswith("the journal's entry ") and "computed anew" in problem


def test_what_is_no_visit_signed_anew_is_found_too(journal: Path) -> None:
    rewrite(journal, lambda line: None if line.kind == b"password_delivered" else line, KEY)
    Path(f"{journal}-seal").unlink()
    assert verify(journal).first_bad is None
    (problem,) = wrong(journal, journal.with_name("kept"))
    assert problem.startswith("the journal's entry ") and "computed anew" in problem


@pytest.mark.usefixtures("journal")
def test_an_older_copy_of_everything_is_found(tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    store = Store.open(older)
    store.append(stay())
    store.seal(KEY, at(80))
    store.close()
    assert verify(older).first_bad is None
    assert wrong(older, tmp_path / "kept")


def _doctored(journal: Path, kept: Path, lines: list[bytes], record_it: bool = True) -> Path:
    """Whoever makes the extract changes its visits, and has the gate sign that."""
    made = kept.with_name("doctored")
    shutil.copytree(kept, made)
    (made / "visits.jsonl").write_bytes(b"".join(lines))
    record = msgspec.json.decode((made / RECORD).read_bytes(), type=Record)
    files = tuple(hashed(made / file.name) for file in record.files)
    (made / RECORD).write_bytes(written(msgspec.structs.replace(record, files=files)))
    (made / MANIFEST).unlink()
    (made / "signature.json").unlink()
    (made / MANIFEST).write_bytes(written(Manifest(1, tuple(map(hashed, sorted(made.iterdir()))))))
    digest, store = hashed(made / MANIFEST).sha256, Store.open(journal)
    signature = Gate(store, journal).sign(digest) if record_it else Notary(journal, KEY).sign(digest)
    store.close()
    (made / "signature.json").write_bytes(msgspec.json.encode(signature))
    return made


def test_a_visit_that_its_maker_left_out_or_changed_is_found(journal: Path) -> None:
    kept = journal.with_name("kept")
    lines = (kept / "visits.jsonl").read_bytes().splitlines(keepends=True)
    for doctored in (lines[1:], lines[:1], [lines[0].replace(b"4567", b"4568"), lines[1]], []):
        made = _doctored(journal, kept, doctored)
        (problem,) = wrong(journal, made)
        assert problem.startswith("visits.jsonl: the visit v")
        shutil.rmtree(made)
    (problem,) = wrong(journal, _doctored(journal, kept, [*lines, lines[0].replace(b"v1", b"v9")]))
    assert problem == "visits.jsonl: 1 visits are not in the journal"


def test_a_signature_that_the_journal_knows_nothing_of_is_found(journal: Path) -> None:
    kept = journal.with_name("kept")
    made = _doctored(journal, kept, [], record_it=False)
    assert wrong(journal, made)[0] == "the journal says nothing of this extract"


def test_what_retention_has_emptied_since_is_no_contradiction(journal: Path) -> None:
    store = Store.open(journal)
    store.append([(at(62 + 86_400), RetentionRan(1, NOON_MS + 62_000, 10))])
    store.expire(0, 10, (), 100)
    store.close()
    findings = compare(journal, journal.with_name("kept"))
    assert [finding.ok for finding in findings] == [True] * 3
    assert findings[-1].what.endswith("1 cannot be compared since retention has emptied them")


def test_an_extract_of_another_appliance_is_found(journal: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    store = Store.open(other)
    store.append(stay())
    store.seal(OTHER_KEY, at(80))
    store.close()
    extract(other, tmp_path / "others", signer=Notary(other, OTHER_KEY))
    (problem,) = wrong(journal, tmp_path / "others")
    assert "another key" in problem or "computed anew" in problem
    (tmp_path / "others" / "visits.csv").write_bytes(b"")
    assert wrong(journal, tmp_path / "others") == ["visits.csv: changed"]
