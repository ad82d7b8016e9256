"""``qaqpa journal verify · backup · restore``: prove the journal, copy it, put a copy back. Must not know: how."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from appliance import wire
from appliance.cli_options import config as _config
from appliance.cli_options import invoker
from appliance.config import load
from appliance.errors import GateUnreachable
from appliance.wire_journal import NoteBackup


def _head(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[int, str]:
    heads = {}
    for value in values:
        number, _, digest = value.partition(":")
        if not number.isdigit() or len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
            raise click.BadParameter("give ENTRY:DIGEST, a number and 64 hexadecimal digits", param=parameter)
        heads[int(number)] = digest.lower()
    return heads


def _fingerprint(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    keys = []
    for value in values:
        digits = value.replace(" ", "").lower()
        if len(digits) != 40 or set(digits) - set("0123456789abcdef"):
            raise click.BadParameter("give 40 hexadecimal digits, as an extract prints them", param=parameter)
        keys.append(" ".join(digits[at : at + 4] for at in range(0, 40, 4)))
    return tuple(keys)


@click.command()
@_config
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Another journal, such as a back-up.")
@click.option("--key", "keys", multiple=True, callback=_fingerprint, help="A fingerprint that may have signed.")
@click.option("--head", "heads", multiple=True, callback=_head, help="ENTRY:DIGEST as an extract prints it.")
@click.option("--against", type=click.Path(path_type=Path), help="An extract of this journal that somebody has kept.")
def verify(path: Path, file: Path | None, keys: tuple[str, ...], heads: dict[int, str], against: Path | None) -> None:
    """Walk the whole chain and its checkpoints. Exit 1 and name the first bad entry if it does not hold; with --against
    also if the journal is not the one that the extract was made of."""
    from appliance.books import journal_path, own_key
    from journal.seal import verify as verify_chain

    config = None if file else load(path)
    journal = journal_path(config) if config else file
    assert journal is not None
    if against is not None:
        _compare(journal, against, keys)
    verdict = verify_chain(journal, keys, heads)
    if verdict.first_bad is not None:
        raise click.ClickException(f"entry {verdict.first_bad}: {verdict.problem}")
    click.echo(f"{verdict.entries} entries, the chain holds; head {verdict.head}")
    if verdict.expired:
        click.echo(
            f"{verdict.expired} of them have expired: what they said of persons was removed, as the journal says,"
            f" after {verdict.days} days or more"
        )
    for signer in verdict.signers:
        click.echo(f"sealed up to entry {verdict.sealed} by the key {signer}")
    own = own_key(config) if config and not keys else ""
    if own and verdict.signers and own not in verdict.signers:
        raise click.ClickException(f"this appliance's own key is another, {own}: give --key if that is known")
    if config and not verdict.signers and verdict.entries > config.journal.seal_entries:
        raise click.ClickException("no checkpoint vouches for it, although there should be some: they were taken away")
    if not verdict.signers:
        click.echo("no checkpoint vouches for it yet")


def _compare(journal: Path, extract: Path, keys: tuple[str, ...]) -> None:
    from journal.against import compare
    from journal.columns import visible

    findings = compare(journal, extract, keys)
    for finding in findings:
        click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {visible(finding.what)}")
    if not all(finding.ok for finding in findings):
        raise click.ClickException(f"{journal} and {extract} contradict each other")


@click.command()
@_config
@click.argument("copy", type=click.Path(dir_okay=False, path_type=Path))
def backup(path: Path, copy: Path) -> None:
    """Write a copy of the journal to COPY, also while the gate runs, and verify it."""
    from appliance.books import journal_path
    from appliance.client import Client
    from appliance.sockets import gate_socket
    from journal.backup import back_up
    from journal.columns import visible

    config = load(path)
    made = back_up(journal_path(config), copy)
    click.echo(visible(f"{copy}: {made.entries} entries, verified; head {made.head}"))
    note = NoteBackup(file=visible(copy.name)[:64], entries=made.entries, head=made.head, by=invoker()[:64])
    try:
        reply = Client(gate_socket(config)).ask(note)
    except GateUnreachable:
        click.echo("the gate does not run, so the journal does not mention this copy", err=True)
    else:
        if isinstance(reply, wire.Refused):
            click.echo(f"the gate did not record it: {reply.refusal}", err=True)


@click.command()
@_config
@click.argument("copy", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def restore(path: Path, copy: Path) -> None:
    """Make COPY the journal again; the present one is set aside. The gate must not run, and nobody stays online."""
    from appliance.books import journal_path, resume_copy
    from journal.backup import put_back

    journal = journal_path(load(path))
    verdict, began = put_back(copy, journal, datetime.now(UTC))
    resume_copy(journal, began)
    click.echo(f"{journal}: {verdict.entries} entries put back; every visit in it ends when the gate starts")
    if began.previous:
        click.echo(f"what was there before is {journal.with_name(began.previous)}")
