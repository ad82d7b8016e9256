"""The one thread that owns the truth: events in → ``session.step`` → effects out.

Everything that waits is taken as one batch, whose effects ``appliance.performer`` performs. If it cannot, the session
is again what it was before the batch: whoever asked is refused, and what happened by itself is tried again. Must not
know: how a step decides.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Protocol

from appliance import wire
from appliance.closings import Closing
from appliance.effects import Admit, Answer, Effect, Record, SendPassword
from appliance.events import (
    Closed,
    Counted,
    DeviceLeft,
    DeviceMoved,
    DeviceSeen,
    Event,
    Looked,
    Moment,
    Started,
    Stopping,
    Tick,
    TroubleTold,
)
from appliance.inbox import Happened, Item, Requested, Role, Stop, can_wait
from appliance.lookout import Lookout
from appliance.looks import CHANGES_NOTHING, IN_MEMORY, looked_at, looks_only
from appliance.performer import Performer
from appliance.reception import Answered, Reception
from appliance.session import step
from appliance.state import Session, Visit

log = logging.getLogger(__name__)

BATCH = 256
TICK_MS = 500
PATIENCE_MS = 100
"""How long what nobody waits for is held back for something that goes to the journal too: a transaction costs a crowd
more than all the rest of the gate, and half of what its arrival writes is what became of its SMS."""


class Places(Protocol):
    """Where devices are (``firewall.presence.whereabouts``)."""

    def connected(self, port: str) -> bool: ...
    def lacks_lease(self, device: str) -> bool: ...
    def address_of(self, device: str) -> IPv4Address | None: ...
    def newly_given(self) -> set[str]: ...


class Engine:
    """Owns the session; ``run`` is its thread, others only ``post``.

    Args:
        session: as ``kept.restore`` gave it.
        clock: the moment now.
    """

    def __init__(
        self,
        session: Session,
        *,
        performer: Performer,
        places: Places,
        reception: Reception,
        lookout: Lookout,
        clock: Callable[[], Moment],
    ) -> None:
        self._session = self._recorded = session
        self._performer = performer
        self._places, self._reception, self._lookout, self._clock = places, reception, lookout, clock
        self._inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._untold: list[Event] = []
        """What happened but could not be recorded yet, oldest first."""
        self._shut_out: frozenset[str] = frozenset()
        """Whom that has closed out already: by what is recorded they would be online."""
        self._readdressed: set[str] = set()
        """Whose address by DHCP is still to be compared with its visit's."""
        self._tick_due_ms = 0

    def post(self, item: Item) -> None:
        """Take this into account; from any thread, never blocks."""
        self._inbox.put(item)

    def look(self, request: wire.Request, role: Role) -> wire.Reply | None:
        """The answer to a look, as of what is recorded; None: the request is to be posted. From any thread.

        Most of what is asked is where a device stands, and a session never changes: a crowd that loads its pages need
        not wait for who is admitted meanwhile, nor they for the crowd.
        """
        session = self._recorded
        if not looks_only(request):
            return None
        understood = self._reception.understand(request, role, session)
        if isinstance(understood, Answered):
            return understood
        return self._not_online(understood) or looked_at(session, understood)

    def start(self, version: str, same_boot: bool, alive_utc_ms: int) -> None:
        """Bring kernel and journal to what the session says, before anybody is served.

        Raises:
            FirewallError, JournalError: nothing was opened; whoever starts us tries again.
        """
        now = self._clock()
        session, effects = step(self._session, Started(now, version, same_boot, alive_utc_ms))
        for device, proof in self._gone_meanwhile(session):
            session, more = step(session, DeviceLeft(now, device, proof, left_utc_ms=alive_utc_ms))
            effects += more
        self._session = session
        self._performer.record(now, self._with_usage(self._performer.start(session, effects), effects))
        self._recorded = self._session
        self._lookout.resume(now, self._session, alive_utc_ms)

    def _gone_meanwhile(self, session: Session) -> list[tuple[str, str]]:
        """Who left while no gate was there to see it, with the proof; no later event would tell."""
        unplugged = [device for device, port in session.ports().items() if not self._places.connected(port)]
        released = [device for device in session.admitted() if self._places.lacks_lease(device)]
        return [*((device, "port") for device in unplugged), *((device, "lease") for device in released)]

    def run(self, works: Callable[[], None]) -> None:
        """Serve until ``Stop`` is posted; ``works`` is called after each turn, at least twice a second."""
        while self.turn():
            works()

    def turn(self) -> bool:
        """Wait for something to do, at most until the next tick, and do it; False after ``Stop``."""
        return self._take(self._gather())

    def _gather(self) -> list[Item]:
        """All that waits, at most BATCH; for the first of it, wait until the next tick is due."""
        now_ms = self._clock().boot_ms
        try:
            items = [self._inbox.get(timeout=max(0.001, min(TICK_MS, self._tick_due_ms - now_ms) / 1000))]
        except queue.Empty:
            return []
        held_until_ms = self._clock().boot_ms + PATIENCE_MS
        waits = can_wait(items[0])
        while len(items) < BATCH:
            wait_ms = held_until_ms - self._clock().boot_ms if waits else 0
            try:
                items.append(self._inbox.get(timeout=max(0, wait_ms) / 1000))
            except queue.Empty:
                break
            waits = waits and can_wait(items[-1])
        return items

    def _take(self, items: list[Item]) -> bool:
        """Take one batch; False when it was the last."""
        now = self._clock()
        self._lookout.notice(items)
        told_of = [item.event for item in items if isinstance(item, Happened)]
        for event in told_of:
            if isinstance(event, TroubleTold):  # true whether this batch can be recorded or not
                self._step(event)
        before = self._session
        tick = now.boot_ms >= self._tick_due_ms
        news = (self._lookout.dated(event) for event in told_of if not isinstance(event, TroubleTold))
        happened = [*self._untold, *news]
        if tick:
            happened += self._lookout.silent(now, before)
        requests = [item for item in items if isinstance(item, Requested)]
        stopping = any(isinstance(item, Stop) for item in items)

        # What brings nothing about (sightings of strangers) is not worth repeating if this batch cannot be recorded,
        # nor is a reading of counters: the next one says more.
        told = [(event, self._step(event)) for event in happened]
        effects = [effect for _, brought in told for effect in brought]
        happened = _to_repeat(told)
        followed: set[str] = set()
        if tick:
            self._tick_due_ms = now.boot_ms + TICK_MS
            effects += self._step(Tick(now)) + self._follow_leases(now)
            followed = self._readdressed
        replies: list[tuple[Requested, wire.Reply]] = []
        # Closing makes the kernel forget whose address it was: nothing is understood again afterwards.
        asked: list[tuple[Requested, Event | Answered]] = []
        for request in requests:
            understood, reply, more = self._ask(request)
            asked.append((request, understood))
            replies.append((request, reply))
            effects += more
        if stopping:
            effects += self._step(Stopping(now))

        closings = self._performer.close(now, before, effects)
        if closings is not None and self._performer.perform(now, self._with_usage(closings, effects)):
            self._untold, self._shut_out = [], frozenset()
            replies = [(item, self._reception.answered(item.request, reply)) for item, reply in replies]
            # Who was just admitted too: its address may be older than its lease.
            self._readdressed = (self._readdressed - followed) | {e.device for e in effects if isinstance(e, Admit)}
            self._judge_journal(now)
        else:
            self._session, self._untold = before, happened
            self._shut_out = self._performer.shut_out(before)
            self._judge_journal(now)
            replies = [(request, self._without_journal(understood)) for request, understood in asked]
        self._recorded = self._session
        self._lookout.follow(now, self._session, effects)
        for request, reply in replies:
            request.answer(reply)
        self._performer.sync(now, self._session)  # when nobody waits for it
        return not stopping

    def _judge_journal(self, now: Moment) -> None:
        if self._performer.writable == (wire.Trouble.JOURNAL in self._session.troubles):
            self._step(TroubleTold(now, wire.Trouble.JOURNAL, present=not self._performer.writable))

    def _step(self, event: Event) -> list[Effect]:
        self._session, effects = step(self._session, event)
        return effects

    def _with_usage(self, closings: Sequence[Closing], effects: list[Effect]) -> list[Effect]:
        """The batch's effects with what its closings told. The journal has it before the end that it belongs to; what
        is kept is the later state."""
        at = self._clock()
        told = [effect for closing in closings for effect in self._step(Closed(at, *closing))]
        records = [effect for effect in told if isinstance(effect, Record)]
        return [*records, *effects, *(effect for effect in told if not isinstance(effect, Record))]

    def admitted(self) -> dict[str, tuple[str, ...]]:
        """Who is admitted under which addresses; from any thread, since a session never changes."""
        return self._session.admitted()

    def running(self) -> frozenset[str]:
        """The visits that are not over; from any thread."""
        return frozenset(state.visit for state in self._session.devices.values() if isinstance(state, Visit))

    def _ask(self, item: Requested) -> tuple[Event | Answered, wire.Reply, list[Effect]]:
        understood = self._reception.understand(item.request, item.role, self._session)
        if isinstance(understood, Answered):
            return understood, understood, []
        before = self._session
        effects = self._step(understood)
        if not self._performer.has_room and any(isinstance(effect, Admit | SendPassword) for effect in effects):
            # What room is left is for closing and recording those who are online.
            self._session = before
            return understood, wire.Refused(wire.Refusal.JOURNAL_UNAVAILABLE), []
        (reply,) = [effect.reply for effect in effects if isinstance(effect, Answer)]
        return understood, reply, effects

    def _not_online(self, look: Event) -> wire.Reply | None:
        """To a device that was closed while the record of it is owed: by what is recorded it would be online."""
        shut = isinstance(look, Looked) and look.device in self._shut_out
        return wire.Refused(wire.Refusal.JOURNAL_UNAVAILABLE) if shut else None

    def _without_journal(self, understood: Event | Answered) -> wire.Reply:
        """Only what changes nothing that is recorded is answered while nothing can be."""
        if isinstance(understood, CHANGES_NOTHING):
            if reply := self._not_online(understood):
                return reply
            _, effects = step(self._session, understood)
            return next(effect.reply for effect in effects if isinstance(effect, Answer))
        if isinstance(understood, IN_MEMORY):
            return next(effect.reply for effect in self._step(understood) if isinstance(effect, Answer))
        if isinstance(understood, Answered):
            return understood
        return wire.Refused(wire.Refusal.JOURNAL_UNAVAILABLE)

    def _follow_leases(self, now: Moment) -> list[Effect]:
        """DHCP may have given a device that is online another address, or its address to another device."""
        effects: list[Effect] = []
        self._readdressed |= self._places.newly_given()
        places = ((device, self._places.address_of(device)) for device in self._readdressed)
        given = {str(address): device for device, address in places if address}
        for holder, visit in self._session.online_visits().items() if given else ():
            # Bound to the one, the address would be of use to neither: answers to the other would go astray.
            if any(given[address] != holder for address in given.keys() & visit.addresses):
                effects += self._step(DeviceMoved(now, holder, ""))
        for address, device in given.items():
            state = self._session.devices.get(device)
            if isinstance(state, Visit) and state.online and address not in state.addresses:
                effects += self._step(DeviceMoved(now, device, address))
        return effects


def _to_repeat(told: Sequence[tuple[Event, list[Effect]]]) -> list[Event]:
    """What is told again if its batch cannot be recorded. Where a device is, the last sighting says: a forged address
    wanders between two ports a thousand times a second."""
    last = {event.device: event for event, brought in told if isinstance(event, DeviceSeen) and brought}
    return [
        event
        for event, brought in told
        if brought
        and not isinstance(event, Counted)
        and (
            not isinstance(event, DeviceSeen)
            or last[event.device] is event
            or any(isinstance(effect, Record) for effect in brought)
        )
    ]
