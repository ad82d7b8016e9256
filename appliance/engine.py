"""The one thread that owns the truth: events in → ``session.step`` → effects out.

Everything that waits is taken as one batch, and its effects are performed in the order of law 2:

    1. Revoke               the gate is closed for those who left
    2. Record, Keep         one durable transaction for the whole batch (group commit)
    3. Admit                the gate is opened for those whose record is durable now
    4. SendPassword, Answer

When 1 or 2 fails, the session is again what it was before the batch: whoever asked is refused, what happened by itself
is tried again, and whom it closed out stays outside until that succeeded. Must not know: how a step decides.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol, assert_never

from appliance import wire
from appliance.effects import Admit, Answer, Effect, Keep, Record, Revoke, SendPassword
from appliance.events import DeviceLeft, DeviceMoved, Event, Looked, Moment, Started, Stopping, Tick, VisitsListed
from appliance.inbox import Happened, Item, Requested, Stop
from appliance.reception import Reception
from appliance.session import step
from appliance.state import Session
from firewall.errors import FirewallError
from journal.entries import Entry, Stamp
from journal.errors import JournalError

log = logging.getLogger(__name__)

BATCH = 256
BULK = 8
"""More departures than this at once are closed together."""
TICK_MS = 500
SYNC_MS = 5_000
RETRY_MS = 500
ALIVE_MS = 20_000
"""How often the journal learns that the gate is alive when nothing else happens: by so much may the end of a visit be
too early when the power fails."""


IPAddress = IPv4Address | IPv6Address


class Gate(Protocol):
    """The kernel's gate (``firewall.gate.Gate``)."""

    def setup(self) -> None: ...
    def sync(self, desired: Mapping[str, frozenset[IPAddress]]) -> object: ...
    def admit(self, mac: str, addresses: frozenset[IPAddress]) -> None: ...
    def revoke(self, mac: str, addresses: frozenset[IPAddress]) -> None: ...


class Journal(Protocol):
    """The one writer of the journal (``journal.store.Store``)."""

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int: ...


class Places(Protocol):
    """Where devices are (``firewall.presence.whereabouts``)."""

    def connected(self, port: str) -> bool: ...
    def lacks_lease(self, device: str) -> bool: ...
    def address_of(self, device: str) -> IPv4Address | None: ...


class Engine:
    """Owns the session; ``run`` is its thread, others only ``post``.

    Args:
        session: as ``state.restore`` gave it.
        boot_id: which boot ``clock``'s boot milliseconds count from.
        send: hands a password to the SMS process; must not block.
    """

    def __init__(
        self,
        session: Session,
        *,
        gate: Gate,
        journal: Journal,
        places: Places,
        reception: Reception,
        clock: Callable[[], Moment],
        boot_id: str,
        send: Callable[[SendPassword], None],
    ) -> None:
        self._session = session
        self._gate, self._journal, self._places = gate, journal, places
        self._reception, self._clock, self._boot_id, self._send = reception, clock, boot_id, send
        self._inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._untold: list[Event] = []
        """What happened but could not be recorded yet, oldest first."""
        self._shut: set[str] = set()
        """Addresses that were closed while the record of it is still owed."""
        self._tick_due_ms = self._sync_due_ms = self._alive_due_ms = 0

    def post(self, item: Item) -> None:
        """Take this into account; from any thread, never blocks."""
        self._inbox.put(item)

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
        self._gate.setup()
        self._gate.sync(_desired(session, self._shut))
        self._commit(now, effects)
        self._session = session

    def _gone_meanwhile(self, session: Session) -> list[tuple[str, str]]:
        """Who left while no gate was there to see it, with the proof; no later event would tell."""
        unplugged = [device for device, port in session.ports().items() if not self._places.connected(port)]
        released = [device for device in session.admitted() if self._places.lacks_lease(device)]
        return [*((device, "port") for device in unplugged), *((device, "lease") for device in released)]

    def run(self) -> None:
        """Serve until ``Stop`` is posted."""
        while self.turn():
            pass

    def turn(self) -> bool:
        """Wait for something to do, at most until the next tick, and do it; False after ``Stop``."""
        return self._take(self._gather())

    def _gather(self) -> list[Item]:
        """All that waits, at most BATCH; for the first of it, wait until the next tick is due."""
        wait_ms = min(TICK_MS, self._tick_due_ms - self._clock().boot_ms)
        try:
            items = [self._inbox.get(timeout=max(0.001, wait_ms / 1000))]
        except queue.Empty:
            return []
        while len(items) < BATCH:
            try:
                items.append(self._inbox.get_nowait())
            except queue.Empty:
                break
        return items

    def _take(self, items: list[Item]) -> bool:
        """Take one batch; False when it was the last."""
        before, now = self._session, self._clock()
        happened = self._untold + [item.event for item in items if isinstance(item, Happened)]
        requests = [item for item in items if isinstance(item, Requested)]
        stopping = any(isinstance(item, Stop) for item in items)

        # What brings nothing about (sightings of strangers) is not worth repeating if this batch cannot be recorded.
        told = [(event, self._step(event)) for event in happened]
        effects = [effect for _, brought in told for effect in brought]
        happened = [event for event, brought in told if brought]
        if now.boot_ms >= self._tick_due_ms:
            self._tick_due_ms = now.boot_ms + TICK_MS
            effects += self._step(Tick(now)) + self._follow_leases(now)
        replies: list[tuple[Requested, wire.Reply]] = []
        for request in requests:
            reply, more = self._ask(request)
            replies.append((request, reply))
            effects += more
        if stopping:
            effects += self._step(Stopping(now))

        if self._perform(now, before, effects):
            self._untold = []
        else:
            self._session, self._untold = before, happened
            replies = [(request, self._without_journal(request)) for request in requests]
        if now.boot_ms >= self._sync_due_ms:
            self._sync_due_ms = now.boot_ms + SYNC_MS
            self._kernel(lambda: self._gate.sync(_desired(self._session, self._shut)))
        for request, reply in replies:
            request.answer(reply)
        return not stopping

    def _step(self, event: Event) -> list[Effect]:
        self._session, effects = step(self._session, event)
        return effects

    def _ask(self, item: Requested) -> tuple[wire.Reply, list[Effect]]:
        understood = self._reception.understand(item.request, item.role, self._session)
        if isinstance(understood, wire.Refused):
            return understood, []
        effects = self._step(understood)
        (reply,) = [effect.reply for effect in effects if isinstance(effect, Answer)]
        return reply, effects

    def _without_journal(self, item: Requested) -> wire.Reply:
        """Only what changes nothing is answered while nothing can be recorded."""
        understood = self._reception.understand(item.request, item.role, self._session)
        if isinstance(understood, Looked | VisitsListed):
            _, effects = step(self._session, understood)
            return next(effect.reply for effect in effects if isinstance(effect, Answer))
        return understood if isinstance(understood, wire.Refused) else wire.Refused(wire.Refusal.JOURNAL_UNAVAILABLE)

    def _follow_leases(self, now: Moment) -> list[Effect]:
        """DHCP may have given a device that is online another address."""
        effects: list[Effect] = []
        for device, addresses in self._session.admitted().items():
            address = self._places.address_of(device)
            if address is not None and str(address) not in addresses:
                effects += self._step(DeviceMoved(now, device, str(address)))
        return effects

    # ── law 2 ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _perform(self, now: Moment, before: Session, effects: list[Effect]) -> bool:
        """Close, record, open, send; False if closing or recording failed: then nothing was opened or sent."""
        revokes = [effect for effect in effects if isinstance(effect, Revoke)]
        self._shut.update(address for effect in revokes for address in effect.addresses)
        if not self._close(before, revokes):
            return False
        try:
            self._commit(now, effects)
        except JournalError as error:
            log.error("nothing can be recorded, so nobody is admitted: %s", error)
            return False
        self._shut.clear()
        for position, effect in enumerate(effects):
            match effect:
                case Admit():
                    # A batch may open and close the same address: the last word counts.
                    closed_later = {a for e in effects[position:] if isinstance(e, Revoke) for a in e.addresses}
                    self._admit(effect.device, [a for a in effect.addresses if a not in closed_later])
                case SendPassword():
                    self._send(effect)
                case Record() | Keep() | Revoke() | Answer():
                    pass
                case _:
                    assert_never(effect)
        return True

    def _commit(self, now: Moment, effects: list[Effect]) -> None:
        stamp = Stamp(now.utc_ms, self._boot_id, now.boot_ms)
        records = [(stamp, effect.entry) for effect in effects if isinstance(effect, Record)]
        kept = {effect.key: effect.value for effect in effects if isinstance(effect, Keep)}
        if records or kept or now.boot_ms >= self._alive_due_ms:
            self._journal.append(records, {**kept, ALIVE: f"{self._boot_id} {now.utc_ms}".encode()})
            self._alive_due_ms = now.boot_ms + ALIVE_MS

    def _admit(self, device: str, addresses: Sequence[str]) -> None:
        if addresses:
            self._kernel(lambda: self._gate.admit(device, _addresses(addresses)))

    def _close(self, before: Session, revokes: list[Revoke]) -> bool:
        if len(revokes) > BULK:
            # A switch full of visitors was unplugged: once for all is quicker than one by one. As things stood before
            # this batch, since whom the batch admits has no record yet.
            return self._kernel(lambda: self._gate.sync(_desired(before, self._shut)))
        closed = True
        for effect in revokes:
            closed &= self._revoke(effect)
        return closed

    def _revoke(self, effect: Revoke) -> bool:
        return self._kernel(lambda: self._gate.revoke(effect.device, _addresses(effect.addresses)))

    def _kernel(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except FirewallError as error:
            log.error("%s", error)
            # The kernel is a projection (law 4): the next sync mends it, soon, yet not in every turn if it cannot.
            self._sync_due_ms = min(self._sync_due_ms, self._clock().boot_ms + RETRY_MS)
            return False
        return True


ALIVE = "alive"
"""Under which key a gate keeps when it was last surely alive: "BOOT_ID UTC_MS"."""


def last_alive(kept: Mapping[str, bytes]) -> tuple[str, int]:
    """The boot in which the last gate was alive, and when (UTC milliseconds); ("", 0) if there was none."""
    boot_id, _, utc_ms = kept.get(ALIVE, b"").decode().partition(" ")
    return (boot_id, int(utc_ms)) if utc_ms.isdigit() else ("", 0)


def _desired(session: Session, shut: set[str]) -> dict[str, frozenset[IPAddress]]:
    return {
        mac: _addresses(open_)
        for mac, addresses in session.admitted().items()
        if (open_ := [address for address in addresses if address not in shut])
    }


def _addresses(texts: Sequence[str]) -> frozenset[IPAddress]:
    return frozenset(ip_address(text) for text in texts)
