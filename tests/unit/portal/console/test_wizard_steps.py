"""Each step of the first hour: wrong entries in three languages, and what a good one leaves behind."""

from __future__ import annotations

import re

import msgspec
import pytest

from appliance.beginnings import terms
from appliance.staff.roles import StaffRole
from appliance.steward.wire import SmsStep
from appliance.wire import Language
from appliance.wire_console import StaffAct
from tests.support.first_hour import (
    FACTORY,
    PROVIDER,
    VENUE,
    Box,
    csrf_of,
    posted,
    token_of,
)
from tests.support.steward_of_file import PORTS
from tests.unit.portal.console.reading_wizard import EVERY, says

VENUES = [
    ({"name": ""}, "name_missing"),
    ({"name": "x" * 41}, "name_long"),
    ({"name": 'Cafe "Q"'}, "name_characters"),
    ({"address": " "}, "address_missing"),
    ({"address": "x" * 201}, "address_long"),
    ({"owner_id": "12345"}, "owner_id_malformed"),
    ({"owner_id": "990140000385"}, "owner_id_checksum"),
    ({"owner_id": "991340000384"}, "owner_id_date"),
    ({"owner_id": "990170000384"}, "owner_id_kind"),
]


@pytest.mark.parametrize("language", EVERY)
def test_a_wrong_venue_says_what_to_do(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    for wrong, key in VENUES:
        answer = posted(browser, "/setup/venue", **{**VENUE, **wrong})
        assert answer.status_code == 422
        assert says(answer, language, f"wizard.venue.{key}"), wrong
        assert box.steward.path.read_text() == FACTORY


def test_a_venue_is_kept_with_the_owners_comments(box: Box) -> None:
    answer = posted(box.owner(), "/setup/venue", **{**VENUE, "owner_id": "9901 4000 0384"})
    assert answer.headers["Location"] == "/setup/terms"
    venue = box.steward.config.venue
    assert (venue.name, venue.address, venue.owner_id, venue.language) == (*list(VENUE.values())[:3], "ru")
    assert "# until somebody has set it up" in box.steward.path.read_text()


@pytest.mark.parametrize("language", EVERY)
def test_terms_are_there_in_all_languages_or_in_none(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    assert says_text(browser.get("/setup/terms").text, terms().ru)
    assert says(posted(browser, "/setup/terms", kk="а", ru="", en="a"), language, "wizard.terms.one_missing")
    assert says(posted(browser, "/setup/terms", kk="а" * 3001, ru="a", en="a"), language, "wizard.terms.long")
    answer = posted(browser, "/setup/terms", kk="бір\r\nекі", ru="раз", en="one")
    assert answer.headers["Location"] == "/setup/network"
    assert box.steward.config.venue.terms.kk == "бір\nекі"
    assert posted(browser, "/setup/terms", kk="", ru=" ", en="").status_code == 303
    assert not any(box.steward.config.venue.terms.texts.values())


def says_text(page: str, text: str) -> bool:
    return text.splitlines()[0] in page


WIRINGS = [
    ({"wan": "enp1s0"}, "choose"),
    ({"wan": "nosuch", "lan": "enp2s0"}, "choose"),
    ({"wan": "enp1s0", "lan": "enp1s0"}, "same"),
    ({"wan": "enp2s0", "lan": "wlp3s0"}, "in_bridge"),
]


@pytest.mark.parametrize("language", EVERY)
def test_a_wrong_wiring_says_what_to_do(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    for chosen, key in WIRINGS:
        answer = posted(browser, "/setup/network", **chosen)
        assert answer.status_code == 422
        assert says(answer, language, f"wizard.network.{key}"), chosen
        assert box.steward.path.read_text() == FACTORY


def test_a_likely_wiring_is_chosen_and_what_is_plugged_in_shown(box: Box) -> None:
    page = box.owner().get("/setup/network").text
    assert re.findall(r'name="(\w+)" value="(\w+)" checked', page) == [("wan", "enp1s0"), ("lan", "enp2s0")]
    assert "1000 Mbit/s" in page
    assert "nothing plugged in" in page


def test_wiring_is_tried_and_waits_to_be_kept(box: Box) -> None:
    browser = box.owner()
    assert posted(browser, "/setup/network", wan="enp1s0", lan="enp2s0").headers["Location"] == "/setup/network"
    assert says(browser.get("/setup/network"), "en", "wizard.network.keep")
    # No other step may be saved over it.
    assert says(posted(browser, "/setup/venue", **VENUE), "en", "wizard.trouble.pending_already")
    assert posted(browser, "/setup/network/keep").headers["Location"] == "/setup/wifi"
    assert (box.steward.config.wan.interface, box.steward.config.lan.interface) == ("enp1s0", "br-lan")


@pytest.mark.parametrize("by", ["owner", "time"])
def test_wiring_that_is_not_kept_is_as_before(box: Box, by: str) -> None:
    browser = box.owner()
    posted(browser, "/setup/network", wan="enp1s0", lan="enp2s0")
    if by == "time":
        box.steward.undo()
        answer = posted(browser, "/setup/network/keep")
    else:
        answer = posted(browser, "/setup/network/undo")
    assert answer.headers["Location"] == "/setup/network"
    assert box.steward.path.read_text() == FACTORY


def test_whoever_would_cut_off_the_own_browser_is_warned_first(box: Box) -> None:
    """The browser came by the port that is to become the visitors'."""
    browser = box.owner()
    loose = (PORTS[0], msgspec.structs.replace(PORTS[1], bridge="", addresses=("198.51.100.1/24",)))
    box.steward.ports = loose
    form = {"csrf": csrf_of(browser), "wan": "enp1s0", "lan": "enp2s0"}
    browser.set_cookie("__Host-qaqpa", token_of(browser), domain="198.51.100.1", secure=True)
    answer = browser.post("/setup/network", data=form, base_url="https://198.51.100.1")
    assert says(answer, "en", "wizard.network.cut_off")
    assert box.steward.path.read_text() == FACTORY
    answer = browser.post("/setup/network", data={**form, "sure": "yes"}, base_url="https://198.51.100.1")
    assert answer.status_code == 303
    assert box.steward.config.lan.interface == "enp2s0"


RADIOS = [
    ({"name": ""}, "name_missing"),
    ({"name": "Ж" * 17}, "name_long"),
    ({"name": "q", "band": "5", "channel": "6"}, "channel_of_other_band"),
]


@pytest.mark.parametrize("language", EVERY)
def test_a_wrong_wifi_says_what_to_do(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    for wrong, key in RADIOS:
        answer = posted(browser, "/setup/wifi", **wrong)
        assert answer.status_code == 422
        assert says(answer, language, f"wizard.wifi.{key}")


def test_a_box_without_radio_asks_for_the_name_alone(box: Box) -> None:
    browser = box.owner()
    assert 'name="channel"' in browser.get("/setup/wifi").text
    box.steward.ports = PORTS[:2]
    assert 'name="channel"' not in browser.get("/setup/wifi").text
    assert posted(browser, "/setup/wifi", name="Alatau; guest").status_code == 303
    assert box.steward.config.wifi.name == "Alatau; guest"


PROVIDERS = [
    ({"host": "http://x"}, "host_wrong"),
    ({"host": "smsc.example.kz"}, "host_wrong"),
    ({"port": "0"}, "port_wrong"),
    ({"port": "٣"}, "port_wrong"),
    ({"system_id": "x" * 16}, "system_id_wrong"),
    ({"password": ""}, "password_wrong"),
    ({"password": "x" * 9}, "password_wrong"),
    ({"source": ""}, "source_missing"),
    ({"source": "TwelveLetter"}, "source_too_long"),
    ({"source": "Қақпа"}, "source_characters"),
]


@pytest.mark.parametrize("language", EVERY)
def test_a_wrong_provider_says_what_to_do(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    for wrong, key in PROVIDERS:
        answer = posted(browser, "/setup/sms", **{**PROVIDER, **wrong})
        assert answer.status_code == 422
        assert says(answer, language, f"wizard.sms.{key}"), wrong
        assert "secret8" not in answer.text
        assert (box.steward.path.read_text(), box.steward.secrets) == (FACTORY, {})


@pytest.mark.parametrize(("source", "kept"), [("Alatau", ("Alatau", 5, 0)), ("+7 701 1234567", ("77011234567", 1, 1))])
def test_a_provider_is_kept_and_its_password_apart(box: Box, source: str, kept: tuple[str, int, int]) -> None:
    browser = box.owner()
    assert "smpp.smsc.kz" in browser.get("/setup/sms").text
    assert posted(browser, "/setup/sms", **{**PROVIDER, "source": source}).headers["Location"] == "/setup/sms/test"
    (provider,) = box.steward.config.sms.provider
    assert (provider.host, provider.port, provider.tls, provider.system_id) == ("smpp.smsc.kz", 3443, True, "alatau")
    assert (provider.source, provider.source_ton, provider.source_npi) == kept
    assert box.steward.secrets == {"sms_password/smsc": b"secret8"}
    assert "secret8" not in box.steward.path.read_text() + browser.get("/setup/sms").text
    posted(browser, "/setup/sms", **{**PROVIDER, "password": ""})
    assert box.steward.secrets == {"sms_password/smsc": b"secret8"}


@pytest.mark.parametrize("elsewhere", [{"host": "evil.example"}, {"port": "3444"}, {"tls": ""}])
def test_a_password_that_is_kept_goes_to_no_other_provider(box: Box, elsewhere: dict[str, str]) -> None:
    browser = box.owner()
    posted(browser, "/setup/sms", **PROVIDER)
    before = box.steward.path.read_text()
    answer = posted(browser, "/setup/sms", **{**PROVIDER, **elsewhere, "password": ""})
    assert says(answer, Language.ENGLISH, "wizard.sms.password_again")
    assert box.steward.path.read_text() == before
    assert posted(browser, "/setup/sms", **{**PROVIDER, **elsewhere}).status_code == 303


@pytest.mark.parametrize("language", EVERY)
def test_a_test_sms_is_followed_to_its_receipt(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    assert says(posted(browser, "/setup/sms/test", number=" "), language, "wizard.test.number_missing")
    assert says(posted(browser, "/setup/sms/test", number="abc"), language, "wizard.test.not_mobile")
    path = posted(browser, "/setup/sms/test", number="8 701 123 45 67").headers["Location"]
    assert says(browser.get(path), language, "wizard.test.sender")
    assert "data-live" in browser.get(path).text
    last = browser.get(path)
    assert says(last, language, "wizard.test.over")
    assert says(last, language, "wizard.test.delivered_means")
    assert "data-live" not in last.text
    assert browser.get("/setup/sms/test/other").headers["Location"] == "/setup/sms/test"


@pytest.mark.parametrize("language", EVERY)
def test_a_test_sms_that_fails_says_what_to_mend(box: Box, language: Language) -> None:
    box.steward.steps = (SmsStep(False, "failed after 0.2 s: 0x0a invalid source address", "register it"),)
    browser = box.owner(language.value)
    answer = browser.get(posted(browser, "/setup/sms/test", number="87011234567").headers["Location"])
    assert says(answer, language, "wizard.why.sender")
    assert says(answer, language, "wizard.test.over_badly")


def test_a_desk_account_has_a_password_that_is_shown_once(box: Box) -> None:
    browser = box.owner()
    made = posted(browser, "/setup/staff", name="Dana", login="Dana").text
    dana = box.office.accounts.find("dana")
    assert dana is not None
    assert (dana.role, dana.must_change) == (StaffRole.DESK, True)
    shown = re.search(r"<code>(?!dana)([^<]+)</code>", made)
    assert shown
    assert shown[1] not in browser.get("/setup/staff").text
    assert (box.gate.notes[-1].act, box.gate.notes[-1].detail) == (StaffAct.ACCOUNT_MADE, "dana")
    assert says(posted(browser, "/setup/staff", name="Dana", login="dana"), "en", "wizard.account.login_taken")


def test_an_account_that_cannot_be_recorded_is_not_made(box: Box) -> None:
    browser = box.owner()
    box.gate.takes_notes = False
    assert posted(browser, "/setup/staff", name="Dana", login="dana").status_code == 503
    assert box.office.accounts.find("dana") is None


def test_the_poster_waits_for_the_wifis_name(box: Box) -> None:
    browser = box.owner()
    assert browser.get("/poster.pdf").headers["Location"] == "/poster"
    posted(browser, "/setup/wifi", name="Alatau")
    printed = browser.get("/poster.pdf")
    assert (printed.mimetype, printed.data[:5]) == ("application/pdf", b"%PDF-")
