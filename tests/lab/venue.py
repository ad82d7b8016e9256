"""One venue in network namespaces, whole: the operator's Internet and SMSC, the gateway, the visitors' phones.

    with Venue.open("qq-", visitors=2) as venue:
        venue.visitors[0].connect()

    <prefix>operator                     <prefix>gate                          <prefix>visitor1 …
    198.51.100.10 the Internet           wan0 203.0.113.2                      eth0  (DHCP)
    198.51.100.53 upstream DNS    isp0 ──┘        br-lan 10.77.0.1/16 ──port1──┘
    198.51.100.75 SMSC

With an office, staff have a side of their own, and console and steward run: <prefix>office ── mgmt0 192.168.50.1.
Visitors may also come in by a bridge that is not the gate's (``add_access_point``), in <prefix>point.

Everything inside the gate's namespace is the product, started as on the device (``tests.lab.device``); everything
outside is its world. Must not know: what a visitor wants to prove.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import device
from tests.lab.device import Places
from tests.lab.internet import Internet
from tests.lab.namespaces import World, claim, give_address, ip, set_sysctl, write_configuration
from tests.lab.readiness import ready
from tests.lab.run import ROOT, Process, program, run, start
from tests.lab.supervisor import Supervisor
from tests.lab.visitor import Visitor
from tests.lab.waiting import PATIENCE_S, until

WEB, DNS, SMSC = "198.51.100.10", "198.51.100.53", "198.51.100.75"
WEB6 = "2001:db8:1::10"
PORTAL = "10.77.0.1"
CONSOLE, CONSOLE6 = "192.168.50.1", "fd50::1"
CONSOLE_PORT = 8443
_FAR = "br-far"
SMPP_PASSWORD = "lab-smpp"  # 8 characters, as SMPP allows; what the secrets test greps for


@dataclass
class Venue:
    """A running venue. Made by ``Venue.open``."""

    prefix: str
    world: World
    places: Places
    gate: str
    operator: str
    internet: Internet
    smsc: Process
    processes: dict[str, Process] = field(default_factory=dict)
    visitors: list[Visitor] = field(default_factory=list)
    office: str = ""
    """The namespace of the staff's side; empty: there is none."""

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self)

    @classmethod
    @contextlib.contextmanager
    def open(
        cls, prefix: str, visitors: int = 1, changes: Mapping[str, object] | None = None, *, office: bool = False
    ) -> Iterator[Venue]:
        """Bring a venue up; at the end, also after Ctrl-C or an error, nothing of it is left.

        Args:
            changes: "section.key" → value, over the example configuration.
            office: whether staff have a side of their own, with the console.

        Raises:
            LabError: something did not come up; the text holds its log.
        """
        places = places_of(prefix)
        with ExitStack() as stack:
            world = stack.enter_context(claim(prefix))
            device.remove(places)
            stack.callback(device.remove, places)
            device.make_directories(places)
            configure(places, {**_LAB, **(_OFFICE if office else {}), **(changes or {})})
            operator, gate = world.add("operator"), world.add("gate")
            _lay_network(world, operator, gate)
            internet = stack.enter_context(Internet.start(operator, [WEB, WEB6], DNS, places.folder))
            smsc = stack.enter_context(_start_smsc(operator, places))
            venue = cls(prefix, world, places, gate, operator, internet, smsc)
            if office:
                venue.office = _lay_office(world, gate)
            stack.callback(venue._stop)
            venue._start_gateway()
            for _ in range(visitors):
                venue.add_visitor()
            yield venue

    def add_access_point(self) -> str:
        """Somebody else's box at a port of the gate's: a bridge whose cable to us keeps its carrier whoever leaves.

        Returns:
            Its namespace, for ``add_visitor``.
        """
        point = self.world.add("point")
        self.world.cable(self.gate, "point", point, "uplink")
        ip(point, "link", "add", _FAR, "up", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        ip(point, "link", "set", "uplink", "master", _FAR, "up")
        ip(self.gate, "link", "set", "point", "master", "br-lan", "up")
        return point

    def add_visitor(self, point: str | None = None) -> Visitor:
        """One more phone, not connected yet; with its own port of the gate's bridge, or of that access point's."""
        number = len(self.visitors) + 1
        namespace = self.world.add(f"visitor{number}")
        where, bridge = (self.gate, "br-lan") if point is None else (point, _FAR)
        self.world.cable(where, f"port{number}", namespace, "eth0")
        ip(where, "link", "set", f"port{number}", "master", bridge, "up")
        mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        visitor = Visitor(namespace, "eth0", mac, self.places.folder / "phones")
        self.visitors.append(visitor)
        return visitor

    @contextlib.contextmanager
    def ipv6_by_hand(self, visitor: Visitor) -> Iterator[None]:
        """The visitor takes an IPv6 address and route by itself, as an attacker would: the gate gives none yet."""
        address = f"2001:db8:77::{self.visitors.index(visitor) + 16:x}/64"
        give_address(visitor.namespace, "eth0", address)
        ip(visitor.namespace, "-6", "route", "replace", "default", "via", "2001:db8:77::1")
        try:
            yield
        finally:
            ip(visitor.namespace, "-6", "route", "del", "default")
            ip(visitor.namespace, "address", "del", address, "dev", "eth0")

    def sms(self) -> list[dict[str, object]]:
        """What the SMSC was sent, oldest first."""
        log = self.places.folder / "sms.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def password_for(self, number: str, after: int = 0, timeout_s: float = PATIENCE_S) -> str:
        """The 6-digit password in the newest SMS to this number, once there are more than ``after`` to it.

        Raises:
            TooLate: no SMS came.
        """
        bare = number.removeprefix("+")

        def arrived() -> str | None:
            texts = [str(sms["text"]) for sms in self.sms() if str(sms["to"]) == bare]
            return texts[-1] if len(texts) > after else None

        text = until(arrived, f"an SMS to {number}", timeout_s)
        found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
        assert found, f"no password in {text!r}"
        return found[0]

    def qaqpa(self, *arguments: str, check: bool = True) -> str:
        """What the command ``qaqpa`` prints, run as root inside the gate as a person would."""
        groups = ("journal", "sms", "desk", "voucher", "settings", "backup", "staff", "token")
        group = 2 if arguments[0] in groups else 1
        line = [*arguments[:group], "--config", str(self.places.config), *arguments[group:]]
        done = run([device.QAQPA, *line], namespace=self.gate, check=check, timeout_s=2 * PATIENCE_S)
        return done.stdout

    def restart(self, unit: str) -> None:
        """What systemd does when a process has ended: start it again."""
        more = ("--systemctl", str(self.supervisor.program)) if unit == "steward" else ()
        self.processes[unit] = device.start_unit(self.places, unit, self.gate, *more)
        self._wait_for(unit)

    def _start_gateway(self) -> None:
        device.apply(self.places, self.gate)
        for unit in (*device.UNITS, *(device.STAFF_UNITS if self.office else ())):
            self.restart(unit)

    def _stop(self) -> None:
        for visitor in self.visitors:
            visitor.disconnect()
        for process in reversed(self.processes.values()):
            process.stop()

    def _wait_for(self, unit: str) -> None:
        process = self.processes[unit]
        until(lambda: ready(unit, self.places, self.gate) or not process.alive, f"{unit} to answer", PATIENCE_S)
        if not process.alive:
            raise AssertionError(f"{unit} ended with {process.code}:\n{process.output()}")


_OFFICE: dict[str, object] = {"console.interface": "mgmt0"}


def places_of(prefix: str) -> Places:
    """Where the venue of this prefix has its files."""
    name = f"{prefix}lab"
    return Places(folder=ROOT / "build" / name, runtime=Path("/run") / name)


_LAB: dict[str, object] = {
    "venue.name": "Qaqpa Lab",
    "wan.dns": [DNS],
    "sms.provider.host": SMSC,
    "journal.reserve_mb": 1,
}


def configure(places: Places, changes: Mapping[str, object]) -> None:
    """Write the example configuration with these values instead of its own, and the SMPP password beside it."""
    text = (ROOT / "appliance/example.toml").read_text()
    password = places.folder / "etc" / "smpp-password"
    own = {
        "paths.runtime": str(places.runtime),
        "paths.state": str(places.state),
        "sms.provider.password_file": str(password),
    }
    for key, value in {**own, **changes}.items():
        section, _, name = key.rpartition(".")
        before = rf"^\[+{re.escape(section)}\]+(?:(?!^\[).)*?^{name} = "
        pattern = re.compile(rf"({before})(\[[^\]]*\]|\"[^\"]*\"|\S+)", re.M | re.S)
        text, count = pattern.subn(lambda match, v=value: match[1] + json.dumps(v, ensure_ascii=False), text)  # type: ignore[misc]
        assert count == 1, f"the example configuration has {count} keys {key}"
    places.config.write_text(text)
    password.write_text(SMPP_PASSWORD + "\n")
    password.chmod(0o640)
    run(["chown", "root:qaqpa-sms", str(password)])


def _lay_network(world: World, operator: str, gate: str) -> None:
    world.cable(gate, "wan0", operator, "isp0")
    give_address(operator, "isp0", "203.0.113.1/24")
    give_address(operator, "isp0", "2001:db8:ffff::1/64")
    for address in (f"{WEB}/32", f"{DNS}/32", f"{SMSC}/32", f"{WEB6}/128"):
        give_address(operator, "lo", address)
    set_sysctl(operator, "net/ipv6/conf/all/forwarding", "1")
    # Deny by default before the first interface is up is the image's part; here the bridge has no port yet.
    give_address(gate, "wan0", "203.0.113.2/24")
    give_address(gate, "wan0", "2001:db8:ffff::2/64")
    ip(gate, "route", "add", "default", "via", "203.0.113.1")
    ip(gate, "-6", "route", "add", "default", "via", "2001:db8:ffff::1")
    write_configuration(gate, "resolv.conf", f"nameserver {DNS}\n")
    # vlan filtering, spanning tree and their delays are of no use on a bridge whose ports are phones.
    ip(gate, "link", "add", "br-lan", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
    give_address(gate, "br-lan", f"{PORTAL}/16")
    # A way for the attackers of the IPv6 tests: without the gate's rules, packets could go through.
    give_address(gate, "br-lan", "2001:db8:77::1/64")
    ip(operator, "-6", "route", "add", "2001:db8:77::/64", "via", "2001:db8:ffff::2")


def _lay_office(world: World, gate: str) -> str:
    office = world.add("office")
    world.cable(gate, "mgmt0", office, "desk0")
    for end, interface, number in ((gate, "mgmt0", 1), (office, "desk0", 2)):
        give_address(end, interface, f"192.168.50.{number}/24")
        give_address(end, interface, f"fd50::{number}/64")
    # A way for whoever is let through: without the gate's rules, packets could go on.
    ip(office, "route", "add", "default", "via", CONSOLE)
    ip(office, "-6", "route", "add", "default", "via", CONSOLE6)
    return office


def _start_smsc(operator: str, places: Places) -> Process:
    smsc = start(
        program("tests.lab.smsc", "--host", SMSC, "--port", "2775", "--log", str(places.folder / "sms.jsonl")),
        name="smsc",
        log=places.folder / "log" / "smsc.log",
        namespace=operator,
    )
    smsc.wait_for_line("ready 2775")
    return smsc
