"""The sender's loop when the machine stands still, or a link breaks, at any of its looks at the clock."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sms.message import State
from sms.sender import Sender
from sms.settings import Provider, Settings
from sms.standing import ask
from sms.surroundings import Surroundings
from tests.edge.sms.conftest import Venue
from tests.edge.sms.test_hostile_smsc import RESPONSE, SUBMIT, bound
from tests.edge.sms.world import PASSWORD, message, pdu, read_pdu
from tests.lab.waiting import until

LOOKS = range(1, 7)
"""More than there are between an event and the sleep after it."""
LONG_S = 60.0
"""No time-out of the link's own wakes the sender within a test."""


class Clock:
    """Monotonic milliseconds; at one look at it, something happens first."""

    def __init__(self) -> None:
        self._left = 0
        self._happening: Callable[[], None] = lambda: None
        self.ahead_ms = 0

    def at(self, look: int, happening: Callable[[], None]) -> None:
        """Let it happen just before that look from now on, 1 being the next."""
        self._happening, self._left = happening, look

    def monotonic_ms(self) -> int:
        self._left -= 1
        if self._left == 0:
            self._happening()
        return time.monotonic_ns() // 1_000_000 + self.ahead_ms


def provider(name: str, port: int, back_off_s: float = 0.1) -> Provider:
    return Provider(
        name=name,
        host="127.0.0.1",
        port=port,
        system_id="venue",
        password=PASSWORD,
        window=1,
        enquire_link_s=LONG_S,
        response_timeout_s=LONG_S,
        back_off_start_s=back_off_s,
        back_off_cap_s=back_off_s,
    )


def obliging(connection: socket.socket) -> None:
    """Says yes to everything."""
    while True:
        command, _, sequence, _ = read_pdu(connection)
        connection.sendall(pdu(command | RESPONSE, 0, sequence, b"1\0"))


@contextmanager
def serving(venue: Venue, clock: Clock, *providers: Provider) -> Iterator[Sender]:
    """A sender in a thread, bound to all of them, that looks around only when it has a reason."""
    ending = threading.Event()
    settings = Settings(venue.socket_path, frozenset({os.getuid()}), providers)
    sender = Sender(settings, Surroundings(monotonic_ms=clock.monotonic_ms), ending.is_set)
    thread = threading.Thread(target=sender.serve, args=(lambda: None, None))
    thread.start()
    try:
        until(lambda: all(row.links[0].phase == "bound" for row in ask(venue.socket_path).providers), "the binds")
        yield sender
    finally:
        ending.set()
        sender.wake()
        thread.join()


@pytest.mark.parametrize("look", LOOKS)
def test_a_pause_that_ends_while_it_stands_still_is_over(venue: Venue, look: int) -> None:
    """Judged too early for the next submit_sm, then too late for a reason to wake up, it would sleep on."""
    clock = Clock()

    def stand_still() -> None:
        clock.ahead_ms += 1500

    def refuses_the_first(connection: socket.socket, _count: int) -> None:
        bound(connection)
        _, _, sequence, _ = read_pdu(connection)
        clock.at(look, stand_still)
        connection.sendall(pdu(SUBMIT | RESPONSE, 0x58, sequence))
        obliging(connection)

    raw = venue.raw_smsc(refuses_the_first)
    with serving(venue, clock, provider("smsc", raw.port)):
        client, gate = venue.client()
        client.send(message("m1"))
        gate.hears("m1", State.SENT)


@pytest.mark.parametrize("look", LOOKS)
def test_a_message_whose_link_breaks_as_it_is_sent_goes_the_other_way_at_once(venue: Venue, look: int) -> None:
    """And not when the broken link is dialled again."""
    clock = Clock()
    held: list[socket.socket] = []
    done = threading.Event()
    broken = threading.Event()

    def hold(connection: socket.socket, _count: int) -> None:
        bound(connection)
        held.append(connection)
        done.wait(30)

    def reset() -> None:
        held[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        held[0].close()
        broken.set()

    first = venue.raw_smsc(hold)
    second = venue.raw_smsc(lambda connection, _count: obliging(connection))
    try:
        providers = provider("first", first.port, back_off_s=LONG_S), provider("second", second.port)
        with serving(venue, clock, *providers) as sender:
            client, gate = venue.client()
            clock.at(look, reset)
            client.send(message("m1"))
            while not broken.wait(1.0):  # it took fewer looks this time, and sleeps: it breaks in a later turn
                sender.wake()
            gate.hears("m1", State.SENT)
    finally:
        done.set()
