"""``qaqpa screen``: what stands on the box's own screen, or goes out by its serial line, for a person who types it.

Must not know: what is shown, how it is drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from appliance import processes
from appliance.cli_options import config as _config


@click.command()
@_config
@click.option(
    "--terminal", default="", help='Its name, such as "tty1" or "ttyS0"; a shell begins only where it is told.'
)
@click.option("--once", is_flag=True, help="Show it as it is now, and end.")
@click.option("--systemctl", default=processes.SYSTEMCTL, show_default=True, help="What starts the shell's unit.")
def screen(path: Path, terminal: str, once: bool, systemctl: str) -> None:
    """Show the box's state, the console's address and, until it is claimed, the code on this terminal."""
    from appliance import screen_terminal

    if once or not sys.stdin.isatty():
        click.echo(screen_terminal.once(path, terminal), color=True)
    else:
        screen_terminal.stand(path, terminal, systemctl)
