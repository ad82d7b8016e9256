"""Attacks by simply going there: ports, QUIC, DoT, ping, IPv6, what lies beside and behind the uplink, the gate itself.

Each returns what got through, in words, or an empty text. Must not know: whether the gate is open.
"""

from __future__ import annotations

import contextlib
import re

from tests.attack.field import BACK_DOOR, ECHO_PORT, NEIGHBOUR, OUTSIDE, PRIVATE, Attack, Attacker
from tests.lab.errors import NoAnswer
from tests.lab.namespaces import ip
from tests.lab.run import run
from tests.lab.venue import CONSOLE, CONSOLE6, CONSOLE_PORT, PORTAL, WEB, WEB6
from tests.lab.visitor import Visitor

_SOON_S = 1.0
_GATE_WAN = "203.0.113.2"
_GATE = (CONSOLE, _GATE_WAN, PORTAL, f"[{CONSOLE6}]", "[2001:db8:ffff::2]", "[2001:db8:77::1]")
"""Every address that the gate has: the staff's side, the uplink, the visitors' side."""
_SERVICES = {"tcp": {53, 80, 5300, 8080}, "udp": {53, 67, 5300}}
"""What a visitor may find at the gate: DNS, DHCP, the portal; captive DNS and redirected pages at their own ports."""
_UDP_PORTS = f"7,53,67-69,111,123,137,161,443,500,514,520,546,547,853,1194,1812,1900,{BACK_DOOR},4500,5353,5355,51820"


def tcp(port: int, *addresses: str) -> Attack:
    """Connect and be answered."""

    def attack(by: Attacker) -> str:
        got = [address for address in addresses if by.phone.tcp_echo(address, port, timeout_s=_SOON_S)]
        return f"TCP {port} of {', '.join(got)}" if got else ""

    return attack


def udp(port: int, *addresses: str) -> Attack:
    """Send a datagram and be answered."""

    def attack(by: Attacker) -> str:
        got = [address for address in addresses if by.phone.udp_echo(address, port, timeout_s=_SOON_S)]
        return f"UDP {port} of {', '.join(got)}" if got else ""

    return attack


def ping(*addresses: str) -> Attack:
    """Ping and be answered."""

    def attack(by: Attacker) -> str:
        got = [address for address in addresses if by.phone.ping(address, timeout_s=_SOON_S)]
        return f"pings of {', '.join(got)}" if got else ""

    return attack


def http(by: Attacker) -> str:
    """A page of the Internet by its address, on the port that leads unadmitted devices to the portal."""
    with contextlib.suppress(NoAnswer):
        page = by.phone.fetch(f"http://{WEB}/", headers={"Host": "www.example.org"}, timeout_s=3)
        return "the Internet's page" if "You are online." in page.body else ""
    return ""


def ipv6(by: Attacker) -> str:
    """TCP, UDP, ping over IPv6, with an address and a route that the attacker took by itself."""
    with by.field.venue.ipv6_by_hand(by.phone):
        got = [
            *(f"TCP {port}" for port in (443, 853) if by.phone.tcp_echo(WEB6, port, timeout_s=_SOON_S)),
            *(f"UDP {port}" for port in (443, 853) if by.phone.udp_echo(WEB6, port, timeout_s=_SOON_S)),
            *(["ping"] if by.phone.ping(WEB6, timeout_s=_SOON_S) else []),
        ]
    return f"IPv6 {', '.join(got)}" if got else ""


def beside(by: Attacker) -> str:
    """The hosts of the WAN's own LAN: the operator's router, a neighbour of the gate."""
    return _both(by.phone, OUTSIDE, NEIGHBOUR)


def behind(by: Attacker) -> str:
    """A host with a private address behind the uplink: somebody's printer, the operator's own network."""
    return _both(by.phone, PRIVATE)


def behind_when_admitted(by: Attacker) -> str:
    """The same by an admitted visitor, who paid for the Internet and not for the venue's own network."""
    return _both(by.field.guest, PRIVATE)


def _both(visitor: Visitor, *addresses: str) -> str:
    got = [address for address in addresses if visitor.tcp_echo(address, ECHO_PORT, timeout_s=_SOON_S)]
    got += [f"{address} (ping)" for address in addresses if visitor.ping(address, timeout_s=_SOON_S)]
    return ", ".join(got)


def gate_tcp_ports(by: Attacker) -> str:
    """Every TCP port of the gate's LAN address, the usual ones of its WAN address, by nmap."""
    found = [_scan(by.phone, "tcp", "-sS", "-p-", PORTAL)]
    found.append(_scan(by.phone, "tcp", "-sS", "-p", f"1-1024,{BACK_DOOR},8000-8999", _GATE_WAN))
    return "; ".join(filter(None, found))


def gate_udp_ports(by: Attacker) -> str:
    """UDP ports on which gateways like to listen."""
    # open|filtered is nmap's word for silence. The echo behind the back door answers anything.
    return _scan(by.phone, "udp", "-sU", "-p", _UDP_PORTS, "--data-string", "salem", PORTAL, _GATE_WAN)


def console(by: Attacker) -> str:
    """The staff's console, under whatever address of the gate, in both families."""
    # Whether it comes to TLS: nginx refuses visitors' addresses only after that, and the firewall must before.
    urls = [f"https://{address}:{CONSOLE_PORT}/" for address in _GATE]
    line = ["curl", "-q", "-sgk", "--parallel", "--max-time", "1", "--write-out", "%{url} %{time_appconnect}\n"]
    silent = [word for url in urls for word in ("--output", "/dev/null", url)]
    with by.field.venue.ipv6_by_hand(by.phone):
        said = run([*line, *silent], namespace=by.phone.namespace, check=False, timeout_s=20).stdout
    told = dict(each.split() for each in said.splitlines())
    return ", ".join(url for url in urls if float(told[url]) > 0)


def _scan(visitor: Visitor, protocol: str, *words: str) -> str:
    pace = ["-n", "-Pn", "--open", "-T4", "--min-rate", "20000", "--max-retries", "1", "--host-timeout", "60s"]
    done = run(["nmap", *pace, *words], namespace=visitor.namespace, timeout_s=90)
    found = {int(port) for port in re.findall(rf"^(\d+)/{protocol} +open ", done.stdout, re.M)}
    return ", ".join(f"{protocol} {port}" for port in sorted(found - _SERVICES[protocol]))


def gate_by_link_local(by: Attacker) -> str:
    """The gate's IPv6 link-local address, which needs no address plan."""
    words = ip(by.field.venue.gate, "-6", "-brief", "address", "show", "dev", "br-lan", "scope", "link").split()
    address = f"{words[2].partition('/')[0]}%{by.phone.interface}"
    done = run(
        ["curl", "-q", "-s", "--max-time", "2", f"telnet://[{address}]:{BACK_DOOR}"],
        namespace=by.phone.namespace,
        stdin="salem",
        check=False,
    )
    return f"tcp {BACK_DOOR}" if "salem" in done.stdout else ""


def neighbour(by: Attacker) -> str:
    """Another visitor, over the bridge."""
    return "its ping" if by.phone.ping(by.field.address(by.field.victim), timeout_s=_SOON_S) else ""
