"""``qaqpa journal``: read the journal, prove it, and take an extract of it.

Must not know: the journal's layout, formats, signatures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec

from appliance import cli_books, wire
from appliance.cli_options import config as _config
from appliance.cli_options import staff as staff_option
from appliance.cli_options import whole
from appliance.cli_refusals import ask
from appliance.config import Config, load
from appliance.errors import QueryRefused
from appliance.journal_query import Field, Typed, day_or_time
from appliance.journal_query import wanted as wanted_of
from appliance.wire_journal import NoteLook
from journal.visit import Visit
from journal.wanted import Wanted

FORMATS = ("csv", "xlsx", "pdf", "jsonl")


@click.group()
def journal() -> None:
    """Read the journal and prove it."""


for _each in (cli_books.verify, cli_books.backup, cli_books.restore):
    journal.add_command(_each)


# ── what is wanted ──────────────────────────────────────────────────────────────────────────────────────────────────


def _day(_context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    try:
        return None if value is None else day_or_time(value)
    except ValueError as error:
        raise click.BadParameter("give a day as 2026-11-21 or a time as 2026-11-21T18:00", param=parameter) from error


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which visits."""
    for option in (
        click.option("--workstation", default="", help="Only visits at this workstation number."),
        click.option("--name", default="", help="Only visitors with such beginnings of their names."),
        click.option("--device", default="", help="Only visits of the device with this MAC address."),
        click.option("--number", default="", help="Only visits of this subscriber number."),
        click.option("--to", "until", callback=_day, help="Last day of the period, included; or the time it ends."),
        click.option(
            "--from", "since", callback=_day, help="First day (or time) of the period, in the venue's time zone."
        ),
    ):
        command = option(command)
    return command


def _wanted(config: Config, asked: dict[str, Any]) -> Wanted:
    try:
        return wanted_of(config, Typed(**asked))
    except QueryRefused as refused:
        match refused.field:
            case Field.NUMBER:
                raise click.BadParameter("give a mobile number as +77011234567", param_hint="--number") from refused
            case Field.DEVICE:
                raise click.BadParameter("give a MAC address as 02:00:00:00:00:01", param_hint="--device") from refused
        period = f"--from {asked['since']} --to {asked['until']}"
        raise click.UsageError(f"the period ends before it begins: {period}") from refused


# ── lists and extracts ──────────────────────────────────────────────────────────────────────────────────────────────


@journal.command()
@_config
@_filters
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many visits at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@whole
@staff_option
def visits(path: Path, limit: int, as_json: bool, whole: bool, staff: str, **asked: Any) -> None:
    """List visits of a period, with numbers and names masked."""
    from appliance.books import journal_path
    from journal.clock import clocks_of
    from journal.masking import masked
    from journal.visits import visits as read

    config = load(path)
    wanted = _wanted(config, asked)
    if whole:
        told = msgspec.json.encode(wanted).decode()
        ask(config, NoteLook(staff, f"visits {told}"[:200]))
    kept = journal_path(config)
    found = filter(wanted.takes, read(kept, wanted.since, wanted.until, clocks_of(kept).correct))
    some = list(islice(found, limit + 1))
    shown = [visit if whole else masked(visit) for visit in some[:limit]]
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
    else:
        for visit in shown:
            click.echo(_line(config, visit))
    if not shown:
        click.echo("no visit in this period", err=True)
    if len(some) > limit:
        click.echo(f"there are more than {limit}: narrow the period, or give --limit", err=True)


def _line(config: Config, visit: Visit) -> str:
    from journal.columns import visible

    def local(moment: datetime | None) -> str:
        return f"{moment.astimezone(config.venue.zone):%Y-%m-%d %H:%M:%S}" if moment else "not over"

    who = " ".join(filter(None, (visit.number, visit.surname, visit.given_name, visit.patronymic)))
    times = f"{local(visit.began)} – {local(visit.ended)}"
    return visible(f"{times}  {visit.device}  {who}  {visit.method}  {' '.join(visit.addresses)}")


@journal.command()
@_config
@_filters
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    help="What to write; may be given more than once. [default: all]",
)
@click.option(
    "--language",
    type=click.Choice([each.value for each in wire.Language]),
    help="Of headers and the register. [default: the venue's]",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to make, or a file whose name ends in .zip; it must not be there yet.",
)
@click.option("--why", required=True, help="The reason, for the journal and the register.")
@click.option("--unsigned", is_flag=True, help="Make it although no gate is there to record and sign it.")
@staff_option
def extract(
    path: Path,
    formats: tuple[str, ...],
    language: str | None,
    output: Path,
    why: str,
    unsigned: bool,
    staff: str,
    **asked: Any,
) -> None:
    """Take the visits of a period out for an inspector: recorded, signed, and with what proves it."""
    from importlib.metadata import version as installed_version

    from appliance.books import journal_path
    from appliance.signer import GateSigner
    from journal.clock import clocks_of
    from journal.columns import Language
    from journal.extract import make
    from journal.extract_data import Order

    config = load(path)
    if not 1 <= len(why.strip()) <= 200 or not 1 <= len(staff) <= 64:
        raise click.UsageError("--why takes 1 to 200 characters, --staff 1 to 64")
    order = Order(
        wanted=_wanted(config, asked),
        by=staff,
        why=why.strip(),
        made=datetime.now(UTC),
        venue=config.venue.name,
        rules=config.venue.rules,
        version=installed_version("qaqpa"),
        zone=config.venue.zone,
        language=Language(language or config.venue.language.value),
        formats=formats or FORMATS,
    )
    kept = journal_path(config)
    signer = None if unsigned else GateSigner(partial(ask, config), order.by, order.why, order.wanted)
    with click.progressbar(length=1000, label=str(output), file=sys.stderr) as bar:
        made = make(
            kept,
            output,
            order,
            signer,
            progress=lambda part: bar.update(int(part * 1000) - bar.pos),
            correct=clocks_of(kept).correct,
        )
    click.echo(f"{output}: {made.data.visits} visits" + ("" if made.data.visits else " (none in this period)"))
    if made.data.expired:
        click.echo(f"{made.data.expired} entries were passed over: retention has emptied them")
    if made.signature is None:
        click.echo("UNSIGNED and not recorded: nobody can tell that this gate has made it", err=True)
        return
    from journal.signing import fingerprint

    click.echo(f"signed; fingerprint of the key {fingerprint(bytes.fromhex(made.signature.public))}")


@journal.command()
@click.argument("extract", type=click.Path(path_type=Path))
@click.option("--fingerprint", default="", help="The fingerprint that the signing key must have.")
def check(extract: Path, fingerprint: str) -> None:
    """Say whether EXTRACT, a folder or zip, is whole and who vouches for it. Exit 1 if it is not. Needs no gate."""
    from journal.columns import visible
    from journal.proof import check as judge_extract

    verdict = judge_extract(extract, fingerprint)
    for finding in verdict.findings:
        click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {visible(finding.what)}")
    for note in verdict.notes:
        click.echo(f"ASK   {visible(note)}")
    if verdict.record:
        click.echo(f"      code on the printed register: {verdict.record}")
    if not verdict.whole:
        raise click.ClickException("the extract is not whole, or nobody vouches for it")
    click.echo("whole" if fingerprint else "whole; compare the fingerprint with the one that the owner gave you")
