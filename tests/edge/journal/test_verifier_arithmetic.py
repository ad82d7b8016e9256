"""The page's own hashes and signatures, in a real browser."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from journal.signing import EXTRACT_DOMAIN
from journal.verifier_page import page
from tests.edge.journal.extracts import KEY, OTHER_KEY
from tests.edge.journal.test_verifier_page import CHROMIUM


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    file: Path = tmp_path_factory.mktemp("verifier") / "verify.html"
    file.write_text(page(), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = browser.new_page()
        opened.goto(file.as_uri())
        yield opened
        browser.close()


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
