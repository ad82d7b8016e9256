"""The venue's own on its pages: terms agreed to by their digest, logo, colour, link; and how large a page may be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from appliance.wire import AskPassword, Language, Phase, RedeemVoucher, Refusal, Refused
from portal.errors import BrandUnreadable
from portal.visitor import brand
from portal.visitor.app import create_app
from tests.unit.portal import branded
from tests.unit.portal.gate import CODE, NUMBER, VOUCHER, Device, GateWithState
from tests.unit.portal.phone import IP, PhoneInProcess
from tests.unit.portal.reading import elements_of, field_of, words_of

FIRST_FLIGHT_BYTES = 10 * 1460 - 1000
"""What a new TCP connection carries in one go (RFC 6928), less the headers: a page without much of the venue's own."""
DIGESTS = {language: hashlib.sha256(text.encode()).hexdigest() for language, text in branded.TERMS.items()}


@pytest.fixture
def phone(tmp_path: Path) -> PhoneInProcess:
    gate = GateWithState(terms=frozenset(DIGESTS.values()))
    app = create_app("/nowhere", "Кафе", asks=gate, look=branded.written(tmp_path, branded.brand()))
    return PhoneInProcess(app, gate)


@pytest.mark.parametrize("language", Language)
def test_a_visitor_agrees_to_the_text_that_was_shown(phone: PhoneInProcess, language: Language) -> None:
    page = phone.get(f"/?lang={language}")
    for paragraph in branded.TERMS[language].split("\n\n"):
        assert paragraph in words_of(page.body).splitlines()
    shown = field_of(page.body, "terms")["value"]
    assert shown == DIGESTS[language]
    assert phone.post(f"/password?lang={language}", {"number": NUMBER, "terms": shown}).status == 303
    assert phone.gate.heard[-1] == AskPassword(ip=IP, number=NUMBER, language=language, terms=DIGESTS[language])
    again = field_of(phone.get(f"/?lang={language}").body, "terms")["value"]
    assert again == shown, "asking for another password agrees too"


@pytest.mark.parametrize("agreed", [None, "", "0" * 64, "x" * 65, "\x00", "☃" * 64])
def test_nobody_gets_a_password_without_agreeing(phone: PhoneInProcess, agreed: str | None) -> None:
    form = {"number": NUMBER} | ({} if agreed is None else {"terms": agreed})
    page = phone.post("/password?lang=en", form)
    assert page.status == 422
    assert "terms have changed" in page.body
    assert field_of(page.body, "number")["value"] == NUMBER
    assert field_of(page.body, "terms")["value"] == DIGESTS[Language.ENGLISH]


def test_vouchers_are_used_under_the_same_terms(phone: PhoneInProcess) -> None:
    phone.gate.vouchers = {VOUCHER}
    assert phone.post("/voucher", {"voucher": VOUCHER}).status == 422
    done = phone.post("/voucher", {"voucher": VOUCHER, "terms": DIGESTS[Language.KAZAKH]})
    assert (done.status, done.headers["location"]) == (303, "/online")
    assert phone.gate.heard[-1] == RedeemVoucher(ip=IP, voucher=VOUCHER, terms=DIGESTS[Language.KAZAKH])


def test_a_venue_without_terms_asks_for_no_agreement() -> None:
    gate = GateWithState()
    page = PhoneInProcess(create_app("/nowhere", "Venue", asks=gate), gate).get("/").body
    assert 'name="terms"' not in page
    assert 'class="terms"' not in page


def test_logo_colour_and_link_are_shown_and_nothing_is_loaded(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER))
    page = phone.get("/online")
    assert ("img", {"class": "logo", "src": branded.SMALL, "alt": ""}) in elements_of(page.body)
    assert ":root{--main:#7a1f5c}" in page.body
    assert "dark){:root{--main:#d27fb8}}" in page.body
    assert " <https://cafe.example.kz/menu>" in words_of(page.body)
    assert " img-src data:;" in page.headers["content-security-policy"]


@pytest.mark.parametrize("language", Language)
def test_the_largest_page_stays_below_30_kilobytes(tmp_path: Path, language: Language) -> None:
    terms = dict.fromkeys(Language, "ш" * 3000)
    look = branded.written(tmp_path, branded.brand(branded.LOGO, terms))
    gate = GateWithState(vouchers={VOUCHER})
    phone = PhoneInProcess(create_app("/nowhere", "Қ" * 40, language=language, asks=gate, look=look), gate)
    assert len(phone.get("/").body.encode()) <= 30 * 1024
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, code=CODE))
    assert len(phone.post("/login", {"password": "000000"}).body.encode()) <= 32 * 1024
    plain = PhoneInProcess(create_app("/nowhere", "Қ" * 40, language=language, asks=gate), gate)
    assert len(plain.get("/").body.encode()) <= FIRST_FLIGHT_BYTES


@pytest.mark.parametrize("content", ["", "{", '{"colour":"red"}', '{"logo":"https://evil.example/x.png"}', '{"x":1}'])
def test_a_brand_that_is_none_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "portal.json"
    path.write_text(content)
    with pytest.raises(BrandUnreadable, match="run `qaqpa apply`"):
        brand.load(str(path))


def test_terms_that_changed_meanwhile_are_shown_anew(phone: PhoneInProcess) -> None:
    phone.gate.refusing = Refused(Refusal.TERMS_NOT_ACCEPTED)
    page = phone.post("/password?lang=ru", {"number": NUMBER, "terms": DIGESTS[Language.RUSSIAN]})
    assert "Условия заведения изменились" in words_of(page.body)


def test_a_scanned_voucher_stands_in_its_field(phone: PhoneInProcess) -> None:
    """As the QR code of the printed sheet brings it along; the visitor agrees to the terms and sends it."""
    address = "/?voucher=ACDE-FHJK%22%3E%3Cb"
    assert "ACDE-FHJK" not in phone.get(address).body, "a venue without vouchers"
    phone.gate.vouchers = {VOUCHER}
    page = phone.get(address).body
    assert 'value="ACDE-FHJK&#34;&gt;&lt;b"' in page
    assert "ACDE" not in phone.get("/?voucher=" + "ACDE" * 17).body, "longer than any voucher"
    assert not any(isinstance(heard, RedeemVoucher) for heard in phone.gate.heard), "nothing is used up by looking"
