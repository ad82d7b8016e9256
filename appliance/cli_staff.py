"""``qaqpa staff``, ``qaqpa claim`` and ``qaqpa token``: who works here, for a person at a terminal.

Root's word is enough, but not unrecorded: each change is told to the gate before it is made. Must not know: pages.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from appliance.cli_options import config as _config
from appliance.cli_options import staff as staff_option
from appliance.cli_refusals import ask
from appliance.config import Config, load
from appliance.staff.account import Account
from appliance.staff.accounts import Record
from appliance.staff.for_root import office_in
from appliance.staff.office import Office
from appliance.staff.roles import StaffRole
from appliance.staff.second_factors import address
from appliance.staff.tokens import Scope
from appliance.wire_console import NoteStaff, StaffAct

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_days = click.option("--days", type=click.IntRange(1, 3650), help="For how long; an inspector's at most 90.")
_role = click.Choice([each.value for each in StaffRole])


@click.group()
def staff() -> None:
    """Make, list, disable and remove the accounts of who works here."""


@staff.command()
@_config
@click.argument("login")
@click.option("--name", required=True, help="Whose account it is, for people.")
@click.option("--role", type=_role, required=True, help="What the account may.")
@_days
@staff_option
@_json
def add(path: Path, login: str, name: str, role: str, days: int | None, staff: str, as_json: bool) -> None:
    """Make an account named LOGIN. Its temporary password is shown this once; it is changed at the first sign-in."""
    config = load(path)
    record = _recording(config, staff, StaffAct.ACCOUNT_MADE, f"{login} ({role})")
    password = _office(config).accounts.make(login, name, StaffRole(role), None, _end(days), record=record)
    _tell_password(login.strip().lower(), password, as_json)


@staff.command("list")
@_config
@_json
def list_(path: Path, as_json: bool) -> None:
    """List all accounts."""
    config = load(path)
    found = _office(config).accounts.all()
    if as_json:
        return _print(found)
    for each in found:
        click.echo(f"{each.login:<20} {each.role:<10} {_state(config, each):<28} {each.name}")
    if not found:
        click.echo("there are no accounts; `qaqpa claim` says how the first is made", err=True)


@staff.command()
@_config
@click.argument("login")
@click.option("--forget-second-factor", is_flag=True, help="Ask for no code either: the telephone is lost.")
@staff_option
@_json
def password(path: Path, login: str, forget_second_factor: bool, staff: str, as_json: bool) -> None:
    """Give LOGIN a temporary password, shown this once, and end all its sessions."""
    config = load(path)
    office = _office(config)
    record = _recording(config, staff, StaffAct.PASSWORD_CHANGED, f"{login}: temporary")
    made = office.accounts.set_password(login, None, record=record)
    if forget_second_factor:
        record = _recording(config, staff, StaffAct.SECOND_FACTOR_REMOVED, login)
        office.factors.forget(login.strip().lower(), record=record)
    _tell_password(login.strip().lower(), made, as_json)


@staff.command("second-factor")
@_config
@click.argument("login")
@click.option("--remove", is_flag=True, help="Ask for no code any more: the telephone is lost.")
@staff_option
def second_factor(path: Path, login: str, remove: bool, staff: str) -> None:
    """Set up the second factor of LOGIN, who is here with the telephone; or remove it."""
    config, proper = load(path), login.strip().lower()
    factors = _office(config).factors
    if remove:
        factors.forget(proper, record=_recording(config, staff, StaffAct.SECOND_FACTOR_REMOVED, proper))
        click.echo(f"{proper}: no second factor any more")
        return
    secret = factors.begin(proper)
    click.echo("Enter this key into the telephone's program for codes, or open the address in it:")
    click.echo(f"  {' '.join(secret[place : place + 4] for place in range(0, len(secret), 4))}")
    click.echo(f"  {address(secret, proper, config.venue.name)}")
    code = click.prompt("The code that it shows now")
    record = _recording(config, staff, StaffAct.SECOND_FACTOR_SET, proper)
    codes = factors.confirm(proper, code, record=record)
    click.echo(f"{proper}: from now on a code is asked for. For a lost telephone, each once; write them down:")
    for each in codes:
        click.echo(f"  {each}")


@staff.command()
@_config
@click.argument("login")
@click.option("--enable", is_flag=True, help="Open it again.")
@staff_option
def disable(path: Path, login: str, enable: bool, staff: str) -> None:
    """Close the account LOGIN and end its sessions; nothing of it is lost."""
    config = load(path)
    word = "open again" if enable else "disabled"
    record = _recording(config, staff, StaffAct.ACCOUNT_CHANGED, f"{login}: {word}")
    _office(config).accounts.disable(login, not enable, record=record)
    click.echo(f"{login}: {word}")


@staff.command()
@_config
@click.argument("login")
@staff_option
def remove(path: Path, login: str, staff: str) -> None:
    """Remove the account LOGIN and end its sessions."""
    config = load(path)
    _office(config).accounts.remove(login, record=_recording(config, staff, StaffAct.ACCOUNT_REMOVED, login))
    click.echo(f"{login}: removed")


@staff.command()
@_config
@click.argument("login", required=False)
@click.option("--end", "session", help="End the session of this name.")
@staff_option
@_json
def sessions(path: Path, login: str | None, session: str | None, staff: str, as_json: bool) -> None:
    """List who is signed in, all or LOGIN alone; or end one session."""
    config = load(path)
    held = _office(config).sessions
    if session:
        held.end(session, login=login, record=_recording(config, staff, StaffAct.SESSION_ENDED, session))
        click.echo(f"{session}: ended")
        return
    found = held.all(login)
    if as_json:
        return _print(
            [
                {"session": each.session, "login": each.login, "began_utc_ms": round(each.began_utc_s * 1000)}
                | {"seen_utc_ms": round(each.seen_utc_s * 1000), "address": each.address, "browser": each.browser}
                for each in found
            ]
        )
    for each in found:
        began = _local(config, each.began_utc_s * 1000)
        click.echo(f"{each.session}  {each.login:<20} since {began}  from {each.address}  {each.browser[:40]}")
    if not found:
        click.echo("nobody is signed in", err=True)


@click.command()
@_config
@_json
def claim(path: Path, as_json: bool) -> None:
    """Print the code with which a new box becomes yours; it is made when there is none.

    Whoever waits after too many wrong codes, their own or a stranger's, may go on at once.
    """
    new = _office(load(path)).claim
    code = new.code()
    new.begin_anew()
    if as_json:
        return _print({"code": code})
    click.echo(code)


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of programs."""


@token.command("make")
@_config
@click.argument("label")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([each.value for each in Scope]),
    help="What it may be used for; may be given several times.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="For how long; without, until it is revoked.")
@staff_option
@_json
def make_token(path: Path, label: str, scopes: tuple[str, ...], days: int | None, staff: str, as_json: bool) -> None:
    """Make a token for what LABEL says. It is shown this once."""
    config = load(path)
    record = _recording(config, staff, StaffAct.TOKEN_MADE, f"{label} ({', '.join(scopes)})")
    made = _office(config).tokens.make(label, [Scope(each) for each in scopes], staff, _end(days), record=record)
    if as_json:
        return _print({"secret": made})
    click.echo(made)


@token.command("list")
@_config
@_json
def list_tokens(path: Path, as_json: bool) -> None:
    """List all tokens, without their secrets."""
    config = load(path)
    found = _office(config).tokens.all()
    if as_json:
        return _print(found)
    for each in found:
        until = f"until {_local(config, each.expires_utc_ms)}" if each.expires_utc_ms else "until revoked"
        click.echo(f"{each.token}  {until:<26} {','.join(sorted(each.scopes)):<24} {each.label} (by {each.by})")
    if not found:
        click.echo("there are no tokens", err=True)


@token.command("revoke")
@_config
@click.argument("token")
@staff_option
def revoke_token(path: Path, token: str, staff: str) -> None:
    """The token of the name TOKEN counts no more."""
    config = load(path)
    _office(config).tokens.revoke(token, record=_recording(config, staff, StaffAct.TOKEN_REVOKED, token))
    click.echo(f"{token}: revoked")


# ── small things they share ─────────────────────────────────────────────────────────────────────────────────────────


def _office(config: Config) -> Office:
    return office_in(Path(config.paths.state) / "console", config.console.idle_minutes * 60)


def _recording(config: Config, by: str, act: StaffAct, detail: str) -> Record:
    def record() -> None:
        ask(config, NoteStaff(staff=by[:64], act=act, role="root", detail=detail[:200]))

    return record


def _end(days: int | None) -> int | None:
    return None if days is None else round((datetime.now(UTC) + timedelta(days=days)).timestamp() * 1000)


def _tell_password(login: str, password: str, as_json: bool) -> None:
    if as_json:
        return _print({"login": login, "password": password})
    click.echo(password)
    click.echo(f"{login}: a temporary password; tell it to nobody else", err=True)


def _state(config: Config, account: Account) -> str:
    if account.disabled:
        return "disabled"
    if account.expires_utc_ms is not None:
        gone = account.expires_utc_ms <= time.time() * 1000
        return f"{'ended' if gone else 'until'} {_local(config, account.expires_utc_ms)}"
    return "temporary password" if account.must_change else "open"


def _local(config: Config, utc_ms: float) -> str:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(config.venue.zone).strftime("%Y-%m-%d %H:%M")


def _print(found: Any) -> None:
    click.echo(msgspec.json.encode(found).decode())
