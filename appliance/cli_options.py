"""What the commands share. Must not know: any command."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from pathlib import Path

import click

DEFAULT_CONFIG = Path("/etc/qaqpa/qaqpa.toml")
NOTHING_TO_RUN = 78
"""EX_CONFIG of sysexits.h; by it systemd knows that trying again is of no use."""

config = click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The configuration file.",
)


def invoker() -> str:
    """Who typed the command: whoever became root by sudo stays who they are."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


staff = click.option(
    "--staff", default=invoker, show_default="whoever typed it", help="Whose doing it is, for the journal."
)
whole = click.option("--whole", is_flag=True, help="Show numbers and names whole; that look is recorded.")


def log_to_stderr() -> None:
    """Of a process that systemd runs: its journal adds time and unit; levels as sd-daemon(3) prefixes would only
    repeat them."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
