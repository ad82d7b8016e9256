"""Have running nginx and dnsmasq take up what is in place, as far as that costs no visitor anything.

nginx starts new workers and lets the old ones finish what they serve; dnsmasq reads again what DHCP announces. Both are
told whether or not something is new: then a reload that was lost once is made good by the next. Whatever else changed
needs a restart, which is said and not done. Must not know: what is in the files.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.config import Config
from appliance.errors import ApplianceError

_PID_FILES = {"nginx": "nginx/nginx.pid", "dnsmasq-lan": "dnsmasq/lan.pid"}


class NotReloaded(ApplianceError):
    """A process did not take the signal."""

    def __init__(self, unit: str, pid_file: Path, cause: str) -> None:
        self.unit, self.pid_file, self.cause = unit, pid_file, cause
        super().__init__(f"qaqpa-{unit} was not told to reload ({pid_file}: {cause}); systemctl restart qaqpa-{unit}")


def reload(config: Config, changed: Mapping[str, bool]) -> Iterator[str]:
    """Signal both; says what was done, and what is left to do.

    Raises:
        NotReloaded: a process that runs was not told.
    """
    for unit, pid_file in _PID_FILES.items():
        yield _hang_up(unit, Path(config.paths.runtime) / pid_file)
    for name in ("dnsmasq-lan.conf", "dnsmasq-captive.conf"):
        if changed[name]:
            yield f"systemctl restart qaqpa-{name.removesuffix('.conf')}: it reads {name} at its start only"


def _hang_up(unit: str, pid_file: Path) -> str:
    program = unit.partition("-")[0]
    try:
        pid = int(pid_file.read_text())
        # A killed process leaves its file, and its number to anybody.
        if Path(f"/proc/{pid}/comm").read_text().strip() == program:
            os.kill(pid, signal.SIGHUP)
            return f"qaqpa-{unit}: reloaded"
    except (FileNotFoundError, ProcessLookupError):
        pass
    except (OSError, ValueError) as error:
        raise NotReloaded(unit, pid_file, str(error)) from error
    return f"qaqpa-{unit} does not run: it begins with what is new"
