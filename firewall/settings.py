"""What the kernel edge must be told: interfaces, the LAN, the gate's own ports.

    >>> Settings("br-lan", ipaddress.IPv4Interface("10.77.0.1/16"), "eth0").lan.network
    IPv4Network('10.77.0.0/16')

Must not know: where the values come from (``appliance.config`` reads the file).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from firewall.errors import SettingsRefused
from firewall.rates import Rates

_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")  # IFNAMSIZ leaves 15 bytes; no "+", iptables' wildcard

CAPTIVE_ADDRESS = ipaddress.IPv4Address("192.0.2.1")
"""TEST-NET-1 (RFC 5737): nobody's, and outside RFC 1918, since Android calls a private answer "no Internet"."""

HTTPS_PORT = 443
"""Where clients look for a page on https; the gate's own, if it has one, is nowhere else."""


@dataclass(frozen=True)
class Settings:
    """
    Raises:
        SettingsRefused: the values cannot make a safe gate.
    """

    lan_interface: str
    lan: ipaddress.IPv4Interface
    """The gate's own LAN address and prefix length, /16 at the largest: a bitmap set holds 65,536 addresses."""
    wan_interface: str
    portal_port: int = 80
    redirect_port: int = 8080
    captive_dns_port: int = 5300
    portal_https: bool = False
    """Whether the portal is at HTTPS_PORT of the gate too. That port of every other address stays refused."""
    captive_address: ipaddress.IPv4Address = CAPTIVE_ADDRESS
    """What the captive resolver answers for every name. Browsers keep it for a minute whatever its time to live says:
    after admission it is refused at once, so that they ask again instead of waiting for nobody."""
    entry_timeout_s: int = 300
    """An admission nobody renews for this long ends by itself, so that a dead gate's admissions end too."""
    lan6: ipaddress.IPv6Interface | None = None
    """The gate's own IPv6 LAN address and prefix (/64); None: IPv6 is shut."""
    masquerade6: bool = False
    """IPv6 visitors leave under the gate's WAN address: for a LAN prefix that the Internet does not route to us."""
    private_wan: bool = False
    """Whether visitors may reach private networks upstream, that is, the venue's own machines."""
    # A phone that joins wakes fifty programs that open a few hundred connections and ask as many names in the first
    # seconds, and then keeps under 300; a laptop with many tabs keeps under 600. A connection table holds 65,536 at
    # the least on the boxes we know (1 GB), so that sixty flooding devices would be needed to fill it.
    new_connections_per_s: int = 200
    """How many connections one device may begin a second for long, and to the gate itself as many."""
    new_connections_burst: int = 1000
    """How many it may begin at once before that counts."""
    connections_per_device: int = 1024
    """How many it may have at the same time; more are dropped until old ones end."""
    rates: Rates = field(default_factory=Rates)
    """The uplink's and a visitor's; nothing is shaped without."""
    console_interface: str = ""
    """Where staff come from; empty: nobody reaches the console."""
    console_port: int = 8443
    """Open from there alone."""

    def __post_init__(self) -> None:
        for setting, name in (("lan_interface", self.lan_interface), ("wan_interface", self.wan_interface)):
            if not _INTERFACE.fullmatch(name):
                raise SettingsRefused(setting, f"{name!r} is no interface name; 'ip -brief link' lists them")
        if self.lan_interface == self.wan_interface:
            raise SettingsRefused("wan_interface", f"{self.wan_interface} is the LAN interface too; name another")
        if not 16 <= self.lan.network.prefixlen <= 30:
            raise SettingsRefused("lan", f"{self.lan}: the prefix length must be 16 to 30")
        if self.lan.ip in (self.lan.network.network_address, self.lan.network.broadcast_address):
            raise SettingsRefused("lan", f"{self.lan.ip} is the network's own or its broadcast address")
        ports = (self.portal_port, self.redirect_port, self.captive_dns_port)
        if not all(1 <= port <= 65535 for port in ports):
            raise SettingsRefused("ports", f"{ports}: each must be 1 to 65535")
        if len({*ports, 53}) < len(ports) + 1:
            raise SettingsRefused("ports", f"{ports}: each must differ from the others and from 53")
        if self.portal_https and HTTPS_PORT in ports:
            raise SettingsRefused("ports", f"{ports}: {HTTPS_PORT} is the portal's on https")
        self._check_console()
        for limit, most in (
            ("new_connections_per_s", 10_000),  # hashlimit's finest step is a ten-thousandth of a second
            ("new_connections_burst", 10_000),
            ("connections_per_device", 1_000_000),
        ):
            if not 1 <= getattr(self, limit) <= most:
                raise SettingsRefused(limit, f"{getattr(self, limit)}: must be 1 to {most}")
        self._check_lan6()
        # The kernel counts a set entry's timeout in milliseconds in 32 bits and limits it (IPSET_MAX_TIMEOUT).
        if not 1 <= self.entry_timeout_s <= 2147483:
            raise SettingsRefused("entry_timeout_s", f"{self.entry_timeout_s}: must be 1 to 2147483 seconds")

    def _check_console(self) -> None:
        if not self.console_interface:
            return
        if not _INTERFACE.fullmatch(self.console_interface):
            raise SettingsRefused("console_interface", f"{self.console_interface!r} is no interface name")
        if self.console_interface == self.lan_interface:
            raise SettingsRefused("console_interface", f"{self.console_interface} is the visitors' side; name another")
        ports = {self.portal_port, self.redirect_port, self.captive_dns_port, 53, HTTPS_PORT * self.portal_https}
        if not 1 <= self.console_port <= 65535 or self.console_port in ports:
            raise SettingsRefused("console_port", f"{self.console_port}: must be a port of its own")

    def _check_lan6(self) -> None:
        if self.lan6 is None:
            if self.masquerade6:
                raise SettingsRefused("masquerade6", "needs lan6, the gate's own IPv6 address on the LAN")
            return
        if self.lan6.network.prefixlen != 64:
            raise SettingsRefused("lan6", f"{self.lan6}: the prefix length must be 64, or no device configures itself")
        ip = self.lan6.ip
        if ip.is_link_local or ip.is_multicast or ip.ipv4_mapped or ip == self.lan6.network.network_address:
            raise SettingsRefused("lan6", f"{ip} can be no router's address; use for example fd00:77::1/64")
