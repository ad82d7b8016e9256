"""The page of versions in a real browser: nothing stands in anybody's way, and an installation is followed."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from appliance.steward.wire_updates import AskUpdates, Errand, Updates
from tests.edge.portal.console.test_settings_window import served
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped
from tests.support.console import console

SOURCE = "https://updates.example.kz/qaqpa"
FOUND = Updates(True, "0.1.0", SOURCE, Errand(over=True, result="0.2.0"), given_up=("0.1.9",))
FAILED = Updates(True, "0.1.0", SOURCE, Errand(over=True, why="forged"), backup=Errand(over=True, why="no_stick"))
INSTALLING = Updates(True, "0.1.0", SOURCE, install=Errand(busy=True, percent=42))
INSTALLED = Updates(True, "0.1.0", SOURCE, install=Errand(over=True, result="0.2.0", percent=100))


def test_the_page_is_open_to_anybody_and_follows_an_installation(tmp_path: Path, browser: Browser) -> None:
    made, now = console(tmp_path), [FOUND]
    made.steward.answers[AskUpdates] = lambda _: now[0]
    with served(made) as address:
        page = browser.new_page(viewport={"width": NARROW_PX, "height": 900})
        for state, language in ((FOUND, "kk"), (FAILED, "ru"), (INSTALLING, "kk")):
            now[0] = state
            page.goto(f"{address}/updates?lang={language}")
            assert barriers(page) == [] and cramped(page) == [], (state, language)
        page.emulate_media(color_scheme="dark")
        assert barriers(page, COLOURS) == []
        now[0] = INSTALLING
        page.goto(f"{address}/updates?lang=en")
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "42")
        now[0] = INSTALLED
        expect(page.get_by_role("button", name="Restart now")).to_be_visible(timeout=40_000)
        page.close()
