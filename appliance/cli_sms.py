"""``qaqpa sms``: the process itself, how its links are, and a message sent to see whether they are any good.

Must not know: SMPP.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from appliance import processes, sockets
from appliance.cli_options import config as _config
from appliance.config import Config, load
from appliance.wire import Language, Refusal
from journal.errors import JournalError
from sms.errors import SenderSilent

if TYPE_CHECKING:
    from appliance.costs import Carried
    from sms.standing import Standing

_TRIAL_LIFE_S = 300


@click.group(invoke_without_command=True)
@_config
@click.pass_context
def sms(context: click.Context, path: Path) -> None:
    """Run the SMS process, the bound links to the SMSCs; or ask it."""
    if context.invoked_subcommand is not None:
        # `qaqpa sms --config FILE status` means that file too.
        context.default_map = {name: {"path": str(path)} for name in ("status", "test")}
        return
    processes.sms(path)


@sms.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(path: Path, as_json: bool) -> None:
    """Say how each provider's link is, and what it carried today and this month. Exit 1 if none takes messages."""
    from appliance.costs import carried
    from sms.standing import ask

    config = load(path)
    problems: list[str] = []
    standing: Standing | None = None
    told: tuple[Carried, ...] = ()
    try:
        standing = ask(sockets.sms_socket(config))
    except SenderSilent as error:
        problems.append(str(error))
    try:
        told = carried(config, Path(config.paths.state) / "gate" / "journal.db", datetime.now(UTC))
    except JournalError as error:
        problems.append(str(error))
    if as_json:
        click.echo(msgspec.json.encode({"sender": standing, "carried": told}).decode())
    else:
        for line in [*_links(standing), *_carried(told)]:
            click.echo(line)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if standing is None or not any(provider.links[0].phase == "bound" for provider in standing.providers):
        sys.exit(1)


@sms.command()
@_config
@click.argument("number")
@click.option("--language", type=click.Choice([each.value for each in Language]), help="Else the venue's.")
@click.option("--wait", "wait_s", type=click.IntRange(1, 3600), default=120, show_default=True, help="Seconds.")
def test(path: Path, number: str, language: str | None, wait_s: int) -> None:
    """Send the venue's own text with the password 000000 to NUMBER, and follow it to its receipt. It costs one SMS.

    Exit 1 if it was not seen to arrive.
    """
    from sms.message import Message
    from sms.trial import follow

    config = load(path)
    to = _judged(config, number)
    chosen = Language(language) if language else config.venue.language
    text = config.sms.text.fill(chosen, config.venue.name, "000000", config.bound_host)
    expires_utc_ms = time.time_ns() // 1_000_000 + _TRIAL_LIFE_S * 1000
    message = Message(id=f"trial-{secrets.token_hex(8)}", to=to, text=text, expires_utc_ms=expires_utc_ms)
    click.echo(f"to {to}: {text!r}")
    well = True
    for step in follow(sockets.sms_socket(config), message, wait_s):
        well = step.ok
        click.echo(f"{'ok   ' if step.ok else 'WRONG'} {step.what}\n      → {step.means}")
    if not well:
        sys.exit(1)


def _judged(config: Config, number: str) -> str:
    from appliance.numbers import judge

    judged = judge(number, frozenset(config.password.countries))
    if isinstance(judged, Refusal):
        told = {
            Refusal.NOT_MOBILE: "is no mobile number",
            Refusal.COUNTRY_NOT_ALLOWED: "belongs to a country that password.countries does not have",
        }
        raise click.BadParameter(told.get(judged, "is no telephone number"), param_hint="NUMBER")
    return judged


def _links(standing: Standing | None) -> Iterator[str]:
    if standing is None:
        return
    for provider in standing.providers:
        for link in provider.links:
            mark = "ALARM" if link.alarm else "ok   " if link.phase == "bound" else "WRONG"
            yield f"{mark} {provider.name} {link.role}: {link.phase} for {link.for_s} s"
            if link.trouble:
                yield f"      → {link.trouble}"
        yield f"      {provider.under_way} under way"
    yield f"{standing.waiting} messages wait; running for {standing.up_s} s"


def _carried(told: Sequence[Carried]) -> Iterator[str]:
    """Of passwords: a message of ``qaqpa sms test`` is in no journal."""
    from appliance.costs import sentence

    for each in told:
        yield f"{each.provider or '(unknown)'} today: {sentence(each.today)}"
        yield f"{each.provider or '(unknown)'} this month: {sentence(each.month)}"
