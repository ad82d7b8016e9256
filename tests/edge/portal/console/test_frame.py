"""What stands around every page of the console, in a real browser: header, menu, refusals, the line after a form."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Response, request
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from appliance.config import Config
from appliance.errors import GateUnreachable
from appliance.sections import Venue
from appliance.wire import Language
from portal.console.routes import EVERYBODY, Routes, see
from portal.console.site import COOKIE
from tests.edge.portal.window import Silent
from tests.support.accessible import COLOURS, NARROW_PX, barriers, cramped
from tests.support.console import console

LONG = "Құрметтілерімізденқонақүйіндегі®кафе"
_PAGE = """{% extends "base.html" %}{% block title %}Try{% endblock %}{% block main %}<h1>Try</h1>
{% if done %}<p class="done" role="status">Done</p>{% endif %}
<form method="post" action="/try/form">{{ csrf() }}<div class="field"><label for="a">A</label>
<input id="a" name="a"{% if wrong %} aria-invalid="true"{% endif %}></div><button class="btn main">Go</button></form>
{% endblock %}"""


class Served:
    """The console at an address of this machine; ``role`` is who is signed in."""

    def __init__(self, folder: pytest.TempPathFactory) -> None:
        config = replace(Config(), venue=Venue(name=LONG))
        self.made = console(folder.mktemp("console"), config)
        self.role = ""
        routes = Routes(self.made.app, self.made.site)
        for number, path in enumerate(("/try", "/try/silent", "/try/three", "/try/four")):
            nav = ("frame.home", "frame.skip", "frame.again", "language.choose")[number]
            routes.page(path, path, self._silent if number == 1 else self._page, roles=EVERYBODY, nav=nav)
        routes.form("/try/form", "form", self._taken, roles=EVERYBODY)
        # As a section's own would be: in the menu of the console's own pages too.
        self.made.app.extensions["qaqpa-routes"].all += routes.all
        self._server = make_server("127.0.0.1", 0, self._behind_nginx, threaded=True, request_handler=Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, name="console")
        self.address = f"http://localhost:{self._server.server_port}"

    def _page(self) -> Response:
        site, asked = self.made.site, request.args
        template = self.made.app.jinja_env.from_string(_PAGE)
        return site.page(template, done="done" in asked, wrong="wrong" in asked)  # type: ignore[arg-type]

    def _taken(self) -> Response:
        return see("/try?wrong=1" if request.form["a"] == "wrong" else "/try?done=1")

    def _silent(self) -> Response:
        raise GateUnreachable("/run/qaqpa/gate/gate.sock", "gone")

    def _behind_nginx(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        told = f"{environ.get('HTTP_COOKIE', '')}; {COOKIE}={self.role}".removeprefix("; ")
        return self.made.app({**environ, "HTTP_COOKIE": told}, start)

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory) as site:
        yield site


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": NARROW_PX, "height": 640}, locale="en-GB")
    context.set_default_timeout(40_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
    yield opened
    context.close()
    assert complaints == []


def test_nothing_stands_in_anybodys_way(served: Served, page: Page) -> None:
    """Signed in and not, in the language with the longest words, by day and by night, narrow and enlarged."""
    served.made.sessions.language = Language.RUSSIAN
    for role, path in (("owner", "/try"), ("desk", "/try/silent"), ("", "/none")):
        served.role = role
        page.goto(f"{served.address}{path}")
        assert barriers(page) == [], path
        assert cramped(page) == [], path
        page.emulate_media(color_scheme="dark")
        assert barriers(page, COLOURS) == [], path
        page.emulate_media(color_scheme="light")


def test_after_a_form_the_eyes_are_led_and_it_is_said_once(served: Served, page: Page) -> None:
    served.role, served.made.sessions.language = "owner", Language.ENGLISH
    page.goto(f"{served.address}/try")
    page.get_by_label("A").fill("wrong")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_label("A")).to_be_focused()
    page.get_by_label("A").fill("right")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_focused()
    assert page.url == f"{served.address}/try"
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)


def test_by_keyboard_past_the_menu_and_out(served: Served, page: Page) -> None:
    served.role, served.made.sessions.language = "owner", Language.ENGLISH
    page.goto(f"{served.address}/try/three")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content").first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("A")).to_be_focused()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_language_is_chosen_without_signing_in(served: Served, page: Page) -> None:
    served.role = ""
    page.goto(f"{served.address}/none")
    expect(page.get_by_role("heading")).to_have_text("There is no such page")
    page.get_by_role("button", name="Қазақша").click()
    expect(page.get_by_role("heading")).to_have_text("Мұндай бет жоқ")
    assert page.url == f"{served.address}/none"


def test_the_tab_has_a_picture_of_its_own(served: Served, page: Page) -> None:
    """Drawn under the pages' own policy; a browser that is told of none asks for one that is not there."""
    served.role = ""
    page.goto(f"{served.address}/none")
    drawn = page.locator("link[rel=icon]").evaluate(
        "link => { const drawn = new Image(48, 48); drawn.src = link.href; return drawn.decode().then(() => true); }"
    )
    assert drawn is True
