"""The page in a real browser, from a file: a good extract, every kind of change, and its own hashes and signatures."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, sync_playwright

from journal.entries import JournalBegan
from journal.manifest import MANIFEST, RECORD, SIGNATURE, Manifest, hashed, written
from journal.notary import Notary
from journal.proof import check
from journal.signing import EXTRACT_DOMAIN, SealKey
from journal.store import Store
from journal.wanted import Wanted
from tests.edge.journal.extracts import FINGERPRINT, KEY, OTHER_KEY, extract
from tests.edge.journal.samples import at, moment, stay, write
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
    "the chain anew, without the key": (None, lambda _: None, "broken at entry 11"),
    "the chain anew, with another key": (OTHER_KEY, lambda _: None, "the checkpoint of entry 10 is not signed by"),
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
    assert not whole and len(told) == 1
    for said in (found, told):
        assert any(sentence in each.lower() for each in said), said


def test_names_of_files_are_text(verifier: Page, good: Path, tmp_path: Path) -> None:
    (tmp_path / "<img src=x onerror=alert(1)>.txt").write_text("")
    whole, found = judged(verifier, *good.iterdir(), *tmp_path.iterdir())
    assert not whole
    assert found[-2] == "<img src=x onerror=alert(1)>.txt: is no part of the extract"


def test_its_hashes_are_the_standards(verifier: Page) -> None:
    """Every length about the blocks' bounds, in one piece and in two; and FIPS 180-4's own million."""
    sizes = [*range(140), 255, 256, 257, 1000]
    told = verifier.evaluate(
        """sizes => sizes.map(size => {
            const bytes = Uint8Array.from({length: size}, (_, place) => (place * 7 + size) & 255);
            const cut = size >> 1;
            return [hex(new Sha256().update(bytes).digest()),
                    hex(new Sha256().update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).digest()),
                    hex(sha512(bytes))];
        })""",
        sizes,
    )
    for size, (whole, pieces, long) in zip(sizes, told, strict=True):
        data = bytes((place * 7 + size) & 255 for place in range(size))
        assert whole == pieces == hashlib.sha256(data).hexdigest(), size
        assert long == hashlib.sha512(data).hexdigest(), size
    million = verifier.evaluate("hex(new Sha256().update(new Uint8Array(1000000).fill(97)).digest())")
    assert million == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"


RFC_8032 = [  # 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
VERIFY = """([key, message, signature]) => verified(
    unhex(key, 32), unhex(message, message.length / 2), unhex(signature, signature.length / 2))"""


@pytest.mark.parametrize("vector", RFC_8032, ids=["1", "2", "3"])
def test_its_signatures_are_those_of_rfc_8032(verifier: Page, vector: tuple[str, str, str]) -> None:
    assert verifier.evaluate(VERIFY, list(vector))


def test_no_changed_signature_passes(verifier: Page) -> None:
    message = b"m"
    signature, public = KEY.sign(EXTRACT_DOMAIN, message), KEY.public
    signed = EXTRACT_DOMAIN + b"\0" + message
    order = 2**252 + 27742317777372353535851937790883648493
    larger = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    flipped = [bytes([*signature[:at], signature[at] ^ 1, *signature[at + 1 :]]) for at in range(0, 64, 7)]
    wrong = [
        *[(public, signed, each) for each in flipped],
        (public, signed + b".", signature),
        (OTHER_KEY.public, signed, signature),
        (public, signed, signature[:32] + larger),  # 5.1.7: S must be below the order
        (public, signed, signature[:63]),
        (b"\xff" * 32, signed, signature),  # no point of the curve
    ]
    assert verifier.evaluate(VERIFY, [public.hex(), signed.hex(), signature.hex()])
    for key, text, each in wrong:
        assert not verifier.evaluate(VERIFY, [key.hex(), text.hex(), each.hex()])


def test_a_journal_that_was_lost_or_spoilt_says_so_in_each_extract(verifier: Page, tmp_path: Path) -> None:
    journal, folder = tmp_path / "journal.db", tmp_path / "made"
    write(journal, [(at(0), JournalBegan("journal.db-damaged-1", 7, "ab" * 32, "damaged: <b>page 9</b>"))], stay())
    extract(journal, folder, Wanted(until=moment(3600)), "csv")
    assert judged(verifier, *folder.iterdir())[0], "with the extract itself nothing is wrong"
    facts = verifier.locator("#facts").text_content() or ""
    assert "does NOT go on where it stopped, 2026-11-21T12:00:00Z: damaged: <b>page 9</b>" in facts
    verdict = check(folder)
    assert verdict.whole
    assert [*verdict.notes] == [
        "the journal does not go on where it stopped, 2026-11-21T12:00:00Z: damaged: <b>page 9</b>"
    ]
