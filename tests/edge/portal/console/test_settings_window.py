"""The settings in a real browser: nothing stands in anybody's way, and a change is found, seen, applied and kept."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from appliance.staff.roles import StaffRole
from appliance.steward import wire
from appliance.steward.destinations import unproved
from appliance.steward.trying import changes, read
from portal.console.site import COOKIE
from tests.edge.portal.window import Silent
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped, unfold
from tests.support.console import Made, console
from tests.unit.portal.console.staffed import configured

EXAMPLE = (Path(__file__).parents[4] / "appliance" / "example.toml").read_text(encoding="utf-8")
_COMES_BEFORE_THE_BUTTONS = """line => line.getBoundingClientRect().bottom
    <= document.querySelector(".bar").getBoundingClientRect().top"""
PAGES = ("/settings", "/settings/text", "/settings/secrets", "/settings/backup")


class Steward:
    """Judges what it is given, and remembers what is in force."""

    def __init__(self) -> None:
        self.toml, self.before = EXAMPLE, ""
        self.starting = False

    def answers(self) -> dict[type, Callable[[Any], Any]]:
        copy = wire.Backup("qaqpa-20261122T090000Z.tar", 1_450_000, 1_795_338_000_000)
        return {
            wire.ReadSettings: lambda _: self.settings(),
            wire.TrySettings: self.tried,
            wire.ApplySettings: self.apply,
            wire.KeepSettings: lambda _: self.keep(),
            wire.ListBackups: lambda _: wire.Backups((copy,)),
        }

    def settings(self) -> wire.Settings:
        left = 118 if self.before else None
        digest = hashlib.sha256(self.toml.encode()).hexdigest()
        return wire.Settings(self.toml, digest, left, "owner", is_starting=self.starting)

    def tried(self, request: wire.TrySettings) -> wire.Tried:
        judged = read(request.toml)
        if judged.config is None:
            return wire.Tried(judged.problems)
        now, units = read(self.toml).config, ("gate", "dnsmasq-lan", "console")
        return wire.Tried((), changes(now, judged.config), units, unproved(now, judged.config))

    def apply(self, request: wire.ApplySettings) -> wire.Pending:
        self.before, self.toml, self.starting = self.toml, request.toml, True
        return wire.Pending(request.undo_s)

    def keep(self) -> wire.Done:
        self.before = ""
        return wire.Done()


@contextmanager
def served(made: Made) -> Iterator[str]:
    """At an address of this machine, with the owner signed in."""

    def signed_in(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return made.app({**environ, "HTTP_COOKIE": f"{COOKIE}={StaffRole.OWNER}"}, start)

    server = make_server("localhost", 0, signed_in, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@pytest.fixture
def steward() -> Steward:
    return Steward()


@pytest.fixture
def page(tmp_path: Path, steward: Steward, browser: Browser) -> Iterator[Page]:
    made = console(tmp_path, configured('wifi.interface = "wlp3s0"\n'))
    made.steward.answers = steward.answers()
    with served(made) as address:
        context = browser.new_context(base_url=address, locale="en-GB", viewport={"width": 1000, "height": 700})
        context.set_default_timeout(40_000)
        complaints: list[str] = []
        opened = context.new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        yield opened
        context.close()
        assert complaints == []


def test_a_change_is_found_seen_applied_and_kept(page: Page, steward: Steward) -> None:
    page.goto("/settings")
    page.get_by_label("Find a setting").press_sequentially("lease")
    expect(page.locator("details:visible")).to_have_count(1)
    lease = page.get_by_label("How long a phone keeps its address, in seconds")
    lease.fill("5")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("This is out of bounds: enter a number from 120 to 604,800.")).to_be_visible()
    assert barriers(page) == []
    lease.fill("900")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("row", name="in seconds lan.lease_s 3600 900")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The parts are starting with the new settings.")).to_be_visible()
    assert barriers(page) == []
    steward.starting = False
    expect(page.get_by_text("This page reaches the box with the new settings.")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Nothing waits: the settings are in force.")).to_be_visible()
    assert re.search(r"^lease_s = 900 +# DHCP lease", steward.toml, re.MULTILINE)
    assert steward.before == ""


def test_nothing_hides_the_password_that_another_smsc_is_given(page: Page) -> None:
    page.set_viewport_size({"width": NARROW_PX, "height": 640})
    page.goto("/settings/text?lang=kk")
    page.locator("#toml").fill(EXAMPLE.replace('"smsc.example.kz"', '"smsc.example.com"'))
    page.locator("main form button").click()
    assert page.locator("#password-1").evaluate(_COMES_BEFORE_THE_BUTTONS), "they stand over it"
    assert page.locator(".changes").evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    assert barriers(page) == [] and cramped(page) == []


def test_nothing_stands_in_anybodys_way(page: Page) -> None:
    for path in PAGES:
        page.set_viewport_size({"width": 1000, "height": 700})
        page.emulate_media(color_scheme="light")
        page.goto(f"{path}?lang=kk")
        unfold(page)
        assert barriers(page) == [], path
        page.emulate_media(color_scheme="dark")
        assert barriers(page, COLOURS) == [], path
        page.set_viewport_size({"width": NARROW_PX, "height": 640})
        for language in ("kk", "ru"):
            page.goto(f"{path}?lang={language}")
            unfold(page)
            assert cramped(page) == [], (path, language)
