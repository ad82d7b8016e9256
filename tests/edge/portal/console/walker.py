"""Somebody in front of a browser without scripts, who works the console's forms as they stand on their pages.

    with walking(browser, box, "aigerim") as owner:
        owner.look("/visits")
        owner.send("/visits", query="67")

What is hidden in a form is sent along. Must not know: which pages there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Response

from tests.edge.portal.console.whole import Whole
from tests.lab.waiting import until


@dataclass
class Walker:
    """Somebody in front of a browser."""

    box: Whole
    page: Page
    login: str

    def look(self, path: str) -> None:
        """A page, from its address."""
        self._in_order(self.page.goto(f"{self.box.address}{path}"))

    def send(self, action: str, button: str = "button:not([formaction])", **fields: Any) -> None:
        """Fill these lines of the form that goes to ``action`` in, and press its button.

        Args:
            button: which of the form's.
        """
        forms = self.page.locator(f'form[action="{action}"], form[action^="{action}?"]')
        for wanted in (button, *(f'[name="{name}"]' for name in fields)):
            forms = forms.filter(has=self.page.locator(wanted))
        form = forms.first
        for name, value in fields.items():
            line = form.locator(f'[name="{name}"]')
            kind = line.first.evaluate("each => each.type")
            if kind in {"radio", "checkbox"}:
                form.locator(f'[name="{name}"][value="{value}"]').check()
            elif kind == "select-one":
                line.select_option(value)
            elif kind == "file":
                line.set_input_files(value)
            else:
                line.fill(value)
        with self.page.expect_navigation() as there:
            form.locator(button).first.click()
        self._in_order(there.value)

    def open(self, summary: str) -> None:
        """Unfold what the summary beside this stands on."""
        self.page.locator(f"details:has({summary}) > summary").first.click()

    def fetch(self, pressed: str) -> Path:
        """What a button or a link hands over as a file."""
        with self.page.expect_download() as download:
            self.page.locator(pressed).first.click()
        return Path(download.value.path())

    def shown_inline(self, link: str) -> None:
        """A link to what the browser shows by itself: it is there for whoever is signed in."""
        href = self.page.locator(link).first.get_attribute("href")
        assert self.page.request.get(f"{self.box.address}{href}").ok, href

    def wait_for(self, selector: str) -> None:
        """Load the page anew until it has this, as it would do by itself some seconds later."""

        def there() -> bool:
            self.page.reload()
            return self.page.locator(selector).count() > 0

        until(there, selector)

    def _in_order(self, answer: Response | None) -> None:
        assert answer is not None and answer.status == 200, (self.page.url, answer and answer.status)
        assert self.page.locator("h1").count() == 1, self.page.url
        wrong = self.page.locator("main [aria-invalid], main [role=alert]")
        assert wrong.count() == 0, (self.page.url, wrong.all_inner_texts(), self.page.inner_text("main")[:600])


@contextlib.contextmanager
def walking(browser: Browser, box: Whole, login: str) -> Iterator[Walker]:
    context = browser.new_context(java_script_enabled=False, locale="kk", viewport={"width": 1024, "height": 720})
    context.set_default_timeout(40_000)
    try:
        yield Walker(box, context.new_page(), login)
    finally:
        context.close()
