"""The page in a real browser, from a file: a good extract, every kind of change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, sync_playwright

from journal import checkpoints
from journal.entries import GateStopped, Sealed
from journal.manifest import FORMAT, MANIFEST, RECORD, SIGNATURE, Manifest, hashed, written
from journal.notary import Notary, chain_end
from journal.proof import check
from journal.signing import SealKey
from journal.store import Store
from journal.wanted import Wanted
from tests.edge.journal.extracts import FINGERPRINT, KEY, OTHER_KEY, extract
from tests.edge.journal.samples import at, stay, write
from tests.edge.journal.tampering import rewrite

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracts")
    write(folder / "journal.db", stay())
    extract(folder / "journal.db", folder / "good")
    extract(folder / "journal.db", folder / "good.zip")
    return folder / "good"


@pytest.fixture(scope="module")
def verifier(good: Path) -> Iterator[Page]:
    """The page that travels in the extract, opened as an inspector would: from a disk, without a network."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(offline=True, locale="en-GB")
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((good / "verify.html").as_uri())
        yield page
        browser.close()
    assert complaints == []
    assert asked == [(good / "verify.html").as_uri()], "the page asks for nothing"


def judged(page: Page, *paths: Path) -> tuple[bool, list[str]]:
    """Whether the page says that these files are a whole extract; all that it finds."""
    page.set_input_files("#files", [])
    page.set_input_files("#files", list(paths))
    page.wait_for_selector("#verdict.good, #verdict.bad")
    return bool(page.query_selector("#verdict.good")), page.locator("#findings li").all_text_contents()


def test_a_good_extract_is_whole_as_files_and_as_a_zip(verifier: Page, good: Path) -> None:
    for paths in ([good.with_suffix(".zip")], sorted(good.iterdir())):
        whole, found = judged(verifier, *paths)
        assert whole, found
        assert found[0] == f"the signature is right; fingerprint of the key {FINGERPRINT}"
        assert found[-1] == "the chain of entries holds: 10 entries, the last is 10"
        assert "visits.xlsx: unchanged" in found and "register-001.pdf: unchanged" in found
    facts = verifier.locator("#facts").text_content() or ""
    assert "Кафе «Ұлы дала»" in facts and "тексеру №5" in facts
    assert hashed(good / "record.json").sha256 in facts, "what the printed register has"


def test_it_speaks_three_languages(verifier: Page, good: Path) -> None:
    judged(verifier, *good.iterdir())
    for language, word in (("kk", "Көшірме бүтін"), ("ru", "Выписка цела"), ("en", "The extract is whole")):
        verifier.click(f"button[lang={language}]")
        assert word in (verifier.text_content("#verdict") or "")
    words = verifier.evaluate("Object.values(WORDS).map(words => Object.keys(words).sort().join())")
    assert len(set(words)) == 1, "a sentence is missing in one of the languages"


def edited(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        assert old in content
        (folder / name).write_bytes(content.replace(old, new, 1))

    return change


def rewritten(folder: Path, name: str, old: bytes, new: bytes) -> None:
    """The forger's best: the file is changed, and manifest.json says its new digest."""
    before = hashed(folder / name)
    edited(name, old, new)(folder)
    after = hashed(folder / name)
    edited(MANIFEST, before.sha256.encode(), after.sha256.encode())(folder)


def signed_by_another(folder: Path) -> None:
    rewritten(folder, "visits.csv", b"77011234567", b"77019999999")
    signature = Notary(folder.parent / "journal.db", OTHER_KEY).sign(hashed(folder / MANIFEST).sha256)
    (folder / SIGNATURE).write_text(
        json.dumps({name: getattr(signature, name) for name in ("signature", "public", "seq", "head")})
    )


def rechained(folder: Path) -> None:
    """The last entry is left out, of the record too: it is the record that then is another."""
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "entries.jsonl").write_bytes(b"".join(lines[:-1]))


def reordered(folder: Path) -> None:
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    (folder / "entries.jsonl").write_bytes(b"".join(lines))


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a cell": (edited("visits.csv", b"77011234567", b"77011234568"), "visits.csv: changed"),
    "the register": (edited("register-001.pdf", b"%PDF-1", b"%PDF-2"), "register-001.pdf: changed"),
    "this page": (edited("verify.html", b"NOT WHOLE", b"WHOLE"), "verify.html: changed"),
    "a file gone": (lambda folder: (folder / "visits.xlsx").unlink(), "visits.xlsx: missing"),
    "a file more": (
        lambda folder: (folder / "note.txt").write_text("believe me"),
        "note.txt: is no part of the extract",
    ),
    "a file cut": (lambda folder: (folder / "visits.jsonl").write_bytes(b""), "visits.jsonl: changed"),
    "file and manifest": (
        lambda folder: rewritten(folder, "visits.csv", b"77011234567", b"77011234568"),
        "the signature is wrong",
    ),
    "no signature": (lambda folder: (folder / SIGNATURE).unlink(), "there is no signature"),
    "where the chain was": (edited(SIGNATURE, b'"seq":10', b'"seq":11'), "the signature is wrong"),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), "manifest.json: missing"),
    "a manifest that is none": (lambda folder: (folder / MANIFEST).write_text("[]"), "manifest.json: cannot be read"),
    "another key": (signed_by_another, "the signature's key is not the one that record.json names"),
    "an entry": (edited("entries.jsonl", b'"utc_ms":17952624', b'"utc_ms":17952625'), "broken at entry 1"),
    "an entry's text": (edited("entries.jsonl", b"smsc-7", b"smsc-8"), "broken at entry 3"),
    "the last entry": (rechained, "broken at entry 10"),
    "order": (reordered, "broken at entry 4"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_kind_of_change_is_named(verifier: Page, good: Path, tmp_path: Path, name: str) -> None:
    change, sentence = CHANGES[name]
    folder = tmp_path / "changed"
    shutil.copytree(good, folder)
    shutil.copy(good.parent / "journal.db", tmp_path)
    change(folder)
    whole, found = judged(verifier, *folder.iterdir())
    assert not whole
    assert any(sentence in each.lower() for each in found), found
    # On the command line it is the same.
    verdict = check(folder)
    assert not verdict.whole
    told = " ".join(finding.what for finding in verdict.findings if not finding.ok)
    assert sentence.replace(": missing", ": is missing") in told


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────


def sealed_journal(path: Path) -> Path:
    """Ten entries, their checkpoint (11), and one more."""
    store = Store.open(path)
    store.append(stay())
    _, digest = chain_end(path)
    store.append([(at(62), checkpoints.make(KEY, 10, bytes.fromhex(digest))), (at(63), GateStopped(0))])
    store.close()
    return path


def with_seal(folder: Path, seal: Sealed) -> None:
    """The record has another checkpoint, and the gate's signature is right nevertheless."""
    record = json.loads((folder / RECORD).read_text())
    record["seal"] = msgspec.to_builtins(seal)
    (folder / RECORD).write_text(json.dumps(record))
    files = tuple(hashed(path) for path in sorted(folder.iterdir()) if path.name not in (MANIFEST, SIGNATURE))
    (folder / MANIFEST).write_bytes(written(Manifest(FORMAT, files)))
    signature = Notary(folder.parent / "journal.db", KEY).sign(hashed(folder / MANIFEST).sha256)
    (folder / SIGNATURE).write_bytes(msgspec.json.encode(signature))


def head_of(folder: Path, seq: int) -> bytes:
    return bytes.fromhex(json.loads((folder / "entries.jsonl").read_text().splitlines()[seq - 1])["digest"])


def unsigned(seal: Sealed) -> Sealed:
    return msgspec.structs.replace(
        seal, signature=seal.signature[:-2] + ("00" if seal.signature[-2:] != "00" else "01")
    )


SEALS: dict[str, tuple[Callable[[Path], Sealed], str]] = {
    "a changed signature": (
        lambda folder: unsigned(checkpoints.make(KEY, 10, head_of(folder, 10))),
        "the newest checkpoint in record.json is wrong",
    ),
    "another key": (
        lambda folder: checkpoints.make(OTHER_KEY, 10, head_of(folder, 10)),
        "the newest checkpoint in record.json is signed by another key",
    ),
    "another chain": (
        lambda _: checkpoints.make(KEY, 5, bytes(32)),
        "entry 5 is another than the newest checkpoint in record.json says",
    ),
    "another end": (
        lambda _: checkpoints.make(KEY, 12, bytes(32)),
        "the newest checkpoint in record.json is wrong",
    ),
}


@pytest.mark.parametrize("name", SEALS)
def test_a_checkpoint_in_the_record_is_judged(verifier: Page, tmp_path: Path, name: str) -> None:
    seal, sentence = SEALS[name]
    extract(sealed_journal(tmp_path / "journal.db"), tmp_path / "e", None, "jsonl")
    agree(verifier, tmp_path / "e", True, "the newest checkpoint is right: entry 10")
    with_seal(tmp_path / "e", seal(tmp_path / "e"))
    agree(verifier, tmp_path / "e", False, sentence)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (None, "the checkpoint 11 is wrong: the entries before it were computed anew"),
        (OTHER_KEY, "the checkpoint 11 is signed by another key"),
    ],
)
def test_entries_computed_anew_are_found_by_their_checkpoint(
    verifier: Page, tmp_path: Path, key: SealKey | None, sentence: str
) -> None:
    """The journal was rewritten before the gate signed the extract in good faith; also if it is a narrow one."""
    path = sealed_journal(tmp_path / "journal.db")
    rewrite(path, lambda line: msgspec.structs.replace(line, utc_ms=line.utc_ms + 1) if line.seq == 3 else line, key)
    for wanted in (None, Wanted(number="+77010000000")):
        extract(path, tmp_path / "e", wanted, "jsonl")
        agree(verifier, tmp_path / "e", False, sentence)
        shutil.rmtree(tmp_path / "e")


def agree(page: Page, folder: Path, whole: bool, sentence: str) -> None:
    """The page and the command line both judge so, and both say that."""
    judgement, found = judged(page, *folder.iterdir())
    verdict = check(folder)
    assert (judgement, verdict.whole) == (whole, whole), (found, verdict)
    for told in (found, [finding.what for finding in verdict.findings]):
        assert any(sentence in each.lower() for each in told), told


def _with_commitment_beside(folder: Path) -> None:
    """A text that no digest covers, beside the true one's commitment: an inspector would read it."""
    before = hashed(folder / "entries.jsonl")
    line, *rest = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    told = {**json.loads(line), "body": '{"kind":"gate_stopped","online":0}'}
    (folder / "entries.jsonl").write_bytes(b"".join([json.dumps(told).encode() + b"\n", *rest]))
    after = hashed(folder / "entries.jsonl")
    edited(RECORD, before.sha256.encode(), after.sha256.encode())(folder)
    edited(RECORD, f'"size": {before.size}'.encode(), f'"size": {after.size}'.encode())(folder)


def _with_mark(folder: Path) -> None:
    (folder / RECORD).write_bytes(b"\xef\xbb\xbf" + (folder / RECORD).read_bytes())


BY_ITS_MAKER: dict[str, tuple[SealKey | None, Callable[[Path], object], str]] = {
    "the chain anew, without the key": (None, lambda _: None, "the checkpoint 11 is wrong"),
    "the chain anew, with another key": (OTHER_KEY, lambda _: None, "the checkpoint 11 is signed by another key"),
    "a text beside its commitment": (KEY, _with_commitment_beside, "broken at entry 1"),
    "a byte order mark": (KEY, _with_mark, "record.json: cannot be read"),
    "two lists": (KEY, edited(RECORD, b'"name": "visits.csv"', b'"name": "visits.txt"'), "contradict each other"),
}


@pytest.mark.parametrize("name", BY_ITS_MAKER)
def test_what_its_maker_had_signed_is_judged_too(verifier: Page, tmp_path: Path, name: str) -> None:
    """The gate signs what it is asked to: what is in an extract must hold by itself."""
    seal_key, change, sentence = BY_ITS_MAKER[name]
    journal, folder = tmp_path / "journal.db", tmp_path / "made"
    store = Store.open(journal)
    store.append(stay())
    store.seal(KEY, at(65))
    store.close()
    rewrite(journal, lambda line: replace(line, utc_ms=line.utc_ms + (line.seq == 5)), seal_key)
    extract(journal, folder, Wanted(number="+77010000000"), "csv", "jsonl")
    for proof in (MANIFEST, SIGNATURE):
        (folder / proof).unlink()
    change(folder)
    (folder / MANIFEST).write_bytes(written(Manifest(1, tuple(map(hashed, sorted(folder.iterdir()))))))
    signature = Notary(journal, KEY).sign(hashed(folder / MANIFEST).sha256)
    (folder / SIGNATURE).write_bytes(msgspec.json.encode(signature))
    whole, found = judged(verifier, *folder.iterdir())
    told = [finding.what for finding in check(folder).findings if not finding.ok]
    assert not whole and told
    for said in (found, told):
        assert any(sentence in each.lower() for each in said), said


def test_names_of_files_are_text(verifier: Page, good: Path, tmp_path: Path) -> None:
    (tmp_path / "<img src=x onerror=alert(1)>.txt").write_text("")
    whole, found = judged(verifier, *good.iterdir(), *tmp_path.iterdir())
    assert not whole
    assert found[-2] == "<img src=x onerror=alert(1)>.txt: is no part of the extract"
