"""Every source of presence, asked together: who holds an address, where a device is, who came and who left.

    whereabouts = Whereabouts(Network("br-lan", IPv4Interface("10.77.0.1/16")), lease_path, hostapd, deliver=print, …)
    whereabouts.start({})
    whereabouts.device_at(IPv4Address("10.77.0.10"))     # '02:00:00:00:00:01'

What one source says is weighed against the others here, and nowhere else:

    a station left its BSS    no leave if the bridge knows the device behind another port by now: it roamed
    a lease vanished          a leave only as ``departures`` has it
    a lease turned up         nobody who left with a port or a BSS is back because of it

Must not know: visits, what follows from any of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from pathlib import Path

from firewall.errors import FirewallError, NotABridge
from firewall.presence.departures import Departures
from firewall.presence.evidence import Address, Evidence, Source
from firewall.presence.leases import Leases
from firewall.presence.neighbours import Lookup, Neighbours
from firewall.presence.ports import Ports
from firewall.presence.probes import Probes
from firewall.presence.stations import Stations
from firewall.presence.wireless import Wireless

log = logging.getLogger(__name__)

_REMEMBERED = 65536
_FIRST_S = 1.0
"""How long ``start`` waits for the answers of those whose lease vanished while nobody watched."""


@dataclass(frozen=True)
class Network:
    """The visitors' network."""

    interface: str
    """Their bridge. If it is no bridge, ports give no evidence."""
    lan: IPv4Interface
    """The gate's own address."""
    lan6: IPv6Interface | None = None
    """The gate's own address and the visitors' prefix in IPv6; None: it is shut, and nobody is known by it."""


class Whereabouts:
    """The sources for one LAN.

    Args:
        network: the visitors'.
        lease_path: dnsmasq's lease file.
        hostapd: the folder of hostapd's control sockets; may not exist.
        deliver: called with each piece of evidence, from the sources' threads.
        learnt: called with each address of the visitors' networks that a device turns out to use, likewise.
        answered: called with those who answered when they were asked, likewise.
    """

    def __init__(
        self,
        network: Network,
        lease_path: Path,
        hostapd: Path,
        *,
        deliver: Callable[[Evidence], None],
        learnt: Callable[[Address], None],
        answered: Callable[[frozenset[str]], None],
    ) -> None:
        interface = network.interface
        self._lan_interface = interface
        self._prefix6 = network.lan6.network if network.lan6 else None
        self._deliver, self._learnt, self._tell_answered = deliver, learnt, answered
        self._probes = Probes(interface, network.lan, network.lan6, self._answered)
        self._leases = Leases(lease_path, self._from_lease, vanished=self._vanished)
        self._departures = Departures(
            interface,
            leave=self._leases.forget,
            ask=self.ask,
            listed=self._leases.listed,
            heard=self._leases.given_back,
        )
        self._ports = Ports(interface, self._from_link, matters=lambda mac: self.address_of(mac) is not None)
        self._stations = Stations(hostapd, self._from_station, is_port=self._is_port)
        self._wireless = Wireless(self._from_station, self._is_bare_port)
        self._lookup = Lookup(interface)
        self._neighbours = Neighbours(interface, self._heard)
        self._has_ports = False
        self._awaited: set[str] = set()
        self._all_answered = threading.Event()
        self._still_there: frozenset[str] | set[str] = frozenset()
        """Who had no lease when we started, and answered."""
        self._left: dict[str, None] = {}
        """Who left with a port or a BSS and has not come back; the longest gone first, bounded."""

    def start(self, last_seen: Mapping[str, str], held: Mapping[str, Collection[IPv4Address | IPv6Address]]) -> None:
        """Returns when every question below can be answered.

        Args:
            last_seen: MAC address → bridge port, of the devices that the gate before us had online.
            held: MAC address → the addresses they had.

        Raises:
            KernelRefused: there is no such interface, or netlink failed.
        """
        self._probes.start()
        self._departures.start()
        self._leases.start()
        try:
            self._ports.start(last_seen)
        except NotABridge as error:
            log.warning("%s", error)
        else:
            self._has_ports = True
        self._stations.start(last_seen)
        self._wireless.start(last_seen)
        self._neighbours.start(held)
        self._ask_those_without_lease(held)

    def stop(self) -> None:
        """Returns when the sources' threads have ended."""
        self._neighbours.stop()
        self._wireless.stop()
        self._stations.stop()
        self._ports.stop()
        self._leases.stop()
        self._departures.stop()
        self._probes.stop()
        self._lookup.close()

    def sources(self) -> list[Source]:
        """Each source of presence, and whether it tells anything. May be asked from any thread."""
        name = self._lan_interface
        ports = Source("ports", self._has_ports, name if self._has_ports else f"{name} is no bridge; make it one")
        return [
            self._stations.source(),
            self._wireless.source(),
            ports,
            self._leases.source(),
            self._departures.source(),
            self._neighbours.source(),
            self._probes.source(),
        ]

    def ask(self, targets: Mapping[str, Collection[IPv4Address | IPv6Address]], wake: bool = True) -> None:
        """Ask these devices whether they are there; who answers is told to ``answered``. See ``probes.Probes.ask``."""
        self._probes.ask(targets, wake)

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
            return self._lookup.mac_of(address)
        except FirewallError as error:
            log.error("%s", error)
            return None

    def port_of(self, device: str) -> str | None:
        """The name of the bridge port the device is behind; "" if no source knows, None if it has left."""
        return self._ports.port_of(device) if self._has_ports else ""

    def devices_behind(self, port: str) -> list[str]:
        """The devices behind this bridge port that hold an address; a switch on the way holds none."""
        there = self._ports.behind(port) if self._has_ports else []
        return [device for device in there if self.addresses_of(device)]

    def connected(self, port: str) -> bool:
        """Whether this bridge port exists and has its carrier; True where there are no ports to ask."""
        return self._ports.connected(port) if self._has_ports else True

    def address_of(self, device: str) -> IPv4Address | None:
        """The address that DHCP gave the device."""
        return self._leases.address_of(device)

    def newly_given(self) -> set[str]:
        """The devices whose address by DHCP is new since this was asked last."""
        return self._leases.newly_given()

    def leased(self, device: str, address: IPv4Address) -> bool:
        """Whether DHCP gave the device this address, were it a moment ago."""
        return self._leases.fresh_address_of(device, address)

    def lacks_lease(self, device: str) -> bool:
        """Whether a lease file that can be believed has none for the device: it may have left while nobody watched.

        Not for one that answered when we started: nobody heard who gave its lease back.
        """
        return device not in self._still_there and self._leases.lacks_lease(device)

    def _ask_those_without_lease(self, held: Mapping[str, Collection[IPv4Address | IPv6Address]]) -> None:
        lacking = {
            mac: [address for address in addresses if isinstance(address, IPv4Address)]
            for mac, addresses in held.items()
            if self._leases.lacks_lease(mac)
        }
        self._awaited = set(lacking)
        if lacking:
            self.ask(lacking)
            self._all_answered.wait(_FIRST_S)
        self._still_there = lacking.keys() - self._awaited

    def _is_port(self, name: str) -> bool:
        return self._ports.has(name) if self._has_ports else True

    def _is_bare_port(self, name: str) -> bool:
        """Where the kernel alone can tell of stations: hostapd knows better who is authorized."""
        return self._is_port(name) and not self._stations.covers(name)

    def _answered(self, devices: frozenset[str]) -> None:
        self._departures.answered(devices)
        if self._awaited:
            self._awaited -= devices
            if not self._awaited:
                self._all_answered.set()
        self._tell_answered(devices)

    def _from_link(self, evidence: Evidence) -> None:
        self._left.pop(evidence.mac, None)
        if not evidence.present:
            self._left[evidence.mac] = None
            if len(self._left) > _REMEMBERED:
                self._left.pop(next(iter(self._left)), None)
        self._deliver(evidence)

    def _from_station(self, evidence: Evidence) -> None:
        if not evidence.present and self.port_of(evidence.mac) not in (None, "", evidence.port):
            return
        self._from_link(evidence)

    def _vanished(self, mac: str, address: IPv4Address, early: bool) -> None:
        self._departures.vanished(mac, address, early)

    def _from_lease(self, evidence: Evidence) -> None:
        # DHCP's file is written late: a device that left with its port is not brought back by the lease it got before.
        if evidence.present and evidence.mac in self._left:
            return
        self._deliver(evidence)
