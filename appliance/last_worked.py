"""What goes on while the configuration cannot be used: the console, alone, by the last configuration that could be.

    qaqpa.toml           cannot be used
    qaqpa.toml.worked    the last that was rendered, and kept: by which the console goes

The copy lies beside the configuration, so that it is found whatever that says. Visitors are served nothing meanwhile:
the gate does not start without its configuration, and what was closed before any interface came up stays closed. Must
not know: who mends it, and how.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path

from msgspec.structs import replace

from appliance.config import Config, load
from appliance.errors import ConfigError
from appliance.sections_console import Console
from appliance.steward.files import replace_durably
from appliance.steward.pending import Places

_ANYWHERE = Console(interface="*")
"""No port has this name: where staff come from was written in what cannot be read, and is refused nowhere."""


@dataclass(frozen=True)
class Known:
    """What a process goes by that must run in any case."""

    config: Config
    wrong: ConfigError | None = None
    """Why it is not the file's own."""


def known(path: Path) -> Known:
    """The configuration, else the last that worked, else what stands in none.

    Raises:
        ConfigError: there is no such file at all: nothing was ever set up.
    """
    try:
        return Known(load(path))
    except ConfigError as wrong:
        if not path.exists():
            raise
        return Known(worked(path) or Config(console=_ANYWHERE), wrong)


def worked(path: Path) -> Config | None:
    """The last that could be used; None: there is none, or it is an older version's and cannot be used any more."""
    with suppress(ConfigError):
        return load(Places(path).worked)
    return None


def remember(path: Path) -> bool:
    """The configuration is in force and can be used; whether that is news. One on trial is not remembered.

    Raises:
        OSError: the copy cannot be written.
    """
    places = Places(path)
    content = path.read_bytes()
    if places.pending.exists() or (places.worked.exists() and places.worked.read_bytes() == content):
        return False
    replace_durably(places.worked, content, like=path.stat())
    return True


def serve_console(path: Path) -> dict[str, bool]:
    """Render nginx for the console alone, on the port that is open while nobody knows another; file name → whether it
    changed. Nothing, where the last configuration that worked had no console.

    Raises:
        CheckFailed: nginx refuses it.
        firewall.errors.KernelRefused: the kernel does not tell its addresses.
        OSError: it cannot be written.
    """
    # What renders, and asks the kernel, is loaded by whoever renders.
    from appliance import apply as applying
    from appliance import console_certificate, render_console
    from firewall import machine_ports

    config = known(path).config
    if not config.console.interface:
        return {}
    # The box's own certificate: files that the configuration names may be what is wrong.
    alone = replace(config, console=Console(interface=config.console.interface))
    addresses = [ip_interface(each).ip for port in machine_ports.ports() for each in port.addresses]
    served = console_certificate.served_at(alone, addresses)
    return applying.put(alone, {**served.files, "nginx.conf": render_console.alone(alone).encode()})
