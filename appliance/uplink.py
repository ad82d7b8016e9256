"""Whether there is Internet behind the gate: looked at now and then, in a thread of its own, told by its changes.

A link that is down or leads nowhere is trouble after a few seconds. Otherwise the visitors' own resolver is asked for
the root's name servers. It keeps no such answer and has to ask the servers that the owner named (``wan.dns``) or the
uplink's DHCP gave; no packet goes anywhere else, and whoever gets no names has no Internet. An answer may take as long
as it likes and count for an earlier question: only when none came to several questions in half a minute that is
trouble, so that a slow or crowded line is none. What a resolver in the uplink's own router answers from memory hides
that the line behind it is cut.

Must not know: who is told, what visitors are.
"""

from __future__ import annotations

import logging
import secrets
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable

from appliance.garden import question
from firewall.uplink import link_trouble

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
ASK_EVERY_MS = 15_000
"""After an answer; without one, at the next look."""
ANSWER_S = 5.0
LINK_PATIENCE_MS = 5_000
"""A lease that is renewed, or a switch that is restarted, is no trouble."""
SILENCE_MS, QUESTIONS = 30_000, 4
"""Both must be over before silence is trouble."""

_SLICE_S = 0.25
_REMEMBERED = 32
_HEADER = struct.Struct("!HHHHHH")
_RESPONSE, _RCODE, _NS = 0x8000, 0x000F, 2
_SERVFAIL, _REFUSED = 2, 5
"""A resolver says so by itself, when it reaches nobody or knows nobody to ask (RFC 1035 4.1.1)."""


class Line:
    """What the looks so far say. Pure: the time comes in, boot-clock milliseconds."""

    def __init__(self) -> None:
        self._cut_ms: int | None = None
        self._silent_ms: int | None = None
        self._unanswered = 0

    def looked(self, now_ms: int, *, up: bool) -> None:
        """The link was looked at."""
        if up:
            self._cut_ms = None
        elif self._cut_ms is None:
            self._cut_ms = now_ms

    def asked(self, asked_ms: int, *, answered: bool) -> None:
        """The resolver was asked, and its answer was waited for."""
        if answered:
            self._silent_ms, self._unanswered = None, 0
            return
        self._unanswered += 1
        if self._silent_ms is None:
            self._silent_ms = asked_ms

    def works(self, now_ms: int) -> bool:
        """Whether visitors have Internet, as far as is known."""
        cut = self._cut_ms is not None and now_ms - self._cut_ms >= LINK_PATIENCE_MS
        silent = self._silent_ms is not None and now_ms - self._silent_ms >= SILENCE_MS
        return not cut and not (silent and self._unanswered >= QUESTIONS)


class Resolver:
    """Asks one resolver for the root's name servers, over one socket: a late answer counts too. For one thread."""

    def __init__(self, address: str, port: int = 53) -> None:
        self._there = (address, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._asked: deque[int] = deque(maxlen=_REMEMBERED)

    def answers(self, patience_s: float, ended: threading.Event) -> bool:
        """Ask once, and wait for an answer to this or an earlier question that only somebody out there can give."""
        number = secrets.randbelow(1 << 16)
        self._asked.append(number)
        try:
            self._socket.sendto(question(number, "", _NS), self._there)
        except OSError as error:
            log.debug("the resolver cannot be asked: %s", error)
            return False
        deadline_s = time.monotonic() + patience_s
        while (left_s := deadline_s - time.monotonic()) > 0 and not ended.is_set():
            self._socket.settimeout(min(left_s, _SLICE_S))
            try:
                said, where = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError as error:
                log.debug("the resolver cannot be heard: %s", error)
                return False
            if where == self._there and self._is_proof(said):
                self._asked.clear()
                return True
        return False

    def close(self) -> None:
        self._socket.close()

    def _is_proof(self, said: bytes) -> bool:
        if len(said) < _HEADER.size:
            return False
        number, flags, *_ = _HEADER.unpack_from(said)
        return bool(flags & _RESPONSE) and number in self._asked and flags & _RCODE not in (_SERVFAIL, _REFUSED)


class Uplink:
    """
    Args:
        interface: the Internet's side.
        resolver: the visitors' own.
        deliver: told whether visitors have Internet, first when that is known and then when it changes, from our
            thread.
        clock: boot-clock milliseconds.
    """

    def __init__(
        self, interface: str, resolver: Resolver, deliver: Callable[[bool], None], clock: Callable[[], int]
    ) -> None:
        self._interface, self._resolver, self._deliver, self._clock = interface, resolver, deliver, clock
        self._line = Line()
        self._told: bool | None = None
        self._ask_due_ms = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._ended.set()
        self._thread.join()
        self._resolver.close()

    def look(self) -> None:
        """One look, told if it changes anything."""
        now_ms = self._clock()
        trouble = link_trouble(self._interface)
        self._line.looked(now_ms, up=not trouble)
        if trouble:
            self._ask_due_ms = now_ms  # once the link is back, at once
        elif now_ms >= self._ask_due_ms:
            answered = self._resolver.answers(ANSWER_S, self._ended)
            self._line.asked(now_ms, answered=answered)
            self._ask_due_ms = now_ms + (ASK_EVERY_MS if answered else 0)
        works = self._line.works(self._clock())
        if works is not self._told and not self._ended.is_set():
            self._told = works
            if not works:
                log.warning("no Internet: %s", trouble or "the resolver gets no answers")
            self._deliver(works)

    def _run(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self.look()
