"""Extracts of real journals: what is in them, what a filter lets out, and that a refusal leaves nothing behind."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from journal.entries import Entry, PasswordAsked, Stamp, VisitBegan, VisitEnded, VisitorIdentified
from journal.errors import Cause, ExtractFailed, ExtractUnreadable, JournalUnavailable
from journal.extract import make
from journal.masking import masked
from journal.notary import Signature
from journal.proof import check
from journal.visits import entries, visits
from journal.wanted import Wanted
from tests.edge.journal.extracts import FINGERPRINT, KEY, ORDER, extract
from tests.edge.journal.samples import NOON_MS, NUMBER, at, began, ended, moment, stay, write

OTHER, OTHER_NUMBER = "02:00:00:00:00:02", "+77029999999"


def crowd() -> list[tuple[Stamp, Entry]]:
    """Two visitors by SMS, one by document."""
    who = VisitorIdentified(
        "v3",
        OTHER,
        "Әбдірахманова",
        "Гүлнұр",
        "Қайратқызы",
        "id",
        "012345678",
        "900101400123",
        "1990-01-01",
        "3",
        "ayan",
    )
    return [
        *stay(),
        (at(70), PasswordAsked(OTHER, OTHER_NUMBER, "m2")),
        (at(71), VisitBegan("v2", OTHER, ("10.77.0.20",), OTHER_NUMBER, "sms")),
        (at(80), VisitEnded("v2", OTHER, NOON_MS + 80_000, "port")),
        (at(90), VisitBegan("v3", OTHER, ("10.77.0.20",), "", "document")),
        (at(90), who),
        (at(99), VisitEnded("v3", OTHER, NOON_MS + 99_000, "port")),
    ]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    write(tmp_path / "journal.db", crowd())
    return tmp_path / "journal.db"


def rows(folder: Path) -> list[dict[str, str]]:
    text = (folder / "visits.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=";"))


def test_whoever_showed_a_document_is_in_it_with_all_that_the_rules_ask(journal: Path) -> None:
    *_, visit = visits(journal)
    assert (visit.surname, visit.given_name, visit.patronymic) == ("Әбдірахманова", "Гүлнұр", "Қайратқызы")
    assert (visit.document_kind, visit.document_number, visit.workstation) == ("id", "012345678", "3")
    assert (visit.staff, visit.method, visit.number) == ("ayan", "document", "")
    assert (visit.began, visit.ended) == (moment(90), moment(99))
    assert (visit.iin, visit.birth_date) == ("900101400123", "1990-01-01")
    shown = masked(visit)
    assert "900101400123" not in str(shown) and "1990-01-01" not in str(shown)
    assert (shown.surname, shown.given_name, shown.document_number) == ("Ә•••", "Г•••", "0•••")
    assert masked(next(visits(journal))).number == "+7701•••••67"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["v1", "v2", "v3"]),
        (Wanted(number=NUMBER), ["v1"]),
        (Wanted(device=OTHER), ["v2", "v3"]),
        (Wanted(name="гүлн әбдір"), ["v3"]),
        (Wanted(name="гүлн бдір"), []),
        (Wanted(workstation="3"), ["v3"]),
        (Wanted(since=moment(85)), ["v3"]),
        (Wanted(since=moment(60), until=moment(90), device=OTHER), ["v2"]),
    ],
)
def test_a_filter_lets_out_nothing_else(journal: Path, tmp_path: Path, wanted: Wanted, expected: list[str]) -> None:
    made = extract(journal, tmp_path / "e", wanted, "csv", "jsonl")
    assert [row["сеанс"] for row in rows(tmp_path / "e")] == expected
    lines = [json.loads(line) for line in (tmp_path / "e" / "visits.jsonl").read_text().splitlines()]
    assert [line["visit"] for line in lines] == expected
    assert made.data.visits == len(expected)
    # The chain holds although entries of others are there by their commitments alone.
    verdict = check(tmp_path / "e", FINGERPRINT)
    assert verdict.whole, verdict.findings
    text = (tmp_path / "e" / "entries.jsonl").read_text()
    assert (NUMBER in text) == ((not wanted.narrow and wanted.since is None) or wanted.number == NUMBER)
    assert (OTHER_NUMBER in text) == ("v2" in expected)


def test_the_record_says_where_in_the_chain_it_comes_from(journal: Path, tmp_path: Path) -> None:
    made = extract(journal, tmp_path / "e", Wanted(since=moment(70), until=moment(85)), "jsonl")
    record = json.loads((tmp_path / "e" / "record.json").read_text())
    assert (record["first"]["seq"], record["last"]["seq"], record["head"]["seq"]) == (11, 13, 16)
    assert record["counts"] == {"visits": 1, "entries": 3, "expired": 0}
    assert (record["since"], record["until"]) == ("2026-11-21T12:01:10Z", "2026-11-21T12:01:25Z")
    assert (record["by"], record["fingerprint"], record["rules"]) == ("ayan", FINGERPRINT, "67/2016")
    with closing(sqlite3.connect(journal)) as connection:
        before, last = (
            connection.execute("SELECT hex(digest) FROM entries WHERE seq = ?", (seq,)).fetchone()[0].lower()
            for seq in (10, 13)
        )
    assert (record["before"], record["last"]["digest"]) == (before, last)
    assert made.signature and made.signature.seq == 16


def test_what_retention_has_emptied_is_passed_over_and_counted(journal: Path, tmp_path: Path) -> None:
    """As retention leaves an entry: no body, no salt, their commitment."""
    from journal.seal import commitment

    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("DROP TRIGGER entries_refuse_update")
        for seq in (2, 5, 9):
            body, salt = connection.execute("SELECT body, salt FROM entries WHERE seq = ?", (seq,)).fetchone()
            emptied = "UPDATE entries SET body = '', salt = zeroblob(16), commitment = ? WHERE seq = ?"
            connection.execute(emptied, (commitment(salt, body.encode()), seq))
    assert [visit.visit for visit in visits(journal)] == ["v2", "v3"]
    assert [seq for seq, _, _ in entries(journal)][:4] == [1, 3, 4, 6]
    made = extract(journal, tmp_path / "e")
    assert (made.data.visits, made.data.expired) == (2, 2), "of visits: a beginning and an end"
    assert check(tmp_path / "e").whole


def test_corrected_times_are_shown_with_their_flag(journal: Path, tmp_path: Path) -> None:
    """The clock was a day behind until after the first visit."""
    late = 86_400_000

    def correct(stamp: Stamp) -> tuple[int, bool]:
        return (stamp.utc_ms + late, True) if stamp.utc_ms < at(65).utc_ms else (stamp.utc_ms, False)

    first, *others = visits(journal, correct=correct)
    assert (first.began, first.ended) == (moment(4) + timedelta(days=1), moment(59) + timedelta(days=1))
    assert [visit.corrected for visit in (first, *others)] == [True, False, False]
    assert [visit.visit for visit in visits(journal, moment(0), moment(200), correct)] == ["v2", "v3"]
    make(journal, tmp_path / "e", ORDER, None, correct=correct)
    assert [row["сағат"] for row in rows(tmp_path / "e")] == ["уақыты түзетілген", "", ""]


# ── whole or not at all ─────────────────────────────────────────────────────────────────────────────────────────────


class Refusing:
    """A gate that fails when the extract is all but ready."""

    public = KEY.public.hex()

    def sign(self, manifest: str) -> Signature:
        raise JournalUnavailable(Path("journal.db"), Cause.FULL, f"{manifest} cannot be recorded")


@pytest.mark.parametrize("name", ["e", "e.zip"])
def test_without_a_signature_there_is_no_extract(journal: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(JournalUnavailable):
        extract(journal, place / name, signer=Refusing())
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["e", "e.zip"])
def test_an_extract_is_never_written_over(journal: Path, tmp_path: Path, name: str) -> None:
    extract(journal, tmp_path / name, None, "csv")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ExtractFailed, match="already"):
        extract(journal, tmp_path / name, None, "csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert check(tmp_path / name).whole


def test_a_folder_that_is_not_there_is_named(journal: Path, tmp_path: Path) -> None:
    with pytest.raises(ExtractFailed, match=r"there is no folder .*/nowhere"):
        extract(journal, tmp_path / "nowhere" / "e")


FULL_DISK = """
import subprocess, sys
from pathlib import Path
from journal.errors import ExtractFailed
from tests.edge.journal.extracts import extract
journal, place, name, forms = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4].split(",")
for size_kib in range(4, 2000, int(sys.argv[5])):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "qaqpa-test", str(place)], check=True)
    try:
        extract(journal, place / name, None, *forms)
        print("made", size_kib)
        break
    except ExtractFailed as error:
        assert "no space left" in str(error) and str(place / name) in str(error), error
        left = [str(path) for path in place.iterdir()]
        assert left == [], left
        print("refused", size_kib)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
"""


@pytest.mark.parametrize(("name", "forms"), [("e", "csv,jsonl"), ("e.zip", "csv"), ("e", "xlsx"), ("e", "pdf")])
def test_a_disk_that_is_full_at_any_moment_leaves_nothing(tmp_path: Path, name: str, forms: str) -> None:
    journal, place = tmp_path / "journal.db", tmp_path / "disk"
    place.mkdir()
    write(journal, [line for number in range(150) for line in _long_visit(number)])
    run = ["unshare", "--mount", sys.executable, "-c", FULL_DISK, str(journal), str(place), name, forms, "24"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    *refused, made = done.stdout.split("\n")[:-1]
    assert made.startswith("made") and len(refused) >= 2, done.stdout


def _long_visit(number: int) -> list[tuple[Stamp, Entry]]:
    visit = f"{number:016x}"
    return [
        (at(number), began(visit, *(f"fd77::{number:x}:{n:x}" for n in range(8)))),
        (at(number), ended(visit, number)),
    ]


def test_a_killed_extract_is_no_extract(journal: Path, tmp_path: Path) -> None:
    """Killed by the gate's answer, the last moment before it appears: what is left is hidden and has no signature."""
    place = tmp_path / "place"
    place.mkdir()
    killing = (
        "import os, sys\nfrom pathlib import Path\nfrom tests.edge.journal.extracts import KEY, extract\n"
        "class Killing:\n    public = KEY.public.hex()\n    def sign(self, manifest): os.kill(os.getpid(), 9)\n"
        "extract(Path(sys.argv[1]), Path(sys.argv[2]), signer=Killing())\n"
    )
    done = subprocess.run([sys.executable, "-c", killing, str(journal), str(place / "e")], check=False, timeout=60)
    assert done.returncode == -9
    assert not (place / "e").exists()
    (left,) = place.iterdir()
    assert left.name.startswith(".e.unfinished-")
    assert not check(left / "extract").whole


def test_nobody_else_may_look_into_an_extract(journal: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        extract(journal, tmp_path / "e", None, "csv")
        extract(journal, tmp_path / "e.zip", None, "csv")
    finally:
        os.umask(before)
    assert (tmp_path / "e").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "e.zip").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"not a zip"])
def test_what_is_no_extract_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "e.zip").write_bytes(content)
    with pytest.raises(ExtractUnreadable, match="is no extract"):
        check(tmp_path / "e.zip")
    with pytest.raises(ExtractUnreadable):
        check(tmp_path / "nowhere.zip")


def test_another_fingerprint_than_expected_is_named(journal: Path, tmp_path: Path) -> None:
    extract(journal, tmp_path / "e", None, "csv")
    assert check(tmp_path / "e", FINGERPRINT.replace(" ", "").upper()).whole
    verdict = check(tmp_path / "e", "0" * 40)
    assert not verdict.whole
    assert f"another key has signed: {FINGERPRINT}" in [finding.what for finding in verdict.findings]


def test_every_single_byte_of_a_zip_that_changes_is_found(journal: Path, tmp_path: Path) -> None:
    """Every 37th: of names, headers, data and directory. What nobody reads (times, permissions) may change unseen."""
    extract(journal, tmp_path / "e.zip", None, "csv", "jsonl")
    whole = (tmp_path / "e.zip").read_bytes()
    good = check(tmp_path / "e.zip")
    unseen = 0
    for place in range(0, len(whole), 37):
        (tmp_path / "x.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        try:
            verdict = check(tmp_path / "x.zip")
        except ExtractUnreadable:
            continue
        if verdict.whole:
            assert verdict == good
            unseen += 1
    assert unseen < len(whole) / 37 / 20
