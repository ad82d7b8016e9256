"""The visitor's pages through the real gate: for everybody, by keyboard alone, and one place whatever windows do.

One phone and one browser live through it all; each test begins and ends as a stranger. The pictures of the pages are
looked at by a person; here only that there are some.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from appliance.wire import Language
from tests.lab import device
from tests.lab.run import ROOT
from tests.lab.venue import Venue, places_of
from tests.lab.visitor import Probe
from tests.lab.waiting import until
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped, unfold
from tests.support.authority import Authority
from tests.system import console_pictures, pictures
from tests.system.browser import PHONE, Window, browser_in, window
from tests.system.guest import Guest
from tests.system.staffer import DESKTOP

HOST = "login.example.kz"
FILES = places_of("qt-").folder / "certificate"
CHANGES = {
    **pictures.CHANGES,
    "portal.host": HOST,
    "portal.https": True,
    "portal.certificate_file": str(FILES / "fullchain.pem"),
    "portal.key_file": str(FILES / "privkey.pem"),
    "portal.ca_file": str(FILES / "ca.pem"),
}
"""The venue begins without a certificate, so on http."""
NUMBERS = itertools.count(77011240000)
HOSTS = (f"http://site{count}.example/" for count in itertools.count(1))
"""Foreign ones, each asked for once: Chromium keeps an answer for a minute."""


@pytest.fixture(scope="module")
def guest(venue: Venue) -> Guest:
    guest = Guest.new(venue)
    guest.phone.connect()
    until(lambda: guest.phone.probe(Probe.APPLE).status == 302, "the gate to meet the phone")
    return guest


@pytest.fixture(scope="module")
def browser(guest: Guest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser_in(guest.phone.namespace, tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def number() -> str:
    return f"+{next(NUMBERS)}"


@pytest.fixture
def screen(browser: Browser) -> Iterator[Window]:
    with window(browser, Language.KAZAKH, believing=True) as opened:
        opened.open(next(HOSTS))
        yield opened


@pytest.fixture
def bare(browser: Browser) -> Iterator[Window]:
    """A second window, without scripts."""
    with window(browser, Language.KAZAKH, javascript=False, believing=True) as opened:
        opened.open(next(HOSTS))
        yield opened


def test_every_page_of_a_stay_is_for_everybody(venue: Venue, screen: Window, number: str) -> None:
    say = screen.words.say
    for_everybody(screen, "first")
    assert screen.ask("12").status == 422
    for_everybody(screen, "no number")
    unfold(screen.page)
    screen.press(say("desk.show"))
    for_everybody(screen, "pairing code")
    screen.ask(number)
    for_everybody(screen, "asked")
    password = venue.password_for(number)
    assert screen.enter(f"{(int(password) + 1) % 1_000_000:06d}").status == 422
    for_everybody(screen, "wrong password")
    screen.enter(password)
    assert screen.heading == say("online.heading")
    for_everybody(screen, "online")
    screen.press(say("online.leave"))
    for_everybody(screen, "ended")


def for_everybody(screen: Window, name: str) -> None:
    """By axe-core in the light and in the dark, in a narrow window, with letters twice as large."""
    page = screen.page
    unfold(page)
    assert barriers(page) == [], name
    page.emulate_media(color_scheme="dark")
    assert barriers(page, COLOURS) == [], f"{name}, dark"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": NARROW_PX, "height": PHONE["height"]})
    assert cramped(page) == [], name
    page.set_viewport_size(PHONE)


def test_the_keyboard_alone_leads_in_and_out(venue: Venue, bare: Window, number: str) -> None:
    say, keyboard = bare.words.say, bare.page.keyboard
    expect(bare.login).to_be_focused()  # from the start
    keyboard.type(number)
    tab_to(bare, say("form.get_password"))
    with bare.page.expect_navigation():
        keyboard.press("Enter")
    expect(bare.password).to_be_focused()
    keyboard.type(venue.password_for(number))
    with bare.page.expect_navigation():
        keyboard.press("Enter")
    assert bare.heading == say("online.heading")
    tab_to(bare, say("online.leave"))
    with bare.page.expect_navigation():
        keyboard.press("Space")
    assert bare.page.get_by_role("status").inner_text() == say("ended.visitor")


def tab_to(screen: Window, button: str) -> None:
    """Go on from where the focus is; wherever it stops on the way, it is seen."""
    for _ in range(12):
        screen.page.keyboard.press("Tab")
        focused = screen.page.evaluate("document.activeElement.outerHTML")
        assert screen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", focused
        if screen.page.evaluate("document.activeElement.textContent.trim()") == button:
            return
    raise AssertionError(f"the keyboard does not reach '{button}', the last was {focused}")


def test_a_stay_leaves_pictures(venue: Venue, screen: Window, number: str, tmp_path: Path) -> None:
    taken = list(pictures.of_a_stay(venue, screen, tmp_path, number))
    assert [path.stem for path in taken] == [f"{page}-kk" for page in pictures.STAY]
    screen.page.goto("about:blank")
    assert colours_of(pictures.kept(screen.page, tmp_path / "blank.png")) == 1
    assert [path.name for path in taken if colours_of(path) < 16] == []


def test_the_pictures_are_there_and_small() -> None:
    """Taken by scripts/screens and looked at by a person; README shows some."""
    folder = ROOT / pictures.FOLDER
    for of, names, size, largest in (
        (folder, pictures.names(), PHONE, pictures.LARGEST_BYTES),
        (folder / console_pictures.FOLDER, console_pictures.names(), DESKTOP, console_pictures.LARGEST_BYTES),
    ):
        assert {path.name for path in of.iterdir() if path.is_file()} == {f"{name}.png" for name in names}
        for path in of.glob("*.png"):
            with Image.open(path) as picture:
                assert picture.size == (size["width"], size["height"]), path.name
            assert path.stat().st_size <= largest, path.name
            assert colours_of(path) >= 16, path.name
    shown = re.findall(r'<img src="([^"]+)"', (ROOT / "README.md").read_text())
    assert shown and [path for path in shown if not (ROOT / path).exists()] == []


def colours_of(path: Path) -> int:
    """A blank picture has 1."""
    with Image.open(path) as picture:
        return len(picture.convert("RGB").getcolors(1 << 20) or ())


def test_two_windows_reloads_double_taps_and_https_keep_the_place_and_send_one_sms(
    venue: Venue, screen: Window, bare: Window, number: str
) -> None:
    say = screen.words.say
    bare.type_number(number)
    bare.page.get_by_role("button", name=say("form.get_password"), exact=True).dblclick()
    bare.page.get_by_text(shown(number)).wait_for()
    screen.ask(number)  # the other window still has its first page
    bare.page.go_back()
    for each in (screen, bare, screen):
        in_its_place(each, number)
        each.page.reload()  # of the answer to a form too, which sends it again
        in_its_place(each, number)
    asked = [request for each in (screen, bare) for request in each.requests if "/password" in request.url]
    assert len(asked) >= 2, "the windows did ask twice"

    certified(venue)
    until(lambda: screen.open(next(HOSTS)).url.startswith(f"https://{HOST}/"), "the portal to be on https")
    in_its_place(screen, number)
    assert bare.page.url.startswith(f"http://{HOST}/")
    bare.page.reload()
    # A worker of before takes connections until it hears of its end.
    until(lambda: bare.open(f"http://{HOST}/").url.startswith(f"https://{HOST}/"), "the other window to be on https")
    in_its_place(bare, number)

    bare.password.fill(venue.password_for(number))
    bare.page.get_by_role("button", name=say("form.enter"), exact=True).dblclick()
    for each in (bare, screen):  # the second one's script finds out by itself
        each.page.get_by_role("heading", name=say("online.heading"), exact=True).wait_for()
        each.page.reload()
        assert each.heading == say("online.heading")
    assert len(json.loads(venue.qaqpa("visits", "--json"))) == 1
    assert len([sms for sms in venue.sms() if f"+{sms['to']}" == number]) == 1
    screen.press(say("online.leave"))


def in_its_place(screen: Window, number: str) -> None:
    """It waits for the password to this number."""
    assert screen.page.get_by_text(shown(number)).is_visible()
    assert screen.password.is_editable()
    assert screen.login.count() == 0


def shown(number: str) -> re.Pattern[str]:
    """As a page writes it, whatever the blanks."""
    return re.compile(r"\s?".join(map(re.escape, number)))


def certified(venue: Venue) -> None:
    """A certificate comes, as from certbot."""
    authority = Authority()
    FILES.mkdir(exist_ok=True)
    (FILES / "ca.pem").write_bytes(authority.root)
    authority.issue(HOST).write(FILES / "fullchain.pem", FILES / "privkey.pem")
    said = device.run_deploy_hook(venue.places, venue.gate)
    assert "https: announced\n" in said, said
