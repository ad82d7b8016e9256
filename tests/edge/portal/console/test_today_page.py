"""The landing page in a real browser: for everybody's eyes, and renewed without disturbing whoever looks at it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from appliance import wire
from appliance.staff.roles import StaffRole
from appliance.steward.wire import Examination, Examine, Examined, LightName
from appliance.wire import Trouble
from appliance.wire_console import LookAtVenue, VenueNow
from journal.entries import PasswordAsked, PasswordDelivered, PasswordSent, Stamp, VisitBegan, VisitEnded
from journal.store import Store
from portal.console.site import COOKIE
from tests.edge.portal.window import Silent
from tests.lab.waiting import until
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped, unfold
from tests.support.console import NOW, Made, console

PHONE, NUMBER = "02:00:00:00:00:01", "+77011234567"
EVERY_MS, REST_MS = 10_000, 600_000
LIT = tuple(name for name in LightName if name is not LightName.CERTIFICATE)
"""The one that is left is not used, and says so in Kazakh's longest word."""
FOUND = tuple(Examination(name is not LightName.DISK, "state of a thing " * 6, "mend it", name) for name in LIT)
TOUCH = "dispatchEvent(new Event('pointermove'))"


class Served:
    """The console at an address of this machine, with the owner signed in as long as ``role`` says so."""

    def __init__(self, folder: Path) -> None:
        self.made: Made = console(folder)
        self.role, self.answers = "owner", True
        self.asked: list[str] = []
        self._server = make_server("127.0.0.1", 0, self._behind_nginx, threaded=True, request_handler=Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, name="console")
        self.address = f"http://localhost:{self._server.server_port}"
        self.well()
        _fill(self.made.site.journal)
        # Somebody has claimed the box: who is signed out is sent to the door, not to the claim.
        self.made.site.office.accounts.make("owner", "Owner", StaffRole.OWNER, None)

    def well(self, online: int = 37) -> None:
        """All is well."""
        self.role, self.answers = "owner", True
        self.asked.clear()
        self.venue(VenueNow(online, 2, 5))
        self.made.gate.answers[wire.LookAtSpending] = lambda _: wire.Spending(1000, 9, 0, 0, 100, 8, True, ())
        self.made.steward.answers[Examine] = lambda _: Examined(FOUND, 0)

    def venue(self, now: VenueNow) -> None:
        """What the gate says."""
        self.made.gate.answers[LookAtVenue] = lambda _: now

    def _behind_nginx(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        if not self.answers:
            start("502 Bad Gateway", [])
            return [b"nobody there"]
        return self.made.app({**environ, "HTTP_COOKIE": f"{COOKIE}={self.role}"}, start)

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


def _fill(journal: Path) -> None:
    """A morning's visits."""
    now_ms = int(NOW.timestamp() * 1000)
    journal.parent.mkdir(parents=True)
    store = Store.open(journal)
    for at in range(40):
        stamp = Stamp(now_ms - (40 - at) * 900_000, "b", 10**9 + at)
        name = f"v{at}"
        sms = PasswordAsked(PHONE, NUMBER, name), PasswordSent(PHONE, NUMBER, name, "s")
        visit = VisitBegan(name, PHONE, (), NUMBER, "sms"), VisitEnded(name, PHONE, stamp.utc_ms + 1, "silence")
        store.append([(stamp, each) for each in (*sms, PasswordDelivered(PHONE, NUMBER, name, 2_500), *visit)])
    store.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("console")) as site:
        yield site


@contextmanager
def opened(browser: Browser, served: Served, **options: Any) -> Iterator[Page]:
    """The page, whose clock a test winds on."""
    served.well()
    context = browser.new_context(**{"viewport": {"width": 900, "height": 500}, "locale": "en-GB", **options})
    context.set_default_timeout(40_000)
    context.clock.install(time=NOW)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if "Content Security Policy" in told.text else None)
    try:
        page.goto(f"{served.address}/today")
        page.evaluate(TOUCH)
        yield page
        assert complaints == []
    finally:
        context.close()


def renewals(served: Served) -> int:
    """How often the page asked for its part."""
    return served.asked.count("/today/part")


def test_nothing_stands_in_anybodys_way(browser: Browser, served: Served) -> None:
    with opened(browser, served, viewport={"width": NARROW_PX, "height": 640}) as page:
        served.venue(VenueNow(37, 2, 5, (Trouble.JOURNAL, Trouble.SMS)))
        for language in ("ru", "kk"):
            page.goto(f"{served.address}/today?lang={language}")
            unfold(page)
            assert cramped(page) == [], language
        assert barriers(page) == []
        page.emulate_media(color_scheme="dark")
        assert barriers(page, COLOURS) == []


def test_what_did_not_change_is_left_alone_and_nobody_is_disturbed(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        page.evaluate("document.getElementById('today-passwords').known = true")
        page.locator("#online-table-head").click()
        page.locator("#online-table-head").focus()
        page.locator("#online-wide").evaluate("each => each.scrollLeft = 5")
        page.evaluate("window.scrollTo(0, 300)")
        served.venue(VenueNow(38, 9, 9))
        page.clock.run_for(EVERY_MS + 100)
        expect(page.locator("#today-verdict")).to_contain_text("38 are online")
        expect(page.locator("#today-online")).to_contain_text("now 47")
        assert page.evaluate("document.getElementById('today-passwords').known")
        assert page.evaluate("document.activeElement.id") == "online-table-head"
        assert page.evaluate("[window.scrollY, document.getElementById('online-table').open]") == [300, True]
        assert page.locator("#today-heard").text_content() == ""


def test_whoever_only_hears_the_page_hears_when_it_breaks(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        served.venue(VenueNow(37, 2, 5, (Trouble.UPLINK,)))
        page.clock.run_for(EVERY_MS + 100)
        expect(page.locator("#today-heard")).to_have_text("Visitors have no Internet: the line behind the box is down.")


def test_an_old_page_says_that_it_is_old(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        expect(page.locator("#today-stale")).to_be_hidden()
        served.answers = False
        page.clock.run_for(EVERY_MS + 100)
        expect(page.locator("#today-stale")).to_be_visible()
        expect(page.locator("#today-verdict")).to_contain_text("37 are online")
        served.answers = True
        page.clock.run_for(EVERY_MS + 100)
        expect(page.locator("#today-stale")).to_be_hidden()


def test_a_section_that_comes_and_goes(browser: Browser, served: Served, tmp_path: Path) -> None:
    journal = served.made.site.journal
    with opened(browser, served) as page:
        order = page.locator("#today > section").evaluate_all("all => all.map(each => each.id)")
        journal.rename(tmp_path / "away")
        try:
            page.clock.run_for(EVERY_MS + 100)
            expect(page.locator("#today-gap")).to_contain_text("There is no journal")
            expect(page.locator("#today-online")).to_have_count(0)
        finally:
            (tmp_path / "away").rename(journal)
        page.clock.run_for(EVERY_MS + 100)
        expect(page.locator("#today-gap")).to_have_count(0)
        assert page.locator("#today > section").evaluate_all("all => all.map(each => each.id)") == order


def test_whoever_was_signed_out_is_asked_to_sign_in(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        served.role = "nobody"
        page.clock.run_for(EVERY_MS + 100)
        page.wait_for_url("**/sign-in?next=/today")


def test_a_page_that_nobody_touches_lets_its_session_end(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        page.clock.pause_at(NOW + timedelta(milliseconds=2 * REST_MS))
        before = renewals(served)
        page.clock.run_for(3 * EVERY_MS)
        assert renewals(served) == before
        page.evaluate(TOUCH)
        until(lambda: renewals(served) == before + 1, "a touch renews it")
        expect(page.locator("#today-stale")).to_be_hidden()
        page.clock.run_for(EVERY_MS)
        until(lambda: renewals(served) == before + 2, "and it goes on renewing itself")
