"""The first hour: wrong entries in three languages, going on where one was, two browsers at once, and its end."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from appliance.beginnings import terms
from appliance.staff.roles import StaffRole
from appliance.steward.wire import Examination, LightName, SmsStep
from appliance.wire import Language
from appliance.wire_console import StaffAct
from portal.catalogues import sentences
from tests.support.first_hour import (
    BIN,
    FACTORY,
    PASSWORD,
    PORTS,
    PROVIDER,
    VENUE,
    Box,
    Person,
    new_box,
    posted,
)

EVERY = [*Language]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return new_box(tmp_path)


def says(answer: Any, language: Language | str, key: str) -> bool:
    """Whether the page has this sentence."""
    return sentences("console", Language(language)).gettext(key) in html.unescape(answer.text)


def where(browser: FlaskClient) -> str:
    """Where ``/setup`` leads the owner."""
    return str(browser.get("/setup").headers["Location"])


def wire_up(browser: FlaskClient, **fields: str) -> Any:
    answer = posted(browser, "/setup/network", wan="enp1s0", lan="enp2s0", **fields)
    posted(browser, "/setup/network/keep")
    return answer


# ── claiming ────────────────────────────────────────────────────────────────────────────────────────────────────────


CLAIMS = [
    ({"code": ""}, "wizard.claim.code_missing"),
    ({"code": "WRONG-WRONG"}, "wizard.claim.code_wrong"),
    ({"again": "another"}, "wizard.claim.again_differs"),
    ({"password": "short", "again": "short"}, "wizard.account.password_short"),
    ({"login": "a b"}, "wizard.account.login_malformed"),
    ({"name": " "}, "wizard.account.name_missing"),
]


@pytest.mark.parametrize("language", EVERY)
def test_a_wrong_claim_says_what_to_do_and_claims_nothing(box: Box, language: Language) -> None:
    for wrong, key in CLAIMS:
        answer = box.claim(box.browser(language.value), **wrong)
        assert answer.status_code == 422
        assert says(answer, language, key), wrong
        assert PASSWORD not in answer.text
        assert box.office.claim.open


def test_who_guesses_on_is_sent_away_and_fills_no_journal(box: Box) -> None:
    stranger = box.browser()
    for _ in range(12):
        answer = box.claim(stranger, code="GUESS-GUESS", login="x" * 5000)
    assert says(answer, "en", "wizard.claim.code_wait")
    assert [(each.act, each.staff) for each in box.gate.notes] == [(StaffAct.SIGN_IN_FAILED, "")] * 10
    assert says(box.claim(stranger), "en", "wizard.claim.code_wait")


def test_a_claim_makes_an_owner_who_is_signed_in_and_recorded(box: Box) -> None:
    browser = box.browser()
    answer = box.claim(browser, language="kk")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")
    cookie = answer.headers["Set-Cookie"]
    assert all(each in cookie for each in ("__Host-qaqpa=", "Secure", "HttpOnly", "Path=/", "SameSite=Strict"))
    assert box.office.accounts.all() == (Person("aigerim", "Aigerim", StaffRole.OWNER, "kk"),)
    assert [(each.act, each.staff) for each in box.gate.notes] == [(StaffAct.CLAIMED, "aigerim")]
    assert says(browser.get("/setup/venue"), "kk", "wizard.venue.title")


def test_the_second_of_two_who_claim_comes_too_late(box: Box) -> None:
    first, second = box.browser(), box.browser()
    assert first.get("/setup/claim").status_code == second.get("/setup/claim").status_code == 200
    box.claim(first)
    answer = box.claim(second, login="stranger")
    assert answer.headers["Location"] == "/sign-in"
    assert "Set-Cookie" not in answer.headers
    assert [each.login for each in box.office.accounts.all()] == ["aigerim"]


def test_of_two_at_the_very_same_moment_one_is_refused(box: Box) -> None:
    """The other's account is made between the look at the claim and the making of ours."""
    take = box.office.claim.take

    def taken_meanwhile(code: str) -> bool:
        good = take(code)
        box.office.accounts.make("quicker", "Q", StaffRole.OWNER, PASSWORD)
        return good

    box.office.claim.take = taken_meanwhile  # type: ignore[method-assign]
    answer = box.claim(box.browser())
    assert answer.headers["Location"] == "/sign-in"
    assert [each.login for each in box.office.accounts.all()] == ["quicker"]


@pytest.mark.parametrize("trouble", ["away", "full"])
def test_what_cannot_be_recorded_is_not_claimed(box: Box, trouble: str) -> None:
    box.gate.is_away, box.gate.takes_notes = trouble == "away", trouble != "full"
    answer = box.claim(box.browser())
    assert answer.status_code == 503
    assert box.office.claim.open


def test_a_claimed_box_shows_a_stranger_nothing_of_the_wizard(box: Box) -> None:
    box.owner()
    stranger = box.browser()
    assert stranger.get("/setup/claim").status_code == 404
    for route in box.app.extensions["qaqpa-routes"].all:
        if route.path.startswith(("/setup", "/poster")) and route.path != "/setup/claim":
            path = route.path.replace("<test>", "t1")
            answer = stranger.get(path) if route.method == "GET" else stranger.post(path)
            assert answer.headers["Location"].startswith("/sign-in"), path


def test_the_wizard_is_no_business_of_the_desk(box: Box) -> None:
    box.owner()
    box.office.accounts.make("desk", "D", StaffRole.DESK, None)
    browser = box.browser()
    browser.set_cookie("__Host-qaqpa", "desk", secure=True)
    assert browser.get("/setup/venue").status_code == 403


# ── steps, in their order ───────────────────────────────────────────────────────────────────────────────────────────


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
    form = {"csrf": "csrf-aigerim", "wan": "enp1s0", "lan": "enp2s0"}
    browser.set_cookie("__Host-qaqpa", "aigerim", domain="198.51.100.1", secure=True)
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
    assert "TEMPO-RARY1" in posted(browser, "/setup/staff", name="Dana", login="Dana").text
    assert "TEMPO-RARY1" not in browser.get("/setup/staff").text
    assert box.office.accounts.of["dana"].role is StaffRole.DESK
    assert (box.gate.notes[-1].act, box.gate.notes[-1].detail) == (StaffAct.ACCOUNT_MADE, "dana")
    assert says(posted(browser, "/setup/staff", name="Dana", login="dana"), "en", "wizard.account.login_taken")


def test_an_account_that_cannot_be_recorded_is_not_made(box: Box) -> None:
    browser = box.owner()
    box.gate.takes_notes = False
    assert posted(browser, "/setup/staff", name="Dana", login="dana").status_code == 503
    assert "dana" not in box.office.accounts.of


def test_the_poster_waits_for_the_wifis_name(box: Box) -> None:
    browser = box.owner()
    assert browser.get("/poster.pdf").headers["Location"] == "/poster"
    posted(browser, "/setup/wifi", name="Alatau")
    printed = browser.get("/poster.pdf")
    assert (printed.mimetype, printed.data[:5]) == ("application/pdf", b"%PDF-")


# ── going on, and the end ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_interrupted_owner_goes_on_where_they_were(box: Box) -> None:
    browser = box.owner()
    assert where(browser) == "/setup/venue"
    posted(browser, "/setup/venue", **VENUE)
    assert where(browser) == "/setup/terms"
    posted(browser, "/setup/terms", kk="а", ru="б", en="c")
    assert where(browser) == "/setup/network"
    posted(browser, "/setup/network", wan="enp1s0", lan="enp2s0")
    assert where(browser) == "/setup/network"
    box.steward.undo()
    assert where(browser) == "/setup/network"
    wire_up(browser)
    assert where(browser) == "/setup/wifi"
    posted(browser, "/setup/wifi", name="Alatau")
    assert where(browser) == "/setup/sms"
    posted(browser, "/setup/sms", **PROVIDER)
    assert where(browser) == "/setup/staff"
    posted(browser, "/setup/staff", name="Dana", login="dana")
    assert where(browser) == "/poster"
    # From another browser too: nothing of it was in a session.
    another = box.browser()
    another.set_cookie("__Host-qaqpa", "aigerim", secure=True)
    assert where(another) == "/poster"


def test_what_was_passed_by_is_not_asked_again(box: Box) -> None:
    browser = box.owner()
    posted(browser, "/setup/venue", **VENUE)
    wire_up(browser)  # without terms
    assert where(browser) == "/setup/wifi"
    posted(browser, "/setup/staff", name="Dana", login="dana")  # without Wi-Fi and SMS
    assert where(browser) == "/poster"


def test_a_venue_does_not_open_before_what_it_needs(box: Box) -> None:
    browser = box.owner()
    assert 'action="/setup/finish"' not in browser.get("/setup/finish").text
    assert posted(browser, "/setup/finish", open="yes").headers["Location"] == "/setup/finish"
    assert box.steward.config.venue.open is False


def test_after_the_last_step_the_wizard_has_gone_but_for_the_poster(box: Box) -> None:
    browser = box.owner()
    posted(browser, "/setup/venue", **VENUE)
    wire_up(browser)
    posted(browser, "/setup/wifi", name="Alatau")
    box.steward.findings = (Examination(False, "no answer from 1.1.1.1", "look at the cable", LightName.UPLINK),)
    page = browser.get("/setup/finish")
    assert says(page, "en", "wizard.finish.some_ill")
    assert "look at the cable" in page.text
    assert says(posted(browser, "/setup/finish", open="yes"), "en", "wizard.open.done")
    assert box.steward.config.venue.open is True
    for route in box.app.extensions["qaqpa-routes"].all:
        if route.path.startswith("/setup") and route.path != "/setup/claim":
            path = route.path.replace("<test>", "t1")
            answer = browser.get(path) if route.method == "GET" else posted(browser, path)
            assert answer.status_code == 404, path
    assert browser.get("/poster").status_code == 200
    assert 'class="steps"' not in browser.get("/poster").text


def test_a_box_that_is_configured_by_hand_is_only_claimed(tmp_path: Path) -> None:
    browser = new_box(tmp_path, f'[venue]\nname = "Q"\nowner_id = "{BIN}"\n').owner()
    assert browser.get("/setup").status_code == 404


@pytest.mark.parametrize("language", EVERY)
def test_a_steward_that_is_away_is_a_page_that_says_what_to_do(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    box.steward.is_away = True
    answer = browser.get("/setup/venue")
    assert answer.status_code == 503
    assert says(answer, language, "wizard.trouble.unreachable")


def test_anothers_change_in_between_is_not_overwritten(box: Box) -> None:
    browser = box.owner()
    ask = box.steward.ask

    def meanwhile(request: Any) -> Any:
        reply = ask(request)
        if type(request).__name__ == "TrySettings":
            box.steward.path.write_text(FACTORY + "\n# another's\n")
        return reply

    box.steward.ask = meanwhile  # type: ignore[method-assign]
    assert says(posted(browser, "/setup/venue", **VENUE), "en", "wizard.trouble.changed_meanwhile")
    assert box.steward.path.read_text().endswith("# another's\n")
