"""The client against a sender that hangs, repeats itself or talks nonsense."""

from __future__ import annotations

import socket

from sms.client import Client
from sms.message import Message, Report, State, encode
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import Gate, message, utc_ms


def test_a_client_gives_the_sender_up_that_never_answers(venue: Venue) -> None:
    """A sender that hangs: the message is reported failed in the end, by the client's own clock."""
    now = utc_ms()
    clock = [now]
    gate = Gate()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(venue.socket_path)
        deaf.listen()
        client = Client(venue.socket_path, gate.deliver, lambda: clock[0])
        client.start()
        try:
            client.send(Message("m1", "+77011234567", "x", now + 1000))
            connection, _ = deaf.accept()
            with connection:
                connection.settimeout(10)
                assert connection.recv(4096).startswith(b'{"id":"m1"')
                clock[0] = now + 60_000
                client.send(Message("m2", "+77011234567", "x", now + 1))
                assert gate.hears("m2", State.FAILED).reason == "expired"
                assert gate.of("m1") == []
                clock[0] = now + 61_000
                client.send(Message("m3", "+77011234567", "x", now + 1))
                assert gate.hears("m1", State.FAILED).reason == "expired"
        finally:
            client.stop()


def test_a_clock_set_back_by_months_ends_nothing(venue: Venue) -> None:
    """The wait until a message expires is then longer than the kernel's poll can count."""
    now = utc_ms()
    clock = [now]
    gate = Gate()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(venue.socket_path)
        deaf.listen()
        client = Client(venue.socket_path, gate.deliver, lambda: clock[0])
        client.start()
        try:
            client.send(Message("m1", "+77011234567", "x", now + 60_000))
            connection, _ = deaf.accept()
            with connection:
                connection.settimeout(10)
                assert connection.recv(4096).startswith(b'{"id":"m1"')
                clock[0] = now - 60 * 86_400_000
                client.send(Message("m2", "+77011234567", "x", now + 60_000))
                assert connection.recv(4096).startswith(b'{"id":"m2"')
                client.send(Message("m3", "+77011234567", "x", now + 60_000))
                assert connection.recv(4096).startswith(b'{"id":"m3"')
        finally:
            client.stop()


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
