"""One visit from the first password asked to its end: its own entries, and those that led to it. Read-only.

    >>> story(Path("/var/lib/qaqpa/gate/journal.db"), "5f00aa10b2c3d4e5")      # doctest: +SKIP

The index says where the visit's entries are. Passwords are asked before there is a visit, by a device: they are sought
in what was recorded shortly before it, back to the end of the device's visit before. Must not know: who asks, what they
may see whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from journal.desk_entries import VisitorIdentified, VoucherRedeemed
from journal.entries import (
    AddressClaimed,
    Entry,
    PasswordAsked,
    PasswordDelivered,
    PasswordSent,
    PasswordUndelivered,
    PasswordWrong,
    VisitAway,
    VisitBegan,
    VisitEnded,
    VisitMoved,
    VisitResumed,
    VisitUsed,
    decode,
)
from journal.errors import JournalCorrupt
from journal.search import Look, with_any_index
from journal.visit import Visit
from journal.visits import Row, as_recorded, projection

Told = (
    PasswordAsked
    | PasswordSent
    | PasswordDelivered
    | PasswordUndelivered
    | PasswordWrong
    | VisitorIdentified
    | VoucherRedeemed
    | VisitBegan
    | VisitAway
    | VisitResumed
    | VisitMoved
    | AddressClaimed
    | VisitUsed
    | VisitEnded
)
"""What a story is made of."""

ASKED_WITHIN_MS = 3_600_000
"""How long before a visit its password can have been asked: an hour is the longest that one is valid."""
LOOKED_THROUGH = 50_000
"""Of so many entries before the visit's beginning at most: some 50 ms."""
RECEIPT_WITHIN = 5_000
"""Among so many entries after its beginning a receipt of its SMS is looked for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE = ("password_asked", "password_sent", "password_delivered", "password_undelivered", "password_wrong")
_REPORTS = ("password_sent", "password_delivered", "password_undelivered")


@dataclass(frozen=True)
class Happened:
    """One thing that happened."""

    seq: int
    at: datetime
    """UTC; of leaving and ending when the device left, not when that was noticed."""
    entry: Told


@dataclass(frozen=True)
class Story:
    """A visit and all that is recorded of it, in the order in which it was recorded."""

    visit: Visit
    happened: tuple[Happened, ...]


def story(path: Path, visit: str) -> Story | None:
    """The visit of this name; None: the journal has none, or no longer.

    Raises:
        JournalUnavailable, JournalCorrupt
    """
    return with_any_index(path, lambda look: _told(look, visit))


def _told(look: Look, name: str) -> Story | None:
    began = look.began(name)
    rows = look.entries_of(began)[0] if began is not None else []
    visits = [visit for visit in projection(look.path, rows, as_recorded) if visit.visit == name]
    if began is None or len(visits) != 1:
        return None
    before = _led_to_it(look, began, rows[0][1], visits[0].device)
    messages = {entry.message for _, _, _, _, entry in before if isinstance(entry, PasswordAsked)}
    after = _late_reports(look, began, visits[0].device, messages)
    return Story(visits[0], tuple(_happened(look.path, sorted([*before, *after, *rows], key=lambda row: row[0]))))


def _led_to_it(look: Look, began: int, began_utc_ms: int, device: str) -> list[Row]:
    """Entries about passwords of this device, since the end of its visit before."""
    found: list[Row] = []
    kinds = (*_BEFORE, "visit_began", "visit_ended")
    for row in _about(look, kinds, device, range(began - 1, began - 1 - LOOKED_THROUGH, -1)):
        if isinstance(row[4], VisitBegan | VisitEnded) or row[1] < began_utc_ms - ASKED_WITHIN_MS:
            break
        found.append(row)
    return found


def _late_reports(look: Look, began: int, device: str, messages: set[str]) -> list[Row]:
    """What became of its SMS, where that was heard when the visitor was in already."""
    return [
        row
        for row in _about(look, _REPORTS, device, range(began + 1, began + RECEIPT_WITHIN))
        if isinstance(row[4], PasswordSent | PasswordDelivered | PasswordUndelivered) and row[4].message in messages
    ]


def _about(look: Look, kinds: tuple[str, ...], device: str, numbers: range) -> Iterable[Row]:
    """Entries of these kinds about the device, in the order of ``numbers``, which may go downwards."""
    places = ", ".join("?" * len(kinds))
    # NOT INDEXED, and the device compared again below: what an entry says is read from the entry.
    query = (
        "SELECT seq, utc_ms, boot_id, boot_ms, body FROM entries NOT INDEXED "
        f"WHERE seq >= ? AND seq <= ? AND kind IN ({places}) AND instr(body, ?) > 0 "
        f"ORDER BY seq {'DESC' if numbers.step < 0 else ''}"
    )
    bounds = (min(numbers, default=0), max(numbers, default=0))
    for seq, utc_ms, boot_id, boot_ms, body in look.journal.execute(query, (*bounds, *kinds, device)):
        entry = _decoded(look.path, seq, body)
        if getattr(entry, "device", "") == device:
            yield seq, utc_ms, boot_id, boot_ms, entry


def _decoded(path: Path, seq: int, body: bytes) -> Entry:
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalCorrupt(path, f"entry {seq} cannot be understood: {error}") from error


def _happened(path: Path, rows: Iterable[Row]) -> Iterable[Happened]:
    for seq, utc_ms, _, _, entry in rows:
        if isinstance(entry, Told):
            at_ms = entry.left_utc_ms if isinstance(entry, VisitAway | VisitEnded) else utc_ms
            try:
                yield Happened(seq, _EPOCH + timedelta(milliseconds=at_ms), entry)
            except OverflowError as error:
                raise JournalCorrupt(path, f"entry {seq} holds an impossible time, {at_ms} ms") from error
