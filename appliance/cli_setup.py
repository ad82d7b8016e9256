"""``qaqpa setup``: a Debian machine with two ports becomes the gateway, or is one no longer.

Nothing is touched before everything has been looked at; a configuration that is there is never overwritten. Must not
know: what stands in the way, what is written, systemd's words.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import click

from appliance import cli_staff, port_holders, setting_up
from appliance.cli_options import config as _config
from appliance.config import Config, load
from appliance.own_units import OwnUnits, SetupRefused
from appliance.setting_up import Choice, Seen
from appliance.staff.errors import StaffProblem, StaffRefused
from appliance.steward.files import locked, replace_durably

_DHCP_WAIT_S = 6.0


@click.command()
@_config
@click.option("--wan", help="The port that leads to the Internet; without, it is guessed and you are asked.")
@click.option(
    "--lan", multiple=True, help="A port that visitors come by, or a VLAN such as enp1s0.20; as often as needed."
)
@click.option("--yes", is_flag=True, help="Do not ask; refuse what cannot be guessed for sure.")
@click.option("--undo", is_flag=True, help="Stop, and do not begin at the next boot; configuration and journal stay.")
@click.pass_obj
def setup(units: OwnUnits | None, path: Path, wan: str | None, lan: tuple[str, ...], yes: bool, undo: bool) -> None:
    """Turn this Debian machine with two network ports into the gateway."""
    units = units or OwnUnits()
    if os.geteuid() != 0:
        raise SetupRefused("only root can do this: sudo qaqpa setup")
    if undo:
        return _say(units.end())
    if path.exists():
        if wan or lan:
            raise SetupRefused(f"{path} is there already and is not overwritten: change the ports there")
        click.echo(f"{path}: is there already, and stays as it is")
        config = load(path)
    else:
        config = _written(path, wan, lan, yes)
    _say(units.begin())
    _tell(path, config, units.booted)


def _written(path: Path, wan: str | None, lan: tuple[str, ...], yes: bool) -> Config:
    """The new configuration, once everything was looked at and the owner agrees."""
    click.echo("Looking at the ports…")
    seen = _seen()
    for each in seen:
        click.echo(f"  {_described(each)}")
    choice = _chosen(seen, wan, lan, yes)
    found = [*setting_up.problems(choice, seen)]
    if found:
        raise SetupRefused("\n  ".join(["nothing was changed, because:", *found]))
    address = setting_up.lan_address(seen)
    assert address is not None, "problems() refuses that"
    click.echo(f"Internet: {choice.uplink}. Visitors: {', '.join(choice.lan)}, with addresses of {address}.")
    click.echo("From now on this machine's network is Qaqpa's: Debian's own nginx, dnsmasq and hostapd are stopped.")
    if not yes:
        click.confirm("Go on?", abort=True)
    example = (resources.files("appliance") / "example.toml").read_text(encoding="utf-8")
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with locked(path.parent):
        if path.exists():
            raise SetupRefused(f"{path} has just come to be: look at it, then type qaqpa setup again")
        replace_durably(path, setting_up.configuration(example, choice, address).encode(), 0o644)
    click.echo(f"{path}: written")
    return load(path)


def _seen() -> list[Seen]:
    from firewall import dhcp_look, machine_ports

    ports = machine_ports.ports()
    wired = [port.name for port in ports if port.carrier and not port.wireless]
    offered = dhcp_look.offered(wired, _DHCP_WAIT_S) if wired else frozenset()
    return [
        Seen(port, port_holders.holder(port.name, socket.if_nametoindex(port.name)), port.name in offered)
        for port in ports
    ]


def _described(seen: Seen) -> str:
    port = seen.port
    kind = "radio" if port.wireless else "plugged in" if port.carrier else "nothing plugged in"
    told = [kind, *port.addresses]
    if port.default_route:
        told.append("the Internet is there")
    elif seen.offered:
        told.append("a DHCP server answers")
    if seen.holder:
        told.append(f"configured by {seen.holder}")
    return f"{port.name:<15} {', '.join(told)}"


def _chosen(seen: list[Seen], wan: str | None, lan: tuple[str, ...], yes: bool) -> Choice:
    guess = setting_up.guessed(seen)
    if yes:
        if not (wan or guess.sure):
            raise SetupRefused("which port is for what cannot be told for sure: name them by --wan and --lan")
        wan = wan or guess.uplink
    elif not wan:
        wan = click.prompt("Which port leads to the Internet?", default=guess.uplink or None)
    rest = tuple(name for name in guess.lan if name != wan)
    if not lan and not yes:
        lan = tuple(click.prompt("By which ports do visitors come?", default=" ".join(rest) or None).split())
    return Choice(str(wan), lan or rest)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _tell(path: Path, config: Config, booted: bool) -> None:
    """Where the console is, and the code that makes it the owner's."""
    if booted:
        from appliance import console_certificate  # X.509, for this command alone

        for line in console_certificate.told(config, console_certificate.served_here(config)):
            click.echo(line)
    else:
        click.echo(f"console: https://<address of {config.console.interface}>:{config.console.port}/")
    click.echo("The code that makes it yours:")
    try:
        click.get_current_context().invoke(cli_staff.claim, path=path, as_json=False)
    except StaffRefused as refused:
        if refused.why is not StaffProblem.CLAIMED_ALREADY:
            raise
        click.echo("none: it is somebody's already")
    click.echo("Next: open the console in a browser and type the code there. `qaqpa doctor` says what is missing.")
