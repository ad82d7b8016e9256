"""When the certificates that nginx serves end, by name: "console", "portal". Root alone can read them.

Must not know: who asks, what phones think of them.
"""

from __future__ import annotations

from contextlib import suppress

from appliance import holding, own_certificate, render_console
from appliance.config import Config


def ends_utc_s(config: Config) -> dict[str, float]:
    """Of those that are in use and can be read."""
    files = {"console": render_console.kept_file(config)} if config.console.interface else {}
    if config.portal.https:
        files["portal"] = holding.kept_file(config)
    ends = {}
    for name, file in files.items():
        with suppress(OSError, ValueError):
            ends[name] = own_certificate.about(file.read_bytes()).expires_utc_s
    return ends
