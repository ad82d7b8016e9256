"""The console with a gate and a steward in memory, and whoever a test likes signed in.

    made = console(tmp_path)
    made.gate.answers[ListVisits] = lambda request: Visits(())
    made.as_role(StaffRole.OWNER).get("/visits")

Must not know: any section.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from appliance.config import Config
from appliance.errors import GateUnreachable
from appliance.staff.roles import SignedIn, StaffRole
from appliance.wire import Done
from appliance.wire_console import NoteStaff
from portal.console.app import create_app
from portal.console.site import COOKIE, Site
from tests.support.offices import Clock, office

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CSRF = "c" * 32


class Compiled(BytecodeCache):
    """Templates, compiled once for all the consoles that a run of tests makes."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class CompiledOnce(Rule):
    """A console's route, whose function that makes addresses is compiled once for all consoles: 40 ms for each.

    That function is made of the path alone and finds its converters by the rule that it is bound to. Were werkzeug to
    name it otherwise, routes would be compiled as they are, and tests slower.
    """

    _kept: ClassVar[dict[tuple[object, ...], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, append_unknown)
        if self.defaults or key not in self._kept:
            self._kept[key] = super()._compile_builder(append_unknown)
        return self._kept[key]


Flask.url_rule_class = CompiledOnce


@dataclass
class Peer:
    """A gate or a steward that answers what a test gave it answers for, and remembers what it was asked."""

    answers: dict[type, Callable[[Any], Any]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    def ask(self, request: Any) -> Any:
        self.asked.append(request)
        if type(request) not in self.answers:
            raise GateUnreachable("in memory", f"no answer to {type(request).__name__}")
        return self.answers[type(request)](request)


@dataclass
class Sessions:
    """A token is the role's own word."""

    changing: bool = False
    language: str = "en"
    passive: list[bool] = field(default_factory=list)
    """Of each look, whether a page did it by itself."""

    def of(self, token: str, *, is_passive: bool = False) -> SignedIn | None:
        self.passive.append(is_passive)
        if token not in set(StaffRole):
            return None
        role = StaffRole(token)
        return SignedIn(role.value, role.value.title(), role, "s1", CSRF, self.changing, self.language)


@dataclass
class Made:
    """A console under test."""

    app: Flask
    site: Site
    gate: Peer
    steward: Peer
    sessions: Sessions
    clock: Clock
    """Of the office."""

    def as_role(self, role: StaffRole | None) -> FlaskClient:
        """A browser in which somebody of this role is signed in; None: nobody."""
        client = self.app.test_client()
        if role is not None:
            client.set_cookie(COOKIE, role.value, secure=True)
        client.environ_base["wsgi.url_scheme"] = "https"
        return client


def console(folder: Path, config: Config | None = None) -> Made:
    """A console whose files are below ``folder``."""
    config = config or Config()
    config = msgspec.structs.replace(config, paths=msgspec.structs.replace(config.paths, state=str(folder)))
    gate, steward, sessions = Peer({NoteStaff: lambda _: Done()}), Peer(), Sessions()
    asks_steward: Any = steward
    folder.mkdir(exist_ok=True, parents=True)
    clock = Clock(NOW.timestamp())
    site = Site(config, gate, asks_steward, sessions, lambda: NOW, office(folder / "console", clock=clock).office)
    app = create_app(site)
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    return Made(app, site, gate, steward, sessions, clock)


def form(**fields: str) -> dict[str, str]:
    """A form of ours with the session's token."""
    return {"csrf": CSRF, **fields}


OURS = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says with a form of our own page."""
