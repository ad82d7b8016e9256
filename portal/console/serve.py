"""The console's process: granian serves the pages of the venue that a configuration file describes.

    python -m portal.console.serve /etc/qaqpa/qaqpa.toml

Must not know: sections, pages.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from appliance import sockets
from appliance.client import StandingClient
from appliance.last_worked import known
from appliance.staff.office import Office
from appliance.steward.client import Client
from portal.console.app import create_app
from portal.console.site import Site
from portal.serving import serve

THREADS = 8
"""Of one process: extracts under way and limits of guessing are in its memory."""


def create(path: str) -> Flask:
    """
    Raises:
        appliance.errors.ConfigError: there is no such file. One that cannot be used is what staff come to mend.
    """
    held = known(Path(path))
    config = held.config
    office = Office.open(Path(config.paths.state) / "console", config.console.idle_minutes * 60, time.time)
    gate, steward = StandingClient(sockets.gate_socket(config)), Client(sockets.steward_socket(config))
    app = create_app(Site(config, gate, steward, office.sessions, lambda: datetime.now(UTC), office, held.wrong))
    # nginx alone reaches the socket, and writes both headers itself.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    return app


def main(path: str) -> None:
    """Serve until SIGTERM."""
    socket = Path(sockets.console_socket(known(Path(path)).config))
    serve(socket, partial(create, path), threads=THREADS)


if __name__ == "__main__":
    main(sys.argv[1])
