"""Which port leads to the Internet and which to visitors, as far as the ports tell; and what would cut the browser off.

Pure. Must not know: how a choice is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from urllib.parse import urlsplit

from appliance import first_boot
from appliance.config import Config
from appliance.screen import words
from appliance.steward.wire import NetworkPort
from appliance.wire_words import Language


@dataclass(frozen=True)
class Sides:
    """Names of ports; "": nobody knows."""

    wan: str
    lan: str


def guessed(ports: Sequence[NetworkPort], wan: str, lan: str) -> Sides:
    """What is likely: first what is configured and there, then the port with the way to the Internet, then what is
    plugged in.

    Args:
        wan: the configured interface of the Internet's side.
        lan: that of the visitors' side, mostly a bridge.
    """
    names = [port.name for port in ports]
    routed = [port.name for port in ports if port.default_route]
    loose = [port.name for port in ports if not port.bridge and not port.wireless]
    out = wan if wan in names else next(iter([*routed, *loose, *names]), "")
    own = [port.name for port in ports if lan in {port.bridge, port.name}]
    plugged = [port.name for port in ports if port.carrier and not port.wireless]
    inner = next((name for name in [*own, *plugged, *names] if name != out), "")
    return Sides(out, inner)


def side_of(ports: Sequence[NetworkPort], name: str) -> str:
    """What visitors' side a port stands for: its bridge, or itself."""
    return next((port.bridge or port.name for port in ports if port.name == name), "")


def wired_anew(config: Config, ports: Sequence[NetworkPort], chosen: Sides) -> dict[str, object]:
    """The values of the configuration with this choice.

    Where the bridge is made as the configuration says, its ports change: the Internet's leaves it, the chosen one comes
    in, and staff who came by the uplink still do. Else the bridge is named that somebody else has made.
    """
    if not config.makes_network:
        return {"wan.interface": chosen.wan, "lan.interface": side_of(ports, chosen.lan)}
    inner = [name for name in config.lan.ports if name != chosen.wan]
    radios = {port.name for port in ports if port.wireless}
    if chosen.lan not in inner and chosen.lan not in radios:
        inner.append(chosen.lan)
    values: dict[str, object] = {"wan.interface": chosen.wan, "lan.ports": inner}
    if config.console.interface == config.wan.interface:
        values["console.interface"] = chosen.wan
    return values


def reasons(config: Config, language: Language) -> tuple[str, ...]:
    """The sentences by which the box's first start chose its ports, as they stand on its own screen."""
    said = words()[language]
    roles = {"uplink": config.wan.interface, "lan": ", ".join(config.lan.ports), "radio": config.wifi.interface}
    return tuple(said[each].format(**roles) for each in first_boot.reasons(config))


def is_cut_off(ports: Sequence[NetworkPort], host: str, wan: str, lan: str, chosen: Sides) -> bool:
    """Whether the browser, which came by ``host``, would no longer reach the console.

    It comes by a port that changes its side. A host that is a name says nothing: then no.

    Args:
        wan, lan: as configured.
        chosen: names of ports.
    """
    address = urlsplit(f"//{host}").hostname or ""
    here = next((port for port in ports if any(str(ip_interface(each).ip) == address for each in port.addresses)), None)
    if here is None:
        return False
    was = "wan" if here.name == wan else "lan" if lan in {here.name, here.bridge} else ""
    bridge = side_of(ports, chosen.lan)
    becomes = "wan" if here.name == chosen.wan else "lan" if bridge in {here.name, here.bridge} else ""
    return becomes == "lan" or was != becomes
