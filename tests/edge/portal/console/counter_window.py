"""The console's pages in Debian's Chromium, somebody of the desk signed in, with a gate in memory behind them.

Must not know: what a test wants to see.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from portal.console.site import COOKIE
from tests.edge.portal.window import Silent
from tests.unit.portal.console.staffed import Counter, counter


class Office:
    """The console at an address of this machine; the gate is ``gate``, and may be given another state."""

    def __init__(self, folder: Path, toml: str) -> None:
        self.made, self.gate = counter(folder, toml)

        def signed_in(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            # The browser is on http here and would not keep the cookie.
            return self.made.app({**environ, "HTTP_COOKIE": f"{COOKIE}=desk"}, start)

        self._server = make_server("127.0.0.1", 0, signed_in, threaded=True, request_handler=Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, name="office")
        self.address = f"http://localhost:{self._server.server_port}"

    def fresh(self) -> Counter:
        """A gate that has not been asked anything."""
        self.made.gate.asked.clear()
        self.gate = Counter(self.made)
        return self.gate

    def __enter__(self) -> Office:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


@contextlib.contextmanager
def window(browser: Browser, office: Office, path: str, **options: Any) -> Iterator[Page]:
    """A window at this page; its scripts break nowhere, and it reaches for nobody else."""
    context = browser.new_context(**options)
    context.set_default_timeout(40_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
    try:
        page.goto(f"{office.address}{path}")
        yield page
        assert complaints == []
    finally:
        context.close()
