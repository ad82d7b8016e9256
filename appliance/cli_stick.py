"""``qaqpa backup stick`` and ``fetch``: back-ups on the USB stick that is plugged in.

Must not know: how a stick is found, what a back-up has in it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from appliance import commands, sockets, sticks
from appliance.cli_options import config as _config
from appliance.cli_options import staff as _staff
from appliance.client import Client
from appliance.errands import Asked, Errand, Errands, Told
from appliance.errors import ApplianceError, GateUnreachable
from appliance.last_worked import known
from appliance.wire_journal import NoteBackup


@click.command("stick")
@_config
@_staff
@click.option("--asked", is_flag=True, hidden=True, help="As somebody asked at the console.")
def write(path: Path, staff: str, asked: bool) -> None:
    """Write a back-up on the one USB stick that is plugged in (FAT32, exFAT or ext4)."""
    from appliance import stick_backup  # the journal's side, for these commands alone

    config = known(path).config
    runtime = Path(config.paths.runtime)
    errands = Errands(runtime / "errands")
    wanted = (errands.take(Errand.STICK) if asked else None) or Asked(staff[:64])

    def tell(told: Told) -> None:
        errands.tell(Errand.STICK, told)

    with errands.alone(Errand.STICK) as alone:
        if not alone:
            raise stick_backup.StickFailed("a back-up is being written already; wait for it")
        tell(Told(at_utc_ms=_now_ms()))
        try:
            stick = sticks.only_one(sticks.found())
            name, verdict = stick_backup.write(
                config, path, stick, runtime / "stick", now=datetime.now(UTC), run=commands.run
            )
        except sticks.StickUnusable as error:
            tell(Told(over=True, why="no_stick", said=str(error), at_utc_ms=_now_ms()))
            raise
        except (ApplianceError, OSError) as error:
            tell(Told(over=True, why="failed", said=str(error), at_utc_ms=_now_ms()))
            raise
        tell(Told(over=True, percent=100, result=name, at_utc_ms=_now_ms()))
    note = NoteBackup(Path(name).name[:64], verdict.entries, verdict.head, wanted.staff)
    try:
        Client(sockets.gate_socket(config)).ask(note)
    except GateUnreachable:
        click.echo("the gate does not run, so the journal does not mention this back-up", err=True)
    click.echo(f"{name} is on the stick, which may be pulled out now")


@click.command()
@_config
def fetch(path: Path) -> None:
    """Copy the newest back-up from the USB stick to this machine; docs/backup.md says how it is put back."""
    from appliance import stick_backup  # as above

    config = known(path).config
    at = Path(config.paths.runtime) / "stick"
    target = stick_backup.fetch(config, sticks.only_one(sticks.found()), at, commands.run)
    click.echo(f"{target} is here; docs/backup.md says how it is put back")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
