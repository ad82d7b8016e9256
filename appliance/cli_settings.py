"""``qaqpa settings`` and ``qaqpa backup``: what the console's pages do with them, at a terminal.

All of it is the steward's doing; here it is only asked. Must not know: how anything is carried out.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO

import click
import msgspec

from appliance import sockets
from appliance.cli_late import LateCommands
from appliance.cli_options import config as _config
from appliance.cli_options import staff as _staff
from appliance.config import load
from appliance.steward import wire
from appliance.steward.client import Client

_LOOK_EVERY_S = 0.2
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_new = click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def settings() -> None:
    """Show, try and change the configuration; a change that nobody keeps is undone by itself."""


@click.group(commands=LateCommands({"stick": "cli_stick:write", "fetch": "cli_stick:fetch"}))
def backup() -> None:
    """Copy journal, configuration and staff accounts into one file."""


def ask(path: Path, request: wire.Request) -> wire.Reply:
    """The steward's reply.

    Raises:
        click.ClickException: it refused; says why.
        ApplianceError: it does not answer.
    """
    reply = Client(sockets.steward_socket(load(path)), timeout_s=120.0).ask(request)
    if isinstance(reply, wire.StewardRefused):
        raise click.ClickException(reply.why or f"the steward refused: {reply.refusal}")
    return reply


@settings.command()
@_config
@_json
def show(path: Path, as_json: bool) -> None:
    """Print the configuration, and whether a change waits to be kept."""
    reply = ask(path, wire.ReadSettings())
    assert isinstance(reply, wire.Settings)
    if as_json:
        click.echo(msgspec.json.encode(reply).decode())
        return
    click.echo(reply.toml, nl=False)
    if reply.undo_in_s is not None:
        click.echo(f"the change by {reply.changed_by} is undone in {reply.undo_in_s} s", err=True)


@settings.command("try")
@_config
@_new
@_json
def try_(path: Path, new: Path, as_json: bool) -> None:
    """Say what is wrong with the configuration NEW, or what it would change. Changes nothing; exit 1 if it is wrong."""
    reply = ask(path, wire.TrySettings(_text(new)))
    assert isinstance(reply, wire.Tried)
    if as_json:
        click.echo(msgspec.json.encode(reply).decode())
    else:
        for problem in reply.problems:
            where = f"{new}, line {problem.line}: " if problem.line else f"{new}: "
            click.echo(f"{where}{problem.key}: {problem.problem}" if problem.key else f"{where}{problem.problem}")
        for change in reply.changes:
            click.echo(f"{change.key}: {change.before or '(none)'} → {change.after or '(none)'}")
        for name in reply.passwords_wanted:
            click.echo(f"the SMPP password of {name} would go somewhere else: apply it with --sms-password {name} FILE")
        if reply.restarts:
            click.echo(f"would begin anew, while who is online stays so: {', '.join(reply.restarts)}")
    if reply.problems:
        sys.exit(1)


@settings.command()
@_config
@_new
@click.option(
    "--undo-after", "undo_s", type=click.IntRange(0, 3600), default=120, show_default=True, help="Seconds; 0: kept."
)
@click.option(
    "--sms-password",
    "passwords",
    multiple=True,
    type=(str, click.File("r", encoding="ascii")),
    metavar="PROVIDER FILE",
    help="The SMPP password, where the change sends it somewhere else; - reads it from the standard input.",
)
@_staff
@_json
def apply(
    path: Path, new: Path, undo_s: int, passwords: tuple[tuple[str, IO[str]], ...], staff: str, as_json: bool
) -> None:
    """Put the configuration NEW in force; unless `qaqpa settings keep` comes in time, it is undone."""
    given = {name: file.read().strip() for name, file in passwords}
    now = ask(path, wire.ReadSettings())
    assert isinstance(now, wire.Settings)
    ask(path, wire.ApplySettings(_text(new), now.digest, staff[:64], undo_s, given))
    _started(path, as_json, f"in force; `qaqpa settings keep` within {undo_s} s keeps it" if undo_s else "in force")


@settings.command()
@_config
@_staff
@_json
def keep(path: Path, staff: str, as_json: bool) -> None:
    """Keep the change that waits."""
    ask(path, wire.KeepSettings(staff[:64]))
    click.echo('{"kept":true}' if as_json else "kept")


@settings.command()
@_config
@_staff
@_json
def undo(path: Path, staff: str, as_json: bool) -> None:
    """Go back to the configuration before the change that waits."""
    ask(path, wire.UndoSettings(staff[:64]))
    _started(path, as_json, "the configuration before is in force", wanted=True)


@backup.command("make")
@_config
@_staff
@_json
def make(path: Path, staff: str, as_json: bool) -> None:
    """Write one; the last five are kept, and whatever is younger than a day."""
    reply = ask(path, wire.MakeBackup(staff[:64]))
    assert isinstance(reply, wire.BackupWritten)
    _copies(path, (reply.backup,), as_json)


@backup.command("list")
@_config
@_json
def list_(path: Path, as_json: bool) -> None:
    """List those on this machine, the newest first."""
    reply = ask(path, wire.ListBackups())
    assert isinstance(reply, wire.Backups)
    _copies(path, reply.backups, as_json)


def _copies(path: Path, copies: tuple[wire.Backup, ...], as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(copies).decode())
        return
    for copy in copies:
        click.echo(f"{load(path).paths.state}/backups/{copy.file}  {copy.size_bytes / 1e6:.1f} MB")


def _started(path: Path, as_json: bool, told: str, *, wanted: bool = False) -> None:
    """Wait until everything runs with it. Exit 1 if it was undone although nobody wanted that."""
    while True:
        reply = ask(path, wire.ReadSettings())
        assert isinstance(reply, wire.Settings)
        if not reply.is_starting:
            break
        time.sleep(_LOOK_EVERY_S)
    if reply.undone_why and not wanted:
        raise click.ClickException(f"undone: {reply.undone_why}")
    click.echo(msgspec.json.encode({"undo_in_s": reply.undo_in_s}).decode() if as_json else told)


def _text(new: Path) -> str:
    try:
        return new.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{new} is no UTF-8 text: {error}") from error
