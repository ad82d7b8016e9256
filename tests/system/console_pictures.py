"""The pictures of the console's pages: a whole venue from its first hour on, in a browser of the office.

Taken by scripts/screens with the visitor's (``pictures``). The owner's are in Kazakh, the desk's in Russian, the
inspector's in English. Must not know: what a test wants to prove.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page

from appliance.wire import Language
from tests.lab.venue import Venue
from tests.system.browser import browser_in
from tests.system.console_walks import (
    DESK,
    INSPECTOR,
    OWNER,
    OWNER_PASSWORD,
    agreed_and_online,
    by_document,
    changed,
    extract_made,
    first_hour,
    inspector_made,
    pairing_code,
    signed_in,
)
from tests.system.guest import Guest
from tests.system.staffer import Staffer, staffer

FOLDER = Path("console")
"""Below the visitor's."""
LARGEST_BYTES = 60_000
NEW_BOX: dict[str, object] = {"venue.open": False, "sms.provider.host": "smpp.example.kz"}
"""As it leaves the factory: nobody's, closed, without a provider."""

_PAGES = {
    "kk": (
        *("claim", "venue", "terms", "network", "wifi", "sms", "sms-test", "staff-made", "poster", "finish", "opened"),
        *("today", "today-dark", "visits", "story", "proof", "staff", "settings", "settings-preview"),
        "settings-pending",
    ),
    "ru": ("sign-in", "desk", "desk-document", "vouchers"),
    "en": ("new-password", "journal", "extract", "verified"),
}


def names() -> list[str]:
    """Of all pictures, without their suffix."""
    return [f"{page}-{language}" for language, pages in _PAGES.items() for page in pages]


def of_the_console(folder: Path, kept: Callable[[Page, Path], Path]) -> Iterator[Path]:
    """All of them.

    Args:
        kept: takes one.
    """
    taken: list[Path] = []

    def seen_in(language: Language) -> Callable[[Staffer, str], None]:
        def seen(somebody: Staffer, name: str) -> None:
            if name in _PAGES[language]:
                taken.append(kept(somebody.page, folder / f"{name}-{language}.png"))

        return seen

    with (
        Venue.open("qs-", visitors=0, changes=NEW_BOX, office=True) as venue,
        tempfile.TemporaryDirectory() as scratch,
        browser_in(venue.office, Path(scratch)) as browser,
    ):
        _played(venue, browser, Path(scratch), seen_in)
        yield from taken


def _played(
    venue: Venue, browser: Browser, scratch: Path, seen_in: Callable[[Language], Callable[[Staffer, str], None]]
) -> None:
    first, second = Guest.new(venue), Guest.new(venue)
    seen = seen_in(Language.KAZAKH)
    with staffer(venue, browser, Language.KAZAKH) as owner:
        desk_password = first_hour(owner, venue.qaqpa("claim").strip(), "kk", first, seen)
        agreed_and_online(first)
        inspector_password = inspector_made(owner, f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}", seen)
        with staffer(venue, browser, Language.RUSSIAN) as desk:
            signed_in(desk, DESK, desk_password, seen_in(Language.RUSSIAN))
            by_document(desk, pairing_code(second), seen_in(Language.RUSSIAN))
            desk.open("/desk/vouchers")
            seen_in(Language.RUSSIAN)(desk, "vouchers")
        for path, name in (("/today", "today"), ("/visits", "visits"), ("/settings", "settings")):
            owner.open(path)
            seen(owner, name)
        owner.open("/visits")
        owner.page.locator('main a[href^="/visits/"]:not([href="/visits/blocks"])').first.click()
        owner.page.wait_for_load_state()
        seen(owner, "story")
        owner.open("/journal/proof")
        owner.send("/journal/proof")
        owner.page.locator("main .done[role=status]").wait_for()
        seen(owner, "proof")
        changed(owner, "visit.quota_mb", "500", seen)
    with staffer(venue, browser, Language.KAZAKH, dark=True) as owner:
        signed_in(owner, OWNER, OWNER_PASSWORD, lambda _, __: None)
        owner.open("/today")
        seen(owner, "today-dark")
    with staffer(venue, browser, Language.ENGLISH) as inspector:
        signed_in(inspector, INSPECTOR, inspector_password, seen_in(Language.ENGLISH))
        extract_made(inspector, scratch, "Inspection 7 of 2026", seen_in(Language.ENGLISH))
