"""Every source of presence, asked together: who holds an address, where a device is, who came and who left.

    whereabouts = Whereabouts("br-lan", Path("/var/lib/qaqpa/leases/dnsmasq.leases"), deliver=print)
    whereabouts.start()
    whereabouts.device_at(IPv4Address("10.77.0.10"))     # '02:00:00:00:00:01'

Must not know: visits, what follows from any of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

from firewall.errors import FirewallError, NotABridge
from firewall.presence.evidence import Evidence
from firewall.presence.leases import Leases
from firewall.presence.neighbours import mac_of
from firewall.presence.ports import Ports

log = logging.getLogger(__name__)


class Whereabouts:
    """The sources for one LAN.

    Args:
        lan_interface: the visitors' bridge. If it is no bridge, ports give no evidence and leases alone tell.
        lease_path: dnsmasq's lease file.
        deliver: called with each piece of evidence, from the sources' threads.
    """

    def __init__(self, lan_interface: str, lease_path: Path, deliver: Callable[[Evidence], None]) -> None:
        self._lan_interface = lan_interface
        self._deliver = deliver
        self._leases = Leases(lease_path, self._from_lease)
        self._ports = Ports(lan_interface, deliver)
        self._has_ports = False

    def start(self) -> None:
        """Returns when every question below can be answered.

        Raises:
            KernelRefused: there is no such interface, or netlink failed.
        """
        self._leases.start()
        try:
            self._ports.start()
        except NotABridge as error:
            log.warning("%s", error)
        else:
            self._has_ports = True

    def stop(self) -> None:
        """Returns when the sources' threads have ended."""
        self._ports.stop()
        self._leases.stop()

    def device_at(self, address: IPv4Address) -> str | None:
        """The MAC address of the device that holds this address rightfully: by DHCP, not by its own word."""
        try:
            mac = mac_of(self._lan_interface, address)
        except FirewallError as error:
            log.error("%s", error)
            return None
        return mac if mac is not None and self._leases.fresh_address_of(mac, address) else None

    def port_of(self, device: str) -> str | None:
        """The name of the bridge port the device is behind; "" if no source knows, None if it has left."""
        return self._ports.port_of(device) if self._has_ports else ""

    def connected(self, port: str) -> bool:
        """Whether this bridge port exists and has its carrier; True where there are no ports to ask."""
        return self._ports.connected(port) if self._has_ports else True

    def address_of(self, device: str) -> IPv4Address | None:
        """The address that DHCP gave the device."""
        return self._leases.address_of(device)

    def lacks_lease(self, device: str) -> bool:
        """Whether a lease file that can be believed has none for the device: it may have left while nobody watched."""
        return self._leases.lacks_lease(device)

    def _from_lease(self, evidence: Evidence) -> None:
        # DHCP's file is written late: a device that left with its port is not brought back by the lease it got before.
        if evidence.present and self.port_of(evidence.mac) is None:
            return
        self._deliver(evidence)
