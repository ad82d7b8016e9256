"""The sender process: carries messages from the gate's connection to the SMSCs', and reports back.

    >>> run(Settings("/run/qaqpa/sms.sock", frozenset({990}), (provider,)))     # until SIGTERM

One thread owns everything and holds no decision: ``link`` decides about an SMSC, ``routes`` about providers, ``outbox``
about messages. What it knows dies with it; the gate's ``client`` hands over again whatever had no answer. So a message
that was submitted in the instant of a crash, before its report was written, may be sent twice; nothing else is. Must
not know: visitors.
"""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from sms import dialogue as d
from sms import smsc
from sms.carrier import Carrier
from sms.connection import Connection
from sms.driver import Driver
from sms.entry import Addressed
from sms.errors import LineRefused
from sms.message import Message, Report
from sms.outbox import Outbox
from sms.peers import Door, Peer
from sms.routes import Route, choose
from sms.settings import Provider, Role, Settings
from sms.standing import Standing
from sms.surroundings import Surroundings

_log = logging.getLogger(__name__)

_MAX_BACKLOG = 1000
_STOP_LOOK_S = 0.1
_LONGEST_WAIT_S = 60.0  # a wait until a UTC expiry is as long as the clock was set back


def _nobody_waits() -> None:
    """For whom no systemd started."""


def run(
    settings: Settings,
    stop: threading.Event | None = None,
    works: Callable[[], None] = _nobody_waits,
    every_s: float | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT (when called in the main thread) or until ``stop`` is set; ends with an unbind.

    Args:
        works: called at each turn of the loop, the first time when the socket is there.
        every_s: how often at least; None: it matters to nobody.

    Raises:
        SocketTaken: another sender answers at the socket.
        OSError: the socket cannot be made.
    """
    smsc.silence()
    ending = threading.Event()
    sender = Sender(settings, Surroundings(), lambda: ending.is_set() or (stop is not None and stop.is_set()))
    with _ended_by_signals(ending, sender):
        sender.serve(works, _STOP_LOOK_S if stop is not None else every_s)


class Sender:
    """The one thread's loop.

    Args:
        stopping: asked whenever it looks around; true begins the orderly end.
    """

    def __init__(self, settings: Settings, surroundings: Surroundings, stopping: Callable[[], bool]) -> None:
        self._around, self._stopping = surroundings, stopping
        self._began_ms = surroundings.monotonic_ms()
        self._outbox = Outbox(settings.providers, settings.max_parts)
        self._backlog: dict[int, deque[Report]] = {}
        self._peers: set[Peer] = set()
        self._door = Door(settings.socket_path, settings.peer_uids)
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._carriers = [Carrier(provider, self._driver) for provider in settings.providers]
        self._drivers = [driver for carrier in self._carriers for driver in carrier.drivers]
        self._bound = False

    def wake_fd(self) -> int:
        return self._waker.fileno()

    def wake(self) -> None:
        """Make ``serve`` look around; from any thread."""
        self._waker.send(b"\0")

    def serve(self, works: Callable[[], None], look_s: float | None) -> None:
        """Until it has ended; looks around whenever something happens, and at least every ``look_s`` seconds, and calls
        ``works`` each time."""
        try:
            asked_to_stop = False
            while not all(driver.stopped for driver in self._drivers):
                works()
                if not asked_to_stop and self._stopping():
                    asked_to_stop = True
                    for driver in self._drivers:
                        driver.stop()
                self._wait(look_s, self._pump())
        finally:
            self._close()

    def _driver(self, provider: Provider, role: Role) -> Driver:
        def hear(effect: d.Settled | d.Noticed) -> None:
            now_utc_ms = self._around.utc_ms()
            if isinstance(effect, d.Settled):
                self._deliver(self._outbox.settle(provider.name, effect, now_utc_ms))
            else:
                self._deliver(self._outbox.notice(provider.name, effect.receipt, now_utc_ms))

        return Driver(provider, role, self._around, selector=self._selector, wake=self.wake, hear=hear)

    def _pump(self) -> int:
        """Everything that is due; the monotonic millisecond as of which nothing more is."""
        for driver in self._drivers:
            driver.tick()
        self._deliver(self._outbox.expire(self._around.utc_ms()))
        while True:
            looked_ms = self._around.monotonic_ms()
            self._submit(looked_ms)
            if all(driver.flush() for driver in self._drivers):  # else what was on its way may go another at once
                break
        self._tell()
        self._flush()
        return looked_ms

    def _tell(self) -> None:
        """To whoever has asked how we stand: the first provider is bound, or the last is lost. Visitors are refused and
        let in by that, and should not be for as long as until the next question."""
        bound = any(carrier.bound for carrier in self._carriers)
        if bound is self._bound:
            return
        self._bound = bound
        for peer in [peer for peer in self._peers if peer.asked]:
            try:
                peer.write(self._standing())
            except LineRefused as refused:
                self._drop(peer, str(refused))

    def _submit(self, now_ms: int) -> None:
        def chosen_of(candidates: Route) -> int | None:
            return choose(candidates, [carrier.condition(now_ms) for carrier in self._carriers])

        while (taken := self._outbox.take(chosen_of)) is not None:
            chosen, submission = taken
            self._carriers[chosen].submitter.hand(submission)

    def _wait(self, look_s: float | None, looked_ms: int) -> None:
        """Until something happens or is due. Deadlines are those after the last look, not after now: what came due
        between the two was not seen to, and counted from now it would be past and no reason to wake up any more."""
        if all(driver.stopped for driver in self._drivers):
            return
        dues = [driver.deadline_ms(looked_ms) for driver in self._drivers]
        now_ms = self._around.monotonic_ms()
        waits = [(due - now_ms) / 1000 for due in dues if due is not None]
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
                key.data.listen(item, events)
            elif isinstance(item, Door):
                self._admit(item)
            else:
                self._look()

    def _hear(self, peer: Peer, events: int) -> None:
        if peer not in self._peers:  # dropped earlier in this round
            return
        try:
            if events & selectors.EVENT_READ:
                for line in peer.read():
                    if isinstance(line, Message):
                        self._deliver(self._outbox.hand_over(line, peer.uid, self._around.utc_ms()))
                    else:
                        peer.asked = True
                        peer.write(self._standing())
            if events & selectors.EVENT_WRITE:
                peer.flush()
        except LineRefused as refused:
            self._drop(peer, str(refused))
        except OSError:
            self._drop(peer, "")

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
        for driver in self._drivers:
            driver.look()

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
                writing = selectors.EVENT_WRITE if peer.wants_to_write else 0
                self._selector.modify(peer, selectors.EVENT_READ | writing)

    def _drop(self, peer: Peer, why: str) -> None:
        if peer in self._peers:
            if why:
                _log.warning("a connection to the sender's socket was dropped: %s", why)
            self._peers.discard(peer)
            self._selector.unregister(peer)
            peer.close()

    def _standing(self) -> Standing:
        now_ms = self._around.monotonic_ms()
        rows = tuple(carrier.standing(now_ms) for carrier in self._carriers)
        return Standing((now_ms - self._began_ms) // 1000, self._outbox.unsent, rows)

    def _close(self) -> None:
        for driver in self._drivers:
            driver.close()
        for peer in list(self._peers):
            self._drop(peer, "")
        self._door.close()
        self._selector.close()
        self._woken.close()
        self._waker.close()


@contextmanager
def _ended_by_signals(ending: threading.Event, sender: Sender) -> Iterator[None]:
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
