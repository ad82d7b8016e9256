"""What is to stand on the box's own screen just now: configuration, accounts, ports and gate are asked.

Must not know: terminals, how it is drawn.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_interface
from pathlib import Path

from appliance import first_boot, sockets
from appliance.client import Client
from appliance.config import Config, parse, read
from appliance.errors import ApplianceError, ConfigError, GateUnreachable
from appliance.screen import Shown, State
from appliance.sections import Venue
from appliance.sections_console import Console
from appliance.staff.for_root import office_in
from appliance.wire_console import LookAtVenue, VenueNow
from appliance.wire_words import Trouble
from firewall import machine_ports
from firewall.errors import FirewallError
from firewall.machine_ports import MachinePort

_ANSWER_S = 2.0
_judged = lru_cache(maxsize=1)(parse)  # looked at for years, changed once a season
_TROUBLES = {Trouble.JOURNAL: State.JOURNAL, Trouble.UPLINK: State.UPLINK, Trouble.SMS: State.SMS}


def shown(path: Path) -> Shown:
    """As it is now; ``path`` is the configuration's."""
    ports = _ports()
    try:
        config = _judged(read(path), str(path))
    except ConfigError as wrong:
        if path.exists():
            addresses = _urls([port for port in ports if not port.bridge], Console().port)
            return Shown(State.BROKEN, Venue().name, addresses, detail=str(wrong))
        is_wired = any(not port.wireless for port in ports)
        return Shown(State.STARTING if is_wired else State.NO_PORT, Venue().name)
    roles = {"uplink": config.wan.interface, "lan": ", ".join(config.lan.ports), "radio": config.wifi.interface}
    addresses = _urls([port for port in ports if port.name == config.console.interface], config.console.port)
    detail = "" if config.console.interface else "console.interface is empty: there is no console"
    code = _claim_code(config)
    sentence, online = (State.UNCLAIMED, 0) if code else _of_the_gate(config)
    return Shown(
        sentence,
        config.venue.name,
        addresses,
        code,
        config.venue.language,
        online,
        detail,
        first_boot.reasons(config) if code else (),
        roles,
    )


def _ports() -> tuple[MachinePort, ...]:
    try:
        return machine_ports.ports()
    except FirewallError:
        return ()


def _urls(ports: list[MachinePort], port: int) -> tuple[str, ...]:
    """IPv4 first: it is what a person can type."""
    found = sorted({ip_interface(each).ip for one in ports for each in one.addresses}, key=lambda ip: (ip.version, ip))
    return tuple(f"https://{ip if ip.version == 4 else f'[{ip}]'}:{port}/" for ip in found)


def _claim_code(config: Config) -> str:
    """ "" of a box that is claimed, or whose accounts cannot be read: the console says what is wrong with them."""
    try:
        claim = office_in(Path(config.paths.state) / "console", 0).claim
        return claim.code() if claim.open else ""
    except (ApplianceError, OSError):
        return ""


def _of_the_gate(config: Config) -> tuple[State, int]:
    try:
        reply = Client(sockets.gate_socket(config), timeout_s=_ANSWER_S).ask(LookAtVenue())
    except GateUnreachable:
        return State.NO_GATE, 0
    if not isinstance(reply, VenueNow):
        return State.NO_GATE, 0
    for trouble in reply.troubles:
        if trouble in _TROUBLES:
            return _TROUBLES[trouble], reply.online
    return State.WORKS if reply.is_open else State.CLOSED, reply.online
