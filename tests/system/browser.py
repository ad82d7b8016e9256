"""Debian's Chromium inside a visitor's namespace, at a phone's size.

    with browser_in(visitor.namespace, folder) as browser, window(browser, Language.KAZAKH) as phone:
        phone.open(PROBE)

Playwright drives it over a pipe, so no port is opened and the driver may stay in the machine's own namespace. A window
remembers every request and every complaint of the page. Must not know: what a test wants to prove.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from appliance.wire import Language
from portal.words import Words, words
from tests.lab.entering import inside
from tests.lab.namespaces import ip
from tests.lab.venue import PORTAL
from tests.lab.waiting import until

PHONE = ViewportSize(width=360, height=740)
"""CSS pixels: a small phone, its captive window's own bars taken off."""
PATIENCE_MS = 40_000
"""With every page and every state of it, whatever the machine does meanwhile."""
_BEGINS_MS = 90_000

PROBE = "http://captive.apple.com/hotspot-detect.html"

_LOCALE = {Language.KAZAKH: "kk-KZ", Language.RUSSIAN: "ru-KZ", Language.ENGLISH: "en-GB"}
_CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox",  # the tests are root; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # What Chromium asks of its maker by itself would be taken for the page's traffic.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # New Chromiums keep public pages from private addresses by themselves; old phones do not, so the portal must.
    f"--ip-address-space-overrides={PORTAL}:80=public,{PORTAL}:443=public",
)


@contextlib.contextmanager
def browser_in(namespace: str, folder: Path) -> Iterator[Browser]:
    """Chromium with a new profile in a network namespace; it is ended with the context.

    Args:
        folder: gets the small program that enters the namespace.
    """
    program = folder / f"chromium-in-{namespace}"
    # exec all the way: Playwright's pipes and signals reach Chromium itself.
    program.write_text(f'#!/bin/sh\nexec ip netns exec {shlex.quote(namespace)} {_CHROMIUM} "$@"\n')
    program.chmod(0o755)
    environment: dict[str, str | float | bool] = {
        # Nothing of the person's: a proxy variable would lead the browser out of the namespace's world.
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }
    _take_addresses_at_once(namespace)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(_FLAGS), env=environment, timeout=_BEGINS_MS
        )
        try:
            yield browser
        finally:
            browser.close()


def _take_addresses_at_once(namespace: str) -> None:
    """The namespace's links ask nobody for a second or two, by the kernel's draw, whether an IPv6 address is taken
    (RFC 4862 §5.4): when one more address comes, Chromium drops what it loads, a form that was sent too."""
    with inside(namespace):
        for link in Path("/proc/sys/net/ipv6/conf").iterdir():
            (link / "accept_dad").write_text("0")
    until(lambda: "tentative" not in ip(namespace, "-6", "address"), "the addresses that were begun with")


@dataclass
class Window:
    """A captive window: a browser's context, which shares nothing with another, with one page in it."""

    page: Page
    words: Words
    javascript: bool = True
    requests: list[Request] = field(default_factory=list)
    """All that it asked for, of whatever origin, redirects included; oldest first."""
    responses: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the browser's console reports as wrong: scripts, refused styles, failed loads."""

    def open(self, url: str) -> Response:
        """Go to ``url``; the last answer, after redirects. What an attempt that was dropped asked for is forgotten."""
        before = len(self.requests)
        for patience in range(5, -1, -1):
            try:
                answer = self.page.goto(url)
                break
            except PlaywrightError as error:
                # Chromium drops what it loads when the phone's link gets one more address, at once or by showing its
                # own page of the failure; a person taps again.
                dropped = "ERR_NETWORK_CHANGED" in error.message or "chrome-error://" in error.message
                if not dropped or not patience:
                    raise
                del self.requests[before:]
        assert answer is not None, f"{url} is no other page than before"
        return answer

    def press(self, button: str) -> Response:
        """Press a button that sends a form; the answer to the form itself, which may be a redirect followed since."""
        sends = lambda answer: answer.request.method == "POST"  # noqa: E731
        with self.page.expect_response(sends) as sent, self.page.expect_navigation():
            self.page.get_by_role("button", name=button, exact=True).click()
        return sent.value

    def type_number(self, number: str) -> None:
        """¶5: into Login."""
        self.login.fill(number)

    def ask(self, number: str) -> Response:
        """¶5: the number typed, Get password pressed."""
        self.type_number(number)
        return self.press(self.words.say("form.get_password"))

    def enter(self, password: str) -> Response:
        """¶7: the password typed and sent; where scripts run, the sixth digit sends it."""
        if not self.javascript:
            self.password.fill(password)
            return self.press(self.words.say("form.enter"))
        sends = lambda answer: answer.request.method == "POST"  # noqa: E731
        with self.page.expect_response(sends) as sent, self.page.expect_navigation():
            self.password.fill(password)
        return sent.value

    @property
    def login(self) -> Locator:
        return self.page.get_by_label(self.words.say("form.login"), exact=True)

    @property
    def password(self) -> Locator:
        return self.page.get_by_label(self.words.say("form.password"), exact=True)

    @property
    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def looked_again(self, sentence: str) -> bool:
        """Load the page anew; whether it says ``sentence`` now."""
        self.page.reload()
        return self.page.get_by_text(sentence, exact=True).count() == 1

    @property
    def unanswered(self) -> list[str]:
        """What a page was made of and did not get: nothing came, or what is no success and leads nowhere."""
        got = {answer.request for answer in self.responses if answer.status < 400}
        # What a script asks goes on while somebody looks at the page.
        parts = [request for request in self.requests if request.resource_type not in {"fetch", "xhr"}]
        return [request.url for request in parts if request not in got]

    @property
    def origins(self) -> set[str]:
        """``scheme://host:port`` of all requests so far."""
        return {"/".join(request.url.split("/")[:3]) for request in self.requests}


@contextlib.contextmanager
def window(
    browser: Browser,
    language: Language,
    *,
    javascript: bool = True,
    believing: bool = False,
    patience_ms: float = PATIENCE_MS,
) -> Iterator[Window]:
    """A new window at a phone's size.

    Args:
        language: the phone's own, sent as Accept-Language.
        believing: takes any certificate, where a test's authority signs; who is believed is no matter of pages.
        patience_ms: with every page and every state of it.
    """
    context = browser.new_context(
        locale=_LOCALE[language],
        java_script_enabled=javascript,
        viewport=PHONE,
        ignore_https_errors=believing,
        is_mobile=True,
        has_touch=True,
        color_scheme="light",
    )
    context.set_default_timeout(patience_ms)
    made = Window(context.new_page(), words("visitor", language), javascript)

    # Functions of ours: Playwright sets an attribute on what it calls, which a list's own append does not take.
    def on_request(request: Request) -> None:
        made.requests.append(request)

    def on_response(response: Response) -> None:
        made.responses.append(response)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            made.complaints.append(f"{message.type}: {message.text} at {message.location['url']}")

    context.on("request", on_request)
    context.on("response", on_response)
    context.on("console", on_console)
    context.on("weberror", lambda error: made.complaints.append(f"script: {error.error}"))
    try:
        yield made
    finally:
        context.close()


_MEASURED = """found => found
    .map(element => [element, element.getBoundingClientRect()])
    .filter(([element, box]) => box.width && box.height && getComputedStyle(element).visibility !== "hidden")
    .map(([element, box]) => [element.innerText, box.left, box.right, box.height])"""
"""Of those that can be seen: words, left, right, height."""


def fits(screen: Window) -> None:
    """Nothing sticks out sideways, and whatever is pressed is large enough for a thumb (WCAG 2.2, 2.5.8: 24 px).

    Raises:
        AssertionError: something does, or is not.
    """
    wide = screen.page.evaluate("document.documentElement.scrollWidth")
    assert wide == PHONE["width"], f"{screen.page.url} is {wide} px wide on a phone of {PHONE['width']} px"
    # The way past a page's head stands outside until somebody without a mouse comes to it.
    # Measured in one go: between two questions the page may have moved on, by what it was told of the SMS.
    targets = screen.page.locator("button, input:not([type=hidden]), a:not(.skip)").evaluate_all(_MEASURED)
    assert targets, f"on {screen.page.url} there is nothing to press"
    for told, left, right, height in targets:
        where = f"{screen.page.url}: {told!r} from {left} to {right}, {height} px high"
        assert height >= 24, where
        assert left >= 0, where
        assert right <= PHONE["width"], where
