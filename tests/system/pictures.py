"""The pictures of all pages: taken from a real venue by a real browser, kept to be looked at by a person.

    python -m tests.system.pictures tests/system/screens      # scripts/screens

The stay is played in every language through the real gate. What a whole venue seldom shows (a full disk, a dead SMSC)
comes from the portal with a gate in memory behind it, in Kazakh; and one page in the dark. Must not know: what a test
wants to prove.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from PIL import Image
from playwright.sync_api import Page

from appliance.wire import Language
from portal.visitor.brand import Brand
from tests.edge.portal.states import STATES, bring
from tests.edge.portal.window import Site, chromium
from tests.edge.portal.window import window as quiet_window
from tests.lab.errors import LabError
from tests.lab.venue import Venue
from tests.lab.waiting import until
from tests.system import console_pictures
from tests.system.browser import PHONE, PROBE, Window, browser_in, window

FOLDER = Path("tests/system/screens")
LARGEST_BYTES = 40_000
_COLOURS = 256
"""A palette as large as PNG has: with fewer, the small golden part of the emblem turns brown."""
STAY = ("login", "asked", "online", "ended")
"""A stay's pages, in their order; each in every language."""
REST = tuple(name for name in STATES if name not in ("stranger", "asked"))
"""Of the other pages, in Kazakh."""
DARK = ("asked",)
"""Pages that are shown in the dark too, in Kazakh."""

VENUE = "Кафе «Қақпа»"
LINK = "https://cafe.example.kz"
TERMS = {
    Language.KAZAKH: "Желіні заңға сай пайдаланамын.\nНөмірім мен интернетте болған уақытым журналға жазылады.",
    Language.RUSSIAN: "Обязуюсь соблюдать закон.\nМой номер и время в Интернете записываются в журнал.",
    Language.ENGLISH: "I use the network lawfully.\nMy number and my time online are recorded in a journal.",
}
CHANGES: dict[str, object] = {
    "venue.name": VENUE,
    "venue.link": LINK,
    **{f"venue.terms.{language}": text for language, text in TERMS.items()},
}


def names() -> list[str]:
    """Of all pictures, without their suffix."""
    stay = [f"{page}-{language}" for language in Language for page in STAY]
    return [*stay, *(f"{page}-kk" for page in REST), *(f"{page}-kk-dark" for page in DARK)]


def of_a_stay(venue: Venue, phone: Window, folder: Path, number: str) -> Iterator[Path]:
    """Play a stay and keep a picture of each page.

    Args:
        phone: a window of a visitor who is connected and was never here.
        number: in E.164.
    """

    def shown(page: str) -> Path:
        return kept(phone.page, folder / f"{page}-{phone.words.language}.png")

    phone.open(PROBE)
    yield shown("login")
    phone.ask(number)
    password = venue.password_for(number)
    until(lambda: phone.looked_again(phone.words.say("delivery.delivered")), "the page to tell of the receipt")
    yield shown("asked")
    phone.enter(password)
    yield shown("online")
    phone.press(phone.words.say("online.leave"))
    yield shown("ended")


def of_stays(folder: Path) -> Iterator[Path]:
    """A stay in each language, in a venue of its own, each by a visitor of its own."""
    with Venue.open("qs-", visitors=len(Language), changes=CHANGES) as venue, tempfile.TemporaryDirectory() as scratch:
        for place, (visitor, language) in enumerate(zip(venue.visitors, Language, strict=True)):
            visitor.connect()
            with browser_in(visitor.namespace, Path(scratch)) as browser, window(browser, language) as phone:
                yield from of_a_stay(venue, phone, folder, f"+7701123456{place + 7}")


def of_the_rest(folder: Path) -> Iterator[Path]:
    """What a stay seldom shows."""
    brand = Brand(timezone="Asia/Almaty", link=LINK, terms=TERMS)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        look = Path(scratch) / "portal.json"
        look.write_bytes(msgspec.json.encode(brand))
        with Site(VENUE, str(look)) as site:
            for scheme, pages in (("light", REST), ("dark", DARK)):
                with quiet_window(browser, site, viewport=PHONE, color_scheme=scheme) as page:
                    for name in pages:
                        bring(site, page, STATES[name], Language.KAZAKH)
                        yield kept(page, folder / f"{name}-kk{'-dark' if scheme == 'dark' else ''}.png")


def of_the_console(folder: Path) -> Iterator[Path]:
    """What staff see."""
    (folder / console_pictures.FOLDER).mkdir(exist_ok=True)
    yield from console_pictures.of_the_console(folder / console_pictures.FOLDER, kept)


def kept(page: Page, path: Path) -> Path:
    """What the phone's screen shows now, in a small file; the caret and animations stand still."""
    with Image.open(io.BytesIO(page.screenshot())) as taken:
        taken.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def main() -> int:
    """The command behind scripts/screens."""
    parser = argparse.ArgumentParser(prog="scripts/screens", description="Take the pictures of all pages.")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="where they go")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for take in (of_the_rest, of_stays, of_the_console):
            for path in take(folder):
                print(path)
    except LabError as error:
        print(f"scripts/screens: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
