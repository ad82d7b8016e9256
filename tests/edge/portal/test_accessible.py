"""Every page in a real browser, light and dark, narrow and enlarged: axe-core finds nothing, nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from appliance.wire import Language
from tests.edge.portal.states import STATES, bring
from tests.edge.portal.window import Site, window
from tests.support.accessible import COLOURS, RULES, barriers, cramped, unfold
from tests.unit.portal import branded

LONG = "Құрметтілерімізденқонақүйіндегі®кафе"
"""A venue's name that is one word."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("brand")
    with Site(LONG, branded.written(folder, branded.brand())) as served:
        yield served


@pytest.mark.parametrize(
    ("scheme", "rules"),
    [("light", RULES), ("dark", COLOURS)],
    ids=["light", "dark"],
)
def test_nothing_stands_in_anybodys_way(browser: Browser, site: Site, scheme: str, rules: Mapping[str, object]) -> None:
    with window(browser, site, color_scheme=scheme) as page:
        for name, state in STATES.items():
            bring(site, page, state, Language.KAZAKH)
            unfold(page)
            assert barriers(page, rules) == [], name


def test_nothing_sticks_out_and_a_thumb_finds_what_it_presses(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        for language in (Language.KAZAKH, Language.RUSSIAN):
            for name, state in STATES.items():
                bring(site, page, state, language)
                unfold(page)
                assert cramped(page) == [], (name, language)


def test_the_keyboard_goes_the_way_the_eyes_do(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        for name in ("stranger", "asked"):
            bring(site, page, STATES[name], Language.ENGLISH)
            unfold(page)
            page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
            tops = []
            for _ in range(12):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement === document.body"):
                    break
                tops.append(page.evaluate("document.activeElement.getBoundingClientRect().top + window.scrollY"))
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
            assert len(tops) >= 8
            assert tops == sorted(tops), name
