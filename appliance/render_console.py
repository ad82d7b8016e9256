"""The console's part of what is rendered: its server in nginx, and its process's command line.

Pure but for reading the template beside it. Must not know: whether anything runs.
"""

from __future__ import annotations

import html
import re
import sys
from importlib import resources
from pathlib import Path

from appliance import sockets
from appliance.config import Config

FILE = "console.pem"
"""Certificate, chain and key as nginx reads them."""
OWN_FILE = "console-own.pem"
"""What the box made, kept while another is configured too: its fingerprint, once compared, stays good."""
UPLOADS = ("/journal/verify",)
"""Where a whole extract is sent to; every other form is small."""
_UPLOAD = """location = @{path} {
            client_max_body_size 64m;
            proxy_pass http://console;
            # Handed on as it comes: uploads are not to fill the memory that /run is made of. Each keeps one of the
            # console's eight threads meanwhile, so nobody has many.
            proxy_request_buffering off;
            limit_conn staff_uploads 2;
            limit_conn staff 32;
        }"""
_PLACEHOLDER = re.compile(r"@\{([a-z0-9_]+)\}")


def kept_file(config: Config, name: str = FILE) -> Path:
    """Where nginx finds the certificate; readable by root alone."""
    return Path(config.paths.state) / "conf" / name


def server(config: Config) -> str:
    """For nginx."""
    if not config.console.interface:
        return "# There is no console."
    networks = [config.lan.gate.network, *([config.lan.gate6.network] if config.lan.gate6 else [])]
    values = {
        "port": str(config.console.port),
        "interface": config.console.interface,
        "socket": sockets.console_socket(config),
        "certificate": str(kept_file(config)),
        "visitors": "\n        ".join(f"deny {network};" for network in networks),
        "uploads": "\n        ".join(_UPLOAD.replace("@{path}", path) for path in UPLOADS),
        "venue": html.escape(config.venue.name, quote=False),
    }
    template = (resources.files("appliance") / "templates" / "nginx-console.conf").read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template).rstrip()


def alone(config: Config) -> str:
    """The whole of nginx's configuration with the console and nothing else: what it gets while there is nothing that
    visitors could be served by."""
    values = {"runtime": config.paths.runtime, "console": server(config)}
    template = (resources.files("appliance") / "templates" / "nginx-alone.conf").read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def command(path: Path) -> list[str]:
    """The console's process, from this very environment.

    Args:
        path: the configuration's file.
    """
    return [sys.executable, "-Pm", "portal.console.serve", str(path.absolute())]
