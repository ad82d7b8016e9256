"""The command ``qaqpa``: for systemd, for a person at a terminal, for a script (``--json``).

Exit codes: 0 done · 1 it could not be done, the sentence says why and what to do · 2 the command line was wrong.
Must not know: anything that another module could.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from appliance import processes, wire
from appliance.cli_late import LateCommands
from appliance.cli_options import config as _config
from appliance.cli_options import staff as staff_option
from appliance.cli_options import whole
from appliance.cli_refusals import ask
from appliance.config import Config, load, refused
from appliance.errors import ApplianceError, ConfigError
from appliance.wire_journal import NoteLook
from firewall.errors import FirewallError
from journal.errors import JournalError
from journal.masking import masked_number
from sms.errors import SmsError


class _Group(click.Group):
    """Our errors are sentences for a person: print them, exit 1, no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ApplianceError, FirewallError, JournalError, SmsError, OSError) as error:
            raise click.ClickException(processes.told(error)) from error


_ELSEWHERE = {
    "backup": "cli_settings:backup",
    "block": "cli_block:block",
    "blocks": "cli_block:blocks",
    "claim": "cli_staff:claim",
    "desk": "cli_desk:desk",
    "factory-reset": "cli_reset:factory_reset_",
    "figures": "cli_block:figures",
    "first-boot": "cli_network:first_boot",
    "health": "cli_health:health",
    "journal": "cli_journal:journal",
    "network": "cli_network:network",
    "poster": "cli_poster:poster",
    "screen": "cli_screen:screen",
    "settings": "cli_settings:settings",
    "setup": "cli_setup:setup",
    "sms": "cli_sms:sms",
    "staff": "cli_staff:staff",
    "token": "cli_staff:token",
    "unblock": "cli_block:unblock",
    "update": "cli_update:update",
    "voucher": "cli_voucher:voucher",
}
"""The modules that each have a command or a few."""


@click.group(cls=_Group, commands=LateCommands(_ELSEWHERE))
@click.version_option(package_name="qaqpa")
def main() -> None:
    """Qaqpa, the captive-portal gateway."""


# ── the processes ───────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@_config
def closed(path: Path) -> None:
    """Let nothing pass, before any interface is up; of the rest of the gate's rules what lets staff and leases in.

    A configuration that cannot be used is said and keeps nothing open: staff then find the console on every interface.
    """
    from appliance.firewall_words import firewall_settings
    from firewall.closed import close

    try:
        settings = firewall_settings(load(path))
    except (ApplianceError, FirewallError, OSError) as error:
        click.echo(str(error), err=True)
        settings = None
    close(settings)


@main.command()
@_config
def gate(path: Path) -> None:
    """Run the gate: the privileged daemon that owns the kernel's rules, the session and the journal."""
    processes.gate(path)


@main.command()
@_config
def portal(path: Path) -> None:
    """Run the visitors' pages (behind nginx)."""
    from appliance import render

    command = render.portal_command(load(path))
    os.execv(command[0], command)


@main.command()
@_config
def console(path: Path) -> None:
    """Run the staff's pages (behind nginx), if console.interface says where staff come from."""
    from appliance import last_worked, render_console
    from appliance.supervision import Supervision

    if not last_worked.known(path).config.console.interface:
        said = "there is no console: console.interface is empty"
        Supervision().rests(said)
        click.echo(said)
        sys.exit(processes.NOTHING_TO_RUN)
    command = render_console.command(path)
    os.execv(command[0], command)


@main.command()
@_config
@click.option("--systemctl", default=processes.SYSTEMCTL, show_default=True, help="What restarts units.")
def steward(path: Path, systemctl: str) -> None:
    """Run the steward: root's helper, of which the console asks what only root may do."""
    processes.steward(path, systemctl)


# ── configuration and health ────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@_config
@click.option("--at-boot", is_flag=True, help="Look at neither interfaces nor password files: the rest must come up.")
@click.option("--reload", is_flag=True, help="Have running nginx and dnsmasq take it up, as far as no visitor notices.")
def apply(path: Path, at_boot: bool, reload: bool) -> None:
    """Render nginx's and dnsmasq's configuration; what they or this machine would refuse changes nothing."""
    from appliance import apply as applying
    from appliance import console_certificate, last_worked, reloading, smpp
    from appliance.firewall_words import firewall_settings
    from appliance.holding import holding
    from appliance.steward import clocks, pending
    from firewall import surroundings

    if at_boot and pending.recovered(pending.Places(path), clocks.now()):
        click.echo(f"{path}: nobody kept the last change, and the one before is back")
    try:
        config = load(path)
    except ConfigError:
        if at_boot and path.exists():
            # What was rendered last may be for addresses that nobody has now. The box is closed, and this mends it.
            last_worked.serve_console(path)
        raise
    if not at_boot:
        surroundings.require(firewall_settings(config))
        for _, found in surroundings.without_staff(firewall_settings(config)):
            raise refused(path, "console.interface", found.sentence)
        for key, problem in [*smpp.password_problems(config), *smpp.closed_to_sender(config)]:
            raise refused(path, key, problem)
    held = holding(config, datetime.now(UTC).timestamp())
    console = console_certificate.served_here(config)
    changed = applying.apply(config, held, console)
    last_worked.remember(path)
    if said := smpp.without_sms(config):
        click.echo(said)
    for name, is_new in changed.items():
        click.echo(f"{name}: {'changed' if is_new else 'as before'}")
    if config.portal.https:
        click.echo(f"https: {held.standing}{f' ({held.problem})' if held.problem else ''}")
    for line in console_certificate.told(config, console):
        click.echo(line)
    if reload:
        for said in reloading.reload(config, changed):
            click.echo(said)


@main.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(path: Path, as_json: bool) -> None:
    """Say what on this machine is missing or wrong, each with what to do. Exit 1 if anything is."""
    from appliance.doctor import lit, lit_without
    from appliance.last_worked import known

    held = known(path)
    lighted = lit_without(held.config, held.wrong) if held.wrong else lit(held.config)
    found = [finding for _, finding in lighted]
    if as_json:
        rows = [
            {
                "ok": each.ok,
                "what": each.what,
                "remedy": "" if each.ok else each.remedy,
                "light": light,
                "code": each.code,
                "values": each.values,
                "cause": each.cause,
            }
            for light, each in lighted
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
@whole
@staff_option
def visits(path: Path, as_json: bool, whole: bool, staff: str) -> None:
    """List live visits, oldest first, with numbers masked."""
    config = load(path)
    if whole:
        ask(config, NoteLook(staff, "live visits"))
    reply = ask(config, wire.ListVisits())
    assert isinstance(reply, wire.Visits)
    shown = reply.visits
    if not whole:
        shown = tuple(msgspec.structs.replace(visit, number=masked_number(visit.number)) for visit in shown)
    if as_json:
        click.echo(msgspec.json.encode(shown).decode())
        return
    for visit in shown:
        began = _local(config, visit.began_utc_ms)
        who = visit.number or f"by {visit.method}"
        used = f"{visit.down_bytes / 1e6:.1f} MB down, {visit.up_bytes / 1e6:.1f} MB up"
        click.echo(f"{visit.device}  {who:<16} {visit.phase:<7} since {began}  {used}  {' '.join(visit.addresses)}")
    if not shown:
        click.echo("nobody is online", err=True)


@main.command()
@_config
@click.argument("mac")
@staff_option
def end(path: Path, mac: str, staff: str) -> None:
    """End the visit of the device MAC now."""
    spelled = mac.strip().lower().replace("-", ":")
    ask(load(path), wire.EndVisit(mac=spelled, staff=staff))
    click.echo(f"{spelled}: the visit has ended")


# ── small things they share ─────────────────────────────────────────────────────────────────────────────────────────


def _local(config: Config, utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(config.venue.zone).strftime("%Y-%m-%d %H:%M:%S")
