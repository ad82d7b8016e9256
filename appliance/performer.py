"""The session's effects on kernel, journal and SMS, in the order of law 2:

    1. Revoke               the gate is closed for those who left, and what they used is read (the engine steps that)
    2. Record, Keep         one durable transaction for the whole batch (group commit)
    3. Admit, SendPassword  the gate is opened for whom the record is durable now (Answer is the engine's, after this)

When 1 or 2 fails nothing is opened or sent, and whom it closed out stays outside until a later batch succeeded; what
they had used is told again. Must not know: how a step decides, who asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol, assert_never

from appliance.closings import Closing, Closings, Counters
from appliance.effects import Admit, Answer, Effect, Keep, Record, Revoke, SendPassword
from appliance.events import Moment
from appliance.state import Session, is_ipv6
from firewall.errors import FirewallError
from journal.entries import Entry, Stamp
from journal.errors import JournalError

log = logging.getLogger(__name__)

BULK = 8
"""More departures than this at once are closed together."""
LOOK_MS = 500
"""How often a part of the kernel is looked at; the gate has eight, so that each is seen every four seconds."""
SYNC_MS = 60_000
"""How often kernel and session are compared as a whole, though nobody found a difference."""
RETRY_MS = 500
REWRITE_MS = 2_000
"""How often a journal that cannot be written is tried, though nothing happens."""
ALIVE_MS = 20_000
"""How often the journal learns that the gate is alive when nothing else happens: by so much may the end of a visit be
too early when the power fails."""

IPAddress = IPv4Address | IPv6Address


class Gate(Protocol):
    """The kernel's gate (``firewall.gate.Gate``)."""

    def setup(self) -> None: ...
    def sync(self, desired: Mapping[str, frozenset[IPAddress]]) -> object: ...
    def as_left(self) -> bool: ...
    def admit(self, mac: str, addresses: frozenset[IPAddress]) -> None: ...
    def revoke(self, mac: str, addresses: frozenset[IPAddress]) -> None: ...


class Journal(Protocol):
    """The one writer of the journal (``appliance.bookkeeper.Bookkeeper``)."""

    def append(self, entries: Sequence[tuple[Stamp, Entry]], kept: Mapping[str, bytes | None]) -> int: ...
    @property
    def has_room(self) -> bool: ...


class Performer:
    """For the engine's thread.

    Args:
        boot_id: which boot the moments' boot milliseconds count from.
        send: hands a password to the SMS process; must not block.
    """

    def __init__(
        self, gate: Gate, counters: Counters, journal: Journal, boot_id: str, send: Callable[[SendPassword], None]
    ) -> None:
        self._gate, self._journal, self._boot_id, self._send = gate, journal, boot_id, send
        self._closings = Closings(counters)
        self._shut: set[tuple[str, str]] = set()
        """Devices and addresses that were closed while the record of it is still owed. An address may be another
        device's by now, for whom it stays open."""
        self._sync_due_ms = self._look_due_ms = self._alive_due_ms = 0
        self._wrote = True
        self._read: dict[str, tuple[tuple[str, ...], frozenset[IPAddress]]] = {}
        """The addresses of each device as text, and read: ten thousand are not read anew at each sync."""

    def start(self, session: Session, effects: list[Effect]) -> list[Closing]:
        """Bring the kernel to what the session says, and tell what was used of what ends; ``record`` is to follow.

        Raises:
            FirewallError: nothing was opened; whoever starts us tries again.
        """
        self._gate.setup()
        closings = self._closings.found(session, [effect for effect in effects if isinstance(effect, Revoke)])
        self._gate.sync(self._desired(session))
        return closings

    def record(self, now: Moment, effects: list[Effect]) -> None:
        """Record what the start means, then hand over the SMS that the last gate may not have.

        Raises:
            JournalError: nothing was recorded or handed over; whoever starts us tries again.
        """
        self._commit(now, effects)
        for effect in effects:
            if isinstance(effect, SendPassword):
                self._send(effect)

    def sync(self, now: Moment, session: Session) -> None:
        """Make the kernel match the session, if that is due or the kernel is not as it was left (law 4).

        A whole sync takes a tenth of a second with ten thousand admitted, and meanwhile nobody is answered: so the
        kernel is looked at part by part, and synced when it is worth it.
        """
        if now.boot_ms >= self._look_due_ms:
            self._look_due_ms = now.boot_ms + LOOK_MS
            self._kernel(now, lambda: self._look(now))
        if now.boot_ms >= self._sync_due_ms:
            self._sync_due_ms = now.boot_ms + SYNC_MS
            self._kernel(now, lambda: self._gate.sync(self._desired(session)))

    def _look(self, now: Moment) -> None:
        if not self._gate.as_left():
            log.warning("the kernel is not as the gate left it: repairing")
            self._sync_due_ms = now.boot_ms

    @property
    def has_room(self) -> bool:
        """Whether the journal has room for anybody new."""
        return self._journal.has_room

    @property
    def writable(self) -> bool:
        """Whether somebody new can be recorded: the journal took what it was last given, and has room."""
        return self._wrote and self._journal.has_room

    def shut_out(self, session: Session) -> frozenset[str]:
        """Whom the session calls admitted, and nothing of whom passes: they were closed and the record is owed."""
        shut = {device for device, _ in self._shut}
        return frozenset(
            mac
            for mac, addresses in session.admitted().items()
            if mac in shut and all((mac, text) in self._shut for text in addresses)
        )

    def close(self, now: Moment, before: Session, effects: list[Effect]) -> list[Closing] | None:
        """Close, and tell what was used until then; None if closing failed: then nothing may be recorded or opened."""
        revokes = [effect for effect in effects if isinstance(effect, Revoke)]
        self._shut |= _closed(revokes)
        closed = self._close(now, before, revokes)
        return self._closings.owed() if closed else None

    def perform(self, now: Moment, effects: list[Effect]) -> bool:
        """Record, open, send; False if recording failed: then nothing was opened or sent."""
        try:
            self._commit(now, effects)
        except JournalError as error:
            log.error("nothing can be recorded, so nobody is admitted: %s", error)
            self._wrote = False
            self._alive_due_ms = min(self._alive_due_ms, now.boot_ms + REWRITE_MS)
            return False
        if self._shut - _closed(effects):
            self._sync_due_ms = now.boot_ms  # who was closed in vain, because it could not be recorded, is opened again
        self._shut.clear()
        self._closings.recorded()
        last_closed = {
            (effect.device, text): position
            for position, effect in enumerate(effects)
            if isinstance(effect, Revoke)
            for text in effect.addresses
        }
        for position, effect in enumerate(effects):
            match effect:
                case Admit():
                    # A batch may open and close the same address of a device: the last word counts.
                    own = [a for a in effect.addresses if last_closed.get((effect.device, a), -1) < position]
                    self._admit(now, effect.device, own)
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
            self._wrote = True

    def _admit(self, now: Moment, device: str, addresses: Sequence[str]) -> None:
        if addresses:
            self._kernel(now, lambda: self._gate.admit(device, _addresses(addresses)))

    def _close(self, now: Moment, before: Session, revokes: list[Revoke]) -> bool:
        read = self._closings.read(revokes)
        if len(revokes) > BULK:
            # A switch full of visitors was unplugged: once for all is quicker than one by one. As things stood before
            # this batch, since whom the batch admits has no record yet.
            closed = [self._kernel(now, lambda: self._gate.sync(self._desired(before)))] * len(revokes)
        else:
            closed = [self._revoke(now, effect) for effect in revokes]
        # Whoever is not closed counts on, and is read again when it is.
        self._closings.owe(closing for closing, done in zip(read, closed, strict=True) if done and closing)
        return all(closed)

    def _revoke(self, now: Moment, effect: Revoke) -> bool:
        return self._kernel(now, lambda: self._gate.revoke(effect.device, _addresses(effect.addresses)))

    def _desired(self, session: Session) -> dict[str, frozenset[IPAddress]]:
        before, self._read = self._read, {}
        for mac, addresses in session.admitted().items():
            known = before.get(mac)
            self._read[mac] = known if known and known[0] == addresses else (addresses, _addresses(addresses))
        shut = {device for device, _ in self._shut}
        open_ = {
            mac: _addresses([text for text in texts if (mac, text) not in self._shut]) if mac in shut else read
            for mac, (texts, read) in self._read.items()
        }
        return {mac: addresses for mac, addresses in open_.items() if addresses}

    def _kernel(self, now: Moment, act: Callable[[], object]) -> bool:
        try:
            act()
        except FirewallError as error:
            log.error("%s", error)
            # The kernel is a projection (law 4): the next sync mends it, soon, yet not in every turn if it cannot.
            self._sync_due_ms = min(self._sync_due_ms, now.boot_ms + RETRY_MS)
            return False
        return True


ALIVE = "alive"
"""Under which key a gate keeps when it was last surely alive: "BOOT_ID UTC_MS"."""


def last_alive(kept: Mapping[str, bytes]) -> tuple[str, int]:
    """The boot in which the last gate was alive, and when (UTC milliseconds); ("", 0) if there was none."""
    boot_id, _, utc_ms = kept.get(ALIVE, b"").decode().partition(" ")
    return (boot_id, int(utc_ms)) if utc_ms.isdigit() else ("", 0)


def _closed(effects: Sequence[Effect]) -> set[tuple[str, str]]:
    """Which devices are closed out, under which addresses."""
    return {(effect.device, text) for effect in effects if isinstance(effect, Revoke) for text in effect.addresses}


def _addresses(texts: Sequence[str]) -> frozenset[IPAddress]:
    # ip_address would try IPv4 first, and an exception for each of ten thousand costs more than the reading.
    return frozenset(IPv6Address(text) if is_ipv6(text) else IPv4Address(text) for text in texts)
