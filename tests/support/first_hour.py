"""A new box's console: a steward that really edits a TOML file, an office and a gate in memory.

    box = new_box(tmp_path)
    browser = box.browser()
    box.claimed(browser)
    browser.get("/setup")

Must not know: any page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask
from flask.testing import FlaskClient

from appliance import wire
from appliance.config import Config
from appliance.errors import ApplianceError, GateUnreachable
from appliance.staff.roles import SignedIn, StaffRole
from appliance.wire_console import NoteStaff, VenueNow
from portal.console.app import create_app
from portal.console.site import Site
from tests.support.console import NOW, OURS
from tests.support.steward_of_file import StewardOfFile

CODE = "ACDEF-HJKLM"
PASSWORD = "alma agashy 7 bulaq"
BIN = "990140000384"

FACTORY = """# As the box leaves the factory.
[venue]
open = false        # until somebody has set it up

[[sms.provider]]
name = "smsc"
"""


class RefusedByOffice(ApplianceError):
    """As the office says it."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True)
class Person:
    login: str
    name: str
    role: StaffRole
    language: str = ""


class People:
    """Accounts in memory."""

    def __init__(self) -> None:
        self.of: dict[str, Person] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[Person, ...]:
        return tuple(self.of.values())

    def make(
        self,
        login: str,
        name: str,
        role: StaffRole,
        password: str | None,
        *,
        first: bool = False,
        language: str = "",
        record: Callable[[], None] = lambda: None,
    ) -> str:
        if not login.isascii() or not login or " " in login:
            raise RefusedByOffice("login_malformed")
        if not name:
            raise RefusedByOffice("name_missing")
        if password is not None and len(password) < 10:
            raise RefusedByOffice("password_short")
        with self._lock:
            if first and self.of:
                raise RefusedByOffice("claimed_already")
            if login in self.of:
                raise RefusedByOffice("login_taken")
            record()
            self.of[login] = Person(login, name, role, language)
        return password or "TEMPO-RARY1"


class OneClaim:
    """Open until there is an account; ten wrong codes are looked at."""

    def __init__(self, people: People) -> None:
        self._people, self.wrong = people, 0

    @property
    def open(self) -> bool:
        return not self._people.all()

    def take(self, code: str, /) -> bool:
        good = self.open and not self.wait_s() and code == CODE
        self.wrong += not good
        return good

    def wait_s(self) -> int:
        return 3600 if self.wrong >= 10 else 0


class Tokens:
    """Sessions: a token is the login."""

    def __init__(self, people: People) -> None:
        self._people = people

    def begin(self, login: str, address: str = "", browser: str = "") -> str:
        del address, browser
        return login

    def of(self, token: str) -> SignedIn | None:
        person = self._people.of.get(token)
        if person is None:
            return None
        return SignedIn(person.login, person.name, person.role, "s1", f"csrf-{token}", False, person.language)


class InMemory:
    """The office."""

    def __init__(self) -> None:
        self.accounts = People()
        self.claim = OneClaim(self.accounts)
        self.sessions = Tokens(self.accounts)


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


@dataclass(frozen=True)
class SiteWithOffice(Site):
    """The console's site with its staff."""

    office: InMemory = field(default_factory=InMemory)


@dataclass
class Box:
    """A console under test."""

    app: Flask
    office: InMemory
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
        form = {"code": CODE, "name": "Aigerim", "login": "aigerim", "password": PASSWORD, "again": PASSWORD}
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
    office, gate, steward = InMemory(), GateOfNotes(), StewardOfFile(path)
    site = SiteWithOffice(config, gate, steward, office.sessions, lambda: NOW, office)
    app = create_app(site)
    app.testing = True
    return Box(app, office, gate, steward)


def posted(browser: FlaskClient, path: str, **fields: str) -> Any:
    """A form of the owner's."""
    return browser.post(path, data={"csrf": "csrf-aigerim", **fields})


VENUE = {"name": "Кафе Алатау", "address": "Алматы, Абай 1", "owner_id": BIN, "language": "ru"}
PROVIDER = {"preset": "smsc-kz", "host": "smpp.smsc.kz", "port": "3443", "tls": "yes", "system_id": "alatau", "password": "secret8", "source": "Alatau"}  # fmt: skip  # noqa: E501
