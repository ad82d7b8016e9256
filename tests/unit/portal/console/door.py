"""The console with its real office: browsers sign in with passwords and have cookies.

Must not know: what a test tries.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.staff.office import Office
from appliance.staff.roles import StaffRole
from appliance.wire import Done
from appliance.wire_console import NoteStaff, StaffAct
from portal.console.app import create_app
from portal.console.site import COOKIE
from tests.support.console import COMPILED, OURS, Made, console
from tests.support.offices import HOME, PASSWORD


@dataclass
class House:
    """A console with an owner (``PASSWORD``) and a gate that records."""

    made: Made
    acts: list[NoteStaff] = field(default_factory=list)

    @property
    def office(self) -> Office:
        return self.made.site.office

    def browser(self) -> Browser:
        client = self.made.app.test_client()
        client.environ_base["wsgi.url_scheme"] = "https"
        client.environ_base["HTTP_X_REAL_IP"] = HOME
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        return Browser(client)

    def owner(self) -> Browser:
        """In which the owner is signed in."""
        return self.signed_in("owner", PASSWORD)

    def signed_in(self, login: str, password: str) -> Browser:
        browser = self.browser()
        answer = browser.sign_in(login, password)
        assert answer.status_code == 303, answer.text
        return browser

    def mute(self) -> None:
        """The gate answers no more."""
        self.made.gate.answers.clear()

    def noted(self) -> list[tuple[StaffAct, str]]:
        """What was recorded since it was last asked, and of whom."""
        noted = [(each.act, each.staff) for each in self.acts]
        self.acts.clear()
        return noted


@dataclass
class Browser:
    """One browser."""

    client: FlaskClient

    def sign_in(self, login: str, password: str, **more: str) -> TestResponse:
        return self.post("/sign-in", login=login, password=password, **more)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """A form of ours, with the session's own token."""
        return self.client.post(path, data={"csrf": self._csrf(), **fields}, headers=OURS)

    @property
    def token(self) -> str:
        cookie = self.client.get_cookie(COOKIE)
        return cookie.value if cookie else ""

    def _csrf(self) -> str:
        for path in ("/me", "/password"):
            page = self.client.get(path)
            if page.status_code == 200 and (found := re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)):
                return found[1]
        return ""


def house(folder: Path) -> House:
    made = console(folder)
    site = dataclasses.replace(made.site, sessions=made.site.office.sessions)
    app = create_app(site)
    app.jinja_env.bytecode_cache = COMPILED
    app.testing = True
    built = House(dataclasses.replace(made, app=app, site=site))

    def record(request: NoteStaff) -> Done:
        built.acts.append(request)
        return Done()

    made.gate.answers[NoteStaff] = record
    site.office.accounts.make("owner", "Owner", StaffRole.OWNER, PASSWORD, language="en")
    return built
