"""``qaqpa health``: does this box do what it is for? Must not know: how any part of it is asked."""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from appliance import commands, image
from appliance.cli_options import config as _config
from appliance.config import load

if TYPE_CHECKING:
    from appliance.health import Answer


@click.command()
@_config
@click.option("--patience", "patience_s", type=click.IntRange(0, 900), default=0, help="Seconds to wait until it is.")
@click.option("--or-restart", is_flag=True, help="If it is not, and this version is still on trial, restart the box.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def health(path: Path, patience_s: int, or_restart: bool, as_json: bool) -> None:
    """Try the box as a visitor would: rules, lease, page, journal, console. Exit 1 if anything fails."""
    from importlib.metadata import version as installed_version

    from appliance.health import examine, parts  # the kernel's and the journal's sides, for this command alone

    answers: list[Answer] = []
    try:
        # The second bit of the first byte marks an address that no maker gave.
        mac = (b"\x02" + secrets.token_bytes(5)).hex(":")
        version = image.version() or installed_version("qaqpa")
        asked = parts(load(path), version, mac, secrets.randbits(32))
        for answer in examine(asked, patience_s, time.monotonic, time.sleep):
            answers.append(answer)
            if not as_json:
                click.echo(f"{'ok   ' if answer.ok else 'WRONG'} {answer.name}: {answer.said}")
        if as_json:
            click.echo(msgspec.json.encode(answers).decode())
    finally:
        # Also where nothing could be asked: a version that cannot read its configuration is not well.
        well = bool(answers) and all(answer.ok for answer in answers)
        if not well and or_restart and image.on_trial():
            click.echo("this version is on trial and not well: restarting; after three tries the one before is back")
            commands.run(["/usr/bin/systemctl", "reboot"], lambda said: click.echo(said, err=True))
    if not well:
        sys.exit(1)
