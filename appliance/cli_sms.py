"""``qaqpa sms``: the process itself, how its links are, and a message sent to see whether they are any good.

Must not know: SMPP.
"""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path

import click
import msgspec

from appliance import render
from appliance.cli_options import config as _config
from appliance.cli_options import log_to_stderr
from appliance.config import Config, load
from appliance.numbers import judge
from appliance.wire import Language, Refusal
from sms.standing import ProviderStanding

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
    from appliance.smpp import sender_settings
    from sms import sender

    log_to_stderr()
    sender.run(sender_settings(load(path)))


@sms.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(path: Path, as_json: bool) -> None:
    """Say how each provider's link is, and what it carried since the process began. Exit 1 if none takes messages."""
    from sms.standing import ask

    standing = ask(render.sms_socket(load(path)))
    if as_json:
        click.echo(msgspec.json.encode(standing).decode())
    else:
        for provider in standing.providers:
            for line in _lines(provider):
                click.echo(line)
        click.echo(f"{standing.waiting} messages wait; running for {standing.up_s} s")
    if not any(provider.links[0].phase == "bound" for provider in standing.providers):
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
    for step in follow(render.sms_socket(config), message, wait_s):
        well = step.ok
        click.echo(f"{'ok   ' if step.ok else 'WRONG'} {step.what}\n      → {step.means}")
    if not well:
        sys.exit(1)


def _judged(config: Config, number: str) -> str:
    judged = judge(number, frozenset(config.password.countries))
    if isinstance(judged, Refusal):
        told = {
            Refusal.NOT_MOBILE: "is no mobile number",
            Refusal.COUNTRY_NOT_ALLOWED: "belongs to a country that password.countries does not have",
        }
        raise click.BadParameter(told.get(judged, "is no telephone number"), param_hint="NUMBER")
    return judged


def _lines(provider: ProviderStanding) -> list[str]:
    lines = []
    for link in provider.links:
        mark = "ALARM" if link.alarm else "ok   " if link.phase == "bound" else "WRONG"
        lines.append(f"{mark} {provider.name} {link.role}: {link.phase} for {link.for_s} s")
        if link.trouble:
            lines.append(f"      → {link.trouble}")
    rate = f" ({provider.delivered / provider.sent:.0%})" if provider.sent else ""
    lines.append(
        f"      sent {provider.sent}, delivered {provider.delivered}{rate}, failed {provider.failed}, "
        f"{provider.under_way} under way; {provider.parts} parts cost {provider.cost:.2f}"
    )
    if provider.delay_p50_ms is not None and provider.delay_p95_ms is not None:
        half, most = (f"{delay_ms / 1000:.1f} s" for delay_ms in (provider.delay_p50_ms, provider.delay_p95_ms))
        lines.append(f"      until delivered: half of them {half}, 95 % of them {most}")
    return lines
