"""The desk's pages: from the code to admitted, every refusal in words, and nothing of a person left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from appliance.staff.roles import StaffRole
from appliance.wire import Language, Phase, Refusal, Refused
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    DeskRefusal,
    DeskRefused,
    Doubt,
    EnterPasswordAtDesk,
    FindDevice,
    Person,
)
from portal.console import asking
from portal.words import words
from tests.support.console import OURS, Made, form
from tests.unit.portal.console.staffed import ALL_FIELDS, CODE, NUMBER, PASSWORD, PORTS, Counter, counter

ZONE = "P<KAZERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\r\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.fixture
def desk(tmp_path: Path) -> tuple[Made, Counter]:
    return counter(tmp_path, ALL_FIELDS + PORTS)


def post(made: Made, **fields: str) -> TestResponse:
    return made.as_role(StaffRole.DESK).post("/desk", data=form(**fields), headers=OURS)


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def focused(page: str) -> str:
    """The name of the field that has the focus when the page comes."""
    tags = [tag for tag in page.split("<") if " autofocus" in tag]
    assert len(tags) == 1
    return tags[0].split(' name="')[1].split('"')[0]


# ── from the code to admitted ───────────────────────────────────────────────────────────────────────────────────────


def test_by_document(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    assert focused(text_of(made.as_role(StaffRole.DESK).get("/desk"))) == "code"
    found = post(made, step="find", code=CODE)
    assert (found.status_code, focused(text_of(found))) == (200, "surname")
    typed = {"surname": "Ахметов", "given_name": "Ерлан", "patronymic": "", "iin": "850101300018"}
    gate.doubts = (Doubt.IIN_CHECKSUM,)
    done = post(made, step="document", code=CODE, **typed)
    assert (done.status_code, done.headers["Location"]) == (303, "/desk?admitted=document&doubt=iin_checksum")
    (asked,) = gate.heard(AdmitByDocument)
    assert (asked.staff, asked.code, asked.person) == (
        "desk",
        CODE,
        Person("Ахметов", "Ерлан", iin="850101300018"),
    )
    after = text_of(made.as_role(StaffRole.DESK).get(done.headers["Location"]))
    assert "the visitor is online" in after and "last digit does not fit" in after
    assert focused(after) == "code"
    assert "Ахметов" not in after and CODE not in after


def test_by_a_told_password(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    sent = post(made, step="password", code=CODE, number="8 701 123 45 67", language="kk")
    page = text_of(sent)
    assert (sent.status_code, focused(page)) == (200, "password")
    assert NUMBER in page and "5 tries left" in page.replace("\u00a0", " ")
    (asked,) = gate.heard(AskPasswordAtDesk)
    assert (asked.staff, asked.number, asked.language) == ("desk", "8 701 123 45 67", Language.KAZAKH)
    wrong = post(made, step="enter", code=CODE, number=NUMBER, password="000000")
    page = text_of(wrong).replace("\u00a0", " ")
    assert (wrong.status_code, focused(page)) == (422, "password")
    assert "4 tries left." in page and "000000" not in page
    done = post(made, step="enter", code=CODE, number=NUMBER, password=PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (303, "/desk?admitted=password")
    assert [each.staff for each in gate.heard(EnterPasswordAtDesk)] == ["desk", "desk"]


def test_whoever_admitted_by_a_password_begins_with_it_again(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    page = text_of(made.as_role(StaffRole.DESK).get("/desk?admitted=password"))
    assert 'name="way" value="password"' in page
    assert focused(text_of(post(made, step="find", code=CODE, way="password"))) == "number"


def test_a_void_password_leads_back_to_the_number(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.tries = 1
    answer = post(made, step="enter", code=CODE, number=NUMBER, password="000000")
    assert focused(text_of(answer)) == "number"
    assert NUMBER in text_of(answer) and "no longer counts" in text_of(answer)


def test_a_device_that_waits_for_its_password_is_asked_for_it_at_once(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.phase = Phase.ASKED
    assert focused(text_of(post(made, step="find", code=CODE))) == "password"
    assert focused(text_of(post(made, step="find", code=CODE, again="1", way="password"))) == "number"


def test_a_device_that_is_online_needs_nothing(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    gate.phase = Phase.ONLINE
    page = text_of(post(made, step="find", code=CODE))
    assert "online already" in page and "identity document" in page
    assert focused(page) == "code" and CODE not in page


def test_a_workstation_is_chosen_or_its_number_typed(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    page = text_of(made.as_role(StaffRole.DESK).get("/desk"))
    assert page.count('name="workstation"') == 2 and "nobody there" in page
    for named in ({"workstation": "3"}, {"code": " 3 "}):
        assert post(made, step="find", **named).status_code == 200
    assert [(each.code, each.workstation) for each in gate.heard(FindDevice)] == [("", "3"), ("", "3")]
    assert post(made, step="document", workstation="3", surname="А", given_name="Б").status_code == 303


def test_a_missing_name_keeps_what_was_typed_and_has_the_focus(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    answer = post(made, step="document", code=CODE, surname="Ахметов", given_name=" ")
    page = text_of(answer)
    assert (answer.status_code, focused(page)) == (422, "given_name")
    assert 'value="Ахметов"' in page and "Fill in “Given name”" in page


def test_a_document_asked_for_nothing_more_than_configured(tmp_path: Path) -> None:
    made, gate = counter(tmp_path)
    page = text_of(post(made, step="find", code=CODE))
    assert 'name="iin"' not in page and 'name="document_number"' not in page
    post(made, step="document", code=CODE, surname="А", given_name="Б", iin="850101300018")
    assert gate.heard(AdmitByDocument)[0].person == Person("А", "Б")


# ── a scanned zone ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_scan_fills_the_form_and_flags_latin_names(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    page = text_of(post(made, step="document", code=CODE, scan="1", zone=ZONE, patronymic="Қайратқызы"))
    for value in ("ERIKSSON", "ANNA MARIA", "L898902C3", "1974-08-12", "төлқұжат", "Қайратқызы"):
        assert f'value="{value}"' in page
    assert page.count("type it as the document has it in Cyrillic") == 2
    assert focused(page) == "surname"
    assert gate.heard(AdmitByDocument) == [] and "<<<" not in page.split("</h1>")[1].split("<textarea")[1][:200]


def test_a_scan_with_wrong_check_digits_names_them(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    page = text_of(post(made, step="document", code=CODE, scan="1", zone=ZONE.replace("C36UTO", "C37UTO")))
    assert "compare with the document: document number, the lines as a whole" in page
    assert 'value="L898902C3"' not in page and 'value="1974-08-12"' in page


@pytest.mark.parametrize("zone", ["", "no zone", "<" * 88, "я" * 2000])
def test_what_is_no_zone_is_told(desk: tuple[Made, Counter], zone: str) -> None:
    made, _ = desk
    page = text_of(post(made, step="document", code=CODE, scan="1", zone=zone, surname="Ахметов"))
    assert "not the lines of a passport" in page and 'value="Ахметов"' in page


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", Language)
def test_every_refusal_has_its_sentence(tmp_path: Path, language: Language) -> None:
    made, gate = counter(tmp_path, ALL_FIELDS, language.value)
    for refusal in (*Refusal, *DeskRefusal):
        gate.refusal = (
            Refused(refusal) if isinstance(refusal, Refusal) else DeskRefused(refusal, "surname", retry_in_s=125)
        )
        sentence = asking.told(gate.refusal, words("console", language)).sentence
        assert "desk." not in sentence, sentence
        step = "find" if isinstance(refusal, DeskRefusal) else "password"
        answer = post(made, step=step, code=CODE, number=NUMBER)
        assert answer.status_code == 422
        assert sentence.replace("'", "&#39;") in text_of(answer), refusal
        assert 'role="alert"' in text_of(answer)
        focused(text_of(answer))


@pytest.mark.parametrize("step", ["find", "document", "password", "enter"])
def test_a_device_that_is_gone_leads_back_to_the_code(desk: tuple[Made, Counter], step: str) -> None:
    made, gate = desk
    gate.refusal = DeskRefused(DeskRefusal.NOBODY_THERE)
    page = text_of(post(made, step=step, code=CODE, surname="Ахметов", number=NUMBER, password=PASSWORD))
    assert focused(page) == "code" and f'value="{CODE}"' in page
    assert "Ахметов" not in page and NUMBER not in page and PASSWORD not in page


def test_a_silent_gate_is_told(tmp_path: Path) -> None:
    made, _ = counter(tmp_path)
    made.gate.answers.clear()
    answer = post(made, step="find", code=CODE)
    assert answer.status_code == 503 and "The gate does not answer" in text_of(answer)
    assert f'value="{CODE}"' in text_of(answer)


# ── hostile ─────────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 11987 }}",
    "\u202eцифр\u2066",
    "а" * 5000,
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_whatever_is_typed_is_text(desk: tuple[Made, Counter], typed: str) -> None:
    made, gate = desk
    gate.refusal = DeskRefused(DeskRefusal.CHARACTERS, "given_name")
    for fields in (
        {"step": "document", "surname": typed, "given_name": typed, "code": typed},
        {"step": "document", "scan": "1", "zone": typed, "surname": typed},
        {"step": "find", "code": typed, "workstation": typed, "way": typed},
        {"step": "password", "number": typed, "language": typed, "code": typed},
        {"step": "enter", "number": typed, "password": typed},
    ):
        answer = post(made, **fields)
        page = text_of(answer)
        assert answer.status_code in {200, 422}
        assert "<script>alert" not in page and "<img" not in page and str(7 * 11_987) not in page
        assert len(page) < 20_000
    assert all(len(each.person.surname) <= 1100 for each in gate.heard(AdmitByDocument))
    assert all(len(each.code) <= 64 for each in gate.heard(FindDevice))


def test_an_address_says_no_more_than_its_words(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    page = text_of(made.as_role(StaffRole.DESK).get("/desk?admitted=<b>&doubt=<i>&doubt=iin_date"))
    assert "the visitor is online" not in page and "<b>" not in page and "<i>" not in page


def test_a_step_there_is_not(desk: tuple[Made, Counter]) -> None:
    made, gate = desk
    assert post(made, step="other").status_code == 400
    assert gate.asked == []


@pytest.mark.parametrize("role", [StaffRole.INSPECTOR, None])
def test_nobody_else_is_let_in(desk: tuple[Made, Counter], role: StaffRole | None) -> None:
    made, gate = desk
    status = 303 if role is None else 403
    for path in ("/desk", "/desk/vouchers", "/visits", "/visits/blocks", "/visits/v1"):
        assert made.as_role(role).get(path).status_code == status, path
    for path in (
        *("/desk", "/desk/vouchers", "/desk/vouchers/sheet", "/desk/vouchers/void", "/visits", "/visits/v1"),
        *("/visits/v1/end", "/visits/v1/block", "/visits/blocks", "/visits/blocks/lift"),
    ):
        answer = made.as_role(role).post(path, data=form(step="find", code=CODE), headers=OURS)
        assert answer.status_code == status, path
    assert gate.asked == []


def test_the_browser_is_to_remember_nothing(desk: tuple[Made, Counter]) -> None:
    made, _ = desk
    for answer in (post(made, step="find", code=CODE), post(made, step="password", code=CODE, number=NUMBER)):
        page = text_of(answer)
        for tag in page.split("<"):
            if tag.startswith(("input", "textarea", "select")) and 'type="hidden"' not in tag:
                assert "autocomplete=off" in tag.replace('"', ""), tag
        assert answer.headers["Cache-Control"] == "no-store"
