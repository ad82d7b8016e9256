"""The auditor: holds what the product recorded, admitted and told against what was true. No code is shared.

    auditor = Auditor()
    for violation in auditor.audit(evidence):
        print(violation)

Pure but for what it remembers of the journal. A fault excuses only what it says (``book.Allows``), and only while it is
in force; law 1, the records and the chain nothing excuses. Must not know: how faults are made, any code of the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from tests.chaos import pages, passage, texts
from tests.chaos.book import Allows, Asked, Entered, Helped, Left, Quit, Saw, Tried
from tests.chaos.evidence import Entry, Evidence, is_mac
from tests.chaos.excuses import Excuses
from tests.chaos.spans import END, Presence, Span, Story, open_addresses, presences, spans

SLACK_MS = 1_500
"""Between a moment as a visitor knows it and the same as the gate noted it, on a machine that does other things too."""
LATE_MS = 5_000
"""How much later than it was a leaving may be recorded: news of a port take as long as the gate takes to be run."""
NOTICE_MS = 10_000
"""Within which whoever is out of range must be closed."""
ALIVE_MS = 21_000
"""A gate that runs says so on its disk at least so often: as of then ends are told that it did not live to see."""
AGAIN_MS = 120_000
"""What is younger is judged again at the next audit: entries about it may have come since."""
SAME_TAP_MS = 6_000
"""The same number again within this is the same tap: answered alike, and recorded once."""


class Law(StrEnum):
    """What may never be."""

    PASSED = "a packet of a device that is not admitted passed"
    UNRECORDED = "a device is admitted without a visit on the disk"
    BEGAN = "a visit began that no visitor began"
    ENDED = "an end is recorded that is not when the visitor left"
    OPEN = "a visitor left and is still admitted"
    THROWN_OUT = "a visitor who did not leave was thrown out"
    LOST = "an acknowledged entry is lost"
    CHAIN = "the chain is broken"
    SMS = "an SMS beyond the budget, doubled, or without a record"
    PAGE = "no page, or one that is not true"
    EXTRACT = "an extract is not whole, or there is none though nothing is broken"
    CUT_OFF = "a visitor who is admitted reached nobody"
    STUCK = "it did not become well again"


@dataclass(frozen=True, order=True)
class Violation:
    """One thing that should not be."""

    at_ms: int
    law: Law
    device: str
    what: str

    def __str__(self) -> str:
        return f"{self.law}: {self.device} at {self.at_ms}: {self.what}"


class Auditor:
    """Audits one venue again and again; remembers what of its journal was once seen."""

    def __init__(self) -> None:
        self.found: dict[Violation, None] = {}
        """Everything so far, each once."""
        self._seen: list[bytes] = []
        """The digests of all entries that were read, by their number."""
        self._read_ms = 0
        self._since_ms = 0
        """When this journal began, if another was set aside: of what was before, it has no account."""

    def audit(self, evidence: Evidence) -> list[Violation]:
        """What is found for the first time."""
        fresh = sorted({found for found in self._judge(evidence) if found not in self.found})
        self.found.update(dict.fromkeys(fresh))
        return fresh

    def add(self, violation: Violation) -> None:
        """Something that was seen while nobody read."""
        self.found[violation] = None

    def _judge(self, evidence: Evidence) -> Iterator[Violation]:
        excuses = Excuses(evidence.faults)
        since_ms = max((fault.settled_ms for fault in evidence.faults if Allows.NEW_JOURNAL in fault.allows), default=0)
        if since_ms != self._since_ms:
            self._since_ms, self._seen = since_ms, []
        fresh_ms = max(since_ms, self._read_ms - AGAIN_MS)
        self._read_ms = evidence.read_ms
        everything, evidence = evidence, _since(evidence, since_ms, fresh_ms)
        stays = spans(evidence.entries)
        stories = {
            person.mac: Story(
                person,
                [stay for stay in stays if stay.device == person.mac],
                evidence.notes.get(person.mac, ()),
                [text.at_ms for text in everything.texts if text.to == person.phone],
                since_ms,
                fresh_ms,
            )
            for person in evidence.people
        }
        yield from self._remembered(evidence.entries)
        yield from _unrecorded(evidence)
        for at_ms, device, what in passage.strays(evidence, stories, excuses):
            yield Violation(int(at_ms), Law.PASSED, device, what)
        for text_ms, to, what in texts.beyond(evidence, excuses):
            yield Violation(text_ms, Law.SMS, to, what)
        for visit in evidence.inspections:
            if visit.made and not visit.whole:
                yield Violation(visit.at_ms, Law.EXTRACT, "", visit.said)
            elif not visit.made and not excuses.any_excuse(visit.began_ms, visit.at_ms):
                yield Violation(visit.at_ms, Law.EXTRACT, "", f"there is none: {visit.said}")
        for story in stories.values():
            yield from _begins(story)
            yield from _ends(story, excuses)
            yield from _open(story, excuses, evidence.read_ms, evidence.grace_ms)
            yield from _acknowledged(story, evidence.entries)
            yield from _met(story, excuses)
        for stay in stays:
            if stay.device not in stories:
                yield Violation(stay.opened_ms, Law.BEGAN, stay.device, f"no visitor is this device: {stay.visit}")

    def _remembered(self, entries: Sequence[Entry]) -> Iterator[Violation]:
        for number, digest in enumerate(self._seen, 1):
            if number > len(entries) or entries[number - 1].digest != digest:
                yield Violation(0, Law.LOST, "", f"entry {number} was there and is not any more")
                break
        for entry in entries:
            if not entry.whole:
                yield Violation(entry.at_ms, Law.CHAIN, entry.device, f"at entry {entry.seq}")
                break
        self._seen = [entry.digest for entry in entries]


def _unrecorded(evidence: Evidence) -> Iterator[Violation]:
    """Law 2: whom the sets show is in the journal as read before or as read after."""
    recorded = open_addresses(evidence.before) | open_addresses(evidence.entries)
    addresses, macs = {address for _, address in recorded}, {mac for mac, _ in recorded}
    for mac, address in evidence.admitted.four - recorded:
        yield Violation(evidence.read_ms, Law.UNRECORDED, mac, address)
    for key in evidence.admitted.six - (macs if all(map(is_mac, evidence.admitted.six)) else addresses):
        yield Violation(evidence.read_ms, Law.UNRECORDED, "", key)


def _since(evidence: Evidence, since_ms: int, fresh_ms: int) -> Evidence:
    """Only what is to be judged; the visitors' books stay, for who entered and left before."""
    return replace(
        evidence,
        packets=[packet for packet in evidence.packets if packet.at_ms >= fresh_ms],
        arrivals=[arrival for arrival in evidence.arrivals if arrival.at_ms >= fresh_ms],
        texts=[text for text in evidence.texts if text.at_ms >= since_ms],
    )


def _begins(story: Story) -> Iterator[Violation]:
    let_in = story.let_in()
    for stay in story.spans:
        if not stay.began or stay.opened_ms < story.since_ms:
            continue  # it went on; or is told again in another journal
        if not any(_between(note.began_ms, stay.opened_ms, note.at_ms) for note in let_in):
            what = f"nobody entered the right password then: {stay.visit}"
            yield Violation(stay.opened_ms, Law.BEGAN, story.person.mac, what)


def _ends(story: Story, excuses: Excuses) -> Iterator[Violation]:
    there = list(presences(story.notes))
    leavings = [note for note in story.notes if isinstance(note, Left | Quit)]
    for stay in story.spans:
        if stay.closed_ms == END or any(_told(stay, note, excuses) for note in leavings):
            continue
        if excuses.excuse(Allows.OUT_OF_RANGE, stay.left_ms, stay.left_ms):
            continue
        here = any(one.came_ms[1] <= stay.left_ms <= one.left_ms[0] for one in there)
        law = Law.THROWN_OUT if here else Law.ENDED
        what = f"by {stay.proof}, recorded at {stay.closed_ms}: {stay.visit}"
        yield Violation(stay.left_ms, law, story.person.mac, what)


def _open(story: Story, excuses: Excuses, read_ms: int, grace_ms: int) -> Iterator[Violation]:
    for one, after in pairwise([*presences(story.notes), Presence((END, END))]):
        _, left_ms = one.left_ms
        if left_ms < story.since_ms or after.came_ms[1] < left_ms + grace_ms:
            continue  # the visit goes on; whether anybody noticed is told by what else is recorded
        closed_by_ms = left_ms + NOTICE_MS
        if unwatched := excuses.excuse(Allows.UNWATCHED, left_ms - SLACK_MS, closed_by_ms):
            closed_by_ms = max(closed_by_ms, unwatched.settled_ms + NOTICE_MS)
        for stay in story.spans:
            if closed_by_ms < read_ms and stay.opened_ms <= left_ms and stay.closed_ms > closed_by_ms:
                yield Violation(left_ms, Law.OPEN, story.person.mac, f"after {closed_by_ms - left_ms} ms: {stay.visit}")


def _told(stay: Span, note: Left | Quit, excuses: Excuses) -> bool:
    """Whether the end that was recorded is this leaving."""
    earliest_ms = note.began_ms - SLACK_MS
    if unwatched := excuses.excuse(Allows.UNWATCHED, earliest_ms, note.at_ms + LATE_MS):
        earliest_ms = min(earliest_ms, unwatched.injected_ms - ALIVE_MS)
    return earliest_ms <= stay.left_ms <= note.at_ms + LATE_MS


def _acknowledged(story: Story, entries: Sequence[Entry]) -> Iterator[Violation]:
    mac = story.person.mac
    asked = [entry.at_ms for entry in entries if entry.kind == "password_asked" and entry.device == mac]
    for note in story.judged():
        match note:
            case Asked(status=303, location="/"):
                if not any(note.began_ms - SAME_TAP_MS <= at_ms <= note.at_ms for at_ms in asked):
                    yield Violation(note.at_ms, Law.LOST, mac, "a password was promised, and no entry says so")
            case Entered(status=303, location="/online"):
                if not any(stay.opened_ms <= note.at_ms and note.began_ms <= stay.closed_ms for stay in story.spans):
                    yield Violation(note.at_ms, Law.LOST, mac, "the visitor was let in, and no entry says so")
            case Helped(done=True):
                if not any(stay.opened_ms <= note.at_ms and note.began_ms <= stay.closed_ms for stay in story.spans):
                    yield Violation(note.at_ms, Law.LOST, mac, "the employee let the visitor in, and no entry says so")
            case _:
                pass


def _met(story: Story, excuses: Excuses) -> Iterator[Violation]:
    """What the visitor was shown, and whether the Internet was there."""
    mac = story.person.mac
    for note in story.judged():
        match note:
            case Saw():
                for what in pages.untrue(note, story, excuses):
                    yield Violation(note.at_ms, Law.PAGE, mac, what)
            case Tried(reached=False):
                stay = story.span_at(note.began_ms)
                admitted = stay is not None and note.at_ms <= stay.closed_ms
                if admitted and not excuses.excuse(Allows.NO_INTERNET, note.began_ms, note.at_ms):
                    yield Violation(note.at_ms, Law.CUT_OFF, mac, f"for {note.at_ms - note.began_ms} ms: {note.met}")
            case _:
                pass


def _between(first: float, moment: float, last: float) -> bool:
    return first - SLACK_MS <= moment <= last + SLACK_MS


def by_law(violations: Sequence[Violation]) -> Mapping[Law, int]:
    """How many of each."""
    return {law: count for law in Law if (count := sum(found.law is law for found in violations))}
