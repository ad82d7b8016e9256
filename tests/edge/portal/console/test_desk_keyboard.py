"""The desk and the visits in a real browser: admitted by keyboard alone, keys counted; nothing in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.wire import Phase
from appliance.wire_console import FindVisits
from appliance.wire_desk import AdmitByDocument, AskPasswordAtDesk, EnterPasswordAtDesk, FindDevice, Person
from tests.edge.journal.samples import stay, write
from tests.edge.portal.console.counter_window import Office, window
from tests.lab.waiting import until
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped, unfold
from tests.unit.portal.console.staffed import ALL_FIELDS, CODE, NUMBER, PASSWORD, PORTS, live
from tests.unit.portal.console.test_vouchers import BATCH

ZONE = "P<KAZERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Office(tmp_path_factory.mktemp("office"), ALL_FIELDS.replace('"document", ', "") + PORTS) as served:
        served.made.site.journal.parent.mkdir()
        write(served.made.site.journal, stay())
        yield served


def press(page: Page, *keys: str) -> int:
    """Press these one after the other, or type a text in one of them; how many keys that takes."""
    count = 0
    for key in keys:
        if key in {"Enter", "F2", "Escape", "Tab"}:
            page.keyboard.press(key)
            count += 1
        else:
            page.keyboard.type(key)
            count += len(key)
    return count


def focus(page: Page, name: str) -> None:
    """Wait for the page on which the field of this name has the focus, and for its scripts."""
    expect(page.locator(f":focus[name={name}]")).to_have_count(1)
    page.wait_for_load_state()


def test_a_document_takes_no_mouse_and_no_more_keys_than_it_has_letters(browser: Browser, office: Office) -> None:
    gate = office.fresh()
    with window(browser, office, "/desk") as page:
        focus(page, "code")
        keys = press(page, CODE.lower(), "Enter")
        focus(page, "surname")
        keys += press(page, "Ахметов", "Enter", "Ерлан", "Enter", "Enter", "850101300018", "Enter", "Enter")
        expect(page.get_by_role("status")).to_contain_text("the visitor is online")
        focus(page, "code")
        assert page.url == f"{office.address}/desk"
        assert "Ахметов" not in page.content()
    assert keys == len(CODE + "Ахметов" + "Ерлан" + "850101300018") + 6
    assert [each.person for each in gate.heard(AdmitByDocument)] == [Person("Ахметов", "Ерлан", iin="850101300018")]


def test_a_told_password_takes_as_few(browser: Browser, office: Office) -> None:
    gate = office.fresh()
    with window(browser, office, "/desk") as page:
        focus(page, "code")
        keys = press(page, CODE, "Enter")
        focus(page, "surname")
        keys += press(page, "F2", "87011234567", "Enter")
        focus(page, "password")
        keys += press(page, "000000", "Enter")
        expect(page.get_by_role("alert")).to_contain_text("left.")
        focus(page, "password")
        keys += press(page, PASSWORD, "Enter")
        expect(page.get_by_role("status")).to_contain_text("the visitor is online")
        focus(page, "code")
        # The next one begins where this one was admitted.
        gate.phase = Phase.STRANGER
        press(page, CODE, "Enter")
        focus(page, "number")
        press(page, "Escape")
        focus(page, "code")
    assert keys == len(CODE + "87011234567" + "000000" + PASSWORD) + 5
    assert [each.number for each in gate.heard(AskPasswordAtDesk)] == ["87011234567"]
    assert [each.password for each in gate.heard(EnterPasswordAtDesk)] == ["000000", PASSWORD]


def test_a_scanner_types_its_lines_and_their_enters_into_the_first_field(browser: Browser, office: Office) -> None:
    gate = office.fresh()
    with window(browser, office, "/desk") as page:
        focus(page, "code")
        press(page, CODE, "Enter")
        focus(page, "surname")
        press(page, ZONE[0], "Enter", ZONE[1], "Enter")
        expect(page.locator("[name=surname]")).to_have_value("ERIKSSON")
        focus(page, "surname")
        assert gate.heard(AdmitByDocument) == []
        # What is flagged is typed over, without deleting it first.
        press(page, "Эрикссон", "Enter", "Анна", "Enter", "Enter", "Enter", "Enter")
        expect(page.get_by_role("status")).to_contain_text("the visitor is online")
    assert [each.person for each in gate.heard(AdmitByDocument)] == [
        Person("Эрикссон", "Анна", birth_date="1974-08-12")
    ]


def test_without_scripts_too(browser: Browser, office: Office) -> None:
    gate = office.fresh()
    with window(browser, office, "/desk", java_script_enabled=False) as page:
        focus(page, "code")
        press(page, CODE, "Enter")
        focus(page, "surname")
        press(page, "Ахметов", "Tab", "Ерлан", "Enter")
        expect(page.get_by_role("status")).to_contain_text("the visitor is online")
        focus(page, "code")
        press(page, CODE, "Enter")
        expect(page.get_by_role("status")).to_contain_text("online already")
    assert len(gate.heard(AdmitByDocument)) == 1
    assert len(gate.heard(FindDevice)) == 2


def test_the_list_keeps_up_to_date_and_the_focus_stays(browser: Browser, office: Office) -> None:
    gate = office.fresh()
    gate.visits = [live(1)]
    with window(browser, office, "/visits") as page:
        page.evaluate("window.stays = true")
        page.locator("#visit-v1").focus()
        gate.visits = [live(1), live(2)]
        page.evaluate("document.getElementById('live').checked = true")
        page.evaluate("document.getElementById('live').dispatchEvent(new Event('change'))")
        expect(page.locator("#visit-v2")).to_be_visible()
        assert page.evaluate("[window.stays, document.activeElement.id]") == [True, "visit-v1"]
        # Whoever types is not disturbed, and what is typed is no search until it is sent.
        page.locator("#query").fill("9")
        gate.visits = [live(2)]
        page.evaluate("document.getElementById('live').dispatchEvent(new Event('change'))")
        expect(page.locator("#visit-v1")).to_have_count(0)
        assert page.locator("#query").input_value() == "9"
        page.keyboard.press("Enter")
        until(lambda: gate.heard(FindVisits)[-1].query == "9", "the search")


def _bring(page: Page, office: Office, name: str) -> None:
    gate = office.fresh()
    gate.visits = [live(1), live(2, phase=Phase.AWAY)]
    gate.batches = [BATCH]
    match name:
        case "desk" | "visits" | "desk/vouchers" | "visits/blocks" | "visits/v1":
            page.goto(f"{office.address}/{name}")
        case "scan" | "password":
            page.goto(f"{office.address}/desk")
            page.locator("#code").fill(CODE)
            page.locator("#code").press("Enter")
            focus(page, "surname")
            if name == "scan":
                page.locator("details").first.evaluate("each => { each.open = true; }")
                page.locator("#zone").fill("<<<")
                page.get_by_role("button", name="Fill in").click()
            if name == "password":
                page.locator("#number").fill(NUMBER)
                page.locator("#number").press("Enter")
                focus(page, "password")


PAGES = ("desk", "scan", "password", "desk/vouchers", "visits", "visits/v1", "visits/blocks")


def test_nothing_stands_in_anybodys_way(browser: Browser, office: Office) -> None:
    with window(browser, office, "/desk", viewport={"width": NARROW_PX, "height": 700}) as page:
        for name in PAGES:
            _bring(page, office, name)
            unfold(page)
            assert barriers(page) == [], name
            assert cramped(page) == [], name
            if name in {"scan", "visits/v1"}:  # all the colours there are
                page.emulate_media(color_scheme="dark")
                assert barriers(page, COLOURS) == [], name
                page.emulate_media(color_scheme="light")
