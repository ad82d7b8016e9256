"""Somebody of staff at a browser in the office, before the console of a whole venue.

    with staffer(venue, browser, Language.KAZAKH) as owner:
        owner.open("/sign-in")
        owner.send("/sign-in", login="aigerim", password="…")

Pages are worked by the addresses and names of their forms, which no language changes. Must not know: what a test wants
to prove.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, ViewportSize

from appliance.steward.client import Client
from appliance.steward.wire import ReadSettings, Settings
from appliance.wire import Language
from tests.lab.venue import CONSOLE, CONSOLE_PORT, Venue

DESKTOP = ViewportSize(width=1024, height=720)
PATIENCE_MS = 60_000
"""The doctor's findings are waited for, and it looks at everything."""
ADDRESS = f"https://{CONSOLE}:{CONSOLE_PORT}"


def settings(venue: Venue) -> Settings:
    """As the steward has them."""
    found = Client(str(venue.places.runtime / "steward" / "steward.sock")).ask(ReadSettings())
    assert isinstance(found, Settings)
    return found


@dataclass(frozen=True)
class Pace:
    """How fast somebody works; tests wait for nobody."""

    key_s: float = 0.0
    """From one key to the next."""
    glance_s: float = 0.0
    """Before the first key on a page."""
    words_per_min: float = 0.0
    """How fast they read what stands on a page; 0: they know it."""


@dataclass
class Staffer:
    """A window at the console. Made by ``staffer``."""

    venue: Venue
    page: Page
    pace: Pace = Pace()
    complaints: list[str] = field(default_factory=list)
    """What the browser's console reports as wrong: scripts, and what the pages' policy refused."""

    def open(self, path: str) -> Response:
        """Go there; the last answer, after redirects."""
        answer = self.page.goto(f"{ADDRESS}{path}")
        assert answer is not None, path
        return answer

    def take_in(self) -> None:
        """Look at the page that is open for as long as this takes."""
        took_s = self.pace.glance_s
        if self.pace.words_per_min:
            took_s += len(self.page.locator("main").inner_text().split()) / self.pace.words_per_min * 60
        if took_s:
            self.page.wait_for_timeout(took_s * 1000)

    def press(self, key: str) -> None:
        """One key, or a text where the focus is."""
        self.page.wait_for_timeout(self.pace.key_s * 1000)
        if key == "Enter":
            self.page.keyboard.press(key)
        else:
            self.page.keyboard.type(key, delay=self.pace.key_s * 1000)

    def send(self, action: str, **lines: str) -> None:
        """Fill these lines of the form that goes to ``action`` in, press its first button, and see the next page."""
        self.take_in()
        form = self.page.locator(f'form[action^="{action}"]').first
        for name, text in lines.items():
            line = form.locator(f"[name={name}]")
            line.fill("" if self.pace.key_s else text)
            if self.pace.key_s:
                self.press(text)
        with self.page.expect_navigation():
            form.locator("button").first.click()

    def is_at(self, path: str) -> None:
        """
        Raises:
            AssertionError: this is another page.
        """
        shown = self.page.url.removeprefix(ADDRESS).partition("?")[0]
        assert shown == path, f"at {shown}: {self.page.locator('main').inner_text()[:800]}"

    def rest(self) -> None:
        """Until everything runs with what was changed; nobody else restarts the venue's processes meanwhile."""
        self.venue.supervisor.until(lambda: not settings(self.venue).is_starting, "everything to run")


@contextlib.contextmanager
def staffer(venue: Venue, browser: Browser, language: Language, *, dark: bool = False) -> Iterator[Staffer]:
    """A new window; at its end the browser has complained of nothing.

    Args:
        language: the browser's own, as long as nobody chose another.
    """
    context = browser.new_context(
        locale={Language.KAZAKH: "kk-KZ", Language.RUSSIAN: "ru-KZ", Language.ENGLISH: "en-GB"}[language],
        viewport=DESKTOP,
        ignore_https_errors=True,  # the box has made its certificate itself; its fingerprint is another test's
        color_scheme="dark" if dark else "light",
    )
    context.set_default_timeout(PATIENCE_MS)
    made = Staffer(venue, context.new_page())

    def on_console(message: ConsoleMessage) -> None:
        # A page that looks again by itself finds the console away while it begins anew: that is told as a failed load.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            made.complaints.append(f"{message.type}: {message.text} at {message.location['url']}")

    context.on("console", on_console)
    context.on("weberror", lambda error: made.complaints.append(f"script: {error.error}"))
    try:
        yield made
        assert made.complaints == []
    finally:
        context.close()
