"""The owner at a browser in the venue's own network, in the first hour: from the claim code to the open venue.

    owner = Owner.at(site)
    owner.claims()
    owner.answers()
    owner.opens()

Pages are worked by the addresses and names of their forms, as somebody without scripts does. Must not know: the box's
inside; the code is read off its screen, which here is its serial line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.image.machine import LAN, WAN
from tests.image.site import SMPP_PASSWORD, SMSC, Site
from tests.lab.markup import Page, read
from tests.lab.run import run
from tests.lab.steps import hold
from tests.lab.waiting import until

TEST_NUMBER = "8 701 765 43 21"
_PASSWORD = "alma agashy 7 bulaq"
_PATIENCE_S = 600.0
"""Emulated, a process of the product takes half a minute to begin, and a changed setting begins several anew."""
_LOOK_EVERY_S = 2.0
"""Each is a TLS handshake and a page, which an emulated box makes instead of what is waited for."""
_TERMS = {"kk": "Ережемен келісемін.", "ru": "Согласен с правилами.", "en": "I agree to the rules."}
_CODE = re.compile(r"code[^:]*: ([0-9A-Z]{5}-[0-9A-Z]{5})", re.IGNORECASE)
_ADDRESS = re.compile(r"https://[0-9.]+:8443")


@dataclass(frozen=True)
class Owner:
    """A browser's window."""

    namespace: str
    address: str
    """The console's, as the box's screen says it."""
    code: str
    jar: Path
    """Its cookies."""

    @classmethod
    def at(cls, site: Site) -> Owner:
        """In front of the box; what is on its screen is waited for."""
        code = until(lambda: _CODE.search(site.machine.console()), "the claim code on the screen", _PATIENCE_S)
        address = until(lambda: _ADDRESS.search(site.machine.console()), "the console's address there", _PATIENCE_S)
        jar = site.folder / "cookies"
        jar.unlink(missing_ok=True)
        return cls(site.operator, address[0], code[1], jar)

    def open(self, path: str) -> Page:
        """The page at this path, wherever it leads."""
        page = self._asked(path)
        return self.open(page.url) if page.status == 303 else page

    def send(self, path: str, where: str = "", **fields: str) -> Page:
        """The form of that action with these entries, from the page ``where``; what it was answered.

        While the answer before is being put in force, the form is not there or is put off: then once more.
        """

        def sent() -> Page | None:
            page = self.open(where or path)
            form = next((form for form in page.forms if form.action.partition("?")[0] == path), None)
            if form is None:
                return None
            answer = self._asked(path, {**{name: form.fields[name] for name in form.hidden}, **fields})
            hold(answer.status not in {400, 403, 422}, f"{path} answered {answer.status}: {answer.text[:900]}")
            return answer if answer.status in {200, 303} else None

        return until(sent, f"{path} to be taken", _PATIENCE_S, _LOOK_EVERY_S)

    def claims(self) -> None:
        """The box becomes theirs."""
        names = {"name": "Айгерім", "login": "aigerim", "language": "kk"}
        page = self.send("/setup/claim", code=self.code, password=_PASSWORD, again=_PASSWORD, **names)
        hold(page.url == "/setup", f"after the claim comes {page.url}")

    def answers(self) -> None:
        """Venue, terms, network, SMS; a test SMS is followed to its receipt."""
        where = {"address": "Алматы, Абай даңғылы, 1", "owner_id": "990140000384", "language": "kk"}
        self.send("/setup/venue", name="Алатау кафесі", **where)
        self._past("/setup/venue")
        self.send("/setup/terms", **_TERMS)
        self._past("/setup/terms")
        self.send("/setup/network", wan=WAN, lan=LAN)
        self._past("/setup/network")
        provider = {"host": SMSC, "port": "2775", "system_id": "qaqpa", "password": SMPP_PASSWORD, "source": "Qaqpa"}
        self.send("/setup/sms", "/setup/sms?preset=plain", **provider)
        sent = self.send("/setup/sms/test", number=TEST_NUMBER)
        until(lambda: "data-live" not in self._body(sent.url)[1], "the test SMS's receipt", _PATIENCE_S, _LOOK_EVERY_S)

    def opens(self) -> None:
        """The venue."""
        self.send("/setup/finish", open="yes")

    def _past(self, step: str) -> None:
        """What was answered at that step is in force: the wizard leads on."""

        def on() -> bool:
            page = self.open("/setup")
            return page.status == 200 and page.url != step

        until(on, f"what {step} changes to be in force", _PATIENCE_S, _LOOK_EVERY_S)

    def _asked(self, path: str, form: dict[str, str] | None = None) -> Page:
        """One request; of a redirect, where it leads."""
        status, body, leads = self._body(path, form)
        return read(leads.removeprefix(self.address) or path, status, body)

    def _body(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, body, where it leads. Status 0: no answer."""
        line = [
            "curl",
            "-sk",
            "-m",
            "60",
            "-b",
            str(self.jar),
            "-c",
            str(self.jar),
            "-H",
            "Sec-Fetch-Site: same-origin",
        ]
        line += ["-w", "\n%{http_code} %{redirect_url}", f"{self.address}{path}"]
        for name, value in (form or {}).items():
            line += ["--data-urlencode", f"{name}={value}"]
        said = run(line, namespace=self.namespace, check=False, timeout_s=70).stdout
        body, _, end = said.rpartition("\n")
        status, _, leads = end.partition(" ")
        return int(status), body, leads
