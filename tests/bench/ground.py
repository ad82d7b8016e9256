"""Where it is measured: the whole venue, a crowd of admitted devices, and beside it gateways that are not ours.

    <prefix>visitor1 ── <prefix>gate    the product, all its processes; visitor1 is admitted, the other two never
    <prefix>phone    ── <prefix>plain   the same cables and bridge; one MASQUERADE rule and the policy ACCEPT
    <prefix>guest    ── <prefix>peer    the same cables and bridge, for another product
                          all three ── <prefix>operator, the Internet

Must not know: what is measured.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from appliance import wire
from appliance.client import Client
from appliance.config import load
from appliance.sockets import gate_socket
from firewall.settings import Settings
from tests.bench import crowd
from tests.lab.namespaces import World, give_address, ip, set_sysctl
from tests.lab.run import run
from tests.lab.venue import PORTAL, Venue
from tests.lab.visitor import Visitor
from tests.lab.waiting import until

PREFIX = "qb-"
IPV6 = any(field.name == "lan6" for field in dataclasses.fields(Settings))
"""Whether the product can admit IPv6 at all."""
PHONE = "10.77.0.10"
"""The phone's address behind the gateways that have no DHCP."""
PORTAL6, PHONE6 = "2001:db8:77::1", "2001:db8:77::10"

# The limits against abuse would end a measurement after five passwords; and where one phone stands for a crowd, that of
# 200 new connections a second would be what is measured.
_LIMITS = re.compile(r"^(number_per_hour|device_per_hour|venue_per_day|daily_sms|monthly_sms) = \d+", re.MULTILINE)
_UNLIMITED: Mapping[str, object] = {
    "password.resend_s": 0,
    "sms.provider.rate_per_s": 0,
    "firewall.new_connections_per_s": 10_000,
    "firewall.new_connections_burst": 10_000,
}
# The lab's bridge has PORTAL6 already.
_BOTH_FAMILIES: Mapping[str, object] = {"lan.address6": f"{PORTAL6}/64", "wan.masquerade6": True}


@dataclass(frozen=True)
class Other:
    """A gateway that is not ours, and the phone behind it. Its LAN and addresses are those of our own venue."""

    gate: str
    phone: str


class Ground:
    """Made by ``Ground.open``."""

    def __init__(self, venue: Venue, plain: Other, peer: Other) -> None:
        self.venue, self.plain, self.peer = venue, plain, peer
        self._size: int | None = None  # the first crowd also brings the limits of the configuration in force
        self._numbers = 0

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[Ground]:
        """Everything up, phones connected, nobody admitted; nothing of it is left at the end.

        Raises:
            LabError: something did not come up.
        """
        changes = {**_UNLIMITED, **(_BOTH_FAMILIES if IPV6 else {})}
        with ExitStack() as stack:
            venue = stack.enter_context(Venue.open(PREFIX, visitors=3, changes=changes))
            plain = _lay_other(venue.world, venue.operator, "plain", "phone", 1)
            peer = _lay_other(venue.world, venue.operator, "peer", "guest", 2)
            _translate(plain.gate)
            config = venue.places.config
            config.write_text(_LIMITS.sub(r"\1 = 1000000", config.read_text()))
            for visitor in venue.visitors:
                visitor.connect()
            yield cls(venue, plain, peer)

    @property
    def phone(self) -> Visitor:
        """The phone that measures what an admitted one has."""
        return self.venue.visitors[0]

    @property
    def stranger(self) -> Visitor:
        """The phone that is never admitted."""
        return self.venue.visitors[1]

    @property
    def strangers(self) -> list[Visitor]:
        """All that are never admitted: nginx lets one device have 64 connections."""
        return self.venue.visitors[1:]

    @property
    def folder(self) -> Path:
        """For logs and configurations; gone at the end."""
        return self.venue.places.folder

    def address(self, visitor: Visitor) -> str:
        """The IPv4 address that DHCP gave it."""
        lease = visitor.lease()
        assert lease is not None
        return lease.address

    @property
    def socket_path(self) -> str:
        """Where the gate listens."""
        return gate_socket(load(self.venue.places.config))

    def ask(self, request: wire.Request) -> wire.Reply:
        """Ask the gate, as the portal does."""
        return Client(self.socket_path).ask(request)

    def crowd(self, size: int) -> None:
        """Exactly this many devices are admitted beside the phone, through the state that the gate starts from."""
        if size == self._size:
            return
        for unit in ("gate", "dnsmasq-lan"):
            self.venue.processes[unit].stop()
        crowd.keep(self.venue.places.state, size, ipv6=IPV6)
        self._size = size
        for unit in ("dnsmasq-lan", "gate"):
            self.venue.restart(unit)
        visits = self.ask(wire.ListVisits())
        assert isinstance(visits, wire.Visits)
        found = sum(visit.phase is wire.Phase.ONLINE and crowd.is_one(visit.device) for visit in visits.visits)
        assert found == size, f"{found} devices of the crowd are online, not {size}"

    def introduce(self) -> None:
        """The phone talks with the gate, as one that fetches a page does: whoever asks in its name is believed then.

        At the end of a visit the gate forgets the neighbour, and one that is not online is not answered by its packets
        to the Internet: those alone do not make it known again.
        """
        until(lambda: self.phone.ping(PORTAL), "the gate to answer the phone", 10.0)

    def password(self) -> str:
        """The phone asks for a password and reads it in the SMS."""
        # Another number each time: the SMSC's log is searched by number.
        self._numbers += 1
        number = f"+7701{self._numbers:07d}"
        reply = self.ask(wire.AskPassword(self.address(self.phone), number, wire.Language.ENGLISH))
        assert isinstance(reply, wire.Status), reply
        return self.venue.password_for(number)

    def admit(self) -> None:
        """The phone is online, if it was not."""
        self.introduce()
        look = self.ask(wire.Look(self.address(self.phone)))
        assert isinstance(look, wire.Status), look
        if look.phase is not wire.Phase.ONLINE:
            reply = self.ask(wire.EnterPassword(self.address(self.phone), self.password()))
            assert isinstance(reply, wire.Status), reply

    @contextlib.contextmanager
    def gate_frozen(self) -> Iterator[None]:
        """The gate's process gets no time: what it does by the clock must not slow what runs beside it."""
        gate = self.venue.processes["gate"]
        gate.send(signal.SIGSTOP)
        try:
            yield
        finally:
            gate.send(signal.SIGCONT)


def _lay_other(world: World, operator: str, gate_name: str, phone_name: str, number: int) -> Other:
    gate, phone = world.add(gate_name), world.add(phone_name)
    outside = f"100.64.{number}"
    world.cable(gate, "wan0", operator, f"isp{number}")
    give_address(operator, f"isp{number}", f"{outside}.1/24")
    give_address(operator, f"isp{number}", f"2001:db8:fffe:{number}::1/64")
    give_address(gate, "wan0", f"{outside}.2/24")
    give_address(gate, "wan0", f"2001:db8:fffe:{number}::2/64")
    ip(gate, "route", "add", "default", "via", f"{outside}.1")
    ip(gate, "-6", "route", "add", "default", "via", f"2001:db8:fffe:{number}::1")
    ip(
        gate,
        "link",
        "add",
        "br-lan",
        "address",
        "02:00:00:99:00:01",
        "type",
        "bridge",
        "forward_delay",
        "0",
        "mcast_snooping",
        "0",
    )
    give_address(gate, "br-lan", f"{PORTAL}/16")
    give_address(gate, "br-lan", f"{PORTAL6}/64")
    world.cable(gate, "port1", phone, "eth0")
    ip(gate, "link", "set", "port1", "master", "br-lan", "up")
    give_address(phone, "eth0", f"{PHONE}/16")
    give_address(phone, "eth0", f"{PHONE6}/64")
    ip(phone, "route", "add", "default", "via", PORTAL)
    ip(phone, "-6", "route", "add", "default", "via", PORTAL6)
    set_sysctl(gate, "net/ipv4/ip_forward", "1")
    return Other(gate, phone)


def _translate(gate: str) -> None:
    # The legacy command, because ours are legacy tables: the same code of the kernel on both sides.
    rule = ["-t", "nat", "-A", "POSTROUTING", "-o", "wan0", "-j", "MASQUERADE"]
    run(["iptables-legacy", *rule], namespace=gate)
    if IPV6:
        set_sysctl(gate, "net/ipv6/conf/all/forwarding", "1")
        run(["ip6tables-legacy", *rule], namespace=gate)


def global_ipv6(visitor: Visitor, timeout_s: float = 15.0) -> str:
    """The IPv6 address that the phone made for itself from the router advertisement.

    Raises:
        TooLate: none came.
    """

    def found() -> str | None:
        words = ip(
            visitor.namespace, "-6", "-o", "addr", "show", "dev", "eth0", "scope", "global", "-tentative"
        ).split()
        return words[words.index("inet6") + 1].partition("/")[0] if "inet6" in words else None

    return until(found, "an IPv6 address", timeout_s)


def now_s() -> float:
    """CLOCK_MONOTONIC, seconds: the clock of every benchmark."""
    return time.monotonic()
