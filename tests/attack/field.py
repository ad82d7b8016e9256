"""Where the attacks happen: the lab's venue, and in the operator's namespace everything an attacker has out there.

    with Field.open("qa-") as field:
        field.open_by_hand()      # no product: plain routing and NAT
        field.close()             # the product again, what was done by hand still done as far as it is not the gate's

The attacker's own: a DNS server for a delegated zone (iodined), an ICMP proxy (ptunnel), a web proxy (tinyproxy), a
host with a private address. Must not know: what an attack does with them.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.attack.frames import link_address
from tests.lab.entering import inside
from tests.lab.namespaces import give_address, ip
from tests.lab.run import Process, run, start
from tests.lab.venue import DNS, PORTAL, Venue
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until

UPSTREAM, TUNNEL_SERVER, SHOP = "198.51.100.54", "198.51.100.99", "198.18.0.20"
OUTSIDE = "203.0.113.1"
"""The operator's router, where the ICMP proxy is: it answers from the interface's first address."""
NEIGHBOUR, PRIVATE = "203.0.113.66", "192.168.77.9"
ZONE, GARDEN = "t.example", "pay.example.kz"
TUNNEL_PASSWORD = "lab-tunnel"
ECHO_PORT, PROXY_PORT = 7007, 3128
BACK_DOOR = 2222
"""A TCP and UDP service inside the gate that visitors must not reach."""


@dataclass
class Field:
    """Made by ``Field.open``."""

    venue: Venue
    gate_mac: str
    victim: Visitor
    """Admitted all the time."""
    unadmitted: Visitor
    evicted: Visitor
    guest: Visitor
    """Admitted too, for attacks by whom the gate lets through."""
    servers: dict[str, Process] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def open(cls, prefix: str) -> Iterator[Field]:
        """The venue up, four phones connected, three of them admitted, the attacker's servers up."""
        changes = {
            "wan.dns": [UPSTREAM],
            "portal.garden": [GARDEN],
            "password.resend_s": 0,
        }
        with Venue.open(prefix, visitors=4, changes=changes, office=True) as venue, ExitStack() as stack:
            for address in (UPSTREAM, TUNNEL_SERVER, SHOP, PRIVATE):
                give_address(venue.operator, "lo", f"{address}/32")
            give_address(venue.operator, "isp0", f"{NEIGHBOUR}/24")
            mac = link_address(venue.gate, "br-lan")
            unadmitted, evicted, victim, guest = venue.visitors
            made = cls(venue, mac, victim, unadmitted, evicted, guest)
            stack.callback(made._stop)
            made._start_servers()
            for namespace, port in ((venue.operator, ECHO_PORT), (venue.gate, BACK_DOOR)):
                stack.enter_context(_Echo(namespace, port))
            for visitor in venue.visitors:
                stack.callback(visitor.disconnect)
                visitor.connect()
            for number, visitor in enumerate((evicted, victim, guest), 1):
                admit(venue, visitor, f"+7701000000{number}")
            yield made

    def open_by_hand(self) -> None:
        """As if there were no product: nothing filters, everything is routed and translated."""
        gate = self.venue.gate
        self.venue.processes["gate"].stop()  # or it would repair what follows
        for family in ("iptables-legacy", "ip6tables-legacy"):
            names = "ip_tables_names" if family == "iptables-legacy" else "ip6_tables_names"
            for table in run(["cat", f"/proc/net/{names}"], namespace=gate).stdout.split():
                run([family, "-t", table, "-F"], namespace=gate)
                run([family, "-t", table, "-X"], namespace=gate)
            for chain in ("INPUT", "FORWARD"):
                run([family, "-P", chain, "ACCEPT"], namespace=gate)
        nat = ["iptables-legacy", "-t", "nat", "-A"]
        run([*nat, "POSTROUTING", "-o", "wan0", "-j", "MASQUERADE"], namespace=gate)
        # What an open proxy in the gate would be.
        led = ["-m", "multiport", "--dports", f"8080,{PROXY_PORT}", "-j", "DNAT", "--to", f"{SHOP}:{PROXY_PORT}"]
        run([*nat, "PREROUTING", "-i", "br-lan", "-d", PORTAL, "-p", "tcp", *led], namespace=gate)
        for path in sorted(_careless()):
            run(["sh", "-c", f"for each in /proc/sys/{path[0]}; do echo {path[1]} >$each; done"], namespace=gate)
        for number in range(1, len(self.venue.visitors) + 1):
            run(["bridge", "link", "set", "dev", f"port{number}", "isolated", "off"], namespace=gate)
        ip(gate, "neigh", "flush", "dev", "br-lan", "nud", "permanent")

    def close(self) -> None:
        """The product again. The careless kernel settings stay, as far as the gate does not mend them itself."""
        gate = self.venue.gate
        for chain in ("PREROUTING", "POSTROUTING"):
            run(["iptables-legacy", "-t", "nat", "-F", chain], namespace=gate)
        self.venue.restart("gate")
        run(["conntrack", "-F"], namespace=gate)  # nothing known from the open time, and room after a flood
        until(lambda: self.victim.probe(Probe.ANDROID).online, "the admitted visitor to be online again")
        until(lambda: self.unadmitted.probe(Probe.ANDROID).status == 302, "the gate to be closed for others")

        # Whom the gate still looks for in vain it reports to who wrote to it: not the product's doing.
        for family in ("-4", "-6"):
            seek = (family, "neigh", "show", "nud", "incomplete")
            until(lambda words=seek: not ip(gate, *words), "the gate to give up looking for invented hosts")  # type: ignore[misc]

    def evict(self) -> None:
        """End the visit of the one that is to attack from then on."""
        self.venue.qaqpa("end", self.evicted.mac)
        until(lambda: self.evicted.probe(Probe.ANDROID).status == 302, "the gate to be closed for the evicted")

    def address(self, visitor: Visitor) -> str:
        """The visitor's leased IPv4 address."""
        lease = visitor.lease()
        assert lease is not None
        return lease.address

    def _start_servers(self) -> None:
        self._serve("upstream", _dnsmasq())
        iodined = ["iodined", "-f", "-c", "-P", TUNNEL_PASSWORD, "-l", TUNNEL_SERVER, "10.99.0.1/24", ZONE]
        self._serve("iodined", iodined)
        self._serve("ptunnel", ["ptunnel", "-v", "2"])
        settings = self._folder / "tinyproxy.conf"
        settings.write_text(f"Port {PROXY_PORT}\nListen {SHOP}\nTimeout 20\nMaxClients 20\nLogLevel Error\n")
        self._serve("tinyproxy", ["tinyproxy", "-d", "-c", str(settings)])
        shop = "server { listen 198.18.0.20:80; return 200 garden; }"
        nginx = self._folder / "shop.conf"
        log = "error_log stderr; events {} "
        nginx.write_text(f"daemon off; pid {self._folder}/shop.pid; {log} http {{ access_log off; {shop} }}")
        self._serve("shop", ["nginx", "-c", str(nginx)])
        operator = self.venue.operator
        for address, port in ((UPSTREAM, 53), (SHOP, 80), (SHOP, PROXY_PORT)):
            until(lambda a=address, p=port: _answers(operator, a, p), f"a server at {address}:{port}")  # type: ignore[misc]
        until(lambda: "Listening to dns" in self.servers["iodined"].output(), "iodined to listen")

    @property
    def _folder(self) -> Path:
        made = self.venue.places.folder / "attack"
        made.mkdir(exist_ok=True)
        return made

    def _serve(self, name: str, argv: list[str]) -> None:
        log = self.venue.places.folder / "log" / f"attack-{name}.log"
        self.servers[name] = start(argv, name=name, log=log, namespace=self.venue.operator)

    def _stop(self) -> None:
        for process in self.servers.values():
            process.stop()


@dataclass(frozen=True)
class Attacker:
    """Who attacks, and where."""

    field: Field
    phone: Visitor

    @property
    def address(self) -> str:
        """The attacker's own leased IPv4 address."""
        return self.field.address(self.phone)


Attack = Callable[[Attacker], str]
"""What got through, in words; an empty text if nothing did."""


def admit(venue: Venue, visitor: Visitor, number: str) -> None:
    """As a person does it: number, SMS, password."""
    page = f"http://{PORTAL}"
    asked = visitor.fetch(f"{page}/password", method="POST", form={"number": number})
    assert asked.status == 303, f"the page answered {asked.status}"
    entered = visitor.fetch(f"{page}/login", method="POST", form={"password": venue.password_for(number)})
    assert entered.status == 303, f"the page answered {entered.status}"
    until(lambda: visitor.probe(Probe.ANDROID).online, f"{visitor.namespace} to be online")


def _dnsmasq() -> list[str]:
    line = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="]
    line += ["--bind-interfaces", f"--listen-address={UPSTREAM}", "--user=root", "--group=root", "--cache-size=0"]
    line += [f"--server=/{ZONE}/{TUNNEL_SERVER}", f"--server={DNS}", f"--server=/{GARDEN}/"]
    line += [f"--host-record={GARDEN},{SHOP},2001:db8:1::20,300", f"--host-record=3ds.{GARDEN},{SHOP},300"]
    return [*line, f"--host-record=inner.{GARDEN},{PRIVATE}", f"--txt-record=note.{GARDEN},salem"]


def _careless() -> list[tuple[str, str]]:
    four = "net/ipv4/conf/*"
    return [
        (f"{four}/accept_source_route", "1"),
        (f"{four}/rp_filter", "0"),
        (f"{four}/send_redirects", "0"),
        ("net/ipv6/conf/*/accept_source_route", "1"),
        ("net/ipv4/ip_forward", "1"),
        ("net/ipv6/conf/all/forwarding", "1"),
    ]


def _answers(namespace: str, address: str, port: int) -> bool:
    with inside(namespace):
        probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


class _Echo:
    """TCP and UDP echo on every address of a namespace, by a thread of this process; in the context of ``Field``."""

    def __init__(self, namespace: str, port: int) -> None:
        with inside(namespace):
            self._tcp = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
            self._udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self._udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            self._udp.bind(("::", port))
        self._stopped, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name=f"echo {namespace}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        self._thread.join()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting, self._tcp, self._udp, self._stopped, ExitStack() as stack:
            for each in (self._tcp, self._udp, self._stopped):
                waiting.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    ready = key.fileobj
                    assert isinstance(ready, socket.socket)
                    if ready is self._stopped:
                        return
                    with contextlib.suppress(OSError):  # whoever asked is free to vanish
                        if ready is self._tcp:
                            waiting.register(stack.enter_context(ready.accept()[0]), selectors.EVENT_READ)
                        elif ready is self._udp:
                            self._udp.sendto(*self._udp.recvfrom(2048))
                        elif data := ready.recv(65536):
                            ready.sendall(data)
                        else:
                            waiting.unregister(ready)
                            ready.close()
