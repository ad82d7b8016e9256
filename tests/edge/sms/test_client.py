"""The client against a sender that hangs, repeats itself or talks nonsense."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sms import standing
from sms.client import Client
from sms.message import Message, Report, State, encode
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import Gate, free_port, message, utc_ms
from tests.lab.waiting import until


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
        listening.settimeout(60)
        client = Client(venue.socket_path, gate.deliver, lambda: now_ms[0])
        client.start()
        try:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(60)
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
        sender.settimeout(60)
        client, gate = venue.client()
        client.send(message("m1"))
        client.send(message("m2"))
        connection, _ = sender.accept()
        with connection:
            connection.settimeout(60)
            assert connection.recv(5) == b'{"id"'
            # Closed with what the client wrote unread: its next write fails while reports still wait to be read.
            connection.sendall((encode(Report("m1", State.SENT, "7")) + b"\n") * 2)
            connection.sendall(encode(Report("m1", State.DELIVERED, "7")) + b"\n" + b"nonsense\n")
            again, _ = sender.accept()
        with again:
            again.settimeout(60)
            handed = again.recv(4096)
            assert b'"id":"m2"' in handed
            assert b'"id":"m1"' not in handed
            again.sendall(encode(Report("m2", State.SENT, "8")) + b"\n")
            gate.hears("m2", State.SENT)
    assert gate.of("m1") == [State.SENT, State.DELIVERED]


# ── whether anybody takes messages ──────────────────────────────────────────────────────────────────────────────────


def test_it_is_told_when_a_provider_is_bound_and_when_none_is(venue: Venue) -> None:
    told: list[bool] = []
    client = Client(venue.socket_path, Gate().deliver, bound=told.append)
    client.start()
    try:
        until(lambda: told == [False], "no sender to be said")
        smsc = venue.smsc(port=free_port())  # its port again, below: none that the kernel gives to anybody meanwhile
        sender = venue.sender(smsc.port)
        sender.says("bound")
        until(lambda: told[-1], "the bound link to be said")
        smsc.kill()
        until(lambda: not told[-1], "the lost link to be said")
        venue.smsc(port=smsc.port)
        until(lambda: told[-1], "the link bound anew to be said")
        sender.kill()
        until(lambda: not told[-1], "the dead sender to be said")
    finally:
        client.stop()
    assert told == [False, True, False, True, False], "changes alone"


def test_who_asked_once_is_told_of_every_change_without_asking_again(venue: Venue) -> None:
    port = free_port()
    venue.sender(port)
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(60)
        asking.connect(venue.socket_path)
        answers = asking.makefile("rb")
        asking.sendall(standing.encode(standing.Question()) + b"\n")

        def told() -> bool:
            return standing.is_bound(standing.decode_standing(answers.readline()))

        assert not told()
        smsc = venue.smsc(port=port)
        assert told(), "bound"
        smsc.kill()
        assert not told(), "lost"
        venue.smsc(port=port)
        assert told(), "bound anew"


def test_reports_that_waited_for_the_gate_come_to_the_client_that_asks(venue: Venue) -> None:
    """The question goes over the same connection: one of its own would be given the reports, and lose them."""
    port = free_port()
    venue.sender(port)
    with socket.socket(socket.AF_UNIX) as before:
        before.connect(venue.socket_path)
        before.sendall(encode(message("m1")) + b"\n")
    # Gone, long before anybody can have taken the message.
    smsc = venue.smsc(port=port)
    gate = Gate()
    told: list[bool] = []
    client = Client(venue.socket_path, gate.deliver, bound=told.append)
    until(smsc.submits, "the message at the SMSC")
    client.start()
    try:
        gate.hears("m1", State.DELIVERED)
        until(lambda: told, "how the sender stands")
    finally:
        client.stop()


def test_a_sender_that_does_not_say_how_it_stands_is_none(venue: Venue) -> None:
    """It hangs: the question is not repeated, and an answer that comes after all is heard."""
    told: list[bool] = []
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(venue.socket_path)
        deaf.listen()
        deaf.settimeout(60)
        client = Client(venue.socket_path, Gate().deliver, bound=told.append)
        client.start()
        try:
            connection, _ = deaf.accept()
            with connection:
                connection.settimeout(60)
                assert connection.recv(4096) == standing.encode(standing.Question()) + b"\n"
                until(lambda: told == [False], "the silence to be said")
                connection.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    connection.recv(4096)
                link = standing.Link("transceiver", "bound", 1)
                provider = standing.ProviderStanding("a", (link,), True, 0)
                connection.sendall(standing.encode(standing.Standing(1, 0, (provider,))) + b"\n")
                until(lambda: told == [False, True], "the late answer to be heard")
        finally:
            client.stop()
