"""One campaign: a crowd lives, faults come and go, and after each the auditor judges everything up to then.

    result = campaign("qz-", Script(seed=1, count=100), say=print)

Must not know: single faults, what the auditor looks at.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tests.chaos import book
from tests.chaos.auditor import Auditor, Law, Violation
from tests.chaos.book import Book, now_ms
from tests.chaos.catalogue import FAULTS
from tests.chaos.crowd import Crowd
from tests.chaos.disk import Disk
from tests.chaos.evidence import Evidence, Person, Reader, Sources, admitted, journal
from tests.chaos.faults import Fault, Site
from tests.chaos.plan import Planned, plan
from tests.chaos.spans import open_addresses
from tests.lab.errors import LabError
from tests.lab.namespaces import ip
from tests.lab.readiness import ready
from tests.lab.run import ROOT, program, start
from tests.lab.venue import Venue
from tests.lab.waiting import PATIENCE_S, until

BUDGET, GRACE_S = 20_000, 8
CHANGES: Mapping[str, object] = {
    "lan.address6": "2001:db8:77::1/64",
    "presence.grace_s": GRACE_S,
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
    strangers: int = 1
    """Visitors besides who never log in."""
    haste: float = 1.0
    """Faults, and the life between them, are this much shorter."""
    names: Sequence[str] = tuple(FAULTS)
    with_disk: bool = True
    """The journal lies on a disk of its own, for those faults that need one."""
    """Of the faults to choose from."""


@dataclass
class Result:
    """What came of it."""

    injected: Counter[str] = field(default_factory=Counter)
    """How many times each fault was."""
    violations: list[Violation] = field(default_factory=list)
    seen: Mapping[str, int] = field(default_factory=dict)
    """How much the auditor had to judge."""
    lab: list[str] = field(default_factory=list)
    """Troubles of the lab's own, which make the result worth less."""


class Campaign:
    """A venue with its crowd, its ear and its auditor. Made by ``opened``."""

    def __init__(self, site: Site, crowd: Crowd, reader: Reader, haste: float) -> None:
        self.site, self.crowd, self._reader, self._haste = site, crowd, reader, haste
        self.venue = venue = site.venue
        self._faults = Book(venue.places.folder / "chaos" / "faults", book.Fault)
        self.auditor = Auditor()
        self.evidence = Evidence(())
        """What the last audit went by."""

    def warm(self) -> None:
        """Everybody has been let in once, so that a fault meets people who have something to lose."""
        until(
            lambda: all(day.stays or day.stays_out for day in self.crowd.days) or self.crowd.failures(),
            "the crowd",
            _WARM_S,
        )

    def audit(self) -> list[Violation]:
        """What is found for the first time, with everybody at rest."""
        with self.crowd.at_rest():
            at_ms, monotonic_ms = now_ms(), time.monotonic_ns() // 1_000_000
            read = self._reader.read(at_ms, monotonic_ms)
        self.evidence = replace(read, budget=BUDGET, grace_ms=GRACE_S * 1000)
        return self.auditor.audit(self.evidence)

    def break_it(self, planned: Planned) -> list[Violation]:
        """One fault, from life before it to the audit after it."""
        fault = planned.fault
        time.sleep(planned.after_s / self._haste)  # life as it is; no waiting
        injected_ms = now_ms()
        stuck: Violation | None = None
        try:
            fault.inject(self.site)
            time.sleep(planned.holds_s / self._haste)  # the fault's own length
            fault.undo(self.site)
            self._settle(fault)
        except (LabError, AssertionError) as error:
            stuck = Violation(now_ms(), Law.STUCK, "", f"{fault.name}: {error}")
            self.auditor.add(stuck)
        self._faults.write(book.Fault(fault.name, injected_ms, now_ms(), fault.allows))
        return [*self.audit(), *([stuck] if stuck else [])]

    def _settle(self, fault: Fault) -> None:
        """Wait until all is as it should be; what ended meanwhile is started again, as systemd does."""
        until(lambda: all(map(self._serves, self.venue.processes)), "all to serve", 2 * PATIENCE_S, every_s=0.1)
        until(self._agree, "kernel and journal to agree", PATIENCE_S, every_s=0.1)
        if book.Allows.NO_SMS in fault.allows:
            until(self._bound, "the SMSC to be bound", 2 * PATIENCE_S, every_s=0.3)

    def _serves(self, unit: str) -> bool:
        if not self.venue.processes[unit].alive:
            with suppress(AssertionError):  # it ended again: it will be tried again
                self.venue.restart(unit)
        return ready(unit, self.venue.places, self.venue.gate)

    def _agree(self) -> bool:
        recorded = open_addresses(journal(self.venue.places.state / "gate/journal.db"))
        return admitted(self.venue.gate).four == {pair for pair in recorded if "." in pair[1]}

    def _bound(self) -> bool:
        return "bound" in self.venue.qaqpa("sms", "status", check=False)


@contextmanager
def opened(prefix: str, script: Script) -> Iterator[Campaign]:
    """A venue with everybody in it."""
    with Venue.open(prefix, visitors=script.visitors + script.strangers, changes=CHANGES) as venue:
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
        with ExitStack() as stack:
            stack.callback(_end_smsc, venue)
            ear = start(
                program("tests.chaos.ear", "isp0", str(folder / "packets")),
                name="ear",
                log=log / "log" / "ear.log",
                namespace=venue.operator,
            )
            stack.enter_context(ear).wait_for_line("ready")
            disk = stack.enter_context(Disk.mounted(venue)) if script.with_disk else None
            place = venue.add_visitor()
            ip(place.namespace, "link", "set", place.interface, "up")
            site = Site(venue, place, disk, Random(f"{script.seed} faults"))
            crowd = stack.enter_context(Crowd(venue, people, script.strangers, script.seed))
            yield Campaign(site, crowd, Reader(people, sources), script.haste)


def _end_smsc(venue: Venue) -> None:
    """The one that a fault may have put in the place of the first."""
    venue.smsc.stop()


def campaign(prefix: str, script: Script, say: Callable[[str], None]) -> Result:
    """All of it; ``say`` is told each fault and each violation."""
    result = Result()
    with opened(prefix, script) as running:
        running.warm()
        for planned in plan([FAULTS[name] for name in script.names], script.count, script.seed):
            found = running.break_it(planned)
            result.injected[planned.fault.name] += 1
            say(f"{planned.number:4}  {planned.fault.name:<24}{planned.holds_s:5.1f} s  {len(found)} violations")
            for violation in found:
                say(f"        {violation}")
        result.violations = list(running.auditor.found)
        if result.violations:
            say(f"what the auditor went by is in {keep(running.venue, script.seed)}")
        result.seen = seen(running.evidence)
        result.lab = running.crowd.failures()
    return result


def keep(venue: Venue, seed: int) -> Path:
    """Books, logs and journal, for whoever looks for the cause."""
    kept, there = ROOT / "build" / "chaos" / f"seed-{seed}", venue.places.folder
    shutil.rmtree(kept, ignore_errors=True)
    for part in ("chaos", "log", "state/gate"):
        shutil.copytree(there / part, kept / part)
    for part in ("sms.jsonl", "arrivals.jsonl"):
        shutil.copy(there / part, kept / part)
    return kept


def seen(evidence: Evidence) -> Mapping[str, int]:
    """How much of everything there was; of nothing an auditor finds nothing."""
    notes = [note for own in evidence.notes.values() for note in own]
    return {
        "pages": sum(isinstance(note, book.Saw) for note in notes),
        "tries": sum(isinstance(note, book.Tried) for note in notes),
        "leavings": sum(isinstance(note, book.Left | book.Quit) for note in notes),
        "visits": sum(entry.kind == "visit_began" for entry in evidence.entries),
        "extracts": sum(each.made for each in evidence.inspections),
        "entries": len(evidence.entries),
        "SMS": len(evidence.texts),
        "packets": len(evidence.packets),
        "arrivals": len(evidence.arrivals),
    }
