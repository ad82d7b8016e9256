"""Simulated visitors living their days, each a thread with a phone of its own and a log of what was true.

    with Crowd(venue, people, strangers=1, seed=1) as crowd:
        with crowd.at_rest():        # nobody is in the middle of anything
            audit()

Beside them one thread knocks for all of them, all the time, whoever is admitted: at a port of each one's own and with a
name of each one's own, so that whatever comes out tells whose it was. Must not know: the gate's insides, the faults.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from random import Random
from types import TracebackType
from typing import Self

from tests.chaos.book import FIRST_PORT, HOME
from tests.chaos.day import Day
from tests.chaos.evidence import Person, inspections_of
from tests.chaos.inspector import Inspector
from tests.lab.entering import inside
from tests.lab.venue import PORTAL, WEB, WEB6, Venue

_KNOCK_EVERY_S = 0.1
_CONNECT_EVERY = 5
"""Of its knocks every so many are a TCP connection, and a question to the resolver."""


class Pace:
    """Lets people act, and sees that nobody does when that is wanted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._acting = 0
        self._resting = False
        self.over = threading.Event()

    @contextmanager
    def act(self) -> Iterator[None]:
        """Do one thing; waits while all are to rest."""
        with self._changed:
            self._changed.wait_for(lambda: not self._resting)
            self._acting += 1
        try:
            yield
        finally:
            with self._changed:
                self._acting -= 1
                self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Do nothing for so long, or until all is over."""
        self.over.wait(seconds)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Everybody has ended what they did and begins nothing else."""
        with self._changed:
            self._resting = True
            self._changed.wait_for(lambda: self._acting == 0)
        try:
            yield
        finally:
            with self._changed:
                self._resting = False
                self._changed.notify_all()


class Crowd:
    """All of them.

    Args:
        strangers: how many of them, the last ones, never log in.
        seed: draws what they do.
    """

    def __init__(self, venue: Venue, people: Sequence[Person], strangers: int, seed: int) -> None:
        self._venue, self._people = venue, people
        self._pace = Pace()
        out = people[len(people) - strangers :]
        self.days = [
            Day(venue, person, Random(f"{seed} {person.number}"), self._pace, stays_out=person in out)
            for person in people
        ]
        self._threads = [threading.Thread(target=day.live, name=f"visitor {day.person.number}") for day in self.days]
        inspector = Inspector(venue, inspections_of(venue.places.folder / "chaos"), self._pace.over)
        self._threads.append(threading.Thread(target=self._knock, name="knocking"))
        self._threads.append(threading.Thread(target=inspector.work, name="inspector"))

    def at_rest(self) -> AbstractContextManager[None]:
        """A context in which nobody does anything; packets go on."""
        return self._pace.at_rest()

    def failures(self) -> list[str]:
        """Visitors that fell, which is the lab's trouble and no violation."""
        return [day.fell for day in self.days if day.fell]

    def _knock(self) -> None:
        knocks = []
        for person in self._people:
            with inside(self._venue.visitors[person.number - 1].namespace):
                knocks.append(_Knock(person.number))
        turn = 0
        while not self._pace.over.wait(_KNOCK_EVERY_S):
            turn += 1
            for place, knock in enumerate(knocks):
                knock.send()
                if (turn + place) % _CONNECT_EVERY == 0:
                    with inside(self._venue.visitors[self._people[place].number - 1].namespace):
                        knock.connect()
                    knock.ask()
        for knock in knocks:
            knock.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pace.over.set()
        for thread in self._threads:
            thread.join()


class _Knock:
    """One visitor's packets, in both families; made in its namespace. Nobody waits for answers."""

    def __init__(self, number: int) -> None:
        self._targets = ((socket.AF_INET, (WEB, FIRST_PORT + number)), (socket.AF_INET6, (WEB6, FIRST_PORT + number)))
        self._sockets = [socket.socket(family, socket.SOCK_DGRAM) for family, _ in self._targets]
        self._question = _question(f"v{number}.{HOME}")
        self._connections: list[socket.socket] = []
        for each in self._sockets:
            each.setblocking(False)

    def send(self) -> None:
        for each, (_, target) in zip(self._sockets, self._targets, strict=True):
            with suppress(OSError):  # no address, no route, or refused out there
                each.sendto(b"knock", target)

    def connect(self) -> None:
        """A TCP connection each; called in the namespace."""
        self._let_go()
        for family, target in self._targets:
            each = socket.socket(family, socket.SOCK_STREAM)
            each.setblocking(False)
            with suppress(OSError):
                each.connect(target)
            self._connections.append(each)

    def ask(self) -> None:
        with suppress(OSError):
            self._sockets[0].sendto(self._question, (PORTAL, 53))

    def close(self) -> None:
        self._let_go()
        for each in self._sockets:
            each.close()

    def _let_go(self) -> None:
        for each in self._connections:
            each.close()
        self._connections.clear()


def _question(name: str) -> bytes:
    """For the IPv4 address of a name (RFC 1035 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    number = time.monotonic_ns() & 0xFFFF
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, 1, 1)
