"""The console of a whole venue, in a browser of the office: from a new box to an inspector's proof, in this order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from appliance.wire import Language
from tests.lab.venue import Venue
from tests.support.accessible import barriers, unfold
from tests.system.browser import browser_in
from tests.system.console_walks import first_hour
from tests.system.guest import Guest
from tests.system.staffer import Staffer, staffer

OFFICE = True
CHANGES: dict[str, object] = {"venue.open": False, "sms.provider.host": "smpp.example.kz"}
"""As the box leaves the factory: nobody's, closed, without a provider."""


@pytest.fixture(scope="module")
def browser(venue: Venue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser_in(venue.office, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def judged(somebody: Staffer, name: str) -> None:
    """Nobody is shut out of the page that is open."""
    unfold(somebody.page)
    assert barriers(somebody.page) == [], name


def test_a_new_box_is_set_up_and_admits(venue: Venue, browser: Browser) -> None:
    guest = Guest.new(venue)
    with staffer(venue, browser, Language.KAZAKH) as owner:
        first_hour(owner, venue.qaqpa("claim").strip(), "kk", guest, judged)
    assert not guest.online()
    guest.go_online()
    assert guest.online()
