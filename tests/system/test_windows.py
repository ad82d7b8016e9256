"""A visitor's stay in the captive windows of iOS and Android, which die, forget, and probe when they like."""

from __future__ import annotations

import pytest

from tests.lab.venue import Venue
from tests.lab.waiting import until
from tests.lab.windows import Jar, System, Window, join
from tests.system.guest import PAGE, Guest

GRACE_S = 1
CHANGES = {"presence.grace_s": GRACE_S}
LOGIN, PASSWORD, GET_PASSWORD = "Логин", "Пароль", "Парольды алу"
"""The order's own words (¶4)."""


def popped_up(guest: Guest, system: System, cookies: Jar | None = None, language: str = "kk") -> Window:
    window = until(lambda: join(guest.phone, system, language, cookies), "the captive window to pop up")
    assert window.page.url.startswith(f"{PAGE}/")
    return window


def typed(number: str) -> str:
    """As people write it."""
    return f"8 {number[2:5]} {number[5:8]} {number[8:10]} {number[10:]}"


@pytest.mark.parametrize("system", System)
def test_the_whole_stay_in_windows_that_die(venue: Venue, system: System) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()

    window = popped_up(guest, system)
    assert window.page.language == "kk"
    window.submit({LOGIN: typed(guest.number)}, GET_PASSWORD)
    assert window.is_open(), "the phone takes itself for online before it is"
    other = popped_up(guest, system)  # a second window, opened meanwhile
    window.leave()
    password = venue.password_for(guest.number)

    window = popped_up(guest, system, window.cookies)
    for shown in (window.page, other.page):
        assert any(form.filled({PASSWORD: password}) is not None for form in shown.forms), shown.text
        assert guest.number[-2:] in shown.text.replace("\xa0", " "), "the number that the password went to"
    window.submit({PASSWORD: f"{(int(password) + 1) % 1_000_000:06d}"})
    assert window.page.status == 422 and window.is_open()
    window.submit({PASSWORD: password})
    assert window.page.url == f"{PAGE}/online?lang=kk"
    assert not window.is_open(), "the window has not seen the Internet"
    assert len(guest.texts()) == 1, "the windows sent an SMS of their own"

    other.go(f"{PAGE}/")
    assert not any(form.filled({LOGIN: ""}) is not None for form in other.page.forms), other.page.text
    assert join(guest.phone, system) is None, "the phone probes the real Internet"

    guest.phone.disconnect()
    until(lambda: guest.phase() is None, "the grace to end")
    guest.phone.connect()
    assert any(LOGIN in form.labels for form in popped_up(guest, system).page.forms)


@pytest.mark.parametrize("system", System)
@pytest.mark.parametrize(("language", "other"), [("ru-RU,ru;q=0.9,en;q=0.8", "English"), ("en-GB", "Русский")])
def test_the_phone_s_language_and_the_one_chosen_which_outlives_the_window(
    venue: Venue, system: System, language: str, other: str
) -> None:
    guest = Guest.new(venue)
    guest.phone.connect()
    window = popped_up(guest, system, language=language)
    assert window.page.language == language[:2]
    chosen = window.press(other).language
    assert chosen == {"English": "en", "Русский": "ru"}[other]
    window.leave()

    # Nothing that this window knew is left (the portal sets no cookie), so it is the gate that knows.
    assert window.cookies.kept == {}
    window = popped_up(guest, system, window.cookies, language)
    assert window.page.language == chosen, "the choice died with the window"
    window.submit({"number": typed(guest.number)})
    assert window.page.language == chosen, "a form leads back into another language"
    window.leave()
    window = popped_up(guest, system, window.cookies, language)
    window.submit({"password": "12345"})
    assert (window.page.status, window.page.language) == (422, chosen)
    window.submit({"password": venue.password_for(guest.number)})
    assert window.page.language == chosen and not window.is_open()

    # The visit is over, and the choice outlives it: it is the same phone.
    guest.phone.disconnect()
    until(lambda: guest.phase() is None, "the grace to end")
    guest.phone.connect()
    assert popped_up(guest, system, window.cookies, language).page.language == chosen
