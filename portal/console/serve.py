"""What gunicorn loads: the console of the venue that a configuration file describes.

    gunicorn "portal.console.serve:create('/etc/qaqpa/qaqpa.toml')"

Must not know: sections, pages.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from appliance import render
from appliance.client import StandingClient
from appliance.config import Config, load
from appliance.errors import GateUnreachable
from appliance.staff.roles import SignedIn
from appliance.steward import wire as steward_wire
from portal.console.app import create_app
from portal.console.site import AsksSteward, KnowsSessions, Site


def create(path: str) -> Flask:
    """
    Raises:
        appliance.errors.ConfigError: the file cannot be used.
    """
    config = load(Path(path))
    gate = StandingClient(render.gate_socket(config))
    app = create_app(Site(config, gate, _steward(config), _sessions(config), lambda: datetime.now(UTC)))
    # nginx alone reaches the socket, and writes both headers itself.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    return app


def _steward(config: Config) -> AsksSteward:
    return _NoSteward(f"{config.paths.runtime}/steward/steward.sock")


def _sessions(_config: Config) -> KnowsSessions:
    return _Nobody()


class _NoSteward:
    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path

    def ask(self, _request: steward_wire.Request, /) -> steward_wire.Reply:
        raise GateUnreachable(self._socket_path, "there is no steward")


class _Nobody:
    def of(self, _token: str) -> SignedIn | None:
        return None
