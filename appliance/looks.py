"""Which requests only look, and what an event may bring about while nothing can be recorded.

    looks_only(FindVisits())    → True: answered in the server's thread, as of what is recorded
    slow(FindVisits())          → True: yet in a thread of its own, since all other peers would wait for it

Must not know: threads, sockets, what the answers are.
"""

from __future__ import annotations

from appliance import wire
from appliance.console_events import BlocksLooked, VenueLooked, VisitsSought
from appliance.desk_events import CodeWrong, DeviceLooked, VouchersLooked
from appliance.effects import Answer
from appliance.events import CodeAsked, Event, LanguageChosen, Looked, SpendingLooked, VisitsListed
from appliance.session import step
from appliance.state import Session
from appliance.wire_console import FindVisits, ListBlocks, LookAtFigures, LookAtVenue

CHANGES_NOTHING = (
    Looked | VisitsListed | SpendingLooked | DeviceLooked | VouchersLooked | VenueLooked | VisitsSought | BlocksLooked
)
"""Answered also while nothing can be recorded."""
IN_MEMORY = LanguageChosen | CodeAsked | CodeWrong
"""Then too, and remembered."""
_LOOKS = wire.Look | wire.LookAtSpending | LookAtVenue | FindVisits | ListBlocks | LookAtFigures
_SLOW = wire.LookAtSpending | LookAtVenue | FindVisits | ListBlocks


def looks_only(request: wire.Request) -> bool:
    """Whether the owner thread need not be asked."""
    return isinstance(request, _LOOKS)


def slow(request: wire.Request) -> bool:
    """Whether the answer costs with the number of visits, or nearly."""
    return isinstance(request, _SLOW)


def looked_at(session: Session, event: Event) -> wire.Reply | None:
    """The answer that the event is; None: it changes something after all."""
    after, effects = step(session, event)
    match effects:
        case [Answer(reply=reply)] if after is session:
            return reply
        case _:
            return None
