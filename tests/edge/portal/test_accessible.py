"""Every page in a real browser, light and dark, narrow and enlarged: axe-core finds nothing, nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from appliance.wire import Delivery, Language, Phase, Trouble
from tests.edge.portal.window import NARROW_PX, Site, chromium, window
from tests.unit.portal import branded
from tests.unit.portal.gate import CODE, NUMBER, VOUCHER, Device, GateWithState
from tests.unit.portal.phone import IP

LONG = "Құрметтілерімізденқонақүйіндегі®кафе"
"""A venue's name that is one word."""
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

WIDTH = "document.documentElement.scrollWidth"
SMALL_TARGETS = """Array.from(document.querySelectorAll("button, input:not([type=hidden]), a, summary"))
    .filter(target => target.getBoundingClientRect().width < 24 || target.getBoundingClientRect().height < 24)
    .map(target => target.outerHTML)"""


@dataclass(frozen=True)
class State:
    """A page: how the device stands, and what the visitor does."""

    device: Device
    trouble: Trouble | None = None
    number: str = ""
    """Typed into Login and sent."""
    password: str = ""
    """Short of six digits, so that the script does not send it first."""


ASKED = Device(phase=Phase.ASKED, number=NUMBER)
ONLINE = Device(phase=Phase.ONLINE, number=NUMBER, seconds_remaining=3200, bytes_remaining=54_321_000)
STATES = {
    "stranger": State(Device()),
    "refused": State(Device(), number="12"),
    "asked": State(ASKED),
    "wrong": State(ASKED, password="12345"),
    "failed": State(replace(ASKED, delivery=Delivery.FAILED)),
    "code": State(Device(code=CODE)),
    "no-sms": State(Device(), trouble=Trouble.SMS),
    "journal": State(Device(), trouble=Trouble.JOURNAL),
    "online": State(ONLINE, trouble=Trouble.UPLINK),
    "away": State(Device(phase=Phase.AWAY, number=NUMBER)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("brand")
    with Site(LONG, branded.written(folder, branded.brand())) as served:
        yield served


def bring(site: Site, page: Page, state: State, language: Language) -> None:
    """Have the page of ``state`` shown, with all that folds open."""
    site.gate = GateWithState(trouble=state.trouble, vouchers={VOUCHER})
    site.gate.put(IP, replace(state.device, language=language))
    page.goto(f"{site.address}/")
    if state.number or state.password:
        field = page.locator("#number" if state.number else "#password")
        field.fill(state.number or state.password)
        with page.expect_navigation():
            field.evaluate("field => field.form.submit()")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


@pytest.mark.parametrize(
    ("scheme", "rules"),
    [("light", RULES), ("dark", {"type": "rule", "values": ["color-contrast"]})],
    ids=["light", "dark"],
)
def test_nothing_stands_in_anybodys_way(browser: Browser, site: Site, scheme: str, rules: dict[str, object]) -> None:
    with window(browser, site, color_scheme=scheme) as page:
        for name, state in STATES.items():
            bring(site, page, state, Language.KAZAKH)
            found = Axe().run(page, options={"runOnly": rules}).response["violations"]
            told = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
            assert told == [], name


def test_nothing_sticks_out_and_a_thumb_finds_what_it_presses(browser: Browser, site: Site) -> None:
    """WCAG 2.2: 1.4.10 at 320 px, 1.4.4 with letters twice as large, 2.5.8 with targets of 24 by 24 px."""
    with window(browser, site) as page:
        for language in (Language.KAZAKH, Language.RUSSIAN):
            for name, state in STATES.items():
                bring(site, page, state, language)
                assert page.evaluate(WIDTH) <= NARROW_PX, (name, language)
                assert page.evaluate(SMALL_TARGETS) == [], (name, language)
                page.evaluate("document.documentElement.style.fontSize = '200%'")
                assert page.evaluate(WIDTH) <= NARROW_PX, (name, language)


def test_the_keyboard_goes_the_way_the_eyes_do(browser: Browser, site: Site) -> None:
    with window(browser, site) as page:
        for name in ("stranger", "asked"):
            bring(site, page, STATES[name], Language.ENGLISH)
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
