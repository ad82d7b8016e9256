"""``qaqpa desk``: staff admits a visitor by identity document or by a password told, at a terminal.

    qaqpa desk admit K7M-Q4T                     asks for the names, three lines
    qaqpa desk admit --workstation 3 --mrz       the document's machine-readable zone from a scanner, or pasted

Must not know: what a session makes of it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from appliance import mrz, wire
from appliance.cli_options import config as _config
from appliance.cli_options import staff as staff_option
from appliance.cli_refusals import ask
from appliance.config import Config, load
from appliance.wire_desk import (
    AdmitByDocument,
    AskPasswordAtDesk,
    Doubt,
    EnterPasswordAtDesk,
    FindDevice,
    Found,
    ListWorkstations,
    Person,
    Workstations,
)

_DOUBTS = {
    Doubt.LATIN_NAME: "the name is in Latin letters; the document has it in Cyrillic too",
    Doubt.IIN_MALFORMED: "an IIN has 12 digits",
    Doubt.IIN_CHECKSUM: "the IIN's last digit does not fit the others",
    Doubt.IIN_DATE: "the IIN's first six digits are no date",
    Doubt.IIN_CENTURY: "the IIN's seventh digit names no century",
    Doubt.IIN_OTHER_BIRTH_DATE: "the IIN tells of another birth date",
}


_code = click.argument("code", default="")
_workstation = click.option("--workstation", default="", help="Number of the owner's computer (¶10).")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def desk() -> None:
    """Admit a visitor: CODE is the pairing code on their page; or name a workstation."""


@desk.command()
@_config
@_code
@_workstation
@staff_option
@_json
def find(path: Path, code: str, workstation: str, staff: str, as_json: bool) -> None:
    """Say which device it is and where it stands; without CODE and workstation, who is at the owner's computers."""
    config = load(path)
    if not code and not workstation:
        there = ask(config, ListWorkstations(staff=staff))
        assert isinstance(there, Workstations)
        if as_json:
            click.echo(msgspec.json.encode(there.workstations).decode())
            return
        for each in there.workstations:
            click.echo(f"{each.number:>6}  {each.device or 'nobody':<17}  {each.phase or ''}")
        if not there.workstations:
            click.echo("there are no tables [[workstation]] in the configuration", err=True)
        return
    _tell(ask(config, FindDevice(staff=staff, code=code, workstation=workstation)), as_json)


@desk.command()
@_config
@_code
@_workstation
@click.option("--surname", default="", help="As in the document; asked for if left out, as the next two.")
@click.option("--given-name", default="", help="Given name.")
@click.option("--patronymic", default=None, help='"" if the visitor has none.')
@click.option("--document-kind", default="", help="Such as passport, if the venue asks for it (desk.fields).")
@click.option("--document-number", default="", help="The document's number, if the venue asks for it.")
@click.option("--iin", default="", help="The individual identification number, if the venue asks for it.")
@click.option("--birth-date", default="", help="Such as 2000-12-31, if the venue asks for it.")
@click.option("--mrz", "scan", is_flag=True, help="Read the document's machine-readable zone first, from a scanner.")
@staff_option
@_json
def admit(
    path: Path, code: str, workstation: str, scan: bool, staff: str, as_json: bool, patronymic: str | None, **typed: str
) -> None:
    """Let in the device whose page shows CODE, for the person of an identity document (¶10); asks what is missing."""
    config = load(path)
    zone = _scanned() if scan else None
    if zone is not None:
        for line in zone.wrong:
            click.echo(f"the scan's {line} is wrong by its check digit", err=True)
        click.echo(f"the document says, in Latin letters: {zone.surname} {zone.given_name}", err=True)
        typed = _filled(config, typed, zone)
    surname = typed.pop("surname") or _asked("Surname", needed=True)
    given_name = typed.pop("given_name") or _asked("Given name", needed=True)
    if patronymic is None:
        patronymic = _asked("Patronymic (Enter: none)", needed=False)
    person = Person(surname, given_name, patronymic, **typed)
    request = AdmitByDocument(staff=staff, code=code, workstation=workstation, person=person)
    _tell(ask(config, request), as_json)


@desk.command()
@_config
@_code
@_workstation
@click.option("--number", default="", help="The visitor's subscriber number.")
@click.option("--language", type=click.Choice([each.value for each in wire.Language]), help="Else the venue's.")
@staff_option
@_json
def password(
    path: Path, code: str, workstation: str, number: str, language: str | None, staff: str, as_json: bool
) -> None:
    """Send a password to the number of the visitor with CODE; they read it to you, and you `qaqpa desk enter` it."""
    config = load(path)
    chosen = wire.Language(language) if language else config.venue.language
    number = number or _asked("Subscriber number", needed=True)
    request = AskPasswordAtDesk(staff=staff, code=code, workstation=workstation, number=number, language=chosen)
    _tell(ask(config, request), as_json)


@desk.command()
@_config
@_code
@_workstation
@click.option("--password", "told", default="", help="As the visitor read it out.")
@staff_option
@_json
def enter(path: Path, code: str, workstation: str, told: str, staff: str, as_json: bool) -> None:
    """Enter the password that the visitor with CODE read out (order No. 58 ¶7.2)."""
    config = load(path)
    told = told or _asked("Password", needed=True)
    _tell(ask(config, EnterPasswordAtDesk(staff=staff, code=code, workstation=workstation, password=told)), as_json)


def _tell(reply: wire.Reply, as_json: bool) -> None:
    assert isinstance(reply, Found | wire.Status)
    if as_json:
        click.echo(wire.encode(reply).decode())
        return
    doubts = reply.doubts if isinstance(reply, Found) else ()
    for doubt in doubts:
        click.echo(f"look once more: {_DOUBTS[doubt]}", err=True)
    about = f"{reply.device}: " if isinstance(reply, Found) else ""
    sent = f", password sent to {reply.number}" if reply.phase is wire.Phase.ASKED else ""
    click.echo(f"{about}{reply.phase}{sent}")


def _asked(what: str, *, needed: bool) -> str:
    return str(click.prompt(what, default=None if needed else "", show_default=False, err=True))


def _scanned() -> mrz.Zone:
    """As many lines as it takes: scanners send two, three or one."""
    click.echo("scan the document:", err=True)
    text = ""
    while piece := sys.stdin.readline():
        text += piece
        if zone := mrz.read(text, datetime.now(UTC).date()):
            return zone
    raise click.ClickException(
        "that is no machine-readable zone of a passport or identity card; type the names instead"
    )


def _filled(config: Config, typed: dict[str, str], zone: mrz.Zone) -> dict[str, str]:
    """What was typed wins; what the venue does not ask for stays empty. Names are left to be typed in Cyrillic."""
    return typed | {field: typed[field] or read for field, read in mrz.asked_of(zone, config.desk.fields).items()}
