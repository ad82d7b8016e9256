"""The visitor's dialogue in process, in every language and phase."""

from __future__ import annotations

import pytest

from appliance.wire import Delivery, Language, Phase, Refusal, Refused
from portal.words import words
from tests.unit.portal.contract import VisitorContract
from tests.unit.portal.gate import NUMBER, PASSWORD, Device
from tests.unit.portal.phone import IP, PhoneInProcess
from tests.unit.portal.reading import elements_of, field_of, words_of

ENGLISH = words("visitor", Language.ENGLISH)


class TestInProcess(VisitorContract):
    """The contract without a socket."""


@pytest.mark.parametrize("language", Language)
def test_a_whole_stay_in_each_language(phone: PhoneInProcess, language: Language) -> None:
    spoken = words("visitor", language)
    phone.always["Accept-Language"] = f"{language}-KZ,{language};q=0.9"
    stranger = phone.get("/")
    assert f'<html lang="{language}">' in stranger.body
    for sentence in (
        spoken.say("form.login"),
        spoken.say("form.get_password"),
        spoken.say("form.password"),
        spoken.say("form.enter"),
    ):
        assert sentence in stranger.body
    assert phone.post("/password", {"number": NUMBER}).status == 303
    assert spoken.say("delivery.queued") in phone.get("/").body
    assert spoken.say("refusal.password_wrong") in phone.post("/login", {"password": "654321"}).body
    assert phone.post("/login", {"password": PASSWORD}).status == 303
    assert spoken.say("online.heading") in phone.get("/online").body


@pytest.mark.parametrize("delivery", Delivery)
def test_each_delivery_state_is_told(phone: PhoneInProcess, delivery: Delivery) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, delivery=delivery))
    page = phone.get("/?lang=en").body
    assert ENGLISH.say(f"delivery.{delivery}") in page.replace("&#39;", "'")


def test_another_number_can_be_typed_while_a_password_is_out(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, resend_in_s=0))
    assert field_of(phone.get("/").body, "number")["type"] == "hidden"
    assert 'href="/?change=1"' in phone.get("/").body
    assert 'href="/?lang=ru&amp;change=1"' in phone.get("/?lang=ru").body
    field = field_of(phone.get("/?change=1").body, "number")
    assert (field["type"], field["value"]) == ("tel", NUMBER)
    assert "autofocus" in field


def test_a_refused_other_number_stays_in_its_field_to_be_corrected(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, resend_in_s=0))
    page = phone.post("/password", {"number": "123"})
    field = field_of(page.body, "number")
    assert (page.status, field["type"], field["value"]) == (422, "tel", "123")


def test_a_button_for_another_password_appears_when_it_may_be_asked(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, resend_in_s=43))
    waiting = phone.get("/?lang=en")
    assert "animation-delay:43s" in waiting.body
    assert "New password possible in: 43 s" in words_of(waiting.body)
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, resend_in_s=0))
    assert "<style>.swap" not in phone.get("/").body


def test_a_void_password_makes_get_password_the_next_thing(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER, resend_in_s=0, tries_left=1))
    page = phone.post("/login?lang=en", {"password": "000000"})
    assert page.status == 429
    focused = [given for _, given in elements_of(page.body) if "autofocus" in given]
    assert [given.get("type") for given in focused] == ["submit"]
    assert "no longer counts" in page.body


def test_whoever_is_away_is_told_that_access_comes_back(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.AWAY, number=NUMBER))
    page = phone.get("/?lang=ru").body
    assert 'content="3;url=/?lang=ru"' in page
    assert "[number: +77011234567] ←" in words_of(phone.get("/?change=1").body)


def test_a_device_that_became_online_meanwhile_is_sent_to_the_online_page(phone: PhoneInProcess) -> None:
    phone.gate.put(IP, Device(phase=Phase.ONLINE, number=NUMBER))
    phone.gate.refusing = Refused(Refusal.PASSWORD_WRONG, tries_left=3)
    assert phone.post("/login", {"password": PASSWORD}).headers["location"] == "/online"


@pytest.mark.parametrize("refusal", Refusal)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("path", ["/password", "/login", "/voucher", "/code"])
def test_each_refusal_is_a_page_that_says_its_sentence(
    phone: PhoneInProcess, refusal: Refusal, language: Language, path: str
) -> None:
    phone.gate.refusing = Refused(refusal, retry_in_s=600, tries_left=2)
    page = phone.post(f"{path}?lang={language}", {"number": NUMBER, "password": PASSWORD, "voucher": "AAAA-AAAA"})
    if refusal is Refusal.ALREADY_ONLINE:
        assert (page.status, page.headers["location"]) == (303, f"/online?lang={language}")
        return
    assert 400 <= page.status < 600
    alerts = [line for line in words_of(page.body).splitlines() if line.startswith("! ")]
    assert len(alerts) == 1
    assert words("visitor", language).say(f"refusal.{refusal}") in alerts[0]
    assert "600" not in alerts[0]
    assert "10 " in alerts[0]
    assert page.headers["retry-after"] == "600"


@pytest.mark.parametrize("refusal", Refusal)
@pytest.mark.parametrize("path", ["/", "/online"])
def test_a_look_may_be_refused_too(phone: PhoneInProcess, refusal: Refusal, path: str) -> None:
    phone.gate.blind = Refused(refusal)
    page = phone.get(f"{path}?lang=en")
    assert 400 <= page.status < 600
    assert ENGLISH.say(f"refusal.{refusal}").split("“")[0] in page.body.replace("&#39;", "'")


def test_a_restored_window_that_gets_a_forms_address_lands_on_the_page(phone: PhoneInProcess) -> None:
    for path in ("/password", "/login", "/language", "/code", "/voucher", "/leave"):
        answer = phone.get(f"{path}?lang=en")
        assert (answer.status, answer.headers["location"]) == (303, "/?lang=en")
