"""The emulated box's pages as people see them: Debian's Chromium on the owner's computer, and on a visitor's phone.

    notes = wizard(owner)
    notes = portal(site, phone, "8 701 123 45 68", "+77011234568")

Each page's picture is left in ``PICTURES``, also one of a page that is not as it must be. Must not know: our catalogues
(the words that must be there are spelled out here), the box's inside.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from appliance.wire import Language
from tests.image.owner import Owner
from tests.image.site import PAGE, Site
from tests.lab.errors import LabError
from tests.lab.run import ROOT
from tests.lab.steps import StepFailed, hold
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until
from tests.system.browser import PROBE, Window, browser_in, fits, window
from tests.system.pictures import kept

PICTURES = ROOT / "build/pictures"
_PATIENCE_MS = 180_000
"""Emulated, and with Chromium on the same processors, a page can take ten seconds; on a busy machine more."""
_ANSWERS_S = 120.0
_WIZARD_S, _LOOK_EVERY_S = 600.0, 2.0
_WIZARD = {
    "Русский": ("ru", "Новое устройство Qaqpa: сделайте его своим"),
    "English": ("en", "This box is new: make it yours"),
    "Қазақша": ("kk", "Жаңа Qaqpa құрылғысы: оны өзіңіздікі етіңіз"),
}
"""What its first page is headed in each language, which is pressed by its own name; at last as it began."""
_PORTAL = {
    "Русский": ("ru", "Вход в интернет"),
    "English": ("en", "Internet access"),
    "Қазақша": ("kk", "Интернетке қосылу"),
}
_ONLINE = "Сіз интернеттесіз"
_DELIVERED = "Пароль жазылған SMS жеткізілді."


def wizard(owner: Owner) -> list[str]:
    """Its first page, on the computer of an owner who has not claimed the box; in all languages, as narrow as a phone.

    Returns:
        How long the page took, and where the pictures are.

    Raises:
        StepFailed: it is not as it must be.
    """
    # The box's screen may say where the console is before it answers.
    until(lambda: owner.open("/").url == "/setup/claim", "the wizard's first page", _WIZARD_S, _LOOK_EVERY_S)
    with _browser(owner.namespace) as browser, _window(browser, "wizard", believing=True) as screen:
        took = _opened(screen, f"{owner.address}/")
        hold(screen.page.url == f"{owner.address}/setup/claim", f"the console leads to {screen.page.url}")
        _is(screen, *_WIZARD["Қазақша"])
        _has(screen, "Код", "Аты-жөніңіз", "Логин", "Пароль", button="Өзімдікі ету")
        hold({"stylesheet", "script"} <= _kinds(screen), f"it is made of no more than {_kinds(screen)}")
        _speaks(screen, "wizard", _WIZARD)
        return [took, _told("wizard")]


def portal(site: Site, phone: Visitor, number: str, e164: str) -> list[str]:
    """¶4 to ¶8 by hand, for a phone that has its lease: from its probe to the page that says online, and out again.

    Args:
        number: as its owner types it; ``e164``: as the SMSC is given it.

    Returns:
        How long pages took, and where the pictures are.

    Raises:
        StepFailed: they are not as they must be.
    """
    before = len(site.texts(e164))
    with _browser(phone.namespace) as browser, _window(browser, "portal") as screen:
        took = _opened(screen, PROBE)
        hold(screen.page.url == f"{PAGE}/", f"its probe led to {screen.page.url}")
        _is(screen, *_PORTAL["Қазақша"])
        _has(screen, "Логин", "Пароль", button="Парольды алу")
        _speaks(screen, "portal", _PORTAL)
        began = time.monotonic()
        screen.page.get_by_label("Логин", exact=True).fill(number)
        _press(screen, "Парольды алу")
        screen.page.get_by_text(_DELIVERED).wait_for()
        _is(screen, *_PORTAL["Қазақша"])
        _take(screen, "portal-asked-kk")
        answer = screen.enter(site.password_for(e164, after=before, timeout_s=_ANSWERS_S))
        hold(answer.status == 303, f"the password was answered {answer.status}")
        hold(screen.page.url.startswith(f"{PAGE}/online"), f"the password led to {screen.page.url}")
        _is(screen, "kk", _ONLINE)
        _take(screen, "portal-online-kk")
        took += f"; from the number to «{_ONLINE}» {time.monotonic() - began:.1f} s"
        with _window(browser, "beyond") as another:
            another.open(PROBE)
            said = another.page.locator("body").inner_text()
            hold((another.page.url, said) == (PROBE, "Success"), f"beyond the gate is {another.page.url}: {said[:200]}")
        _press(screen, "Интернеттен шығу")
        _is(screen, *_PORTAL["Қазақша"])
        hold(not phone.probe(Probe.APPLE, _ANSWERS_S).online, "it is online after it left by its button")
        return [took, _told("portal")]


# ── what a page must be ─────────────────────────────────────────────────────────────────────────────────────────────


def _is(screen: Window, language: str, heading: str) -> None:
    """The page of this heading, whole: all that it is made of came, it fits a phone, the browser has no complaint."""
    hold(screen.heading == heading, f"the page is headed «{screen.heading}», not «{heading}»")
    title = screen.page.title()
    hold(title.startswith(f"{heading} · "), f"its title is «{title}»")
    spoken = screen.page.locator("html").get_attribute("lang")
    hold(spoken == language, f"its language is {spoken}, not {language}")
    hold(not screen.unanswered, f"these did not come: {screen.unanswered}")
    hold(not screen.complaints, f"the browser complains: {screen.complaints}")
    fits(screen)


def _has(screen: Window, *lines: str, button: str) -> None:
    for name in lines:
        line = screen.page.get_by_label(name, exact=True)
        hold(line.count() == 1 and line.is_editable(), f"there is no line «{name}»")
    pressed = screen.page.get_by_role("button", name=button, exact=True)
    hold(pressed.count() == 1 and pressed.is_enabled(), f"there is no button «{button}»")


def _speaks(screen: Window, page: str, headings: Mapping[str, tuple[str, str]]) -> None:
    """Press each language, and see the page in it."""
    for name, (language, heading) in headings.items():
        _press(screen, name)
        _is(screen, language, heading)
        _take(screen, f"{page}-{language}")


def _press(screen: Window, button: str) -> None:
    answer = screen.press(button)
    hold(answer.status == 303, f"«{button}» was answered {answer.status}")


def _kinds(screen: Window) -> set[str]:
    return {answer.request.resource_type for answer in screen.responses if answer.ok}


# ── the browser ─────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def _browser(namespace: str) -> Iterator[Browser]:
    with tempfile.TemporaryDirectory() as scratch, browser_in(namespace, Path(scratch)) as browser:
        yield browser


@contextlib.contextmanager
def _window(browser: Browser, name: str, *, believing: bool = False) -> Iterator[Window]:
    """A new one, in Kazakh; no picture by this name is left of an earlier run, and one of where it failed.

    Args:
        believing: takes the certificate that the box has made itself.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob(f"{name}-*.png"):
        old.unlink()
    with window(browser, Language.KAZAKH, believing=believing, patience_ms=_PATIENCE_MS) as screen:
        try:
            yield screen
        except (PlaywrightError, StepFailed, LabError, AssertionError) as error:
            with contextlib.suppress(PlaywrightError):
                _take(screen, f"{name}-failed")
            raise StepFailed(f"{error} ({_told(name)}; the browser complains: {screen.complaints})") from error


def _opened(screen: Window, url: str) -> str:
    """Go there; how long it took."""
    began = time.monotonic()
    screen.open(url)
    return f"the page {time.monotonic() - began:.1f} s after it was asked for"


def _take(screen: Window, name: str) -> None:
    kept(screen.page, PICTURES / f"{name}.png")


def _told(name: str) -> str:
    """Which pictures there are."""
    return "pictures: " + " ".join(str(path.relative_to(ROOT)) for path in sorted(PICTURES.glob(f"{name}-*.png")))
