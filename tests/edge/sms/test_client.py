"""The client against a sender that hangs, repeats itself or talks nonsense."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from sms.client import Client
from sms.message import Message, Report, State, encode
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import Gate, message, utc_ms


class Deaf:
    """A sender that takes every line and answers none, and a client of it whose clock moves only when told to."""

    def __init__(self, connection: socket.socket, client: Client, now_ms: list[int]) -> None:
        self._connection, self._client, self._now_ms = connection, client, now_ms
        self.began_ms = now_ms[0]

    def clock(self, ms: int) -> None:
        """The clock says so many milliseconds after the beginning, or before it."""
        self._now_ms[0] = self.began_ms + ms

    def send(self, name: str, expires_ms: int) -> None:
        """Give the client a message that expires so long after the beginning."""
        self._client.send(Message(name, "+77011234567", "x", self.began_ms + expires_ms))

    def takes(self, name: str) -> None:
        """The message comes over the socket."""
        assert self._connection.recv(4096).startswith(f'{{"id":"{name}"'.encode())


@contextmanager
def deaf_sender(venue: Venue, gate: Gate) -> Iterator[Deaf]:
    now_ms = [utc_ms()]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(venue.socket_path)
        listening.listen()
        listening.settimeout(10)
        client = Client(venue.socket_path, gate.deliver, lambda: now_ms[0])
        client.start()
        try:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(10)
                yield Deaf(connection, client, now_ms)
        finally:
            client.stop()


def test_a_client_gives_the_sender_up_that_never_answers(venue: Venue) -> None:
    """A sender that hangs: the message is reported failed in the end, by the client's own clock."""
    gate = Gate()
    with deaf_sender(venue, gate) as deaf:
        deaf.send("m1", 1000)
        deaf.takes("m1")
        deaf.clock(60_000)
        deaf.send("m2", 1)
        assert gate.hears("m2", State.FAILED).reason == "expired"
        assert gate.of("m1") == []
        deaf.clock(61_000)
        deaf.send("m3", 1)
        assert gate.hears("m1", State.FAILED).reason == "expired"


def test_a_clock_set_back_by_months_ends_nothing(venue: Venue) -> None:
    """The wait until a message expires is then longer than the kernel's poll can count."""
    with deaf_sender(venue, Gate()) as deaf:
        deaf.send("m1", 60_000)
        deaf.takes("m1")
        deaf.clock(-60 * 86_400_000)
        deaf.send("m2", 60_000)
        deaf.takes("m2")
        deaf.send("m3", 60_000)
        deaf.takes("m3")


def test_a_repeated_report_is_delivered_once_and_nonsense_ends_the_connection(venue: Venue) -> None:
    with socket.socket(socket.AF_UNIX) as sender:
        sender.bind(venue.socket_path)
        sender.listen()
        sender.settimeout(10)
        client, gate = venue.client()
        client.send(message("m1"))
        client.send(message("m2"))
        connection, _ = sender.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(5) == b'{"id"'
            # Closed with what the client wrote unread: its next write fails while reports still wait to be read.
            connection.sendall((encode(Report("m1", State.SENT, "7")) + b"\n") * 2)
            connection.sendall(encode(Report("m1", State.DELIVERED, "7")) + b"\n" + b"nonsense\n")
            again, _ = sender.accept()
        with again:
            again.settimeout(10)
            handed = again.recv(4096)
            assert b'"id":"m2"' in handed
            assert b'"id":"m1"' not in handed
            again.sendall(encode(Report("m2", State.SENT, "8")) + b"\n")
            gate.hears("m2", State.SENT)
    assert gate.of("m1") == [State.SENT, State.DELIVERED]
