"""The staff section in a real browser, by keyboard alone; each page judged by axe, by day and by night, and narrow."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from appliance.wire import Language
from tests.edge.portal.window import Silent
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped, unfold
from tests.support.offices import PASSWORD
from tests.unit.portal.console.door import House, house


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    built = house(tmp_path_factory.mktemp("console"))
    server = make_server("127.0.0.1", 0, built.made.app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, name="console")
    thread.start()
    # By name: Chromium keeps Secure cookies of http there (a potentially trustworthy origin).
    yield built, f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def _judge(page: Page, name: str) -> None:
    unfold(page)
    assert barriers(page) == [], name
    assert cramped(page) == [], name


def _press(page: Page, *keys: str) -> None:
    """Type into the focused line, go on with Tab, and so on; Enter at the end."""
    for place, text in enumerate(keys):
        if place:
            page.keyboard.press("Tab")
        page.keyboard.insert_text(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_by_keyboard_alone_and_open_to_everybody(browser: Browser, served: tuple[House, str]) -> None:
    built, address = served
    context = browser.new_context(viewport={"width": NARROW_PX, "height": 640}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/staff")
    _judge(page, "sign in")
    _press(page, "owner", "wrong password")
    assert "wrong" in page.inner_text("[role=alert]")
    page.focus("#login")
    page.keyboard.press("Control+a")
    _press(page, "owner", PASSWORD)
    assert page.url == f"{address}/staff"
    page.goto(f"{address}/second-factor")
    page.focus("#current")
    _press(page, PASSWORD)
    _judge(page, "second factor begun")
    secret = (page.text_content(".secret") or "").replace(" ", "")
    page.focus("#code")
    _press(page, pyotp.TOTP(secret).generate_otp(int(built.made.clock.now_s) // 30))
    assert page.locator(".secrets li").count() == 8
    page.goto(f"{address}/staff")
    page.focus("#name")
    _press(page, "Айгерім Сейітқызы", "aigerim")
    _judge(page, "temporary password told")
    assert "aigerim" in page.inner_text("main")
    built.office.accounts.change("owner", language=Language.KAZAKH.value)
    for path in ("/me", "/password", "/second-factor", "/staff", "/staff/account/aigerim", "/staff/tokens"):
        page.goto(f"{address}{path}")
        assert page.get_attribute("html", "lang") == "kk"
        _judge(page, path)
    page.emulate_media(color_scheme="dark")
    assert barriers(page, COLOURS) == [], "tokens by night"
    context.close()
