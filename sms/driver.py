"""One link on its socket: what happens there goes to ``link.step``, what that decides is carried out here.

Must not know: other providers, which message is handed over next.
"""

from __future__ import annotations

import logging
import selectors
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sms import dialogue as d
from sms import link, smsc, state
from sms.connection import Connection
from sms.dialler import Dialler
from sms.errors import ProtocolError
from sms.settings import Provider, Role
from sms.standing import Link
from sms.state import Phase, State
from sms.submission import Submission
from sms.surroundings import Surroundings
from sms.terms import Moment, Terms

_log = logging.getLogger("sms.sender")


class Driver:
    """A provider's link in one role.

    Args:
        selector: watches its socket, with this driver as data.
        wake: makes the sender call ``look``; from another thread.
        hear: called with what concerns messages.
    """

    def __init__(
        self,
        provider: Provider,
        role: Role,
        surroundings: Surroundings,
        *,
        selector: selectors.BaseSelector,
        wake: Callable[[], None],
        hear: Callable[[d.Settled | d.Noticed], None],
    ) -> None:
        self._provider, self._around, self._selector, self._hear = provider, surroundings, selector, hear
        self._role = role
        self._name = provider.name if role is Role.TRANSCEIVER else f"{provider.name}, {role}"
        self._terms = Terms.of(provider, role)
        self._state = State(since_ms=surroundings.monotonic_ms(), retry_at_ms=surroundings.monotonic_ms())
        self._connection: Connection | None = None
        self._events: deque[d.Event] = deque()
        self._dialler = Dialler(provider, wake)
        self._trouble, self._alarm = "", False

    @property
    def stopped(self) -> bool:
        """Whether ``stop`` is done with."""
        return self._state.phase is Phase.STOPPED

    @property
    def bound(self) -> bool:
        """Whether the SMSC has let us in."""
        return self._state.phase is Phase.BOUND

    @property
    def under_way(self) -> int:
        """How many submissions have no answer yet."""
        return len(self._state.window)

    def room(self, now_ms: int) -> int:
        """How many submissions it takes now."""
        return state.room(self._terms, self._state, now_ms)

    def is_steady(self, now_ms: int) -> bool:
        """Whether what it takes can be expected to be answered at once."""
        return state.is_steady(self._terms, self._state, now_ms)

    def deadline_ms(self, now_ms: int) -> int | None:
        """When ``tick`` is due."""
        return state.deadline(self._terms, self._state, now_ms)

    def tick(self) -> None:
        """Time has passed."""
        now_ms = self._around.monotonic_ms()
        due_ms = self.deadline_ms(now_ms)
        if due_ms is not None and now_ms >= due_ms:
            self._step(d.Tick())

    def hand(self, submission: Submission) -> None:
        """Submit; only when there is room."""
        self._step(d.Handed(submission))

    def stop(self) -> None:
        """End the link in an orderly way."""
        self._step(d.Stop())

    def look(self) -> None:
        """The dialler may have an answer."""
        answer = self._dialler.answer()
        if isinstance(answer, socket.socket):
            self._connection = Connection(answer)
            self._selector.register(self._connection, selectors.EVENT_READ, self)
            self._step(d.Opened())
        elif answer is not None:
            self._step(d.Lost(answer))

    def listen(self, connection: Connection, events: int) -> None:
        """The socket is readable or writable."""
        if connection is not self._connection:  # hung up earlier in this round
            return
        try:
            if events & selectors.EVENT_READ:
                self._take_in(connection)
            if events & selectors.EVENT_WRITE and connection is self._connection:
                connection.flush()
        except (ProtocolError, OSError) as error:
            self._step(d.Lost(_why(error)))

    def flush(self) -> bool:
        """Send what was decided; false when the connection turned out to be gone."""
        if self._connection is None:
            return True
        try:
            self._connection.flush()
        except OSError as error:
            # Answers that came before the end are still there; unread, their messages would be sent again.
            with suppress(OSError, ProtocolError):
                while self._connection is not None and self._take_in(self._connection):
                    pass
            self._step(d.Lost(_why(error)))
            return False
        writing = selectors.EVENT_WRITE if self._connection.wants_to_write else 0
        self._selector.modify(self._connection, selectors.EVENT_READ | writing, self)
        return True

    def close(self) -> None:
        """Let go of everything at once."""
        self._perform(d.HangUp())
        self._dialler.answer()  # closes a connection that came too late

    def standing(self, now_ms: int) -> Link:
        """For a person."""
        for_s = max(0, now_ms - self._state.since_ms) // 1000
        return Link(self._role.value, self._state.phase.value, for_s, self._trouble, self._alarm)

    def _take_in(self, connection: Connection) -> bool:
        """Whether there was anything."""
        frames = connection.read()
        for frame in frames:
            event = smsc.decode(frame)
            if event is not None and connection is self._connection:  # after hanging up the rest is nobody's
                self._step(event)
        return bool(frames)

    def _step(self, event: d.Event) -> None:
        self._events.append(event)
        while self._events:
            moment = Moment(self._around.monotonic_ms(), self._around.chance())
            self._state, effects = link.step(self._terms, self._state, self._events.popleft(), moment)
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
            case d.Settled() | d.Noticed():
                self._hear(effect)
            case d.Said(text, alarm):
                self._trouble = "" if self._state.phase is Phase.BOUND else text
                self._alarm = alarm
                _log.log(logging.ERROR if alarm else logging.INFO, "%s: %s", self._name, text)
            case _:  # mypy proves that what is left is a PDU each
                self._send(effect)

    def _send(self, effect: d.Wired) -> None:
        if self._connection is not None:
            try:
                self._connection.write(smsc.encode(effect, self._provider, self._around.utc_ms()))
            except ProtocolError as error:
                self._events.append(d.Lost(_why(error)))


def _why(error: Exception) -> str:
    """In words: errors of TLS are sentences for its implementers."""
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__)
