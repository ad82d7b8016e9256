"""``qaqpa factory-reset``. Must not know: how a reset comes about."""

from __future__ import annotations

from pathlib import Path

import click

from appliance import factory_reset, image
from appliance.cli_options import config as _config
from appliance.cli_options import staff as _staff
from appliance.cli_refusals import ask
from appliance.errands import Errand, Errands, Told
from appliance.errors import ApplianceError
from appliance.last_worked import known
from appliance.wire_console import NoteStaff, StaffAct


@click.command("factory-reset")
@_config
@_staff
@click.option("--withdraw", is_flag=True, help="Not after all: the next start forgets nothing.")
@click.option("--asked", is_flag=True, hidden=True, help="As an owner asked at the console.")
def factory_reset_(path: Path, staff: str, withdraw: bool, asked: bool) -> None:
    """Forget everything at the next start: journal, settings, accounts, keys (the flashable image)."""
    if asked:
        _as_asked(Errands(Path(known(path).config.paths.runtime) / "errands"))
        return
    if not image.is_image():
        raise click.ClickException("this Qaqpa is a Debian package: `apt purge qaqpa` removes it")
    if withdraw:
        factory_reset.withdraw()
        click.echo("nothing is forgotten")
        return
    click.echo(
        "The journal goes too. The law may oblige you to keep it: write a back-up first, `qaqpa backup stick`.",
        err=True,
    )
    typed = click.prompt(f"Type `{factory_reset.SENTENCE}` to go on", err=True)
    if typed.strip().lower() != factory_reset.SENTENCE:
        raise click.ClickException("that is not it; nothing is forgotten")
    try:
        ask(known(path).config, NoteStaff(staff[:64], StaffAct.FACTORY_RESET))
    except (ApplianceError, click.ClickException) as error:
        # A box whose gate is broken may be just the one that is to begin anew, and the record goes with it.
        click.echo(f"not recorded: {error}", err=True)
    factory_reset.ask()
    click.echo("everything is forgotten at the next start; until then: `qaqpa factory-reset --withdraw`")


def _as_asked(errands: Errands) -> None:
    """Sentence and password the console has asked for, and the steward has had it recorded."""
    with errands.alone(Errand.RESET) as alone:
        wanted = errands.take(Errand.RESET) if alone else None
        if wanted is None:
            return
        try:
            if wanted.withdraw:
                factory_reset.withdraw()
            else:
                factory_reset.ask()
        except ApplianceError as error:
            errands.tell(Errand.RESET, Told(over=True, why="failed", said=str(error)))
            raise
        errands.tell(Errand.RESET, Told(over=True))
