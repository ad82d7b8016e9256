"""The files that a configuration names, looked at before root opens any of them.

Who may change settings names what root reads next. A pipe would hold it for ever, a device would fill its memory, and
what lies in a folder of the console's could be another file by the time it is read. Must not know: what the files are
for, what is in them.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.config import Config
from appliance.found import Found, wrong

MOST_BYTES = 1 << 20
"""A bundle of all the world's authorities has a quarter of it."""
_KERNELS = ("/proc", "/sys", "/dev")
"""What is read there is made while it is read; its size says nothing."""


def unreadable(config: Config) -> Iterator[tuple[str, Found]]:
    """(key, problem) of each that is there and that root had better not open."""
    kernels = [Path(each) for each in _KERNELS]
    consoles = [Path(each) / "console" for each in (config.paths.state, config.paths.runtime)]
    for key, name in _named(config):
        if not name:
            continue
        try:
            path = Path(name).resolve(strict=True)
            found = path.stat()
        except (OSError, RuntimeError):
            continue  # whoever needs it says so
        if not stat.S_ISREG(found.st_mode) or any(path.is_relative_to(each) for each in kernels):
            yield key, wrong("file.strange", path=name)
        elif any(path.is_relative_to(each) for each in consoles):
            yield key, wrong("file.console", path=name)
        elif found.st_size > MOST_BYTES:
            yield key, wrong("file.large", path=name, size=found.st_size, most=MOST_BYTES)


def _named(config: Config) -> Iterator[tuple[str, str]]:
    portal, console = config.portal, config.console
    yield "venue.logo", config.venue.logo
    yield "wifi.password_file", config.wifi.password_file
    for key in ("certificate_file", "key_file", "ca_file"):
        yield f"portal.{key}", getattr(portal, key)
    for key in ("certificate_file", "key_file"):
        yield f"console.{key}", getattr(console, key)
    for number, provider in enumerate(config.sms.provider):
        for key in ("password_file", "tls_ca_file"):
            yield f"sms.provider[{number}].{key}", getattr(provider, key)
