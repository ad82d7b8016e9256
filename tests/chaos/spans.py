"""Two stories of the same stays, made comparable: what the journal says was open, and what the visitors say.

Pure. Must not know: any code of the product; which of the two is right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.chaos.book import AnyNote, Came, Entered, Helped, Left
from tests.chaos.evidence import Entry, Person

END = 1 << 62
"""Later than anything."""


@dataclass(frozen=True)
class Span:
    """From an opening of the gate for a device to the next closing, as the journal tells it."""

    visit: str
    device: str
    opened_ms: int
    """When it was recorded."""
    began: bool
    """A visit began; else one went on."""
    closed_ms: int = END
    """When the closing was recorded."""
    left_ms: int = END
    """When the device had left, by the entry's own word."""
    proof: str = ""
    over: bool = False
    """Closed for good, at once: not away before."""


@dataclass(frozen=True)
class Story:
    """One visitor's, told by both."""

    person: Person
    spans: Sequence[Span]
    """By the journal."""
    notes: Sequence[AnyNote]
    """By the visitor's own log."""
    sent_ms: Sequence[int] = ()
    """When the SMSC took an SMS to its number."""
    since_ms: int = 0
    """When the journal began; of what was before, it has no account."""
    fresh_ms: int = 0
    """What was before, has been judged."""

    def let_in(self) -> list[Entered | Helped]:
        """Everything by which the visitor may have been let in."""
        return [each for each in self.notes if isinstance(each, Helped) or (isinstance(each, Entered) and each.right)]

    def judged(self) -> Iterator[AnyNote]:
        """The notes that are to agree with the journal."""
        return (note for note in self.notes if note.began_ms >= max(self.since_ms, self.fresh_ms))

    def span_at(self, at_ms: float) -> Span | None:
        """The last that was opened by then."""
        place = bisect_right(self.spans, at_ms, key=lambda span: span.opened_ms)
        return self.spans[place - 1] if place else None


@dataclass(frozen=True)
class Presence:
    """From a visitor's coming to its leaving, by its own word; each lies between two moments."""

    came_ms: tuple[int, int]
    left_ms: tuple[int, int] = (END, END)


def spans(entries: Sequence[Entry]) -> list[Span]:
    """Every stretch in which the journal calls a device admitted, in the order of their openings."""
    found: list[Span] = []
    running: dict[str, int] = {}
    for entry in entries:
        device = entry.device
        match entry.kind:
            case "visit_began" | "visit_resumed":
                running[device] = len(found)
                found.append(Span(str(entry.body["visit"]), device, entry.at_ms, entry.kind == "visit_began"))
            case "visit_away" | "visit_ended" if device in running:
                place = running.pop(device)
                found[place] = replace(
                    found[place],
                    closed_ms=entry.at_ms,
                    left_ms=int(entry.body["left_utc_ms"]),
                    proof=str(entry.body["proof"]),
                    over=entry.kind == "visit_ended",
                )
    return found


def open_addresses(entries: Sequence[Entry]) -> frozenset[tuple[str, str]]:
    """MAC and IP addresses of the visits that are open at the end of these entries."""
    held: dict[str, tuple[str, ...]] = {}
    gone: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        device = entry.device
        match entry.kind:
            case "visit_began" | "visit_resumed":
                held[device] = tuple(entry.body["addresses"])
                gone.pop(device, None)
            case "visit_moved":
                (gone if device in gone else held)[device] = tuple(entry.body["addresses"])
            case "visit_away":
                gone[device] = held.pop(device, ())
            case "visit_ended":
                held.pop(device, None)
                gone.pop(device, None)
    return frozenset((device, address) for device, addresses in held.items() for address in addresses)


def presences(notes: Sequence[AnyNote]) -> Iterator[Presence]:
    """A visitor's comings and goings, by its own log."""
    came: tuple[int, int] | None = None
    for note in notes:
        match note:
            case Came():
                came = (note.began_ms, note.at_ms)
            case Left() if came is not None:
                yield Presence(came, (note.began_ms, note.at_ms))
                came = None
            case _:
                pass
    if came is not None:
        yield Presence(came)
