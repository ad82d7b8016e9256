"""How a visit comes to its end while it runs: by evidence, by its visitor's own word, by staff. The part of
``appliance.session`` for that. Must not know: which source saw it, who may ask.
"""

from __future__ import annotations

from msgspec.structs import replace

from appliance.events import DeviceLeft, EndAsked, Event, LeaveAsked
from appliance.state import Visit
from appliance.status import status
from appliance.turn import Turn
from appliance.usage import ended
from appliance.wire import Done, Ended, Refusal
from journal import entries


def device_left(turn: Turn, event: DeviceLeft) -> None:
    """¶8: closed at once; within the grace it may come back as if it had never been gone."""
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit) or not state.online:
        return
    if turn.session.terms.grace_s == 0 or event.final:
        return turn.end(event.device, state, event.left_utc_ms, event.proof)
    turn.shut(event.device, state, state.addresses)
    turn.record(entries.VisitAway(state.visit, event.device, event.left_utc_ms, event.proof))
    ends_ms = turn.session.grace_ends_boot_ms(state, event.at.boot_ms)
    away = replace(state, left_utc_ms=event.left_utc_ms, left_proof=event.proof, grace_ends_boot_ms=ends_ms)
    turn.put(event.device, away)


def leave_asked(turn: Turn, event: LeaveAsked) -> None:
    """The visitor's button is a device's leaving without grace; a second tap on it changes nothing."""
    state, ending = turn.session.devices.get(event.device), turn.session.endings.get(event.device)
    if isinstance(state, Visit):
        ended(turn, event.device, state, left_utc_ms(state, event), Ended.VISITOR)
    elif state is not None or ending is None or ending.why is not Ended.VISITOR:
        return turn.refuse(Refusal.NO_SUCH_VISIT)
    turn.answer(status(turn.session, event.device, event.at.boot_ms))


def end_asked(turn: Turn, event: EndAsked) -> None:
    """The staff's word is as good as leaving, without grace."""
    state = turn.session.devices.get(event.device)
    if not isinstance(state, Visit):
        return turn.refuse(Refusal.NO_SUCH_VISIT)
    ended(turn, event.device, state, left_utc_ms(state, event), Ended.STAFF, staff=event.staff)
    turn.answer(Done())


def left_utc_ms(visit: Visit, event: Event) -> int:
    """When the device left: as proved earlier, else now."""
    return event.at.utc_ms if visit.left_utc_ms is None else visit.left_utc_ms
