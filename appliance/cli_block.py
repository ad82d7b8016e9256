"""``qaqpa block``, ``unblock``, ``blocks`` and ``figures``. Must not know: whom a block ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from appliance.cli_options import config as _config
from appliance.cli_options import staff as staff_option
from appliance.cli_options import whole as whole_option
from appliance.cli_refusals import ask
from appliance.config import Config, load
from appliance.console_reception import spelled
from appliance.numbers import judge
from appliance.wire_console import Block, Blocks, Figures, HeldBlock, ListBlocks, LookAtFigures, Unblock
from appliance.wire_journal import NoteLook
from journal.masking import masked_number

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SPANS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _span(_ctx: click.Context, _param: click.Parameter, told: str | None) -> timedelta | None:
    """So many minutes, hours, days or weeks."""
    if told is None:
        return None
    read = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", told.strip())
    if read is None:
        raise click.BadParameter(f"{told!r} is no span such as 90m, 12h, 7d or 4w")
    return int(read[1]) * _SPANS[read[2]]


@click.command()
@_config
@click.argument("whom")
@click.option("--why", required=True, help="The reason, for the journal; the visitor is not told.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"]),
    help="The moment when it ends by itself, by the venue's clock, five years from now at most.",
)
@click.option("--for", "span", callback=_span, help="How long it lasts, such as 90m, 12h, 7d or 4w.")
@staff_option
def block(path: Path, whom: str, why: str, until: datetime | None, span: timedelta | None, staff: str) -> None:
    """Admit nobody with WHOM, a MAC address or a subscriber number; their visits end now.

    Without --until and --for it holds until `qaqpa unblock`, five years at most.
    """
    if until is not None and span is not None:
        raise click.UsageError("say --until or --for, not both")
    config = load(path)
    ends = until.replace(tzinfo=config.venue.zone) if until else datetime.now(UTC) + span if span else None
    ends_utc_ms = None if ends is None else int(ends.timestamp() * 1000)
    device = spelled(whom)
    ask(config, Block(staff, why, device, "" if device else whom, ends_utc_ms))
    click.echo(f"{device or whom}: blocked {_until(config, ends_utc_ms)}")


@click.command()
@_config
@click.argument("whom")
@staff_option
def unblock(path: Path, whom: str, staff: str) -> None:
    """Lift the block of WHOM: a MAC address, a subscriber number, or the block's name."""
    config = load(path)
    device, number = spelled(whom), judge(whom, frozenset(config.password.countries))
    held = [each.block for each in _held(config) if each.device == device != "" or each.number == number]
    ask(config, Unblock(staff, held[0] if held else whom.strip()))
    click.echo(f"{device or whom}: not blocked any more")


@click.command()
@_config
@whole_option
@staff_option
@_json
def blocks(path: Path, whole: bool, staff: str, as_json: bool) -> None:
    """List whom staff keep out, the newest first, with numbers masked."""
    config = load(path)
    if whole:
        ask(config, NoteLook(staff, "blocks"))
    shown = [
        each if whole else msgspec.structs.replace(each, number=masked_number(each.number)) for each in _held(config)
    ]
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
        return
    for each in shown:
        until = _until(config, each.until_utc_ms)
        click.echo(f"{each.block}  {each.device or each.number:<17}  {until}  by {each.staff}: {each.why}")
    if not shown:
        click.echo("nobody is blocked", err=True)


@click.command()
@_config
@_json
def figures(path: Path, as_json: bool) -> None:
    """Tell what the gate counted since it started."""
    config = load(path)
    told = ask(config, LookAtFigures())
    assert isinstance(told, Figures)
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(f"since {_local(config, told.since_utc_ms)}; entry {told.journal_entries} is the newest")
    click.echo(f"journal: {told.journal_lag_s:.3f} s a transaction, {told.disk_free_bytes / 1e6:.0f} MB free")
    sms = {f"{provider or '?'} {state}": n for provider, states in told.sms.items() for state, n in states.items()}
    wire = {kind: sum(each.counts) for kind, each in told.wire.items()}
    counted = {"admitted": told.admissions, "left": told.leaves, "sms": sms, "sets": told.sets, "asked": wire}
    for what, by_kind in counted.items():
        for kind, count in sorted(by_kind.items()):
            click.echo(f"{what:>8}  {count:>8}  {kind}")


def _held(config: Config) -> tuple[HeldBlock, ...]:
    told = ask(config, ListBlocks())
    assert isinstance(told, Blocks)
    return told.blocks


def _until(config: Config, utc_ms: int | None) -> str:
    return "until it is lifted" if utc_ms is None else f"until {_local(config, utc_ms)}"


def _local(config: Config, utc_ms: int) -> str:
    return f"{datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(config.venue.zone):%Y-%m-%d %H:%M}"
