"""What staff does for a visitor, as far as the session is concerned: ¶10's identity document, pairing codes.

A wrong code costs nothing, but an employee who types too many waits: whoever broke into the console must not walk
through the codes of a full venue. Must not know: what a document looks like, how a device is found.
"""

from __future__ import annotations

from msgspec.structs import replace

from appliance import allowances
from appliance.admission import admitted
from appliance.allowances import Limit
from appliance.blocks import barred
from appliance.desk_events import CodeWrong, DeviceLooked, DocumentShown
from appliance.leaving import left_utc_ms
from appliance.state import Session, Visit
from appliance.status import status
from appliance.turn import Turn
from appliance.wire import Refusal
from appliance.wire_desk import DeskRefusal, DeskRefused, Doubt, Found
from journal import entries

WRONG_CODES = Limit(30, 600)
"""Of one employee; 244 million codes, of which at most 10,000 count: one guess in 24,000 hits."""
MOST_STAFF = 200
"""So many names are counted apart; more cannot be employees."""


def found(session: Session, device: str, now_boot_ms: int, doubts: tuple[Doubt, ...] = ()) -> Found:
    """Where the device stands, as staff may know."""
    told = status(session, device, now_boot_ms)
    return Found(
        device,
        told.phase,
        number=told.number,
        tries_left=told.tries_left,
        expires_in_s=told.expires_in_s,
        method=told.method,
        doubts=doubts,
    )


def device_looked(turn: Turn, event: DeviceLooked) -> None:
    """Staff looks at a device before anything is asked for it."""
    turn.answer(found(turn.session, event.device, event.at.boot_ms))


def document_shown(turn: Turn, event: DocumentShown) -> None:
    """¶10: who was shown and that the visit began is one record, and only then the gate opens (law 2)."""
    state = turn.session.devices.get(event.device)
    if isinstance(state, Visit) and state.online:
        return turn.refuse(Refusal.ALREADY_ONLINE)
    if kept_out := barred(turn, event.device):
        return turn.answer(kept_out)
    if event.port is None:
        return turn.answer(DeskRefused(DeskRefusal.NOBODY_THERE))
    if isinstance(state, Visit):  # away: somebody else may sit there now
        turn.end(event.device, state, left_utc_ms(state, event), state.left_proof)
    person = event.person
    identified = entries.VisitorIdentified(
        visit=event.visit,
        device=event.device,
        surname=person.surname,
        given_name=person.given_name,
        patronymic=person.patronymic,
        document_kind=person.document_kind,
        document_number=person.document_number,
        iin=person.iin,
        birth_date=person.birth_date,
        workstation=event.workstation,
        staff=event.staff,
    )
    if event.device in turn.session.endings:
        turn.put_ending(event.device, None)
    admitted(turn, event, event.port, "document", staff=event.staff, also=identified)
    turn.answer(found(turn.session, event.device, event.at.boot_ms, event.doubts))


def too_many_codes(session: Session, staff: str, now_boot_ms: int) -> DeskRefused | None:
    """Why this employee may type no code just now; None: they may."""
    times = session.wrong_codes.get(staff, ())
    if staff not in session.wrong_codes and len(session.wrong_codes) >= MOST_STAFF:
        return DeskRefused(DeskRefusal.TOO_MANY_CODES, retry_in_s=WRONG_CODES.window_s)
    wait_s = allowances.retry_in_s(times, WRONG_CODES, now_boot_ms)
    return DeskRefused(DeskRefusal.TOO_MANY_CODES, retry_in_s=wait_s) if wait_s else None


def code_wrong(turn: Turn, event: CodeWrong) -> None:
    """Counted; the one that makes too many is recorded."""
    now = event.at.boot_ms
    times = (*allowances.within(turn.session.wrong_codes.get(event.staff, ()), WRONG_CODES, now), now)
    turn.session = replace(turn.session, wrong_codes=turn.session.wrong_codes.set(event.staff, times))
    if len(times) == WRONG_CODES.count:
        turn.record(entries.DeskFailed(what="code", staff=event.staff, device="", tries=len(times)))
    turn.answer(DeskRefused(DeskRefusal.CODE_UNKNOWN))


def forget_wrong_codes(turn: Turn) -> None:
    """Time has passed: what no longer counts takes no room."""
    for staff, times in turn.session.wrong_codes.items():
        if times[-1] <= turn.at.boot_ms - WRONG_CODES.window_s * 1000:
            turn.session = replace(turn.session, wrong_codes=turn.session.wrong_codes.delete(staff))
