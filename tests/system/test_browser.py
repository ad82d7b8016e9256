"""A visitor's stay as a phone's browser lives it: every page by Debian's Chromium, in the visitor's namespace.

One browser lives through it all, in windows that share nothing; each test is another phone to the gate.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from appliance.wire import Language
from portal.words import words
from tests.lab.venue import PORTAL, Venue
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until
from tests.system.browser import PROBE, Window, browser_in, fits, window

ORIGIN = f"http://{PORTAL}"
NUMBERS = itertools.count(77011230000)
PHONES = itertools.count(1)
OTHER_SITE = "http://www.example.org/"
WRONG_PASSWORD = "error: Failed to load resource: the server responded with a status of 422"
"""Chromium's own line for any page that is not 2xx or 3xx; the refused password's page is meant to be 422."""
SEND_FORM = """([action, fields, policy]) => {
    const meta = document.createElement("meta");
    meta.name = "referrer";
    meta.content = policy;
    document.head.append(meta);
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement("input");
        input.name = name;
        input.value = value;
        form.append(input);
    }
    document.body.append(form);
    form.submit();
}"""


@pytest.fixture(scope="module")
def venue() -> Iterator[Venue]:
    with Venue.open("qb-", visitors=0) as opened:
        yield opened


@pytest.fixture(scope="module")
def place(venue: Venue) -> Visitor:
    """Where the browser is."""
    return venue.add_visitor()


@pytest.fixture
def phone(place: Visitor) -> Iterator[Visitor]:
    """A phone that the gate has never met."""
    place.become(f"02:00:00:01:00:{next(PHONES):02x}")
    place.connect()
    # The lease came from one dnsmasq; the one that answers captive names may be a moment later at the venue's start.
    until(lambda: place.probe(Probe.APPLE).status == 302, "the gate to meet the phone")
    yield place
    place.disconnect()


@pytest.fixture(scope="module")
def started(place: Visitor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser_in(place.namespace, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(started: Browser, phone: Visitor) -> Browser:
    """In the hands of whoever has ``phone``."""
    assert phone.lease() is not None
    return started


@pytest.fixture
def number() -> str:
    """A mobile number that nobody has used here."""
    return f"+{next(NUMBERS)}"


def wrong(password: str) -> str:
    return f"{(int(password) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("language", list(Language))
def test_a_whole_stay(
    *, venue: Venue, phone: Visitor, browser: Browser, number: str, language: Language, javascript: bool
) -> None:
    arrived_before = len(venue.internet.arrivals())
    with window(browser, language, javascript=javascript) as screen:
        say = screen.words.say
        page = screen.open(PROBE)
        assert (page.status, page.url) == (200, f"{ORIGIN}/")
        assert page.request.redirected_from is not None
        assert page.request.redirected_from.url == PROBE
        assert screen.heading == say("form.heading")
        assert screen.page.locator("html").get_attribute("lang") == language
        expect(screen.login).to_be_focused()
        fits(screen)

        asked = screen.ask(number)
        assert (asked.status, screen.page.url) == (303, f"{ORIGIN}/")
        password = venue.password_for(number)
        assert not screen.login.is_visible()
        expect(screen.password).to_be_focused()
        in_sight(screen)
        fits(screen)

        refused = screen.enter(wrong(password))
        assert refused.status == 422
        assert screen.page.get_by_role("alert").inner_text().startswith(say("refusal.password_wrong"))
        assert screen.password.get_attribute("aria-invalid") == "true"
        assert screen.password.input_value() == ""
        assert not phone.probe(Probe.APPLE).online
        fits(screen)

        # Until here nobody but the portal was asked anything, and the Internet knows nothing of this phone.
        assert screen.origins == {ORIGIN, "http://captive.apple.com"}
        assert [request.url for request in screen.requests if not request.url.startswith(f"{ORIGIN}/")] == [PROBE]
        assert len(venue.internet.arrivals()) == arrived_before

        right = screen.enter(password)
        assert right.status == 303
        # The gate keeps the language with the password; addresses carry it, for pages that the gate has no part in.
        assert screen.page.url == f"{ORIGIN}/online?lang={language}"
        assert screen.heading == say("online.heading")
        # A document of its own by a redirect of the form's answer: only then does a captive window probe again.
        # What the page asks while it is looked at is none.
        last = [request for request in screen.requests if request.is_navigation_request()][-1]
        assert last.url == screen.page.url
        assert last.redirected_from is not None
        assert (last.redirected_from.method, last.redirected_from.url) == ("POST", refused.url)
        fits(screen)

        assert len(screen.complaints) == 1
        assert screen.complaints[0].startswith(WRONG_PASSWORD)
        assert screen.complaints[0].endswith(f" at {refused.url}")

        # A window of its own, as a person's browser is: Chromium may keep the captive resolver's answer for a minute in
        # the first one, whatever its time to live.
        with window(browser, language, javascript=javascript) as another:
            online = another.open(PROBE)
            assert (online.status, online.url) == (200, PROBE)
            assert another.page.locator("body").inner_text() == "Success"

        assert screen.press(say("online.leave")).status == 303
        assert screen.page.get_by_role("status").inner_text() == say("ended.visitor")
        assert screen.login.is_editable()
        assert not phone.probe(Probe.APPLE).online
        fits(screen)
        assert screen.page.context.cookies() == []
        assert not [answer.url for answer in screen.responses if "set-cookie" in answer.all_headers()]
        assert len(sms_to(venue, number)) == 1


def test_a_killed_window_finds_its_place_again(venue: Venue, browser: Browser, number: str) -> None:
    """iOS ends the captive window, and all it knew, when the visitor goes to read the SMS."""
    with window(browser, Language.KAZAKH) as screen:
        screen.open(PROBE)
        screen.ask(number)
    password = venue.password_for(number)
    with window(browser, Language.KAZAKH) as screen:
        assert screen.open(PROBE).url == f"{ORIGIN}/"
        shown = screen.page.locator("strong").inner_text()
        assert "+" + "".join(filter(str.isdigit, shown)) == number
        expect(screen.password).to_be_focused()
        assert len(sms_to(venue, number)) == 1
        screen.enter(password)
        assert screen.heading == screen.words.say("online.heading")
    with window(browser, Language.RUSSIAN) as screen:
        assert screen.open(f"{ORIGIN}/").status == 200
        kept = words("visitor", Language.KAZAKH).say("online.heading")
        assert screen.heading == kept, "a third window does not know that the visitor is online, or in which language"


def test_the_order_s_three_words_are_on_the_page(browser: Browser) -> None:
    """¶4, spelled out here and not taken from our catalogue."""
    with window(browser, Language.KAZAKH) as screen:
        screen.open(PROBE)
        assert screen.page.get_by_label("Логин", exact=True).is_editable()
        assert screen.page.get_by_label("Пароль", exact=True).is_editable()
        assert screen.page.get_by_role("button", name="Парольды алу", exact=True).is_enabled()


def test_a_language_is_chosen_on_the_page_and_stays_chosen(venue: Venue, browser: Browser, number: str) -> None:
    with window(browser, Language.KAZAKH, javascript=False) as screen:
        screen.open(PROBE)
        assert screen.press("English").status == 303
        assert screen.heading == "Internet access"
        screen.page.get_by_label("Login", exact=True).fill(number)
        screen.press("Get password")
        venue.password_for(number)
        assert "password" in str(sms_to(venue, number)[-1]["text"])
        assert screen.page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("policy", ["strict-origin-when-cross-origin", "no-referrer"])
def test_another_sites_form_is_refused(
    venue: Venue, phone: Visitor, browser: Browser, number: str, policy: str
) -> None:
    """A page of the open Internet, loaded while online, tries to send SMS to whomever it likes, at the venue's cost."""
    victim = f"+{next(NUMBERS)}"
    with window(browser, Language.ENGLISH) as screen:
        screen.open(PROBE)
        screen.page.goto(OTHER_SITE)  # before login the other site cannot even be there
        assert screen.page.url == f"{ORIGIN}/"
        screen.ask(number)
        screen.enter(venue.password_for(number))
    with window(browser, Language.ENGLISH) as screen:
        assert screen.open(OTHER_SITE).url == OTHER_SITE
        assert screen.page.get_by_text("You are online").is_visible()
        venue.qaqpa("end", phone.mac)  # so that nothing but the form's origin stands in its way

        status = send_form(screen, "/password", {"number": victim}, policy)
        assert status == 403
        assert screen.page.get_by_text(screen.words.say("notice.another_site.sentence")).is_visible()
        assert sms_to(venue, victim) == []

        # The very same form from a page of ours does send one: it was the origin that was refused.
        screen.open(f"{ORIGIN}/")
        assert send_form(screen, "/password", {"number": victim}, "same-origin") == 303
        venue.password_for(victim)


def test_another_site_cannot_put_the_page_into_a_frame(venue: Venue, browser: Browser, number: str) -> None:
    """Neither over its own buttons (clickjacking) nor to read it."""
    with window(browser, Language.ENGLISH) as screen:
        screen.open(PROBE)
        screen.ask(number)
        screen.enter(venue.password_for(number))
        screen.open(OTHER_SITE)
        for address, shows in ((OTHER_SITE, True), (f"{ORIGIN}/", False)):
            frame = screen.page.evaluate_handle(
                "address => new Promise(done => { const f = document.createElement('iframe'); f.src = address;"
                " f.onload = () => done(f); document.body.append(f); })",
                address,
            ).as_element()
            assert frame is not None
            inside = frame.content_frame()
            assert inside is not None
            assert (inside.get_by_role("heading", level=1).count() == 1) is shows, address


def in_sight(screen: Window) -> None:
    """The password's field and its button need no scrolling on the smallest phone."""
    for needed in (screen.password, screen.page.get_by_role("button", name=screen.words.say("form.enter"), exact=True)):
        box = needed.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640


def send_form(screen: Window, path: str, fields: dict[str, str], policy: str) -> int:
    """Have the page that is open send a form to the portal; the status of the answer."""
    sends: Callable[..., bool] = lambda answer: answer.request.method == "POST"  # noqa: E731
    with screen.page.expect_response(sends) as sent, screen.page.expect_navigation():
        screen.page.evaluate(SEND_FORM, [f"{ORIGIN}{path}", fields, policy])
    return sent.value.status


def sms_to(venue: Venue, number: str) -> list[dict[str, object]]:
    return [sms for sms in venue.sms() if f"+{sms['to']}" == number]
