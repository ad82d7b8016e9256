"""What the commands share. Must not know: any command."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

DEFAULT_CONFIG = Path("/etc/qaqpa/qaqpa.toml")

config = click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The configuration file.",
)


def log_to_stderr() -> None:
    """Of a process that systemd runs: its journal adds time and unit; levels as sd-daemon(3) prefixes would only
    repeat them."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
