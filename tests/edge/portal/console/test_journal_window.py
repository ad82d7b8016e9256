"""The journal's pages in a real browser: an inspector's extract by keyboard, downloaded and judged; nobody shut out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from appliance.staff.roles import StaffRole
from portal.console import site as console_site
from tests.edge.portal.console.journal_venue import JournalVenue, documented, journal_venue, visit
from tests.edge.portal.window import Silent
from tests.support.accessible import COLOURS, NARROW_PX, RULES, barriers, cramped

PAGES = ("/journal?period=range", "/journal/extracts", "/journal/verify", "/journal/proof")


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JournalVenue]:
    folder: Path = tmp_path_factory.mktemp("journal")
    with journal_venue(folder, *(visit(f"v{n}", 60 + 7 * n) for n in range(6)), documented("d1", 30)) as made:
        yield made


@pytest.fixture(scope="module")
def address(venue: JournalVenue) -> Iterator[str]:
    """On localhost, where a browser takes a Secure cookie over http."""
    server = make_server("localhost", 0, venue.made.app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, name="console")
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def signed_in(browser: Browser, address: str, role: StaffRole, **options: Any) -> BrowserContext:
    context = browser.new_context(**{"locale": "en-GB", **options})
    context.set_default_timeout(40_000)
    address = address.replace("http:", "https:")  # or the browser would not take the cookie; on localhost it sends it
    context.add_cookies([{"name": console_site.COOKIE, "value": role.value, "url": address, "secure": True}])
    return context


def tab_to(page: Page, label: str) -> None:
    """With the keyboard alone, to what is called so."""
    named = page.get_by_label(label, exact=True).or_(page.get_by_role("button", name=label, exact=True))
    wanted = named.or_(page.get_by_role("link", name=label, exact=True)).first
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {label}")


def test_an_inspector_takes_an_extract_and_judges_it(
    browser: Browser, address: str, venue: JournalVenue, tmp_path: Path
) -> None:
    context = signed_in(browser, address, StaffRole.INSPECTOR)
    page = context.new_page()
    page.goto(f"{address}/journal")
    expect(page.locator("tbody tr")).to_have_count(7)
    tab_to(page, "Make an extract of this")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Extracts")
    tab_to(page, "Reason")
    page.keyboard.type("inspection 5")
    tab_to(page, "Make the extract")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("The extract is ready", timeout=60_000)
    assert barriers(page) == []
    tab_to(page, "Download")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)

    page.goto(f"{address}/journal/verify")
    page.get_by_label("File of the extract").set_input_files(file)
    tab_to(page, "Check it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The extract is whole", timeout=60_000)
    expect(page.locator("#against + ul li")).to_have_count(3)
    assert barriers(page) == []
    page.set_viewport_size({"width": NARROW_PX, "height": 640})
    assert cramped(page) == []
    context.close()
    assert venue.made.gate.asked


def test_the_pages_are_for_everybody(browser: Browser, address: str, venue: JournalVenue) -> None:
    """In Kazakh, whose words are the longest."""
    venue.made.sessions.language = "kk"
    context = signed_in(browser, address, StaffRole.OWNER, viewport={"width": NARROW_PX, "height": 640})
    page = context.new_page()
    page.goto(f"{address}/journal/proof")
    if not page.locator(".facts dd").nth(2).is_visible():
        page.locator("main form button").click()
        expect(page.locator("main form button")).to_be_visible(timeout=60_000)
    for path in PAGES:
        page.goto(f"{address}{path}")
        page.emulate_media(color_scheme="light")
        assert barriers(page, RULES) == [], path
        page.emulate_media(color_scheme="dark")
        assert barriers(page, COLOURS) == [], path
        assert cramped(page) == [], path
    context.close()
    venue.made.sessions.language = "en"
