"""What the commands share. Must not know: any command."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from pathlib import Path

import click

from appliance import render, wire
from appliance.client import Client
from appliance.config import Config

DEFAULT_CONFIG = Path("/etc/qaqpa/qaqpa.toml")

config = click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The configuration file.",
)


def _invoker() -> str:
    """Who typed the command: whoever became root by sudo stays who they are."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


by = click.option("--by", default=_invoker, help="Whose doing it is, for the journal; else whoever typed the command.")
whole = click.option("--whole", is_flag=True, help="Show numbers and names whole; that look is recorded.")

_REFUSALS = {
    wire.Refusal.FORBIDDEN: "the gate takes this from root alone; try sudo",
    wire.Refusal.NO_SUCH_VISIT: "this device has no visit; `qaqpa visits` lists those that do",
    wire.Refusal.BUSY: "the gate is busy; try again in a moment",
    wire.Refusal.JOURNAL_UNAVAILABLE: "the journal cannot be written; `qaqpa doctor` says why",
}


def ask(config: Config, request: wire.Request) -> wire.Reply:
    """The gate's reply.

    Raises:
        click.ClickException: it refused.
        ApplianceError: it does not answer.
    """
    reply = Client(render.gate_socket(config)).ask(request)
    if isinstance(reply, wire.Refused):
        raise click.ClickException(_REFUSALS.get(reply.refusal, f"the gate refused: {reply.refusal}"))
    return reply


def log_to_stderr() -> None:
    """Of a process that systemd runs: its journal adds time and unit; levels as sd-daemon(3) prefixes would only
    repeat them."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
