"""A console with a real journal, and a gate in memory that records and signs as the real one does.

Must not know: pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from werkzeug.test import TestResponse

from appliance.config import Config
from appliance.staff.roles import StaffRole
from appliance.wire import Done, Refusal, Refused
from appliance.wire_console import NoteStaff
from appliance.wire_journal import Key, LookAtKey, NoteLook, Signed, SignExtract
from journal.entries import Entry, ExtractMade, Stamp, VisitBegan, VisitEnded, VisitorIdentified, VisitUsed
from journal.index import Indexer
from journal.notary import Notary
from journal.signing import SealKey
from journal.store import Store
from tests.support.console import NOW, OURS, Made, console, form

KEY = SealKey(b"k" * 32)
BOOT = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
NOW_MS = int(NOW.timestamp() * 1000)
NUMBER = "+77011234567"
DEVICE = "02:00:00:00:00:01"


def visit(name: str, minutes_ago: int, *, number: str = NUMBER, device: str = DEVICE) -> list[tuple[Stamp, Entry]]:
    """A visit by SMS that lasted ten minutes."""
    at_ms = NOW_MS - minutes_ago * 60_000
    came, left = Stamp(at_ms, BOOT, at_ms), Stamp(at_ms + 600_000, BOOT, at_ms + 600_000)
    return [
        (came, VisitBegan(name, device, ("10.77.0.10",), number, "sms")),
        (left, VisitUsed(name, device, 1, 2, 3, 4, True)),
        (left, VisitEnded(name, device, left.utc_ms, "port")),
    ]


def documented(name: str, minutes_ago: int) -> list[tuple[Stamp, Entry]]:
    """A visit by identity document that is not over."""
    at_ms = NOW_MS - minutes_ago * 60_000
    came = Stamp(at_ms, BOOT, at_ms)
    person = ("Қайратқызы", "Айгүл", "", "id", "012345678", "", "", "7")
    return [
        (came, VisitBegan(name, "02:00:00:00:00:02", ("10.77.0.11",), "", "document", "ayan")),
        (came, VisitorIdentified(name, "02:00:00:00:00:02", *person, "ayan")),
    ]


@dataclass
class JournalVenue:
    """What a test has in hand."""

    made: Made
    store: Store
    full: bool = False
    """The journal can record nothing more."""

    def look(self, path: str, role: StaffRole = StaffRole.OWNER) -> str:
        answer = self.made.as_role(role).get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, query: str, role: StaffRole = StaffRole.OWNER) -> TestResponse:
        return self.made.as_role(role).post(path, data=form(**dict(parse_qsl(query))), headers=OURS)

    def find(self, query: str, role: StaffRole = StaffRole.OWNER) -> str:
        answer = self.post("/journal", query, role)
        assert answer.status_code == 200, answer.text
        return answer.text

    def asked(self, kind: type) -> list[object]:
        return [request for request in self.made.gate.asked if isinstance(request, kind)]

    def _sign(self, request: SignExtract) -> Signed | Refused:
        if self.full:
            return Refused(Refusal.JOURNAL_UNAVAILABLE)
        told = ExtractMade(request.by, request.why, request.since_utc_ms, request.until_utc_ms, request.manifest)
        self.store.append([(Stamp(NOW_MS, BOOT, NOW_MS), told)])
        signed = Notary(self.made.site.journal, KEY).sign(request.manifest)
        return Signed(signed.signature, signed.public, signed.seq, signed.head)

    def _note(self, _: object) -> Done | Refused:
        return Refused(Refusal.JOURNAL_UNAVAILABLE) if self.full else Done()

    def answer(self) -> None:
        """Let the gate answer."""
        self.made.gate.answers |= {
            LookAtKey: lambda _: Key(KEY.public.hex()),
            SignExtract: self._sign,
            NoteLook: self._note,
            NoteStaff: self._note,
        }


@contextmanager
def journal_venue(
    folder: Path, *batches: list[tuple[Stamp, Entry]], config: Config | None = None
) -> Iterator[JournalVenue]:
    """A venue with a journal of these entries, sealed and indexed."""
    path = folder / "gate" / "journal.db"
    path.parent.mkdir(parents=True)
    store = Store.open(path)
    try:
        store.append([line for batch in batches for line in batch])
        store.seal(KEY, Stamp(NOW_MS, BOOT, NOW_MS))
        indexer = Indexer(path)
        while indexer.step():
            pass
        indexer.close()
        venue = JournalVenue(console(folder, config), store)
        venue.answer()
        yield venue
    finally:
        store.close()
