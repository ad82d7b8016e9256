"""A person with a phone in a venue, as the system tests need one: arrives, asks, reads the SMS, enters, leaves.

    guest = Guest.new(venue)
    guest.go_online()

Must not know: how the gate decides; it sees pages, the SMS and whether the Internet answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import wire
from appliance.client import Client
from tests.lab.errors import NoLease
from tests.lab.run import Process, plain_program, program, run, start
from tests.lab.venue import PORTAL, SMSC, WEB, WEB6, Venue
from tests.lab.visitor import Probe, Response, Visitor
from tests.lab.waiting import PATIENCE_S, until

PAGE = f"http://{PORTAL}"
FLOW_PORT = 7
"""Where the running flows of admitted guests go; no stranger is ever sent there, so that arrivals tell who came."""


@dataclass
class Guest:
    """A phone and its owner's subscriber number."""

    venue: Venue
    phone: Visitor
    number: str

    @classmethod
    def new(cls, venue: Venue, point: str | None = None) -> Guest:
        """A person nobody has seen, with a number of their own; not connected yet.

        Args:
            point: the access point they come in by (``Venue.add_access_point``); a port of the gate's if None.
        """
        phone = venue.add_visitor(point)
        return cls(venue, phone, f"+7701{2_000_000 + len(venue.visitors)}")

    @property
    def address(self) -> str:
        """What DHCP gave."""
        lease = self.phone.lease()
        assert lease is not None, f"{self.phone.namespace} has no lease"
        return lease.address

    def log(self, name: str) -> Path:
        """Where a program on the phone says what it has to say."""
        return self.venue.places.folder / "phones" / f"{self.phone.namespace}.{name}.log"

    def page(self, path: str = "/") -> Response:
        """A page of the portal, in English."""
        return self.phone.fetch(f"{PAGE}{path}", headers={"Accept-Language": "en"})

    def ask(self) -> Response:
        """Get password."""
        return self.phone.fetch(f"{PAGE}/password", form={"number": self.number}, headers={"Accept-Language": "en"})

    def enter(self, password: str) -> Response:
        """Go online."""
        return self.phone.fetch(f"{PAGE}/login", form={"password": password}, headers={"Accept-Language": "en"})

    def texts(self) -> list[str]:
        """Every SMS to this number, oldest first."""
        return [str(sms["text"]) for sms in self.venue.sms() if sms["to"] == self.number.removeprefix("+")]

    def go_online(self) -> Guest:
        """The whole way from joining the network; returns itself."""
        if self.phone.lease() is None:
            self.phone.connect()
        before = len(self.texts())
        asked = self.ask()
        assert asked.status == 303, asked.body
        entered = self.enter(self.venue.password_for(self.number, after=before))
        assert (entered.status, entered.header("location")) == (303, "/online"), entered.body
        return self

    def online(self) -> bool:
        """By the phone's own probe."""
        return self.phone.probe(Probe.ANDROID).online

    def pour(self, address: str, count: int, size: int, patience_s: float = 15.0) -> int:
        """UDP datagrams with so many bytes to the Internet's echo, one after the other; returns how many came back.

        Args:
            patience_s: with each of them; the first that does not come back in this time is the last.
        """
        words = (address, str(FLOW_PORT), str(count), str(size), str(patience_s))
        line = plain_program("tests.system.pour", *words)
        return int(run(line, namespace=self.phone.namespace, timeout_s=2 * PATIENCE_S).stdout)

    def phase(self) -> str | None:
        """As the gate says to ``qaqpa visits``; None without a visit. Asked without the command: tests ask often."""
        reply = Client(str(self.venue.places.runtime / "gate" / "gate.sock"), PATIENCE_S).ask(wire.ListVisits())
        assert isinstance(reply, wire.Visits)
        return next((str(visit.phase) for visit in reply.visits if visit.device == self.phone.mac), None)

    def leave(self) -> None:
        """Out of range, and the gate has taken note."""
        self.phone.disconnect()
        until(lambda: self.phase() != "online", f"the gate to see {self.phone.mac} leave")

    @contextmanager
    def flow(self) -> Iterator[Flow]:
        """One TCP connection to the Internet that stays, with bytes going both ways all the time."""
        line = plain_program("tests.system.flow", WEB, str(FLOW_PORT))
        with start(line, name="flow", log=self.log("flow"), namespace=self.phone.namespace) as process:
            running = Flow(process)
            running.goes_on()
            yield running


@dataclass(frozen=True)
class Flow:
    """A TCP connection under way."""

    process: Process

    def beats(self) -> int:
        """How many times the bytes have come back."""
        return self.process.output().count("\n")

    def goes_on(self, timeout_s: float = PATIENCE_S) -> None:
        """
        Raises:
            TooLate: it has stopped; of TCP's own accord it would not have.
        """
        now = self.beats()
        until(lambda: self.beats() > now + 2, f"the connection to go on: {self.process.output()[-200:]}", timeout_s)


def knock(guests: Sequence[Guest]) -> None:
    """Each of them tries every way out; what came of it, the Internet's arrivals tell."""
    line = plain_program("tests.system.knock", WEB, WEB6, "--timeout", "0.3")
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                start(line, name="knock", log=guest.log("knock"), namespace=guest.phone.namespace),
            )
            for guest in guests
        ]
        for process in running:
            assert process.wait(PATIENCE_S) == 0, process.output()
            assert process.output() == "", f"answered by the Internet: {process.output()}"


def rejoin(guest: Guest) -> None:
    """Back in range, though nobody may be there to give it an address."""
    with suppress(NoLease):
        guest.phone.connect(timeout_s=0.6)


@contextmanager
def smsc_away(venue: Venue) -> Iterator[None]:
    """The SMSC is dead inside; afterwards there is one again, with the same log."""
    venue.smsc.kill9()
    try:
        yield
    finally:
        log = venue.places.folder / "sms.jsonl"
        venue.smsc = start(
            program("tests.lab.smsc", "--host", SMSC, "--port", "2775", "--log", str(log)),
            name="smsc",
            log=venue.places.folder / "log" / "smsc.log",
            namespace=venue.operator,
        )
        venue.smsc.wait_for_line("ready 2775")
        until(
            lambda: "bound" in venue.qaqpa("sms", "status", check=False), "the link to be bound again", 2 * PATIENCE_S
        )


@contextmanager
def opened(prefix: str, changes: Mapping[str, object], *, office: bool = False) -> Iterator[Venue]:
    """A running venue without visitors; ends what its guests and tests started there."""
    with Venue.open(prefix, visitors=0, changes=changes, office=office) as venue:
        try:
            yield venue
        finally:
            for phone in venue.visitors:
                phone.disconnect()
            venue.smsc.stop()  # a test may have put another in the place of the first
