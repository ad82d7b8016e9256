"""What `qaqpa setup` concludes before it touches a Debian machine: which port is for whom, what stands in the way, and
the configuration that follows.

    >>> from firewall.machine_ports import MachinePort
    >>> seen = [Seen(MachinePort("enp1s0", "", True, 1000, False, "", ("192.0.2.5/24",), True)),
    ...         Seen(MachinePort("enp2s0", "", False, None, False, "", (), False))]
    >>> guessed(seen).uplink, [*problems(Choice("enp1s0", ("enp2s0",)), seen)]
    ('enp1s0', [])

Pure. Must not know: files, systemd, who is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from appliance.port_roles import PortSeen, Roles, guess
from appliance.sections_network import carrier_of, vlan_of
from appliance.steward.editing import with_values

if TYPE_CHECKING:
    from firewall.machine_ports import MachinePort

_LAN_ADDRESSES = ("10.77.0.1/16", "172.20.0.1/16", "192.168.77.1/24")
"""The visitors' network, the first that overlaps nothing here."""


@dataclass(frozen=True)
class Seen:
    """One port, and what a machine that is already in use has done with it."""

    port: MachinePort
    holder: str = ""
    """What configures it, "NetworkManager" or a file; "": nothing, or we ourselves."""
    offered: bool = False
    """A DHCP server offered an address on it."""


@dataclass(frozen=True)
class Choice:
    """Names of ports; "enp1s0.20" is a VLAN, which is made."""

    uplink: str
    lan: tuple[str, ...]


def guessed(seen: Sequence[Seen]) -> Roles:
    """As on a new box; a port that is a part of somebody's bridge has its role already."""
    return guess(
        [
            PortSeen(each.port.name, each.port.carrier, each.offered, each.port.default_route, each.port.wireless)
            for each in seen
            if not each.port.bridge
        ]
    )


def problems(choice: Choice, seen: Sequence[Seen]) -> Iterator[str]:
    """Why the machine cannot be a gateway with these ports: sentences that say what to do. None: it can."""
    ports = {each.port.name: each for each in seen}
    named = (choice.uplink, *choice.lan)
    if not choice.lan:
        yield "no port is left for visitors: plug in another one, or name a VLAN such as --lan enp1s0.20"
    for name in named:
        if named.count(name) > 1:
            yield f"{name} is named twice: the Internet and visitors need a port each"
            return
        if carrier_of(name) not in ports:
            there = ", ".join(ports) or "none"
            yield f"there is no port {carrier_of(name)}; there are: {there}"
    for name in named:
        if name in ports:
            yield from _taken(ports[name])
    for name in choice.lan:
        if name in ports and vlan_of(name) is None:
            yield from _not_for_visitors(ports[name])
    if lan_address(seen) is None:
        yield f"none of {', '.join(_LAN_ADDRESSES)} is free for visitors: give this machine's ports other addresses"


def _taken(seen: Seen) -> Iterator[str]:
    name = seen.port.name
    if seen.holder == "NetworkManager":
        yield (
            f"NetworkManager holds {name}: write the two lines [keyfile] and unmanaged-devices=interface-name:{name} "
            "into /etc/NetworkManager/conf.d/qaqpa.conf, then systemctl reload NetworkManager"
        )
    elif seen.holder:
        yield f"{seen.holder} configures {name}: take {name} out there; from now on Qaqpa tells systemd-networkd of it"
    if seen.port.bridge:
        yield f"{name} is a part of the bridge {seen.port.bridge}: ip link set {name} nomaster, and where it is set up"


def _not_for_visitors(seen: Seen) -> Iterator[str]:
    name = seen.port.name
    if seen.port.wireless:
        yield f"{name} is a radio: leave it out of --lan, and set wifi.interface when the console is there"
    if seen.port.default_route:
        yield f"the Internet is reached over {name}: visitors come by another port, or it is the one for --wan"
    elif seen.offered:
        yield f"a DHCP server answers behind {name}: that is another network, and visitors must not be joined to it"
    elif seen.port.addresses:
        address = seen.port.addresses[0]
        yield (
            f"{name} has the address {address}, and perhaps you are connected by it: "
            f"ip address del {address} dev {name}, or name another port"
        )


def lan_address(seen: Sequence[Seen]) -> str | None:
    """The gate's address and the visitors' network; None: each of ours overlaps one of the machine's."""
    held = [ip_interface(address).network for each in seen for address in each.port.addresses]
    for address in _LAN_ADDRESSES:
        if not any(other.version == 4 and other.overlaps(ip_interface(address).network) for other in held):
            return address
    return None


def configuration(example: str, choice: Choice, address: str) -> str:
    """The example with these ports. Staff come from the uplink's side, nobody is admitted until the wizard's end.

    Raises:
        appliance.steward.editing.CannotEdit: the example is no such file.
    """
    return with_values(
        example,
        {
            "venue.open": False,
            "lan.ports": choice.lan,
            "lan.address": address,
            "wan.interface": choice.uplink,
            "console.interface": choice.uplink,
        },
    )
