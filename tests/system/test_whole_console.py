"""The console of a whole venue, in a browser of the office: the first hour, the desk, an inspector, the settings.

The venue is set up once, as its owner does; what nobody on the visitors' side reaches is in ``test_console``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from appliance.steward.client import Client
from appliance.steward.editing import with_values
from appliance.steward.wire import ApplySettings, Pending
from appliance.wire import Language
from tests.lab import device
from tests.lab.run import run
from tests.lab.venue import Venue
from tests.lab.visitor import Probe
from tests.support.accessible import RULES, barriers, unfold
from tests.system.audit import entries, journal
from tests.system.browser import browser_in
from tests.system.console_pictures import NEW_BOX
from tests.system.console_walks import (
    DESK,
    INSPECTOR,
    OWNER,
    OWNER_PASSWORD,
    TEST_NUMBER,
    VENUE,
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
from tests.system.staffer import Staffer, settings, staffer

OFFICE = True
CHANGES = NEW_BOX


@dataclass(frozen=True)
class SetUp:
    """What came of the first hour."""

    first: Guest
    """Whose phone was plugged in meanwhile."""
    closed: str
    """The page that it saw before the venue was open."""
    desk_password: str


@pytest.fixture(scope="module")
def browser(venue: Venue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser_in(venue.office, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def set_up(venue: Venue, browser: Browser) -> SetUp:
    first, closed = Guest.new(venue), []

    def seen(somebody: Staffer, name: str) -> None:
        judged(somebody, name)
        if name == "finish":
            closed.append(first.page().body)

    with staffer(venue, browser, Language.KAZAKH) as owner:
        password = first_hour(owner, venue.qaqpa("claim").strip(), "kk", first, seen)
        assert owner.open("/setup").status == 404, "the wizard is gone"
    return SetUp(first, closed[0], password)


def judged(somebody: Staffer, name: str) -> None:
    """Nobody is shut out of the page that is open."""
    unfold(somebody.page)
    assert barriers(somebody.page, RULES) == [], name


def unjudged(_: Staffer, __: str) -> None:
    """Pages that another test looks at."""


def test_a_new_box_is_set_up_and_lets_a_phone_in(venue: Venue, set_up: SetUp) -> None:
    guest = set_up.first
    assert "not open to visitors at the moment" in set_up.closed
    assert any(str(sms["to"]) == "77017654321" for sms in venue.sms()), TEST_NUMBER
    assert not guest.online()
    agreed_and_online(guest)
    probed = guest.phone.probe(Probe.ANDROID)
    assert probed.online, probed
    told = [entry["act"] for entry in journal(venue) if entry["kind"] == "staff_acted" and entry["staff"] == OWNER]
    assert {"claimed", "settings_applied", "secret_saved", "account_made"} <= set(told)


def test_the_desk_admits_by_document_with_the_keyboard_alone(venue: Venue, browser: Browser, set_up: SetUp) -> None:
    guest = Guest.new(venue)
    code = pairing_code(guest)
    with staffer(venue, browser, Language.RUSSIAN) as desk:
        signed_in(desk, DESK, set_up.desk_password, judged)
        assert by_document(desk, code, judged) == len(code) + len("АхметовЕрлан") + 4
        # What is the owner's is not the desk's.
        assert desk.open("/settings").status == 403
    assert guest.online()
    (visit,) = entries(venue, "visit_began", guest.phone.mac)
    (identified,) = [each for each in journal(venue) if each["kind"] == "visitor_identified"]
    assert (identified["visit"], identified["surname"], identified["staff"]) == (visit["visit"], "Ахметов", DESK)


@pytest.mark.usefixtures("set_up")
def test_an_inspector_takes_an_extract_away_and_proves_it(venue: Venue, browser: Browser, tmp_path: Path) -> None:
    with staffer(venue, browser, Language.KAZAKH) as owner:
        signed_in(owner, OWNER, OWNER_PASSWORD, unjudged)
        password = inspector_made(owner, f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}", judged)
    with staffer(venue, browser, Language.ENGLISH) as inspector:
        signed_in(inspector, INSPECTOR, password, judged)
        extract = extract_made(inspector, tmp_path, "Inspection 7 of 2026", judged)
        for path in ("/visits", "/desk", "/settings", "/staff"):
            assert inspector.open(path).status == 403, path
    checked = run([device.QAQPA, "journal", "check", str(extract)])
    assert "ok    the signature is right" in checked.stdout and "whole" in checked.stdout.splitlines()[-1]
    own = [entry for entry in journal(venue) if INSPECTOR in (entry.get("staff"), entry.get("by"))]
    (made,) = [entry for entry in own if entry["kind"] == "extract_made"]
    assert made["why"] == "Inspection 7 of 2026"
    looks = {str(entry["detail"]).partition("?")[0] for entry in own if entry.get("act") == "looked"}
    assert {"/journal", "/journal/extracts", "/journal/verify"} <= looks
    assert any(look.endswith("/download") for look in looks)


def test_settings_are_kept_or_undone_and_a_visitor_notices_neither(
    venue: Venue, browser: Browser, set_up: SetUp
) -> None:
    steward = Client(str(venue.places.runtime / "steward" / "steward.sock"))
    with staffer(venue, browser, Language.ENGLISH) as owner, set_up.first.flow() as flow:
        signed_in(owner, OWNER, OWNER_PASSWORD, unjudged)
        changed(owner, "visit.quota_mb", "500", judged)
        owner.send("/settings/keep")
        kept = settings(venue)
        assert "quota_mb = 500" in kept.toml and kept.undo_in_s is None
        flow.goes_on()
        # The owner's pages give two minutes; here nobody has that long.
        assert steward.ask(ApplySettings(with_values(kept.toml, {"visit.quota_mb": 9}), kept.digest, OWNER, 1)) == (
            Pending(1)
        )
        owner.rest()
        venue.supervisor.until(lambda: settings(venue).undo_in_s is None, "the undoing")
        owner.rest()
        assert settings(venue).toml == kept.toml
        owner.open("/settings/pending")
        expect(owner.page.locator("main .problem")).to_contain_text("nobody kept it in time")
        flow.goes_on()
    assert VENUE in set_up.first.page("/online").body


SECTIONS = ("/today", "/visits", "/visits/blocks", "/desk", "/desk/vouchers", "/journal/proof", "/staff/tokens", "/me")
MORE = ("/second-factor", "/settings", "/settings/text", "/settings/secrets", "/settings/backup", "/poster")

_KEY = re.compile(r"(?<![(\w.])(staff|desk|visits|journal|settings|today|wizard)\.[a-z_.]*[a-z]\b")


@pytest.mark.usefixtures("set_up")
def test_nothing_stands_in_anybodys_way(venue: Venue, browser: Browser) -> None:
    with staffer(venue, browser, Language.RUSSIAN) as owner:
        signed_in(owner, OWNER, OWNER_PASSWORD, unjudged)
        for path in (*SECTIONS, *MORE):
            answer = owner.open(path)
            assert answer.status == 200, path
            judged(owner, path)
            # A key of the catalogue in the place of its words; keys of the configuration stand in brackets or in code.
            said = owner.page.locator("main").inner_text()
            assert path.startswith("/settings") or not _KEY.search(said), f"{path} has words that nobody wrote: {said}"
