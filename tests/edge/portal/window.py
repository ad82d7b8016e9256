"""The portal's pages in Debian's Chromium, with a gate in memory behind them.

werkzeug's server stands where nginx and granian do: it says who asks. Must not know: what a test wants to see.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from appliance.wire import Look, Reply, Request
from portal.visitor.app import create_app
from tests.support.accessible import NARROW_PX
from tests.unit.portal.gate import GateWithState
from tests.unit.portal.phone import IP

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
"""The tests are root and the pages our own; what Chromium asks of its maker is no traffic of theirs."""

_PATIENCE_MS = 40_000
_WHEN = 1_795_338_000
"""The moment of the pages' clock, in seconds of Unix time."""


class Silent(WSGIRequestHandler):
    """Keeps no log."""

    def log_request(self, *_: object) -> None:
        pass


class Site:
    """The portal at an address of this machine; each test gives it a gate of its own."""

    def __init__(self, venue: str, look: str = "") -> None:
        self.gate = GateWithState()
        self.answers = threading.Event()
        """Cleared, the gate has heard what it was asked to do and does not answer yet."""
        self.answers.set()
        self.asked: list[str] = []
        """The paths that were asked for, oldest first."""
        app = create_app("/nowhere", venue, language="en", asks=self, look=look)

        def behind_nginx(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            self.asked.append(environ["PATH_INFO"])
            return app({**environ, "HTTP_X_REAL_IP": IP}, start)

        self._server = make_server("127.0.0.1", 0, behind_nginx, threaded=True, request_handler=Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, name="site")
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def ask(self, request: Request) -> Reply:
        reply = self.gate.ask(request)
        if not isinstance(request, Look):
            self.answers.wait(timeout=120)
        return reply

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a new profile, which a busy machine may hold up for longer than Playwright's own five seconds."""
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(_FLAGS), timeout=90_000)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def window(browser: Browser, site: Site, *, before: str = "", stands: bool = False, **options: Any) -> Iterator[Page]:
    """A captive window at the site's first page, narrow and with nothing remembered.

    Args:
        before: a script that runs before the page's own.
        stands: the page's clock goes on by what a test winds it alone, and a busy machine's seconds are not the
            page's; what waits by timers of its own, such as axe, then waits for ever.
        options: of Playwright's ``new_context``.
    """
    context = browser.new_context(**{"viewport": {"width": NARROW_PX, "height": 640}, "locale": "en-GB", **options})
    context.set_default_timeout(_PATIENCE_MS)
    # Tests wind the page's clock on: nobody waits for a script that waits.
    context.clock.install(time=_WHEN)
    if stands:
        context.clock.pause_at(_WHEN + 1)
    if before:
        context.add_init_script(before)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(f"{site.address}/")
        yield page
        assert complaints == []
    finally:
        context.close()


def asked_for(page: Page, path: str) -> Callable[[], int]:
    """Counts the requests for ``path`` from now on."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if request.url.split("?")[0].endswith(path) else None)
    return lambda: len(seen)
