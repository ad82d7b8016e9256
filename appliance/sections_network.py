"""The sections ``[lan]`` and ``[wan]`` of the venue's TOML file: the two sides, and which ports each has.

Must not know: the file, what contradicts what, who makes bridges and VLANs.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv6Interface
from typing import Annotated

from msgspec import Meta

from appliance.sections import Interface, Section

_VLAN = re.compile(r"(?P<carrier>.+)\.(?P<tag>[0-9]{1,4})")


class Lan(Section, frozen=True):
    interface: Interface = "br-lan"
    ports: Annotated[
        tuple[Interface, ...], Meta(max_length=32, description='names of ports such as "enp2s0", at most 32')
    ] = ()
    address: str = "10.77.0.1/16"
    address6: str = ""
    lease_s: Annotated[int, Meta(ge=120, le=604800)] = 3600

    @property
    def gate(self) -> IPv4Interface:
        """The gate's own address with the visitors' network."""
        return IPv4Interface(self.address)

    @property
    def gate6(self) -> IPv6Interface | None:
        """The gate's own IPv6 address with the visitors' prefix; None: IPv6 is shut."""
        return IPv6Interface(self.address6) if self.address6 else None


class Wan(Section, frozen=True):
    interface: Interface = "wan0"
    address: str = ""
    gateway: str = ""
    dns: tuple[str, ...] = ()
    masquerade6: bool = False


def vlan_of(name: str) -> tuple[str, int] | None:
    """Carrier and tag of "enp1s0.20"; None: a port of its own."""
    found = _VLAN.fullmatch(name)
    return (found["carrier"], int(found["tag"])) if found else None


def carrier_of(name: str) -> str:
    """The port that has to be there for this one."""
    vlan = vlan_of(name)
    return vlan[0] if vlan else name
