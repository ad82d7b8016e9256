"""What the sections share: whom they may ask, and how they answer.

Must not know: what any section shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from flask import Response, abort, g, make_response, render_template, request

from appliance import wire
from appliance.config import Config
from appliance.errors import ConfigError
from appliance.staff.office import Office
from appliance.staff.roles import SignedIn
from appliance.steward import wire as steward_wire
from appliance.wire import Language
from portal.console import found_words
from portal.words import Words, words

COOKIE = "__Host-qaqpa"
"""The prefix makes browsers refuse it over http, for other paths and from other hosts (RFC 6265bis)."""

LANGUAGE_COOKIE = "__Host-qaqpa-language"
"""What this browser was told before anybody had signed in (``languages``)."""


class AsksGate(Protocol):
    """Whoever can ask the gate; ``appliance.client.StandingClient`` does."""

    def ask(self, request: wire.Request, /) -> wire.Reply:
        """
        Raises:
            appliance.errors.GateUnreachable, appliance.errors.WireError
        """
        ...


class AsksSteward(Protocol):
    """Whoever can ask the steward; ``appliance.steward.client.Client`` does."""

    def ask(self, request: steward_wire.Request, /) -> steward_wire.Reply:
        """
        Raises:
            appliance.errors.GateUnreachable, appliance.errors.WireError
        """
        ...


class KnowsSessions(Protocol):
    """Whoever knows who is signed in; ``appliance.staff.sessions.Sessions`` does."""

    def of(self, token: str, *, is_passive: bool = False) -> SignedIn | None:
        """Who holds this token just now; a look makes the session last longer, but for a page's own."""
        ...


@dataclass(frozen=True)
class Site:
    """One venue's console."""

    config: Config
    """As it was when the console started; a change restarts it."""
    gate: AsksGate
    steward: AsksSteward
    sessions: KnowsSessions
    now: Callable[[], datetime]
    """Aware."""
    office: Office
    """Who works here; its sessions are ``sessions``."""
    wrong: ConfigError | None = None
    """Why the configuration cannot be used; then ``config`` is the last that could."""

    @property
    def journal(self) -> Path:
        """The journal's file; the console may read it, never write."""
        return Path(self.config.paths.state) / "gate" / "journal.db"

    @property
    def home(self) -> Path:
        """The console's own folder: accounts, sessions, extracts on their way."""
        return Path(self.config.paths.state) / "console"

    def who(self) -> SignedIn:
        """Whose request this is; only behind a route that has roles."""
        signed_in: SignedIn | None = g.get("signed_in")
        return signed_in or abort(401)

    def language(self) -> Language:
        """Of this request: the address's, else the member of staff's own, else what this browser was told here, else
        what it says, else the venue's."""
        own = g.signed_in.language if g.get("signed_in") else ""
        for chosen in (request.args.get("lang", ""), own, request.cookies.get(LANGUAGE_COOKIE, "")):
            if chosen in set(Language):
                return Language(chosen)
        best = request.accept_languages.best_match([each.value for each in Language])
        return Language(best) if best else self.config.venue.language

    def words(self) -> Words:
        """What the console says in that language."""
        return words("console", self.language())

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A page of the console, whole."""
        g.language = self.language()
        known = {
            "words": self.words(),
            "venue": self.config.venue.name,
            "who": g.get("signed_in"),
            "nav": g.get("nav", ()),
            "problem_told": partial(found_words.problem, self.words()),
            "finding_told": partial(found_words.finding, self.words()),
            "key_told": partial(found_words.label, self.words()),
            "unusable": self.wrong is not None,
        }
        return make_response(render_template(template, **{**known, **values}), status)
