"""The real sender against hand-written SMSCs that do what no library's server does."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import pytest

from sms.message import State
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import PASSWORD, message, pdu, read_pdu
from tests.lab.waiting import until

BIND, SUBMIT, DELIVER, UNBIND, ENQUIRE, NACK = 0x09, 0x04, 0x05, 0x06, 0x15, 0x80000000
RESPONSE = 0x80000000


def well(connection: socket.socket, submits: list[int] | None = None, smsc_id: bytes = b"7") -> None:
    """An SMSC as it should be, until the peer leaves."""
    while True:
        command, _, sequence, _ = read_pdu(connection)
        if command == SUBMIT and submits is not None:
            submits.append(sequence)
        if not command & RESPONSE:
            answer = {BIND: b"smsc\0", SUBMIT: smsc_id + b"\0"}.get(command, b"")
            connection.sendall(pdu(command | RESPONSE, 0, sequence, answer))


def bound(connection: socket.socket) -> None:
    """Answers the bind."""
    command, _, sequence, _ = read_pdu(connection)
    assert command == BIND
    connection.sendall(pdu(BIND | RESPONSE, 0, sequence, b"smsc\0"))


def deliver(text: bytes, tlvs: bytes = b"", esm_class: int = 4) -> bytes:
    """A deliver_sm from a phone or with a receipt."""
    head = b"\0\x01\x0177011234567\0\x05\x00Qaqpa\0" + bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0))
    return pdu(DELIVER, 0, 77, head + bytes((len(text),)) + text + tlvs)


def tlv(tag: int, value: bytes) -> bytes:
    """One optional parameter."""
    return struct.pack(">HH", tag, len(value)) + value


def giant(connection: socket.socket) -> None:
    bound(connection)
    connection.sendall(b"\xff\xff\xff\xf0" + b"\0" * 12)
    connection.recv(1)


def tiny(connection: socket.socket) -> None:
    bound(connection)
    connection.sendall(b"\0\0\0\x07" + b"\0" * 12)
    connection.recv(1)


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def deaf_after_bind(connection: socket.socket) -> None:
    bound(connection)
    silent(connection)


def cut(connection: socket.socket) -> None:
    bound(connection)
    connection.sendall(pdu(DELIVER, 0, 1, b"x" * 50)[:30])


def unbinding(connection: socket.socket) -> None:
    bound(connection)
    connection.sendall(pdu(UNBIND, 0, 5))
    while True:
        command, _, sequence, _ = read_pdu(connection)
        if command == UNBIND | RESPONSE:
            assert sequence == 5
            return


def malformed(connection: socket.socket) -> None:
    bound(connection)
    connection.sendall(pdu(DELIVER, 0, 1, b"\0\0"))
    connection.recv(1)


def half_tlv(connection: socket.socket) -> None:
    bound(connection)
    connection.sendall(deliver(b"id:7 stat:DELIVRD", b"\x00\x1e\x00"))
    while True:
        read_pdu(connection)


def refusing_bind(connection: socket.socket) -> None:
    _, _, sequence, _ = read_pdu(connection)
    connection.sendall(pdu(BIND | RESPONSE, 0x0D, sequence))
    connection.recv(1)


def nacking_bind(connection: socket.socket) -> None:
    _, _, sequence, _ = read_pdu(connection)
    connection.sendall(pdu(NACK, 0x03, sequence))
    connection.recv(1)


@pytest.mark.parametrize(
    "misbehave",
    [
        giant,
        tiny,
        silent,
        deaf_after_bind,
        cut,
        unbinding,
        malformed,
        half_tlv,
        refusing_bind,
        nacking_bind,
        socket.socket.close,
    ],
)
def test_the_link_recovers(venue: Venue, misbehave: Callable[[socket.socket], None]) -> None:
    def behave(connection: socket.socket, count: int) -> None:
        if count <= 2:
            misbehave(connection)
        else:
            well(connection)

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, response_timeout_s=1.0, enquire_link_s=0.3)
    client, gate = venue.client()
    until(lambda: raw.connections >= 3, "a third connection")
    client.send(message("m1"))
    assert gate.hears("m1", State.SENT).smsc_id == "7"
    assert "Traceback" not in sender.said()


def test_odd_but_lawful_pdus_do_not_disturb(venue: Venue) -> None:
    answered: list[tuple[int, int, int]] = []

    def behave(connection: socket.socket, _count: int) -> None:
        command, _, sequence, _ = read_pdu(connection)
        assert command == BIND
        connection.sendall(pdu(ENQUIRE, 0, 900))  # before the bind is answered
        for octet in pdu(BIND | RESPONSE, 0, sequence, b"smsc\0" + tlv(0x0210, b"\x34")):
            connection.sendall(bytes((octet,)))
        connection.sendall(
            pdu(SUBMIT | RESPONSE, 0, 4000, b"stranger\0")
            + pdu(0x7777, 0, 901)
            + pdu(0x80007777, 0, 902)
            + pdu(NACK, 3, 903)
            + deliver(b"id:nobody stat:DELIVRD")
            + deliver("hello".encode("utf-16-be"), esm_class=0)
        )
        while True:
            command, status, sequence, _ = read_pdu(connection)
            if command == SUBMIT:
                # The receipt overtakes its response; no zero ends the response's id; a TLV unknown to everyone and
                # one that the library has no place for in a deliver_sm.
                extra = tlv(0x1400, b"vendor") + tlv(0x001D, b"info\0")
                connection.sendall(
                    deliver(b"", tlv(0x001E, b"42\0") + extra + tlv(0x0427, b"\x05"))
                    + pdu(SUBMIT | RESPONSE, 0, sequence, b"42")
                )
            else:
                answered.append((command, status, sequence))

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port)
    client, gate = venue.client()
    client.send(message("m1"))
    assert gate.hears("m1", State.FAILED).reason == "undeliverable"
    assert gate.of("m1") == [State.SENT, State.FAILED]
    assert raw.connections == 1
    delivered = (DELIVER | RESPONSE, 0, 77)
    until(lambda: len(answered) == 5, "all answers")
    assert answered == [(ENQUIRE | RESPONSE, 0, 900), (NACK, 3, 901), delivered, delivered, delivered]


def test_an_unanswered_message_is_sent_once_more_and_not_again(venue: Venue) -> None:
    submits: list[int] = []

    def behave(connection: socket.socket, _count: int) -> None:
        bound(connection)
        while True:
            command, _, sequence, _ = read_pdu(connection)
            if command == SUBMIT:
                submits.append(sequence)
                return

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port)
    client, gate = venue.client()
    client.send(message("m1"))
    assert gate.hears("m1", State.FAILED).reason == "unanswered"
    until(lambda: raw.connections >= 3, "a third connection")
    assert len(submits) == 2


def test_a_late_answer_is_the_truth(venue: Venue) -> None:
    """The first submit_sm is answered after its time, while its repetition already waits for an answer."""

    def behave(connection: socket.socket, _count: int) -> None:
        bound(connection)
        first = 0
        while True:
            command, _, sequence, _ = read_pdu(connection)
            if command == ENQUIRE:
                connection.sendall(pdu(ENQUIRE | RESPONSE, 0, sequence))
            elif command == SUBMIT and not first:
                first = sequence
            elif command == SUBMIT:
                connection.sendall(pdu(SUBMIT | RESPONSE, 0, first, b"late\0"))

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port, response_timeout_s=2.0)
    client, gate = venue.client()
    client.send(message("m1"))
    assert gate.hears("m1", State.SENT).smsc_id == "late"
    assert raw.connections == 1


def test_throttled_messages_wait_and_are_sent(venue: Venue) -> None:
    refused = 0
    submits: list[int] = []

    def behave(connection: socket.socket, _count: int) -> None:
        nonlocal refused
        bound(connection)
        while True:
            command, _, sequence, _ = read_pdu(connection)
            if command == SUBMIT and not refused:
                refused += 1
                connection.sendall(pdu(SUBMIT | RESPONSE, 0x58, sequence))
            elif command == SUBMIT:
                submits.append(sequence)
                connection.sendall(pdu(SUBMIT | RESPONSE, 0, sequence, b"%d\0" % sequence))

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
    assert (refused, len(submits), raw.connections) == (1, 1, 1)


def test_refused_credentials_are_an_alarm_and_not_a_storm(venue: Venue) -> None:
    def behave(connection: socket.socket, _count: int) -> None:
        _, _, sequence, _ = read_pdu(connection)
        connection.sendall(pdu(BIND | RESPONSE, 0x0E, sequence))
        connection.recv(1)

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port)
    sender.says("ERROR smsc: no link to the SMSC: the SMSC refused system_id or password (0x0e invalid password)")
    client, gate = venue.client()
    client.send(message("m1", life_s=6.0))  # ten times the ordinary back-off
    assert gate.hears("m1", State.FAILED).reason == "expired"
    assert raw.connections == 1
    assert PASSWORD not in sender.said()


def test_an_smsc_that_hangs_up_at_once_is_not_called_in_a_hot_loop(venue: Venue) -> None:
    came: list[float] = []
    hung_up: list[float] = []

    def behave(connection: socket.socket, _count: int) -> None:
        came.append(time.monotonic())
        bound(connection)
        hung_up.append(time.monotonic())

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, back_off_start_s=0.1, back_off_cap_s=10)
    until(lambda: len(came) >= 5, "five connections")
    # At least half of each pause. Seen from here they only look longer, whenever we are not run.
    assert came[4] - hung_up[0] > 0.05 + 0.1 + 0.2 + 0.4
    assert sender.end() == 0


def test_a_flood_that_is_never_read_is_bounded(venue: Venue) -> None:
    """An SMSC that asks for ever and reads nothing: the sender lets go instead of holding its answers."""

    def behave(connection: socket.socket, count: int) -> None:
        if count > 1:
            well(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # or the kernel holds megabytes for us
        bound(connection)
        flood = pdu(ENQUIRE, 0, 1) * 4096
        while True:
            connection.sendall(flood)

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, enquire_link_s=60, response_timeout_s=60)
    sender.says("does not read what we send")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
