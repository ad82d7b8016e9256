"""Going on where one was, and the end of the first hour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.steward.wire import Examination, LightName
from appliance.wire import Language
from tests.support.first_hour import (
    BIN,
    FACTORY,
    PROVIDER,
    VENUE,
    Box,
    new_box,
    posted,
    token_of,
)
from tests.unit.portal.console.reading_wizard import EVERY, says, where, wire_up


def test_an_interrupted_owner_goes_on_where_they_were(box: Box) -> None:
    browser = box.owner()
    assert where(browser) == "/setup/venue"
    posted(browser, "/setup/venue", **VENUE)
    assert where(browser) == "/setup/terms"
    posted(browser, "/setup/terms", kk="а", ru="б", en="c")
    assert where(browser) == "/setup/network"
    posted(browser, "/setup/network", wan="enp1s0", lan="enp2s0")
    assert where(browser) == "/setup/network"
    box.steward.undo()
    assert where(browser) == "/setup/network"
    wire_up(browser)
    assert where(browser) == "/setup/wifi"
    posted(browser, "/setup/wifi", name="Alatau")
    assert where(browser) == "/setup/sms"
    posted(browser, "/setup/sms", **PROVIDER)
    assert where(browser) == "/setup/staff"
    posted(browser, "/setup/staff", name="Dana", login="dana")
    assert where(browser) == "/poster"
    # From another browser too: nothing of it was in a session.
    another = box.browser()
    another.set_cookie("__Host-qaqpa", token_of(browser), secure=True)
    assert where(another) == "/poster"


def test_what_was_passed_by_is_not_asked_again(box: Box) -> None:
    browser = box.owner()
    posted(browser, "/setup/venue", **VENUE)
    wire_up(browser)  # without terms
    assert where(browser) == "/setup/wifi"
    posted(browser, "/setup/staff", name="Dana", login="dana")  # without Wi-Fi and SMS
    assert where(browser) == "/poster"


def test_a_venue_does_not_open_before_what_it_needs(box: Box) -> None:
    browser = box.owner()
    page = browser.get("/setup/finish")
    assert 'action="/setup/finish"' not in page.text
    for key in ("all_well", "box_well", "some_ill"):
        assert not says(page, "en", f"wizard.finish.{key}"), "it cannot be opened, whatever the box finds"
    assert posted(browser, "/setup/finish", open="yes").headers["Location"] == "/setup/finish"
    assert box.steward.config.venue.open is False


def test_after_the_last_step_the_wizard_has_gone_but_for_the_poster(box: Box) -> None:
    browser = box.owner()
    posted(browser, "/setup/venue", **VENUE)
    wire_up(browser)
    posted(browser, "/setup/wifi", name="Alatau")
    box.steward.findings = (Examination(False, "no answer from 1.1.1.1", "look at the cable", LightName.UPLINK),)
    page = browser.get("/setup/finish")
    assert says(page, "en", "wizard.finish.some_ill")
    assert "look at the cable" in page.text
    box.steward.findings = ()
    page = browser.get("/setup/finish")
    assert says(page, "en", "wizard.finish.box_well") and says(page, "en", "wizard.finish.passed_by")
    for path in ("terms", "sms", "staff"):
        assert f'<a href="/setup/{path}">' in page.text
    assert not says(page, "en", "wizard.finish.all_well"), "steps were passed by"
    assert says(posted(browser, "/setup/finish", open="yes"), "en", "wizard.open.done")
    assert box.steward.config.venue.open is True
    for route in box.app.extensions["qaqpa-routes"].all:
        if route.path.startswith("/setup") and route.path != "/setup/claim":
            path = route.path.replace("<test>", "t1")
            answer = browser.get(path) if route.method == "GET" else posted(browser, path)
            assert answer.status_code == 404, path
    assert browser.get("/poster").status_code == 200
    assert 'class="steps"' not in browser.get("/poster").text


def test_a_box_that_is_configured_by_hand_is_only_claimed(tmp_path: Path) -> None:
    browser = new_box(tmp_path, f'[venue]\nname = "Q"\nowner_id = "{BIN}"\n').owner()
    assert browser.get("/setup").status_code == 404


@pytest.mark.parametrize("language", EVERY)
def test_a_steward_that_is_away_is_a_page_that_says_what_to_do(box: Box, language: Language) -> None:
    browser = box.owner(language.value)
    box.steward.is_away = True
    answer = browser.get("/setup/venue")
    assert answer.status_code == 503
    assert says(answer, language, "wizard.trouble.unreachable")


def test_anothers_change_in_between_is_not_overwritten(box: Box) -> None:
    browser = box.owner()
    ask = box.steward.ask

    def meanwhile(request: Any) -> Any:
        reply = ask(request)
        if type(request).__name__ == "TrySettings":
            box.steward.path.write_text(FACTORY + "\n# another's\n")
        return reply

    box.steward.ask = meanwhile  # type: ignore[method-assign]
    assert says(posted(browser, "/setup/venue", **VENUE), "en", "wizard.trouble.changed_meanwhile")
    assert box.steward.path.read_text().endswith("# another's\n")
