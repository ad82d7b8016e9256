"""The processes that stay, as their units begin them: with nothing loaded that only a person at a terminal needs.

    qaqpa gate --config FILE

``cli`` offers the same to a person, with help. Must not know: what a process does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from appliance.errors import ApplianceError
from firewall.errors import FirewallError
from journal.errors import JournalError
from sms.errors import SmsError

NOTHING_TO_RUN = 78
"""EX_CONFIG of sysexits.h; by it systemd knows that trying again is of no use."""
NOBODY_ASKS = 3
"""No failure, and no reason to begin anew: its socket has that done when somebody asks."""
SYSTEMCTL = "/usr/bin/systemctl"


def gate(path: Path) -> None:
    """The privileged daemon that owns the kernel's rules, the session and the journal."""
    from importlib.metadata import version as installed_version

    from appliance import daemon
    from appliance.config import load

    log_to_stderr()
    daemon.run(load(path), installed_version("qaqpa"))


def sms(path: Path) -> None:
    """The bound links to the SMSCs; ends with ``NOTHING_TO_RUN`` where no provider has a password."""
    from appliance.config import load
    from appliance.smpp import sender_settings, without_sms
    from appliance.supervision import Supervision
    from sms import sender

    log_to_stderr()
    config, supervision = load(path), Supervision()
    if said := without_sms(config):
        supervision.rests(said)
        sys.stdout.write(f"{said}\n")
        sys.exit(NOTHING_TO_RUN)
    sender.run(sender_settings(config), works=supervision.works, every_s=supervision.every_s)


def steward(path: Path, systemctl: str = SYSTEMCTL) -> None:
    """Root's helper, of which the console asks what only root may do; ends with ``NOBODY_ASKS`` where that is so."""
    from appliance.steward import daemon

    log_to_stderr()
    if daemon.run(path, systemctl):
        sys.exit(NOBODY_ASKS)


def screen(path: Path, terminal: str) -> None:
    """What stands on the box's own screen, or goes out by its serial line."""
    from appliance import screen_terminal

    screen_terminal.stand(path, terminal, SYSTEMCTL)


_BEGINS: Mapping[str, Callable[..., None]] = {"gate": gate, "sms": sms, "steward": steward, "screen": screen}


def ran(words: Sequence[str]) -> bool:
    """Whether these words of a command line were one of the processes, and it has run to its end.

    Raises:
        SystemExit: it could not, and a sentence on standard error says why.
    """
    match words:
        case ["gate" | "sms" | "steward" as name, "--config", path]:
            given: tuple[Path | str, ...] = (Path(path),)
        case ["steward" as name, "--config", path, "--systemctl", systemctl]:
            given = (Path(path), systemctl)
        case ["screen" as name, "--terminal", terminal, "--config", path]:
            given = (Path(path), terminal)
        case _:
            return False
    try:
        _BEGINS[name](*given)
    except (ApplianceError, FirewallError, JournalError, SmsError, OSError) as error:
        sys.exit(f"Error: {told(error)}")
    return True


def told(error: Exception) -> str:
    """What a person is told of an error that ends a command."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def log_to_stderr() -> None:
    """Of a process that systemd runs: its journal adds time and unit; levels as sd-daemon(3) prefixes would only
    repeat them."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
