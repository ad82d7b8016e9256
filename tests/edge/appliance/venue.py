"""A gate's core on a real journal file, with a kernel and a LAN that keep their state in plain sets.

The kernel's double tells the order of what happened to it beside what the journal did, which the real kernel cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from pathlib import Path

from appliance import wire
from appliance.effects import SendPassword
from appliance.engine import Engine
from appliance.events import Event, Moment
from appliance.inbox import Happened, Requested, Role
from appliance.performer import Performer, last_alive
from appliance.reception import Reception
from appliance.state import Terms, restore
from firewall.errors import KernelRefused
from firewall.presence.evidence import Source
from journal.entries import Entry, Stamp
from journal.errors import Cause, JournalUnavailable
from journal.store import Store

PHONE, ADDRESS = "02:00:00:00:00:01", "10.77.0.10"
NUMBER = "+77011234567"


class Kernel:
    """Who is admitted; ``broken`` refuses everything."""

    def __init__(self, story: list[str]) -> None:
        self.admitted: dict[str, frozenset[IPv4Address | IPv6Address]] = {}
        self.broken = False
        self._story = story

    def setup(self) -> None:
        self._story.append("setup")

    def sync(self, desired: Mapping[str, frozenset[IPv4Address | IPv6Address]]) -> None:
        self._refuse()
        self.admitted = dict(desired)

    def admit(self, mac: str, addresses: frozenset[IPv4Address | IPv6Address]) -> None:
        self._refuse()
        self._story.append("admit")
        self.admitted[mac] = self.admitted.get(mac, frozenset()) | addresses

    def revoke(self, mac: str, addresses: frozenset[IPv4Address | IPv6Address]) -> None:
        assert addresses
        self._refuse()
        self._story.append("revoke")
        self.admitted[mac] = self.admitted.get(mac, frozenset()) - addresses
        if not self.admitted[mac]:
            del self.admitted[mac]

    def _refuse(self) -> None:
        if self.broken:
            raise KernelRefused("do it", "broken on purpose")


class Disk:
    """The real store, with a tap that can be closed: then nothing can be written."""

    def __init__(self, path: Path, story: list[str]) -> None:
        self._path, self._story = path, story
        self.store = Store.open(path)
        self.full = False

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

    def device_at(self, address: IPv4Address | IPv6Address) -> str | None:
        return self.devices.get(address)

    def addresses_of(self, device: str) -> list[IPv4Address | IPv6Address]:
        return [address for address, mac in self.devices.items() if mac == device]

    def port_of(self, device: str) -> str | None:
        return self.ports.get(device)

    def sources(self) -> list[Source]:
        return [Source("ports", True, "br-lan")]

    def lacks_lease(self, device: str) -> bool:
        return device in self.released

    def connected(self, port: str) -> bool:
        return port not in self.dead_ports

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

    def __init__(self, path: Path, terms: Terms | None = None, boot_id: str = "boot-1") -> None:
        self.story: list[str] = []
        self.kernel, self.disk, self.lan = Kernel(self.story), Disk(path, self.story), Lan()
        self.sent: list[SendPassword] = []
        self.now = Moment(utc_ms=1_800_000_000_000, boot_ms=1_000_000)
        kept = self.disk.store.kept()
        self.engine = Engine(
            restore(terms or Terms(), kept),
            performer=Performer(self.kernel, self.disk, boot_id, self._send),
            places=self.lan,
            reception=Reception(
                lan=IPv4Interface("10.77.0.1/16"),
                lan6=IPv6Interface("fd77::1/64"),
                countries=frozenset({"KZ"}),
                key=b"k" * 32,
                whereabouts=self.lan,
                random=Countable(),
                clock=lambda: self.now,
            ),
            clock=lambda: self.now,
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

    def log_in(self) -> None:
        self.ask(wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH))
        (reply,) = self.ask(wire.EnterPassword(ADDRESS, self.sent[-1].password))
        assert isinstance(reply, wire.Status) and reply.phase is wire.Phase.ONLINE, reply

    def crash(self) -> None:
        """Gone without a word; the file's lock goes with the process."""
        self.disk.store.close()

    def _send(self, effect: SendPassword) -> None:
        self.story.append("send")
        self.sent.append(effect)
