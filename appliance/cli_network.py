"""``qaqpa network`` and ``qaqpa first-boot``: the box's own ports, before anything else of ours runs.

Must not know: what stands in networkd's files, how a role is guessed.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance import render_network
from appliance.cli_options import config as _config
from appliance.config import load
from appliance.errors import ConfigError
from appliance.sections import Paths
from appliance.sections_network import carrier_of
from appliance.staff.for_root import office_in

if TYPE_CHECKING:
    from appliance.port_roles import PortSeen

_RELOAD = ("/usr/bin/networkctl", "reload")


@click.command()
@_config
@click.option(
    "--target",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/run/systemd/network"),
    show_default=True,
    help="Where systemd-networkd looks.",
)
@click.option("--reload", is_flag=True, help="Have a running systemd-networkd take them up.")
def network(path: Path, target: Path, reload: bool) -> None:
    """Write systemd-networkd's files: bridge, VLANs and addresses, where the configuration gives them to us.

    While the configuration cannot be read, every wired port asks for an address and no bridge is made: the console is
    to be found, and says what is wrong.
    """
    try:
        files = render_network.files(load(path))
    except ConfigError as wrong:
        click.echo(f"{wrong}\nuntil it is mended, every wired port asks for an address and nobody is let in", err=True)
        files = render_network.without_configuration()
    for name, state in put(files, target).items():
        click.echo(f"{name}: {state}")
    if reload:
        done = subprocess.run(_RELOAD, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise click.ClickException(f"`{shlex.join(_RELOAD)}` ended with {done.returncode}: {done.stderr.strip()}")


def put(files: dict[str, str], target: Path) -> dict[str, str]:
    """Those files and no others of ours; file name → "changed", "as before" or "removed".

    Raises:
        OSError: they cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    told: dict[str, str] = {}
    for name, text in files.items():
        path = target / name
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        if not same:
            # Aside first: networkd may look at any moment, and reads no file that ends so.
            draft = path.with_name(f"{name}.new")
            draft.write_text(text, encoding="utf-8")
            draft.chmod(0o644)
            draft.rename(path)
        told[name] = "as before" if same else "changed"
    for path in sorted(target.glob(f"{render_network.PREFIX}*")):
        if path.name not in files:
            path.unlink()
            told[path.name] = "removed"
    return told


@click.command("first-boot")
@_config
@click.option(
    "--wait", "wait_s", type=float, default=20.0, show_default=True, help="How long DHCP servers may take (s)."
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(Paths().state),
    show_default=True,
    help="Where the box keeps what it remembers.",
)
def first_boot(path: Path, wait_s: float, state: Path) -> None:
    """Write a new box's configuration from what its ports tell, and make the code by which its owner claims it.

    Where there is a configuration nothing is changed, unless it is an earlier guess that was not sure and nobody has
    claimed the box.
    """
    from appliance import first_boot as first

    state.mkdir(mode=0o755, parents=True, exist_ok=True)
    office = office_in(state / "console", 0)
    begun = first.begin(path, state, not office.claim.open, lambda: _seen(wait_s))
    if begun is None:
        click.echo(f"{path}: as it was")
    else:
        click.echo(f"{path}: written, for: {', '.join(begun.why)}")
    if office.claim.open:
        office.claim.code()
        click.echo("the box waits to be claimed; its screen shows the code")


def _seen(wait_s: float) -> list[PortSeen]:
    from appliance.port_roles import PortSeen
    from firewall import machine_ports
    from firewall.dhcp_look import offered

    names = [port.name for port in machine_ports.ports() if not port.wireless]
    offers = offered(names, wait_s)
    # Looked at again: links come up while DHCP is waited for.
    return [
        PortSeen(port.name, port.carrier, port.name in offers, port.default_route, port.wireless)
        for port in machine_ports.ports()
        if carrier_of(port.name) == port.name
    ]
