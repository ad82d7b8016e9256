"""Every source of presence, asked together: who holds an address, where a device is, who came and who left.

    whereabouts = Whereabouts("br-lan", Path("/var/lib/qaqpa/leases/dnsmasq.leases"), deliver=print)
    whereabouts.start({})
    whereabouts.device_at(IPv4Address("10.77.0.10"))     # '02:00:00:00:00:01'

Must not know: visits, what follows from any of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Interface
from pathlib import Path

from firewall.errors import FirewallError, NotABridge
from firewall.presence.evidence import Address, Evidence
from firewall.presence.leases import Leases
from firewall.presence.neighbours import Neighbours, mac_of
from firewall.presence.ports import Ports

log = logging.getLogger(__name__)


class Whereabouts:
    """The sources for one LAN.

    Args:
        lan_interface: the visitors' bridge. If it is no bridge, ports give no evidence and leases alone tell.
        lease_path: dnsmasq's lease file.
        lan6: the gate's own IPv6 address and the visitors' prefix; None: IPv6 is shut, and nobody is known by it.
        deliver: called with each piece of evidence, from the sources' threads.
        learnt: called with each address of the visitors' networks that a device turns out to use, likewise.
    """

    def __init__(
        self,
        lan_interface: str,
        lease_path: Path,
        lan6: IPv6Interface | None,
        deliver: Callable[[Evidence], None],
        learnt: Callable[[Address], None],
    ) -> None:
        self._lan_interface = lan_interface
        self._prefix6 = lan6.network if lan6 else None
        self._deliver, self._learnt = deliver, learnt
        self._leases = Leases(lease_path, self._from_lease)
        self._ports = Ports(lan_interface, deliver)
        self._neighbours = Neighbours(lan_interface, self._heard)
        self._has_ports = False

    def start(self, last_seen: Mapping[str, str]) -> None:
        """Returns when every question below can be answered.

        Args:
            last_seen: MAC address → bridge port, of the devices that the gate before us had online.

        Raises:
            KernelRefused: there is no such interface, or netlink failed.
        """
        self._leases.start()
        try:
            self._ports.start(last_seen)
        except NotABridge as error:
            log.warning("%s", error)
        else:
            self._has_ports = True
        self._neighbours.start()

    def stop(self) -> None:
        """Returns when the sources' threads have ended."""
        self._neighbours.stop()
        self._ports.stop()
        self._leases.stop()

    def device_at(self, address: IPv4Address | IPv6Address) -> str | None:
        """The MAC address of the device that holds this address rightfully.

        An IPv4 address by DHCP's word, not the device's own; one of IPv6, which devices make themselves (RFC 4862), by
        the neighbour table's.
        """
        mac = self.mac_of(address)
        if mac is None:
            return None
        if isinstance(address, IPv6Address):
            return mac if self._of_ours(address) else None
        return mac if self._leases.fresh_address_of(mac, address) else None

    def addresses_of(self, device: str) -> list[IPv4Address | IPv6Address]:
        """All addresses the device is known to hold: its lease, and what it made itself of IPv6."""
        lease = self._leases.address_of(device)
        own = [address for address in self._neighbours.addresses_of(device) if self._of_ours(address)]
        return [*([lease] if lease else []), *own]

    def _heard(self, heard: Address) -> None:
        if isinstance(heard.address, IPv4Address):
            # Where DHCP has given it from one device to another, it moved: that is no claim.
            if heard.previous is None or not self.leased(heard.mac, heard.address):
                self._learnt(heard)
        elif self._of_ours(heard.address):
            self._learnt(heard)

    def _of_ours(self, address: IPv4Address | IPv6Address) -> bool:
        return isinstance(address, IPv6Address) and self._prefix6 is not None and address in self._prefix6

    def mac_of(self, address: IPv4Address | IPv6Address) -> str | None:
        """The MAC address that the neighbour table has for this address, by the device's own word; None if none."""
        try:
            return mac_of(self._lan_interface, address)
        except FirewallError as error:
            log.error("%s", error)
            return None

    def port_of(self, device: str) -> str | None:
        """The name of the bridge port the device is behind; "" if no source knows, None if it has left."""
        return self._ports.port_of(device) if self._has_ports else ""

    def connected(self, port: str) -> bool:
        """Whether this bridge port exists and has its carrier; True where there are no ports to ask."""
        return self._ports.connected(port) if self._has_ports else True

    def address_of(self, device: str) -> IPv4Address | None:
        """The address that DHCP gave the device."""
        return self._leases.address_of(device)

    def leased(self, device: str, address: IPv4Address) -> bool:
        """Whether DHCP gave the device this address, were it a moment ago."""
        return self._leases.fresh_address_of(device, address)

    def lacks_lease(self, device: str) -> bool:
        """Whether a lease file that can be believed has none for the device: it may have left while nobody watched."""
        return self._leases.lacks_lease(device)

    def _from_lease(self, evidence: Evidence) -> None:
        # DHCP's file is written late: a device that left with its port is not brought back by the lease it got before.
        if evidence.present and self.port_of(evidence.mac) is None:
            return
        self._deliver(evidence)
