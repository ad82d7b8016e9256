"""A new box's console: a steward that really edits a TOML file, a real office, a gate in memory.

    box = new_box(tmp_path)
    browser = box.browser()
    box.claimed(browser)
    browser.get("/setup")

Must not know: any page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask
from flask.testing import FlaskClient

from appliance import wire
from appliance.config import Config
from appliance.errors import GateUnreachable
from appliance.staff.office import Office
from appliance.wire_console import NoteStaff, VenueNow
from portal.console.app import create_app
from portal.console.site import COOKIE, Site
from tests.support.console import COMPILED, NOW, OURS
from tests.support.offices import office as opened
from tests.support.steward_of_file import StewardOfFile

PASSWORD = "alma agashy 7 bulaq"
BIN = "990140000384"

FACTORY = """# As the box leaves the factory.
[venue]
open = false        # until somebody has set it up

[[sms.provider]]
name = "smsc"
"""


@dataclass
class GateOfNotes:
    """Records what it is told."""

    notes: list[NoteStaff] = field(default_factory=list)
    is_away: bool = False
    takes_notes: bool = True

    def ask(self, request: wire.Request, /) -> wire.Reply:
        if self.is_away:
            raise GateUnreachable("in memory", "gone")
        if isinstance(request, NoteStaff):
            if not self.takes_notes:
                return wire.Refused(wire.Refusal.JOURNAL_UNAVAILABLE)
            self.notes.append(request)
            return wire.Done()
        return VenueNow(0, 0, 0)


@dataclass
class Box:
    """A console under test."""

    app: Flask
    office: Office
    code: str
    """On its label."""
    gate: GateOfNotes
    steward: StewardOfFile

    def browser(self, language: str = "en") -> FlaskClient:
        """Nobody is signed in."""
        client = self.app.test_client()
        client.environ_base.update(
            {
                "wsgi.url_scheme": "https",
                "HTTP_SEC_FETCH_SITE": OURS["Sec-Fetch-Site"],
                "HTTP_ACCEPT_LANGUAGE": language,
            }
        )
        return client

    def claim(self, browser: FlaskClient, **fields: str) -> Any:
        """Claim the box with this form."""
        form = {"code": self.code, "name": "Aigerim", "login": "aigerim", "password": PASSWORD, "again": PASSWORD}
        return browser.post("/setup/claim", data={**form, "language": "en", **fields})

    def owner(self, language: str = "en") -> FlaskClient:
        """A browser whose owner has just claimed the box."""
        browser = self.browser(language)
        assert self.claim(browser, language=language).status_code == 303
        return browser


def new_box(folder: Path, toml: str = FACTORY) -> Box:
    """A box as it leaves the factory; its files are below ``folder``."""
    path = folder / "qaqpa.toml"
    path.write_text(toml)
    config = Config()
    config = msgspec.structs.replace(config, paths=msgspec.structs.replace(config.paths, state=str(folder)))
    office, gate, steward = opened(folder / "console").office, GateOfNotes(), StewardOfFile(path)
    code = office.claim.code()
    site = Site(config, gate, steward, office.sessions, lambda: NOW, office)
    app = create_app(site)
    app.jinja_env.bytecode_cache = COMPILED
    app.testing = True
    app.config["OFFICE"] = office
    return Box(app, office, code, gate, steward)


def token_of(browser: FlaskClient) -> str:
    """The session that the browser holds."""
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def csrf_of(browser: FlaskClient) -> str:
    """What the forms of that session carry."""
    who = browser.application.config["OFFICE"].sessions.of(token_of(browser))
    return str(who.csrf)


def posted(browser: FlaskClient, path: str, **fields: str) -> Any:
    """A form of the owner's."""
    return browser.post(path, data={"csrf": csrf_of(browser), **fields})


VENUE = {"name": "Кафе Алатау", "address": "Алматы, Абай 1", "owner_id": BIN, "language": "ru"}
PROVIDER = {"preset": "smsc-kz", "host": "smpp.smsc.kz", "port": "3443", "tls": "yes", "system_id": "alatau", "password": "secret8", "source": "Alatau"}  # fmt: skip  # noqa: E501
