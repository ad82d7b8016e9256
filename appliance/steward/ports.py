"""``ListPorts`` answered: the machine's network ports by what the kernel says. Must not know: sockets, pages."""

from __future__ import annotations

import dataclasses

from appliance.steward.wire import NetworkPort, Ports
from firewall import machine_ports


def ports() -> Ports:
    """All ports and what is plugged in just now.

    Raises:
        firewall.errors.KernelRefused: the kernel does not tell.
    """
    return Ports(tuple(NetworkPort(**dataclasses.asdict(port)) for port in machine_ports.ports()))
