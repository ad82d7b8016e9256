"""The smallest world the lab's parts can be tried in: the Internet, a venue that guards nothing, visitors.

    phone ── br0 (10.99.0.1, 2001:db8:1::1) venue (routes) wan 192.0.2.1 ── 192.0.2.2 operator, its addresses on lo

As a program (``python -m tests.edge.lab.small_lab PREFIX FOLDER``) it brings that up, says ``up`` and waits for
TERM: the lab that the tests crash.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.internet import Internet
from tests.lab.namespaces import World, claim, give_address, ip, set_sysctl
from tests.lab.run import Process, program, start
from tests.lab.visitor import Visitor

ADDRESSES = ("203.0.113.10", "198.51.100.10", "2001:db8::10")
DNS = "203.0.113.53"
ROUTER = "10.99.0.1"
BRIDGE = "02:00:00:99:00:01"
PORTAL = f"{ROUTER}:80"


@dataclass(frozen=True)
class SmallLab:
    world: World
    venue: str
    dhcp: Process
    portal: Process
    """``mirror`` on port 80 of the router."""
    internet: Internet
    folder: Path

    def visitor(self, number: int) -> Visitor:
        """A new phone on its own port of the venue's bridge, not yet connected."""
        namespace = self.world.add(f"visitor{number}")
        self.world.cable(self.venue, f"port{number}", namespace, "eth0")
        ip(self.venue, "link", "set", f"port{number}", "master", "br0", "up")
        return Visitor(namespace, "eth0", f"02:00:00:00:00:{number:02x}", self.folder)


@contextlib.contextmanager
def small_lab(prefix: str, folder: Path) -> Iterator[SmallLab]:
    with claim(prefix) as world, contextlib.ExitStack() as stack:
        operator, venue = world.add("operator"), world.add("venue")
        world.cable(operator, "eth0", venue, "wan")
        give_address(operator, "eth0", "192.0.2.2/24")
        give_address(operator, "eth0", "2001:db8:2::2/64")
        for address in (*ADDRESSES, DNS):
            give_address(operator, "lo", address)
        give_address(venue, "wan", "192.0.2.1/24")
        give_address(venue, "wan", "2001:db8:2::1/64")
        # Its MAC address said: left alone it changes with each new phone whose port has a lower one.
        ip(venue, "link", "add", "br0", "address", BRIDGE, "type", "bridge", "forward_delay", "0")
        give_address(venue, "br0", f"{ROUTER}/24")
        give_address(venue, "br0", "2001:db8:1::1/64")
        ip(operator, "route", "add", "default", "via", "192.0.2.1")
        ip(operator, "-6", "route", "add", "default", "via", "2001:db8:2::1")
        for network in ("203.0.113.0/24", "198.51.100.0/24"):
            ip(venue, "route", "add", network, "via", "192.0.2.2")
        ip(venue, "-6", "route", "add", "2001:db8::/64", "via", "2001:db8:2::2")
        set_sysctl(venue, "net/ipv4/ip_forward", "1")
        set_sysctl(venue, "net/ipv6/conf/all/forwarding", "1")
        internet = stack.enter_context(Internet.start(operator, ADDRESSES, DNS, folder))
        # No --user=root here: like the venue's own, this dnsmasq is not tied to the lab's life once it is `nobody`.
        dnsmasq = [
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--port=0",
            "--pid-file=",
            "--user=nobody",
        ]
        dnsmasq += ["--interface=br0", "--bind-interfaces", "--dhcp-range=10.99.0.10,10.99.0.99,255.255.255.0,1h"]
        dnsmasq += [f"--dhcp-option=option:dns-server,{DNS}", "--dhcp-authoritative", "--log-dhcp", "--log-facility=-"]
        dnsmasq += [f"--dhcp-leasefile={folder / 'leases'}"]
        log = folder / "dhcp.log"
        dhcp = stack.enter_context(start([*dnsmasq, "--no-ping"], name="dhcp", log=log, namespace=venue))
        mirror = program("tests.edge.lab.mirror", ROUTER, "80")
        log = folder / "portal.log"
        portal = stack.enter_context(start(mirror, name="portal", log=log, namespace=venue))
        portal.wait_for_line("ready")
        yield SmallLab(world, venue, dhcp, portal, internet, folder)


def main() -> None:
    with small_lab(sys.argv[1], Path(sys.argv[2])) as lab:
        lab.visitor(1).connect()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print("up", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
