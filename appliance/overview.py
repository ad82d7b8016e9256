"""What staff may know of the whole venue: how many are here, which visits, who is kept out. The part of
``appliance.session`` for looking, so that nothing here changes anything.

Ten thousand visits are walked through once: their order is made of plain values, and only the page that is asked for
becomes lines. Must not know: who asks, what stands on a page.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, assert_never

from appliance import asking
from appliance.blocks import held_blocks
from appliance.console_events import BlocksLooked, VenueLooked, VisitsSought
from appliance.events import SpendingLooked, VisitsListed
from appliance.seeking import fits
from appliance.state import PasswordPending, Session, Visit
from appliance.status import in_the_way, live_visit, live_visits
from appliance.turn import Turn
from appliance.wire_console import FindVisits, FoundVisits, VenueNow, VisitSort

_FAR = 8
_Live = tuple[str, Visit]
_Key = Callable[[_Live], Any]
Overview = VisitsListed | SpendingLooked | VenueLooked | VisitsSought | BlocksLooked


def overview(turn: Turn, event: Overview) -> None:
    """The answer to a look at the venue."""
    session, now_boot_ms = turn.session, event.at.boot_ms
    match event:
        case VisitsListed():
            turn.answer(live_visits(session, now_boot_ms))
        case SpendingLooked(day=day):
            turn.answer(asking.figures(session, day, now_boot_ms))
        case VenueLooked(started_utc_ms=started_utc_ms):
            turn.answer(_venue(session, now_boot_ms, started_utc_ms))
        case VisitsSought(wanted=wanted):
            turn.answer(found_visits(session, wanted))
        case BlocksLooked():
            turn.answer(held_blocks(session))
        case _:
            assert_never(event)


def _venue(session: Session, now_boot_ms: int, started_utc_ms: int) -> VenueNow:
    online = away = asked = 0
    for state in session.devices.values():
        match state:
            case Visit():
                online += state.left_utc_ms is None
                away += state.left_utc_ms is not None
            case PasswordPending():
                asked += now_boot_ms < state.expires_boot_ms
            case _:
                assert_never(state)
    troubles = in_the_way(session, now_boot_ms)
    return VenueNow(online, away, asked, troubles, session.terms.is_open, started_utc_ms)


def found_visits(session: Session, wanted: FindVisits) -> FoundVisits:
    """The page of visits that is asked for. Of two alike the older comes first, whatever the order."""
    fit = fits(wanted.query, by_part=wanted.by_part) if wanted.query.strip() else None
    live = [
        (device, state)
        for device, state in session.devices.items()
        if isinstance(state, Visit) and (fit is None or fit(device, state.number, state.addresses))
    ]
    page = _first(live, _key(session, wanted), wanted.offset + wanted.limit, wanted.descending)[wanted.offset :]
    return FoundVisits(len(live), tuple(live_visit(session, device, state) for device, state in page))


def _first(live: list[_Live], key: _Key, count: int, descending: bool) -> list[_Live]:
    """The first so many of that order. Only a page that is far down is worth putting all in order: the other threads
    wait for the interpreter meanwhile."""
    if count > len(live) // _FAR:
        return sorted(live, key=key, reverse=descending)[:count]
    return heapq.nlargest(count, live, key) if descending else heapq.nsmallest(count, live, key)


def _key(session: Session, wanted: FindVisits) -> _Key:
    """By what is asked for, and then by age."""
    sign = -1 if wanted.descending else 1
    match wanted.sort:
        case VisitSort.BEGAN:
            return lambda each: each[1].began.utc_ms
        case VisitSort.NUMBER:
            return lambda each: (each[1].number, sign * each[1].began.utc_ms)
        case VisitSort.DEVICE:
            return lambda each: each[0]
        case VisitSort.USED:
            return lambda each: (session.usage(*each).total_bytes, sign * each[1].began.utc_ms)
        case _:
            assert_never(wanted.sort)
