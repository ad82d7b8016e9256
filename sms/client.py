"""The gate's end of the sender's socket: takes messages at any time, hands them over when a sender is there.

    >>> client = Client("/run/qaqpa/sms.sock", deliver=events.put)
    >>> client.start()
    >>> client.send(Message(id="m1", to="+77011234567", text="123456", expires_utc_ms=…))

Every message ends in at least one report: SENT, or FAILED with its reason; receipts follow later as DELIVERED or
FAILED. What a sender has not answered is handed over again to its successor, under the same id. Must not know: why a
message is sent, SMPP.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import select
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from sms import message as wire
from sms import standing
from sms.errors import LineRefused, TextRefused
from sms.lines import Lines
from sms.message import Message, Report, State
from sms.texts import split

MAX_UNANSWERED = 10_000
"""More than these without an answer are refused: reported FAILED ``outbox full``."""

_PIECE_BYTES = 64 * 1024
_CONNECT_TIMEOUT_S = 1.0
_BACK_OFF_START_S, _BACK_OFF_CAP_S = 0.1, 2.0
_PATIENCE_MS = 60_000
_REMEMBERED_REPORTS = 1024
_LOOK_EVERY_S = 2.0
_STANDING_PATIENCE_S = 3.0
_LONGEST_WAIT_S = 60.0
"""A clock set back by weeks makes the wait for an expiry longer than poll can count; also, clocks are set forward."""


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


class Client:
    """One gate's messages.

    Args:
        socket_path: where the sender listens.
        deliver: called with every report, from the client's own thread; must be quick and must not raise.
        utc_ms: the clock that ``expires_utc_ms`` is compared with.
        bound: told whether any provider takes messages, first when that is known and then when it changes, from the
            client's own thread; None: nobody wants to know. Asked on this very connection, since a sender gives what it
            has to report to all that are open, and a second one of ours would hear what this one should.
    """

    def __init__(
        self,
        socket_path: str,
        deliver: Callable[[Report], None],
        utc_ms: Callable[[], int] = _utc_ms,
        bound: Callable[[bool], None] | None = None,
    ) -> None:
        self._socket_path, self._deliver, self._utc_ms = socket_path, deliver, utc_ms
        self._lock = threading.Lock()
        self._given: deque[Message] = deque()  # by send(), for the thread; guarded by the lock
        self._ending = False  # guarded by the lock
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._thread = threading.Thread(target=self._serve, name="sms-client", daemon=True)
        # From here on the thread's own.
        self._unanswered: dict[str, Message] = {}
        self._handed: set[str] = set()  # of the unanswered, what this connection's sender has
        self._expiries: list[tuple[int, str]] = []
        self._told: OrderedDict[tuple[str, State], None] = OrderedDict()
        self._connection: socket.socket | None = None
        self._lines = Lines(standing.MAX_LINE_BYTES)
        self._unsent = bytearray()
        self._back_off_s = _BACK_OFF_START_S
        self._retry_at_s = 0.0
        self._bound = bound
        self._told_bound: bool | None = None
        self._look_at_s = 0.0  # when the sender is asked how it stands, or is given up as silent
        self._looking = False  # asked, and not answered yet

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What has no answer is forgotten here: whoever comes next hands it over again."""
        with self._lock:
            self._ending = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._woken.close()
        self._waker.close()

    def send(self, message: Message) -> None:
        """Take the message; never waits, from any thread. Its reports come through ``deliver``, a refusal too."""
        with self._lock:
            self._given.append(message)
        self._wake()

    def _wake(self) -> None:
        # Full: the thread has not looked yet and will. Closed: stopped.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def _serve(self) -> None:
        try:
            while True:
                with self._lock:
                    given, ending = list(self._given), self._ending
                    self._given.clear()
                if ending:
                    return
                for message in given:
                    self._take(message)
                self._expire()
                if self._connection is None and time.monotonic() >= self._retry_at_s:
                    self._connect()
                self._look()
                self._exchange()
        finally:
            self._hang_up()

    def _take(self, message: Message) -> None:
        why = self._refusal(message)
        if why:
            self._report(Report(message.id, State.FAILED, reason=why))
            return
        if message.id in self._unanswered:
            return
        self._unanswered[message.id] = message
        heapq.heappush(self._expiries, (message.expires_utc_ms, message.id))
        if self._connection is not None:
            self._hand_over(message)

    def _refusal(self, message: Message) -> str:
        """Why the sender would not even read it: it drops the connection then, and the others must not suffer."""
        if self._utc_ms() >= message.expires_utc_ms:
            return "expired"
        if len(self._unanswered) >= MAX_UNANSWERED:
            return "outbox full"
        try:
            split(message.text)
            line = wire.encode(message)
            wire.decode_message(line)
        except TextRefused as refused:
            return refused.reason
        except LineRefused:
            return "malformed"
        return "malformed" if len(line) > wire.MAX_LINE_BYTES else ""

    def _expire(self) -> None:
        """What the sender has is the sender's to answer, unless it is silent for much too long."""
        now = self._utc_ms()
        while self._expiries and self._expiries[0][0] <= now:
            due, message_id = heapq.heappop(self._expiries)
            message = self._unanswered.get(message_id)
            if message is None:
                continue
            if message_id in self._handed and due < message.expires_utc_ms + _PATIENCE_MS:
                heapq.heappush(self._expiries, (message.expires_utc_ms + _PATIENCE_MS, message_id))
                continue
            self._report(Report(message_id, State.FAILED, reason="expired"))

    def _connect(self) -> None:
        attempt = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        attempt.settimeout(_CONNECT_TIMEOUT_S)
        try:
            attempt.connect(self._socket_path)
        except OSError:
            attempt.close()
            self._wait_before_retry()
            return
        attempt.setblocking(False)
        self._connection, self._lines, self._unsent = attempt, Lines(standing.MAX_LINE_BYTES), bytearray()
        self._look_at_s, self._looking = 0.0, False
        for message in self._unanswered.values():
            self._hand_over(message)

    def _hand_over(self, message: Message) -> None:
        self._handed.add(message.id)
        self._unsent += wire.encode(message) + b"\n"

    def _look(self) -> None:
        """Ask how the sender stands, when that is due; one that does not say carries nothing."""
        if self._bound is None or self._connection is None or time.monotonic() < self._look_at_s:
            return
        if self._looking:
            self._tell_bound(False)
            self._look_at_s = math.inf
            return
        self._unsent += standing.encode(standing.Question()) + b"\n"
        self._look_at_s, self._looking = time.monotonic() + _STANDING_PATIENCE_S, True

    def _stands(self, told: standing.Standing) -> None:
        self._tell_bound(standing.is_bound(told))
        self._look_at_s, self._looking = time.monotonic() + _LOOK_EVERY_S, False

    def _tell_bound(self, bound: bool) -> None:
        if self._bound is not None and bound is not self._told_bound:
            self._told_bound = bound
            self._bound(bound)

    def _exchange(self) -> None:
        """Write what is to be written, and wait until something happens."""
        # poll, not select: the gate may hold more than 1024 file descriptors.
        watched = select.poll()
        watched.register(self._woken, select.POLLIN)
        connection = self._connection
        if connection is not None:
            watched.register(connection, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        patience_s = self._patience_s()
        happened = dict(watched.poll(None if patience_s is None else math.ceil(patience_s * 1000)))
        if self._woken.fileno() in happened:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)
        if connection is None:
            return
        events = happened.get(connection.fileno(), 0)
        try:
            # Reports first, and all of them when the sender is gone: a SENT left unread would be sent again.
            if events & ~select.POLLOUT:  # readable, or hung up: reading tells which
                self._read(connection)
            if events & select.POLLOUT:
                del self._unsent[: connection.send(self._unsent)]
        except BlockingIOError:
            return
        except (OSError, LineRefused):
            with contextlib.suppress(OSError, LineRefused):
                while True:  # ends with whatever the next read raises
                    self._read(connection)
            self._hang_up()
            self._wait_before_retry()

    def _read(self, connection: socket.socket) -> None:
        piece = connection.recv(_PIECE_BYTES)
        if not piece:
            raise ConnectionResetError("closed by the sender")
        for line in self._lines.feed(piece):
            if standing.is_standing(line):
                self._stands(standing.decode_standing(line))
                continue
            report = wire.decode_report(line)
            self._back_off_s = _BACK_OFF_START_S  # only a sender that answers is one worth hurrying back to
            self._report(report)

    def _report(self, report: Report) -> None:
        """Deliver, but not the same twice: a report may be repeated when a message is handed over again."""
        self._unanswered.pop(report.id, None)
        self._handed.discard(report.id)
        told = report.id, report.state
        if told in self._told:
            return
        self._told[told] = None
        while len(self._told) > _REMEMBERED_REPORTS:
            self._told.popitem(last=False)
        self._deliver(report)

    def _patience_s(self) -> float | None:
        waits = []
        if self._connection is None:
            waits.append(self._retry_at_s - time.monotonic())
        elif self._bound is not None:
            waits.append(self._look_at_s - time.monotonic())
        if self._expiries:
            waits.append((self._expiries[0][0] - self._utc_ms()) / 1000)
        return max(0.0, min(*waits, _LONGEST_WAIT_S)) if waits else None

    def _wait_before_retry(self) -> None:
        self._tell_bound(False)
        self._retry_at_s = time.monotonic() + self._back_off_s
        self._back_off_s = min(_BACK_OFF_CAP_S, self._back_off_s * 2)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._handed.clear()
