"""One campaign: a crowd lives, faults come and go, and after each the auditor judges everything up to then.

    result = campaign("qz-", Script(seed=1, count=100), say=print)

Must not know: single faults, what the auditor looks at.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chaos import book
from tests.chaos.auditor import Auditor, Law, Violation
from tests.chaos.book import Book, now_ms
from tests.chaos.crowd import Crowd
from tests.chaos.evidence import Person, Reader, Sources, admitted, journal
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.plan import Planned, plan
from tests.chaos.spans import open_addresses
from tests.lab.errors import TooLate
from tests.lab.readiness import ready
from tests.lab.run import program, start
from tests.lab.venue import Venue
from tests.lab.waiting import PATIENCE_S, until

BUDGET = 20_000
CHANGES: Mapping[str, object] = {
    "lan.address6": "2001:db8:77::1/64",
    "presence.grace_s": 8,
    "password.resend_s": 0,
    "password.number_per_hour": 1000,
    "password.device_per_hour": 1000,
    "password.venue_per_day": 20_000,
    "spending.daily_sms": BUDGET,
    "spending.monthly_sms": BUDGET,
}
_WARM_S = 90.0


@dataclass(frozen=True)
class Script:
    """What is to happen."""

    seed: int
    """Draws the faults' order and what the visitors do."""
    count: int
    """How many faults."""
    visitors: int = 4
    names: Sequence[str] = tuple(FAULTS)
    """Of the faults to choose from."""


@dataclass
class Result:
    """What came of it."""

    injected: Counter[str] = field(default_factory=Counter)
    """How many times each fault was."""
    violations: list[Violation] = field(default_factory=list)
    stays: int = 0
    """How many times somebody was let in."""
    lab: list[str] = field(default_factory=list)
    """Troubles of the lab's own, which make the result worth less."""


class Campaign:
    """A venue with its crowd, its ear and its auditor. Made by ``opened``."""

    def __init__(self, venue: Venue, crowd: Crowd, reader: Reader, faults: Book[book.Fault]) -> None:
        self.venue, self.crowd, self._reader, self._faults = venue, crowd, reader, faults
        self.auditor = Auditor()

    def warm(self) -> None:
        """Everybody has been let in once, so that a fault meets people who have something to lose."""
        until(lambda: all(day.stays for day in self.crowd.days) or self.crowd.failures(), "the crowd", _WARM_S)

    def audit(self) -> list[Violation]:
        """What is found for the first time, with everybody at rest."""
        with self.crowd.at_rest():
            at_ms, monotonic_ms = now_ms(), time.monotonic_ns() // 1_000_000
            return self.auditor.audit(self._reader.read(at_ms, monotonic_ms, BUDGET))

    def break_it(self, planned: Planned) -> list[Violation]:
        """One fault, from life before it to the audit after it."""
        fault = planned.fault
        time.sleep(planned.after_s)  # life as it is; no waiting
        injected_ms = now_ms()
        fault.inject(self.venue)
        time.sleep(planned.holds_s)  # the fault's own length
        fault.undo(self.venue)
        stuck = self._settle(fault)
        self._faults.write(book.Fault(fault.name, injected_ms, now_ms(), fault.allows))
        found = self.audit()
        if stuck:
            self.auditor.add(stuck)
        return [*found, *([stuck] if stuck else [])]

    def _settle(self, fault: Fault) -> Violation | None:
        """Wait until all is as it should be."""
        try:
            for unit in self.venue.processes:
                self._answers(unit)
            until(self._agree, "kernel and journal to agree", PATIENCE_S)
            if book.Allows.NO_SMS in fault.allows:
                until(self._bound, "the SMSC to be bound", 2 * PATIENCE_S, every_s=0.3)
        except TooLate as error:
            return Violation(now_ms(), Law.STUCK, "", f"{fault.name}: {error}")
        return None

    def _answers(self, unit: str) -> None:
        until(lambda: ready(unit, self.venue.places, self.venue.gate), f"{unit} to answer", PATIENCE_S)

    def _agree(self) -> bool:
        recorded = open_addresses(journal(self.venue.places.state / "gate/journal.db"))
        return admitted(self.venue.gate).four == {pair for pair in recorded if "." in pair[1]}

    def _bound(self) -> bool:
        return "bound" in self.venue.qaqpa("sms", "status", check=False)


@contextmanager
def opened(prefix: str, visitors: int, seed: int) -> Iterator[Campaign]:
    """A venue with everybody in it."""
    with Venue.open(prefix, visitors=visitors, changes=CHANGES) as venue:
        folder = venue.places.folder / "chaos"
        folder.mkdir()
        people = [
            Person(number, phone.mac, f"+7701{2_000_000 + number}") for number, phone in enumerate(venue.visitors, 1)
        ]
        log = venue.places.folder
        sources = Sources(
            folder,
            journal=venue.places.state / "gate/journal.db",
            gate=venue.gate,
            smsc_log=log / "sms.jsonl",
            arrivals=log / "arrivals.jsonl",
        )
        ear = start(
            program("tests.chaos.ear", "isp0", str(folder / "packets")),
            name="ear",
            log=log / "log" / "ear.log",
            namespace=venue.operator,
        )
        with ear:
            ear.wait_for_line("ready")
            try:
                with Crowd(venue, people, seed) as crowd:
                    yield Campaign(venue, crowd, Reader(people, sources), Book(folder / "faults", book.Fault))
            finally:
                venue.smsc.stop()  # a fault may have put another in the place of the first


def campaign(prefix: str, script: Script, say: Callable[[str], None]) -> Result:
    """All of it; ``say`` is told each fault and each violation."""
    result = Result()
    with opened(prefix, script.visitors, script.seed) as running:
        running.warm()
        for planned in plan([FAULTS[name] for name in script.names], script.count, script.seed):
            found = running.break_it(planned)
            result.injected[planned.fault.name] += 1
            say(f"{planned.number:4}  {planned.fault.name:<24}{planned.holds_s:5.1f} s  {len(found)} violations")
            for violation in found:
                say(f"        {violation}")
        result.violations = list(running.auditor.found)
        result.stays = sum(day.stays for day in running.crowd.days)
        result.lab = running.crowd.failures()
    return result
