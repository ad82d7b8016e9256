"""Captive windows as iOS and Android have them: what a phone shows of the portal, and when it believes to be online.

    window = join(phone, System.IOS)                     # probes; None if it is online already
    window.submit({"Логин": "8 701 123 45 67"})
    window.leave()                                       # to read the SMS: the window is killed
    window = join(phone, System.IOS)
    window.submit({"Пароль": "123456"})
    assert not window.is_open()                          # it has probed again, and seen the real Internet

    what a window does           iOS                                       Android
    is opened                    by a probe that is not answered right     the same
    loads first                  the probe's address                       the same
    probes again                 after a navigation to another page        whenever a page starts or finishes
    closes by itself             when a probe is answered right            the same
    killed when one switches     always; cookies die with it               it may be; cookies stay
    a certificate that is wrong  ends there                                ends there
    a link into a new tab        does nothing                              does nothing

No script runs here, and nothing is loaded but pages. Must not know: the portal's pages, the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from tests.lab.errors import LabError, NoAnswer
from tests.lab.markup import Form, Page, read
from tests.lab.visitor import Probe, ProbeResult, Response

_REDIRECTS = 10
_TLS_ERRORS = (35, 51, 58, 59, 60, 66, 77, 83)
"""curl's codes for a handshake that failed and a certificate that is not believed."""


class System(StrEnum):
    """Whose window."""

    IOS = "ios"
    ANDROID = "android"

    @property
    def probe(self) -> Probe:
        """How it finds out whether it is online."""
        return Probe.APPLE if self is System.IOS else Probe.ANDROID

    @property
    def first(self) -> str:
        """What its window loads first: where it has just probed."""
        if self is System.IOS:
            return "http://captive.apple.com/hotspot-detect.html"
        return "http://connectivitycheck.gstatic.com/generate_204"


class DeadEnd(LabError):
    """The window shows nothing that leads on."""


class Phone(Protocol):
    """A phone on the network (``tests.lab.visitor.Visitor``)."""

    def probe(self, kind: Probe) -> ProbeResult: ...

    def fetch(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response: ...


@dataclass
class Jar:
    """Cookies by host; a window's own, or in Android the system's."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)

    def take(self, url: str, response: Response) -> None:
        """Keep what this answer sets."""
        for line in response.headers.get("set-cookie", ()):
            name, _, value = line.partition(";")[0].partition("=")
            self.kept.setdefault(urlsplit(url).netloc, {})[name.strip()] = value.strip()

    def header(self, url: str) -> dict[str, str]:
        """What goes with a request."""
        own = self.kept.get(urlsplit(url).netloc, {})
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in own.items())} if own else {}


def join(phone: Phone, system: System, language: str = "kk", cookies: Jar | None = None) -> Window | None:
    """What the phone does when it joins the network, or comes back to it: the window that pops up, if one does.

    Args:
        cookies: what an earlier window of an Android phone left; iOS has forgotten it.

    Raises:
        DeadEnd: the window pops up and shows nothing.
    """
    seen = phone.probe(system.probe)
    if seen.online:
        return None
    if seen.status is None:
        raise DeadEnd("the probe has no answer: the phone says 'no Internet', and no window pops up")
    if seen.status not in (200, 301, 302, 303, 307):
        raise DeadEnd(f"the probe is answered {seen.status}: a failed network, and no window pops up")
    window = Window(phone, system, language, cookies if cookies and system is System.ANDROID else Jar())
    window.go(system.first)
    return window


class Window:
    """One window. Made by ``join``.

    Args:
        language: the phone's, as Accept-Language says it.
    """

    def __init__(self, phone: Phone, system: System, language: str, cookies: Jar) -> None:
        self._phone, self._system, self._language, self.cookies = phone, system, language, cookies
        self._page: Page | None = None
        self._open = True
        self.probes = 0
        """How often it probed since it was opened."""

    @property
    def page(self) -> Page:
        """What it shows, or showed last."""
        assert self._page is not None, "it has shown nothing yet"
        return self._page

    def is_open(self) -> bool:
        """Whether it is there: not closed by itself, since the phone is online, and not left."""
        return self._open

    def leave(self) -> None:
        """Switch to another app: the window is gone, and what it showed."""
        self._open = False

    def go(self, url: str) -> Page:
        """Navigate there."""
        return self._navigate(url, None)

    def tap(self, text: str) -> Page:
        """Follow the link with this text.

        Raises:
            DeadEnd: there is none, or it wants a window of its own.
        """
        link = self.page.link(text)
        if link is None:
            raise DeadEnd(f"{self.page.url} has no link '{text}'")
        if link.target not in ("", "_self", "_top"):
            raise DeadEnd(f"the link '{text}' wants a new tab, and a captive window has none")
        return self._navigate(urljoin(self.page.url, link.address), None)

    def submit(self, entries: Mapping[str, str], button: str | None = None) -> Page:
        """Fill in the form that has all these fields, found by their labels or names, and press its button.

        Args:
            button: its text, where it is to be this one.

        Raises:
            DeadEnd: no form of the page has them.
        """
        for form in self.page.forms:
            filled = form.filled(entries)
            if filled is not None and (button is None or button in form.buttons):
                return self._send(form, {**filled, **(form.buttons[button] if button else {})})
        raise DeadEnd(f"{self.page.url} has no form with {', '.join(entries)} {button or ''}:\n{self.page.text}")

    def press(self, button: str) -> Page:
        """Press the button with this text, whatever its form wants.

        Raises:
            DeadEnd: there is none.
        """
        for form in self.page.forms:
            if button in form.buttons:
                return self._send(form, {**form.fields, **form.buttons[button]})
        raise DeadEnd(f"{self.page.url} has no button '{button}':\n{self.page.text}")

    def _send(self, form: Form, fields: Mapping[str, str]) -> Page:
        address = urljoin(self.page.url, form.action)
        assert form.method == "post", "a form that puts what was typed into an address"
        return self._navigate(address, fields)

    def _navigate(self, url: str, fields: Mapping[str, str] | None) -> Page:
        assert self._open, "the window is gone"
        if self._system is System.ANDROID and self._page is not None:
            self._probe_again()  # as a page starts
        before = self._page.url if self._page else None
        by_form = fields is not None
        for _ in range(_REDIRECTS):
            response = self._fetch(url, fields)
            self.cookies.take(url, response)
            location = response.header("location")
            if response.status not in (301, 302, 303, 307, 308) or location is None:
                break
            url = urljoin(url, location)
            if response.status < 307:  # RFC 9110 §15.4: every browser makes a GET of these
                fields = None
        else:
            raise DeadEnd(f"more than {_REDIRECTS} redirects, the last to {url}")
        self._page = read(url, response.status, response.body)
        # iOS takes for a navigation what ends at another page; the answer to a form, shown in its place, is none.
        moved = before is not None and url != before and not (by_form and fields is not None)
        if self._open and (moved or self._system is System.ANDROID):
            self._probe_again()
        return self._page

    def _fetch(self, url: str, fields: Mapping[str, str] | None) -> Response:
        origin = {}
        if fields is not None and self._page is not None:
            shown = urlsplit(self._page.url)
            origin = {"Origin": f"{shown.scheme}://{shown.netloc}"}
        headers = {"Accept-Language": self._language, **self.cookies.header(url), **origin}
        try:
            return self._phone.fetch(url, form=fields, headers=headers)
        except NoAnswer as error:
            why = "a certificate that is not believed" if error.curl_code in _TLS_ERRORS else "no answer"
            raise DeadEnd(f"{url}: {why}") from error

    def _probe_again(self) -> None:
        self.probes += 1
        if self._phone.probe(self._system.probe).online:
            self._open = False
