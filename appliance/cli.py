"""The command ``qaqpa``: for systemd, for a person at a terminal, for a script (``--json``).

Exit codes: 0 done · 1 it could not be done, the sentence says why and what to do · 2 the command line was wrong.
Must not know: anything that another module could.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import click
import msgspec

from appliance import cli_desk, cli_sms, cli_voucher, wire
from appliance.cli_options import config as _config
from appliance.cli_options import log_to_stderr
from appliance.cli_refusals import ask
from appliance.config import Config, load
from appliance.errors import ApplianceError
from firewall.errors import FirewallError
from journal.errors import JournalError
from sms.errors import SmsError


class _Group(click.Group):
    """Our errors are sentences for a person: print them, exit 1, no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ApplianceError, FirewallError, JournalError, SmsError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(
                f"{error.filename}: {error.strerror}" if error.filename else str(error)
            ) from error


@click.group(cls=_Group)
@click.version_option(package_name="qaqpa")
def main() -> None:
    """Qaqpa, the captive-portal gateway."""


# ── the processes ───────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@_config
def gate(path: Path) -> None:
    """Run the gate: the privileged daemon that owns the kernel's rules, the session and the journal."""
    from appliance import daemon

    log_to_stderr()
    daemon.run(load(path), installed_version("qaqpa"))


@main.command()
@_config
def portal(path: Path) -> None:
    """Run the visitors' pages (gunicorn behind nginx)."""
    from appliance import render

    command = render.portal_command(load(path))
    os.execv(command[0], command)


main.add_command(cli_sms.sms)
main.add_command(cli_desk.desk)
main.add_command(cli_voucher.voucher)


# ── configuration and health ────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@_config
@click.option("--at-boot", is_flag=True, help="Do not look at the interfaces: they may come later.")
def apply(path: Path, at_boot: bool) -> None:
    """Render nginx's and dnsmasq's configuration; what they or this machine would refuse changes nothing."""
    from appliance import apply as applying
    from appliance import daemon
    from firewall import surroundings

    config = load(path)
    if not at_boot:
        surroundings.require(daemon.firewall_settings(config))
    for name, changed in applying.apply(config).items():
        click.echo(f"{name}: {'changed' if changed else 'as before'}")


@main.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(path: Path, as_json: bool) -> None:
    """Say what on this machine is missing or wrong, each with what to do. Exit 1 if anything is."""
    from appliance.doctor import findings

    found = findings(load(path))
    if as_json:
        rows = [
            {"ok": finding.ok, "what": finding.what, "remedy": "" if finding.ok else finding.remedy}
            for finding in found
        ]
        click.echo(msgspec.json.encode(rows).decode())
    else:
        for finding in found:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.what}")
            if not finding.ok:
                click.echo(f"      → {finding.remedy}")
    if not all(finding.ok for finding in found):
        sys.exit(1)


# ── visits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def visits(path: Path, as_json: bool) -> None:
    """List live visits, oldest first."""
    config = load(path)
    reply = ask(config, wire.ListVisits())
    assert isinstance(reply, wire.Visits)
    if as_json:
        click.echo(msgspec.json.encode(reply.visits).decode())
        return
    for visit in reply.visits:
        began = _local(config, visit.began_utc_ms)
        who = visit.number or f"by {visit.method}"
        used = f"{visit.down_bytes / 1e6:.1f} MB down, {visit.up_bytes / 1e6:.1f} MB up"
        click.echo(f"{visit.device}  {who:<16} {visit.phase:<7} since {began}  {used}  {' '.join(visit.addresses)}")
    if not reply.visits:
        click.echo("nobody is online", err=True)


@main.command()
@_config
@click.argument("mac")
@cli_desk.staff_option
def end(path: Path, mac: str, staff: str) -> None:
    """End the visit of the device MAC now."""
    spelled = mac.strip().lower().replace("-", ":")
    ask(load(path), wire.EndVisit(mac=spelled, staff=staff))
    click.echo(f"{spelled}: the visit has ended")


# ── journal ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.group()
def journal() -> None:
    """Read the journal and prove it."""


@journal.command()
@_config
def verify(path: Path) -> None:
    """Walk the whole chain. Exit 1 and name the first bad entry if it does not hold."""
    from journal.seal import verify as verify_chain

    verdict = verify_chain(_journal_path(load(path)))
    if verdict.first_bad is not None:
        raise click.ClickException(f"entry {verdict.first_bad}: {verdict.problem}")
    click.echo(f"{verdict.entries} entries, the chain holds; head {verdict.head}")


def _day(_context: click.Context, parameter: click.Parameter, value: str | None) -> date | datetime | None:
    try:
        if value is None:
            return None
        return date.fromisoformat(value) if len(value) == len("2026-11-21") else datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter("give a day as 2026-11-21 or a time as 2026-11-21T18:00", param=parameter) from error


@journal.command()
@_config
@click.option("--from", "since", callback=_day, help="First day (or time) of the period, in the venue's time zone.")
@click.option("--to", "until", callback=_day, help="Last day of the period, included; or the time it ends.")
@click.option("--format", "form", type=click.Choice(["csv"]), default="csv", show_default=True, help="What to write.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else standard output.")
def extract(path: Path, since: date | None, until: date | None, form: str, output: Path | None) -> None:
    """Write the visits of a period for an inspector."""
    from journal import extract as extracts

    assert form == "csv"
    config = load(path)
    found = extracts.visits(_journal_path(config), _instant(config, since), _instant(config, until, whole_day=True))
    if output is None:
        extracts.write_csv(found, sys.stdout.buffer, config.venue.zone)
        return
    with output.open("wb") as out:
        rows = extracts.write_csv(found, out, config.venue.zone)
    click.echo(f"{output}: {rows} visits")


# ── small things they share ─────────────────────────────────────────────────────────────────────────────────────────


def _journal_path(config: Config) -> Path:
    return Path(config.paths.state) / "gate" / "journal.db"


def _instant(config: Config, moment: date | None, whole_day: bool = False) -> datetime | None:
    """A day begins at midnight in the venue's zone; ``whole_day``: it is included, so the period ends with it."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        day = moment + timedelta(days=1) if whole_day else moment
        return datetime.combine(day, time(), tzinfo=config.venue.zone)
    return moment if moment.tzinfo else moment.replace(tzinfo=config.venue.zone)


def _local(config: Config, utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(config.venue.zone).strftime("%Y-%m-%d %H:%M:%S")
