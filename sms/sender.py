"""The sender process: carries messages from the gate's connection to the SMSC's, and reports back.

    >>> run(Settings("/run/qaqpa/sms.sock", frozenset({990}), provider))     # until SIGTERM

One thread owns everything and holds no decision: ``link`` decides about the SMSC, ``outbox`` about messages. What it
knows dies with it; the gate's ``client`` hands over again whatever had no answer. So a message that was submitted in
the instant of a crash, before its report was written, may be sent twice; nothing else is. Must not know: visitors.
"""

from __future__ import annotations

import logging
import random
import selectors
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sms import dialogue as d
from sms import link, smsc
from sms.connection import Connection, Dialler
from sms.errors import LineRefused, ProtocolError
from sms.message import Report
from sms.outbox import Addressed, Outbox
from sms.peers import Door, Peer
from sms.settings import Settings
from sms.timers import Moment, Timers

_log = logging.getLogger(__name__)

_MAX_BACKLOG = 1000
_STOP_LOOK_S = 0.1
_LONGEST_WAIT_S = 60.0  # a wait until a UTC expiry is as long as the clock was set back


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Time and chance, as the process finds them."""

    monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000
    utc_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    chance: Callable[[], float] = random.random


def run(settings: Settings, stop: threading.Event | None = None) -> None:
    """Serve until SIGTERM or SIGINT (when called in the main thread) or until ``stop`` is set; ends with an unbind.

    Raises:
        SocketTaken: another sender answers at the socket.
        OSError: the socket cannot be made.
    """
    smsc.silence()
    ending = threading.Event()
    sender = _Sender(settings, Surroundings(), lambda: ending.is_set() or (stop is not None and stop.is_set()))
    with _ended_by_signals(ending, sender):
        sender.serve(_STOP_LOOK_S if stop is not None else None)


class _Sender:
    def __init__(self, settings: Settings, surroundings: Surroundings, stopping: Callable[[], bool]) -> None:
        self._provider, self._around, self._stopping = settings.provider, surroundings, stopping
        self._timers = Timers.of(settings.provider)
        self._link = link.State(retry_at_ms=surroundings.monotonic_ms())
        self._outbox = Outbox()
        self._backlog: dict[int, deque[Report]] = {}
        self._peers: set[Peer] = set()
        self._connection: Connection | None = None
        self._troubles: deque[d.Event] = deque()
        self._door = Door(settings.socket_path, settings.peer_uids)
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        provider = self._provider
        self._dialler = Dialler(provider.host, provider.port, provider.connect_timeout_s, self.wake)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def wake_fd(self) -> int:
        return self._waker.fileno()

    def wake(self) -> None:
        """Make ``serve`` look around; from any thread."""
        self._waker.send(b"\0")

    def serve(self, look_s: float | None) -> None:
        try:
            asked_to_stop = False
            while self._link.phase is not link.Phase.STOPPED:
                if not asked_to_stop and self._stopping():
                    asked_to_stop = True
                    self._step(d.Stop())
                self._pump()
                self._wait(look_s)
        finally:
            self._close()

    def _pump(self) -> None:
        """Everything that is due now."""
        due = link.deadline(self._timers, self._link, self._around.monotonic_ms())
        if due is not None and self._around.monotonic_ms() >= due:
            self._step(d.Tick())
        self._deliver(self._outbox.expire(self._around.utc_ms()))
        while link.room(self._timers, self._link, self._around.monotonic_ms()):
            message = self._outbox.take()
            if message is None:
                break
            self._step(d.Handed(message))
        self._flush()

    def _wait(self, look_s: float | None) -> None:
        now_ms = self._around.monotonic_ms()
        if self._link.phase is link.Phase.STOPPED:
            return
        due = link.deadline(self._timers, self._link, now_ms)
        waits = [] if due is None else [(due - now_ms) / 1000]
        expiry = self._outbox.next_expiry_utc_ms()
        if expiry is not None:
            waits.append((expiry - self._around.utc_ms()) / 1000)
        if look_s is not None:
            waits.append(look_s)
        timeout = max(0.0, min(*waits, _LONGEST_WAIT_S)) if waits else None
        for key, events in self._selector.select(timeout):
            item = key.fileobj
            if isinstance(item, Peer):
                self._hear(item, events)
            elif isinstance(item, Connection):
                self._listen(item, events)
            elif isinstance(item, Door):
                self._admit(item)
            else:
                self._look()

    def _hear(self, peer: Peer, events: int) -> None:
        if peer not in self._peers:  # dropped earlier in this round
            return
        try:
            if events & selectors.EVENT_READ:
                for message in peer.read():
                    self._deliver(self._outbox.hand_over(message, peer.uid, self._around.utc_ms()))
            if events & selectors.EVENT_WRITE:
                peer.flush()
        except LineRefused as refused:
            self._drop(peer, str(refused))
        except OSError:
            self._drop(peer, "")

    def _listen(self, connection: Connection, events: int) -> None:
        if connection is not self._connection:
            return
        try:
            if events & selectors.EVENT_READ:
                self._take_in(connection)
            if events & selectors.EVENT_WRITE and connection is self._connection:
                connection.flush()
        except (ProtocolError, OSError) as error:
            self._step(d.Lost(str(error) or type(error).__name__))

    def _take_in(self, connection: Connection) -> bool:
        """Whether there was anything."""
        frames = connection.read()
        for frame in frames:
            event = smsc.decode(frame)
            if event is not None and connection is self._connection:  # after hanging up the rest is nobody's
                self._step(event)
        return bool(frames)

    def _admit(self, door: Door) -> None:
        peer = door.admit(len(self._peers))
        if peer is None:
            _log.warning("a connection to the sender's socket was refused")
            return
        self._peers.add(peer)
        self._selector.register(peer, selectors.EVENT_READ)
        for report in self._backlog.pop(peer.uid, ()):
            peer.write(report)

    def _look(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        answer = self._dialler.answer()
        if isinstance(answer, socket.socket):
            self._connection = Connection(answer)
            self._selector.register(self._connection, selectors.EVENT_READ)
            self._step(d.Opened())
        elif answer is not None:
            self._step(d.Lost(answer))

    def _step(self, event: d.Event) -> None:
        self._troubles.append(event)
        while self._troubles:
            moment = Moment(self._around.monotonic_ms(), self._around.chance())
            self._link, effects = link.step(self._timers, self._link, self._troubles.popleft(), moment)
            for effect in effects:
                self._perform(effect)

    def _perform(self, effect: d.Effect) -> None:
        match effect:
            case d.Dial():
                self._dialler.dial()
            case d.HangUp():
                self._dialler.give_up()
                if self._connection is not None:
                    self._selector.unregister(self._connection)
                    self._connection.close()
                    self._connection = None
            case d.Settled():
                self._deliver(self._outbox.settle(effect))
            case d.Noticed(receipt):
                self._deliver(self._outbox.notice(receipt))
            case d.Said(text, alarm):
                _log.log(logging.ERROR if alarm else logging.INFO, "%s", text)
            case _:  # mypy proves that what is left is a PDU each
                self._send(effect)

    def _send(self, effect: d.Wired) -> None:
        if self._connection is not None:
            try:
                self._connection.write(smsc.encode(effect, self._provider, self._around.utc_ms()))
            except ProtocolError as error:
                self._troubles.append(d.Lost(str(error)))

    def _deliver(self, addressed: Iterable[Addressed]) -> None:
        """To every connection of the owner; while it has none, the last reports are kept for its return."""
        for item in addressed:
            present = [peer for peer in self._peers if peer.uid == item.owner]
            for peer in present:
                try:
                    peer.write(item.report)
                except LineRefused as refused:
                    self._drop(peer, str(refused))
            if not present:
                self._backlog.setdefault(item.owner, deque(maxlen=_MAX_BACKLOG)).append(item.report)

    def _flush(self) -> None:
        for peer in list(self._peers):
            try:
                peer.flush()
            except OSError:
                self._drop(peer, "")
            else:
                self._selector.modify(peer, _interest(peer.wants_to_write))
        if self._connection is not None:
            try:
                self._connection.flush()
            except OSError as error:
                # Answers that came before the end are still there; unread, their messages would be sent again.
                with suppress(OSError, ProtocolError):
                    while self._connection is not None and self._take_in(self._connection):
                        pass
                self._step(d.Lost(str(error)))
            else:
                self._selector.modify(self._connection, _interest(self._connection.wants_to_write))

    def _drop(self, peer: Peer, why: str) -> None:
        if peer in self._peers:
            if why:
                _log.warning("a connection to the sender's socket was dropped: %s", why)
            self._peers.discard(peer)
            self._selector.unregister(peer)
            peer.close()

    def _close(self) -> None:
        self._perform(d.HangUp())
        self._dialler.answer()  # closes a connection that came too late
        for peer in list(self._peers):
            self._drop(peer, "")
        self._door.close()
        self._selector.close()
        self._woken.close()
        self._waker.close()


def _interest(wants_to_write: bool) -> int:
    return selectors.EVENT_READ | (selectors.EVENT_WRITE if wants_to_write else 0)


@contextmanager
def _ended_by_signals(ending: threading.Event, sender: _Sender) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: ending.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    wake_before = signal.set_wakeup_fd(sender.wake_fd(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wake_before)
        for number, handler in before.items():
            signal.signal(number, handler)
