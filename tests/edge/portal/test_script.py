"""What the pages' script adds, in a real browser: nothing that is needed, and nothing that sends a thing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import portal.visitor
from appliance.wire import AskPassword, Delivery, EnterPassword, Phase
from tests.edge.portal.window import Site, asked_for, window
from tests.lab.waiting import until
from tests.unit.portal.gate import CODE, NUMBER, PASSWORD, Device, GateWithState
from tests.unit.portal.phone import IP

FIRST_LOOK_MS, SECOND_LOOK_MS = 2_500, 5_000
"""The script asks after two seconds, and each time half as long again later."""
ASKED = Device(phase=Phase.ASKED, number=NUMBER)
SCRIPT = Path(portal.visitor.__file__).parent / "templates" / "script.js"

WEB_OTP = f"""
window.OTPCredential = function () {{}};
Object.defineProperty(navigator, "credentials", {{value: {{get: function (asked) {{
    window.asked = asked.otp.transport.join();
    return Promise.resolve({{code: "{PASSWORD}"}});
}}}}}});
"""
TWO_TAPS = """() => {
    const tap = () => document.querySelector(".main").click();
    tap();
    fetch("/health").then(tap).then(() => fetch("/health"));
}"""
HIDDEN = """
window.looksAway = true;
Object.defineProperty(document, "hidden", {get: function () { return window.looksAway; }});
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with Site("Café") as site:
        yield site


@pytest.fixture
def site(served: Site) -> Site:
    served.gate = GateWithState()
    served.asked.clear()
    served.gate.put(IP, ASKED)
    return served


def entered(site: Site) -> list[str]:
    return [request.password for request in site.gate.heard if isinstance(request, EnterPassword)]


def on_the_online_page(page: Page, site: Site) -> None:
    page.wait_for_url(f"{site.address}/online")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are online")


def test_the_sixth_digit_sends_the_password(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        field = page.get_by_label("Password", exact=True)
        field.press_sequentially("12345")
        assert entered(site) == []
        field.press_sequentially("6")
        on_the_online_page(page, site)
    assert entered(site) == [PASSWORD]


def test_a_pasted_password_may_have_a_space(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        page.get_by_label("Password", exact=True).fill("123 456")
        on_the_online_page(page, site)
    assert entered(site) == ["123 456"]


def test_a_password_offered_by_web_otp_is_entered(browser: Browser, site: Site) -> None:
    with window(browser, site, before=WEB_OTP) as page:
        on_the_online_page(page, site)
    assert entered(site) == [PASSWORD]


def test_a_refused_password_is_not_sent_again_by_itself(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        page.get_by_label("Password", exact=True).fill("000000")
        expect(page.get_by_role("alert")).to_contain_text("4 tries left.")
        page.clock.run_for(60_000)
    assert entered(site) == ["000000"]


def test_the_delivery_state_changes_where_it_stands(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        page.evaluate("window.stays = true")
        expect(page.get_by_role("status")).to_contain_text("about to be sent")
        site.gate.put(IP, replace(ASKED, delivery=Delivery.DELIVERED))
        page.clock.run_for(FIRST_LOOK_MS)
        expect(page.get_by_role("status")).to_have_text("The SMS with the password has arrived.")
        assert page.evaluate("window.stays"), "the page was loaded anew"
        assert page.get_by_role("link", name="Look again").count() == 0


def test_the_page_goes_on_by_itself_when_staff_let_the_visitor_in(browser: Browser, site: Site) -> None:
    site.gate.put(IP, Device(code=CODE))
    with window(browser, site) as page:
        expect(page.get_by_text(f"{CODE[:3]}\u00a0{CODE[3:]}")).to_be_visible()
        page.get_by_label("Login", exact=True).fill("8701")
        site.gate.put(IP, Device(phase=Phase.ONLINE, method="desk", number=NUMBER))
        page.clock.run_for(FIRST_LOOK_MS)
        expect(page.get_by_role("heading", level=1)).to_have_text("You are online")


def test_what_is_being_typed_is_not_thrown_away(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        page.get_by_label("Password", exact=True).fill("123")
        site.gate.put(IP, replace(ASKED, delivery=Delivery.FAILED))
        for _ in range(2):
            with page.expect_request_finished(lambda request: request.url.endswith("/state")):
                page.clock.run_for(SECOND_LOOK_MS)
        assert page.get_by_label("Password", exact=True).input_value() == "123"
        page.get_by_label("Password", exact=True).fill("")
        page.clock.run_for(SECOND_LOOK_MS * 2)
        expect(page.get_by_role("status")).to_contain_text("could not be delivered")


def test_waits_count_down(browser: Browser, site: Site) -> None:
    site.gate.put(IP, replace(ASKED, resend_in_s=150, expires_in_s=7201))
    with window(browser, site, stands=True) as page:
        for passed_ms, wait, valid in (
            (0, "3\u00a0min", "3\u00a0h"),
            (2_000, "3\u00a0min", "120\u00a0min"),
            (28_000, "120\u00a0s", "120\u00a0min"),
            (20_000, "100\u00a0s", "120\u00a0min"),
            (200_000, "0\u00a0s", "116\u00a0min"),
        ):
            page.clock.run_for(passed_ms)
            assert page.locator(".wait .left").inner_text() == wait
            assert page.locator("#password-facts .left").inner_text() == valid


def test_two_taps_ask_for_one_password(browser: Browser, site: Site) -> None:
    site.gate.put(IP, Device())
    with window(browser, site) as page:
        page.get_by_label("Login", exact=True).fill(NUMBER)
        site.answers.clear()
        page.evaluate(TWO_TAPS)
        until(lambda: site.asked.count("/health") >= 2, "the second tap")
        site.answers.set()
        expect(page.get_by_role("status")).to_be_visible()
    assert len([request for request in site.gate.heard if isinstance(request, AskPassword)]) == 1


def test_nothing_is_asked_while_nobody_looks(browser: Browser, site: Site) -> None:
    with window(browser, site, before=HIDDEN) as page:
        asks = asked_for(page, "/state")
        page.clock.run_for(60_000)
        page.evaluate("fetch('/health')")  # whatever was asked before it has been heard of by then
        assert asks() == 0
        with page.expect_request_finished(lambda request: request.url.endswith("/state")):
            page.evaluate("window.looksAway = false; document.dispatchEvent(new Event('visibilitychange'))")
            page.clock.run_for(FIRST_LOOK_MS)


def test_a_stranger_is_not_asked_about(browser: Browser, site: Site) -> None:
    site.gate.put(IP, Device())
    with window(browser, site) as page:
        asks = asked_for(page, "/state")
        page.clock.run_for(60_000)
        page.evaluate("fetch('/health')")
        assert asks() == 0
        kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
        assert kept == [0, 0, ""]


@pytest.mark.parametrize(
    "newer",
    ["=>", "`", "?.", "??", "...", "**", r"\blet\b", r"\bconst\b", r"\bclass\b", r"\basync\b", r"\bfetch\b", r"\bof\b"],
)
def test_the_script_is_understood_by_an_old_web_view(newer: str) -> None:
    """ES5: Android 8's first WebView is older than 61."""
    pattern = newer if newer.startswith("\\b") else re.escape(newer)
    assert not re.search(pattern, SCRIPT.read_text(encoding="utf-8"))
