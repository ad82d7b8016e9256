"""A gate's core on a real journal file, with a kernel and a LAN that keep their state in plain sets.

The kernel's double tells the order of what happened to it beside what the journal did, which the real kernel cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance import passwords, wire
from appliance.desk_reception import DeskSettings
from appliance.effects import SendPassword
from appliance.engine import Engine
from appliance.events import Event, Moment
from appliance.figures import Counting, Tally
from appliance.inbox import Answered, Happened, Requested, Role
from appliance.kept import restore
from appliance.lookout import Lookout, Targets
from appliance.meter import Meter
from appliance.performer import Performer, last_alive
from appliance.presence import Patience, Presence
from appliance.reception import Randomness, Reception
from appliance.state import Terms
from firewall.counters import Reading, Row, Traffic
from firewall.errors import KernelRefused
from firewall.presence.evidence import Source
from journal.entries import Entry, Stamp
from journal.errors import Cause, JournalUnavailable
from journal.notary import Notary
from journal.signing import SealKey
from journal.store import Store

PHONE, ADDRESS = "02:00:00:00:00:01", "10.77.0.10"
NUMBER = "+77011234567"
KEY = b"k" * 32


class Kernel:
    """Who is admitted, and what was counted of them; ``broken`` refuses every change, ``blind`` to count."""

    def __init__(self, story: list[str]) -> None:
        self.admitted: dict[str, frozenset[IPv4Address | IPv6Address]] = {}
        self.broken = self.blind = False
        self.passed: dict[IPv4Address | IPv6Address, Traffic] = {}
        """By address; gone with the admission."""
        self._left = dict(self.admitted)
        self._story = story

    def setup(self) -> None:
        self._story.append("setup")

    def sync(self, desired: Mapping[str, frozenset[IPv4Address | IPv6Address]]) -> None:
        self._refuse()
        self.admitted = dict(desired)
        self._forget()
        self._left = dict(desired)

    def as_left(self) -> bool:
        self._refuse()
        return self.admitted == self._left

    def admit(self, mac: str, addresses: frozenset[IPv4Address | IPv6Address]) -> None:
        self._refuse()
        self._story.append("admit")
        self.admitted[mac] = self.admitted.get(mac, frozenset()) | addresses
        self._left = dict(self.admitted)

    def revoke(self, mac: str, addresses: frozenset[IPv4Address | IPv6Address]) -> None:
        assert addresses
        self._refuse()
        self._story.append("revoke")
        self.admitted[mac] = self.admitted.get(mac, frozenset()) - addresses
        if not self.admitted[mac]:
            del self.admitted[mac]
        self._forget()

    def let_pass(self, address: str, up: int, down: int) -> None:
        """So many bytes, a packet each time, if the address is admitted."""
        known, before = ip_address(address), self.passed.get(ip_address(address), Traffic(0, 0, 0, 0))
        if any(known in addresses for addresses in self.admitted.values()):
            self.passed[known] = Traffic(*map(sum, zip(before, (1, up, 1, down), strict=True)))

    def read(self, only: Collection[str] | None = None) -> Reading:
        """As ``firewall.counters.Counters`` reads, where the kernel has no sets of MAC addresses."""
        if self.blind:
            raise KernelRefused("read", "blind on purpose")
        reading: dict[int, tuple[dict[bytes, Row], dict[bytes, Row]]] = {4: ({}, {}), 6: ({}, {})}
        for mac, addresses in self.admitted.items():
            for address in addresses:
                if only is None or str(address) in only:
                    key, counted = address.packed, self.passed.get(address, Traffic(0, 0, 0, 0))
                    up, down = reading[address.version]
                    bound = (bytes.fromhex(mac.replace(":", "")),) if address.version == 4 else ()
                    up[key] = (key, *bound, counted.up_bytes, counted.up_packets)
                    down[key] = (key, counted.down_bytes, counted.down_packets)
        return Reading(*reading[4], *reading[6])

    def _forget(self) -> None:
        there = {address for addresses in self.admitted.values() for address in addresses}
        self.passed = {address: counted for address, counted in self.passed.items() if address in there}
        self._left = dict(self.admitted)

    def _refuse(self) -> None:
        if self.broken:
            raise KernelRefused("do it", "broken on purpose")


class Disk:
    """The real store, with a tap that can be closed: then nothing can be written."""

    def __init__(self, path: Path, story: list[str]) -> None:
        self._path, self._story = path, story
        self.store = Store.open(path)
        self.full = False
        self.has_room = True

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int:
        if self.full:
            raise JournalUnavailable(self._path, Cause.FULL, "on purpose")
        if entries:
            self._story.append("record " + " ".join(str(entry.__struct_config__.tag) for _, entry in entries))
        return self.store.append(entries, kept)


class Lan:
    """Who is where."""

    def __init__(self) -> None:
        self.devices: dict[IPv4Address | IPv6Address, str] = {IPv4Address(ADDRESS): PHONE}
        self.ports = {PHONE: "port1"}
        self.dead_ports: set[str] = set()
        self.released: set[str] = set()
        self.given: set[str] = set()

    def device_at(self, address: IPv4Address | IPv6Address) -> str | None:
        return self.devices.get(address)

    def addresses_of(self, device: str) -> list[IPv4Address | IPv6Address]:
        return [address for address, mac in self.devices.items() if mac == device]

    def port_of(self, device: str) -> str | None:
        return self.ports.get(device)

    def devices_behind(self, port: str) -> list[str]:
        return [device for device, behind in self.ports.items() if behind == port and self.addresses_of(device)]

    def sources(self) -> list[Source]:
        return [Source("ports", True, "br-lan")]

    def lacks_lease(self, device: str) -> bool:
        return device in self.released

    def connected(self, port: str) -> bool:
        return port not in self.dead_ports

    def give(self, device: str, address: str) -> None:
        """DHCP gives the device another address."""
        self.devices = {a: mac for a, mac in self.devices.items() if mac != device}
        self.devices[IPv4Address(address)] = device
        self.given.add(device)

    def newly_given(self) -> set[str]:
        given, self.given = self.given, set()
        return given

    def address_of(self, device: str) -> IPv4Address | None:
        return next((a for a in self.addresses_of(device) if isinstance(a, IPv4Address)), None)


class Countable:
    """Randomness that a test can foretell."""

    def __init__(self) -> None:
        self.count = 0

    def randbelow(self, exclusive_upper_bound: int, /) -> int:
        self.count += 1
        return self.count % exclusive_upper_bound

    def token_hex(self, nbytes: int | None = None, /) -> str:
        self.count += 1
        return f"{self.count:0{(nbytes or 8) * 2}x}"


class Core:
    """An engine that is turned by hand: ``ask`` and ``happen`` run exactly one batch in this very thread."""

    def __init__(
        self,
        path: Path,
        terms: Terms | None = None,
        boot_id: str = "boot-1",
        *,
        chance: Randomness | None = None,
        desk: DeskSettings | None = None,
    ) -> None:
        self.path = path
        self.story: list[str] = []
        self.kernel, self.disk, self.lan = Kernel(self.story), Disk(path, self.story), Lan()
        self.sent: list[SendPassword] = []
        self.send: Callable[[SendPassword], None] = self.sent.append
        """The way to the SMS process."""
        self.probes: list[Targets] = []
        self.now = Moment(utc_ms=1_800_000_000_000, boot_ms=1_000_000)
        self.numbers = Countable()
        self.tally = Tally(self.now.utc_ms)
        books = Counting(self.disk, self.tally, lambda: self.now)
        kept = self.disk.store.kept()
        self.engine = Engine(
            restore(terms or Terms(), kept),
            performer=Performer(self.kernel, self.kernel, books, boot_id, self._send),
            places=self.lan,
            reception=Reception(
                lan=IPv4Interface("10.77.0.1/16"),
                lan6=IPv6Interface("fd77::1/64"),
                countries=frozenset({"KZ"}),
                key=KEY,
                zone=ZoneInfo("Asia/Almaty"),
                whereabouts=self.lan,
                random=chance or self.numbers,
                clock=lambda: self.now,
                notary=Notary(path, SealKey(b"k" * 32)),
                desk=desk or DeskSettings(),
                tally=self.tally,
            ),
            lookout=Lookout(Presence(Patience()), ask=self.probes.append),
            clock=lambda: self.now,
        )
        self.meter = Meter(
            self.kernel,
            self.engine.admitted,
            deliver=lambda event: self.engine.post(Happened(event)),
            clock=lambda: self.now,
            every_s=1.0,
        )
        before, self.alive_utc_ms = last_alive(kept)
        self.same_boot = before == boot_id

    def start(self) -> None:
        self.engine.start("1.0", self.same_boot, self.alive_utc_ms)

    def wait(self, seconds: float) -> None:
        ms = int(seconds * 1000)
        self.now = Moment(self.now.utc_ms + ms, self.now.boot_ms + ms)

    def ask(self, *requests: wire.Request, role: Role = Role.PORTAL) -> list[wire.Reply]:
        """The replies to these requests, taken as one batch."""
        replies: list[wire.Reply] = []
        for request in requests:
            self.engine.post(Requested(request, role, replies.append))
        self.engine.turn()
        return replies

    def happen(self, *events: Event) -> None:
        for event in events:
            self.engine.post(Happened(event))
        self.engine.turn()

    def count(self) -> None:
        """The counters are read, a millisecond after what was before."""
        self.wait(0.001)
        self.meter.read()
        self.engine.turn()

    def answer(self, *devices: str) -> None:
        """These devices answer a probe."""
        self.engine.post(Answered(self.now, frozenset(devices)))
        self.engine.turn()

    def log_in(self) -> None:
        self.ask(wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH))
        (reply,) = self.ask(wire.EnterPassword(ADDRESS, self.password()))
        assert isinstance(reply, wire.Status) and reply.phase is wire.Phase.ONLINE, reply

    def password(self) -> str:
        """What the newest SMS says."""
        return passwords.derived(KEY, self.sent[-1].device, self.sent[-1].message)

    def crash(self) -> None:
        """Gone without a word; the file's lock goes with the process."""
        self.disk.store.close()

    def _send(self, effect: SendPassword) -> None:
        self.story.append("send")
        self.send(effect)
