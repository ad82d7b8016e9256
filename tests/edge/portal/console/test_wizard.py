"""The first hour in Debian's Chromium, by keyboard alone: from the code to the open venue, and nobody shut out.

The steward edits a real TOML file; gate and office are in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from appliance.steward.wire import Examination, LightName
from tests.edge.portal.window import Silent
from tests.support.accessible import COLOURS, NARROW_PX, RULES, barriers, cramped, unfold
from tests.support.first_hour import BIN, FACTORY, PASSWORD, PROVIDER, Box, new_box
from tests.support.steward_of_file import PORTS

PATIENCE_MS = 40_000
_IS_HERE = """name => { const at = document.activeElement;
    return at.id === name || at.textContent.trim() === name; }"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Box, str]]:
    """A new box with a radio, and where it is: by the name localhost, where browsers take Secure cookies of http."""
    box = new_box(tmp_path, 'wifi.interface = "wlp3s0"\n' + FACTORY)
    server = make_server("127.0.0.1", 0, box.app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, name="console")
    thread.start()
    yield box, f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


class Owner:
    """Somebody at a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, name: str) -> None:
        """Press Tab until the focus is on what has this id, name or text."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_IS_HERE, name):
                return
        raise AssertionError(f"no way to {name} by keyboard at {self.page.url}")

    def type(self, name: str, text: str) -> None:
        self.reach(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def press(self, name: str, to: str) -> None:
        """A button or a link, and the page that it leads to."""
        self.reach(name)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"**{to}")

    def judged(self, *, in_the_dark: bool = False) -> None:
        """Nobody is shut out of the page that is open: in a narrow window, with large letters; where a page has
        colours of its own, in the dark too."""
        unfold(self.page)
        assert barriers(self.page, RULES) == [], self.page.url
        if in_the_dark:
            self.page.emulate_media(color_scheme="dark")
            assert barriers(self.page, COLOURS) == [], self.page.url
            self.page.emulate_media(color_scheme="light")
        assert cramped(self.page) == [], self.page.url


def test_a_venue_is_set_up_by_keyboard_from_the_code_to_its_opening(browser: Browser, served: tuple[Box, str]) -> None:
    box, address = served
    context = browser.new_context(viewport={"width": NARROW_PX, "height": 700}, locale="kk")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    owner = Owner(page)

    page.goto(f"{address}/setup/claim")
    owner.press("English", "/setup/claim")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    owner.judged()
    owner.type("code", box.code)
    owner.type("name", "Aigerim")
    owner.type("login", "aigerim")
    owner.type("password", PASSWORD)
    owner.type("again", PASSWORD)
    owner.press("Make it mine", "/setup/venue")

    owner.type("name", "Алатау")
    owner.type("address", "Алматы, Абай 1")
    owner.type("owner_id", BIN[:-1] + "5")
    owner.press("Continue", "/setup/venue")
    expect(page.locator("#owner_id-error")).to_be_visible()
    owner.judged(in_the_dark=True)
    owner.type("owner_id", BIN)
    owner.press("Continue", "/setup/terms")

    owner.judged()
    owner.press("Continue", "/setup/network")

    # Somebody plugs in a cable: the page tells it by itself, and what was chosen stays.
    owner.reach("wan-enp1s0")
    box.steward.ports = (PORTS[0], msgspec.structs.replace(PORTS[1], carrier=True, speed_mbit=100), PORTS[2])
    expect(page.locator("#seen-lan-enp2s0")).to_contain_text("100 Mbit/s", timeout=PATIENCE_MS)
    assert page.evaluate("document.activeElement.id") == "wan-enp1s0"
    owner.judged()
    owner.press("Try it", "/setup/network")
    expect(page.get_by_role("button", name="Keep it")).to_be_visible()
    owner.press("Keep it", "/setup/wifi")

    owner.judged()
    owner.press("Continue", "/setup/sms")

    owner.judged()
    for field in ("system_id", "password", "source"):
        owner.type(field, PROVIDER[field])
    owner.press("Save and try", "/setup/sms/test")
    owner.type("number", "8 701 123 45 67")
    owner.press("Send it", "/setup/sms/test/t1")
    expect(page.locator("#way")).to_contain_text("It arrived", timeout=PATIENCE_MS)
    owner.judged()
    owner.press("Continue", "/setup/staff")

    owner.type("name", "Dana")
    owner.type("login", "dana")
    owner.press("Make the account", "/setup/staff")
    expect(page.locator("main code").nth(1)).to_be_visible()
    owner.judged()
    owner.press("Continue", "/poster")

    owner.judged()
    owner.press("Continue", "/setup/finish")

    box.steward.findings = (Examination(False, "no answer", "look at the cable", LightName.UPLINK),)
    expect(page.locator("#lights")).to_contain_text("look at the cable", timeout=PATIENCE_MS)
    owner.judged(in_the_dark=True)
    owner.press("Open for visitors", "/setup/finish")
    expect(page.get_by_role("heading", name="Your venue is open")).to_be_visible()
    owner.judged()
    context.close()

    config = box.steward.config
    assert (config.venue.open, config.venue.owner_id, config.wan.interface) == (True, BIN, "enp1s0")
    assert (config.wifi.name, config.sms.provider[0].host) == ("Алатау", "smpp.smsc.kz")
    assert all(config.venue.terms.texts.values())
    assert complaints == []


def test_without_scripts_all_of_it_works_too(browser: Browser, served: tuple[Box, str]) -> None:
    box, address = served
    context = browser.new_context(java_script_enabled=False, locale="ru")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{address}/setup/claim")
    for field, text in {
        "code": box.code, "name": "A", "login": "aigerim", "password": PASSWORD, "again": PASSWORD,
    }.items():  # fmt: skip
        page.fill(f"#{field}", text)
    page.locator("main button").click()
    page.wait_for_url("**/setup/venue")
    page.goto(f"{address}/setup/sms/test")
    page.fill("#number", "87011234567")
    page.locator("main button").click()
    for _ in range(3):
        page.locator("#way a").or_(page.locator("#way .state")).first.wait_for()
        if page.locator("#way a").count():
            page.locator("#way a").click()
    expect(page.locator("#way")).to_contain_text("Дошло")
    context.close()
    assert box.steward.path.read_text().endswith(FACTORY)
