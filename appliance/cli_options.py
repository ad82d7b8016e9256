"""What the commands share. Must not know: any command."""

from __future__ import annotations

import getpass
import os
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


def invoker() -> str:
    """Who typed the command: whoever became root by sudo stays who they are."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


staff = click.option(
    "--staff", default=invoker, show_default="whoever typed it", help="Whose doing it is, for the journal."
)
whole = click.option("--whole", is_flag=True, help="Show numbers and names whole; that look is recorded.")
