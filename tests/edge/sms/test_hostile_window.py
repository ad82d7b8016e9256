"""Hostile SMSCs with messages under way: nothing is lost, nothing is sent more than once more, memory stays bounded."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sms.message import State
from tests.edge.sms.conftest import Venue
from tests.edge.sms.test_hostile_smsc import (
    BIND,
    DELIVER,
    ENQUIRE,
    RESPONSE,
    SUBMIT,
    UNBIND,
    bound,
    deliver,
    tlv,
)
from tests.edge.sms.world import message, pdu, read_pdu
from tests.lab.waiting import PATIENCE_S, until

Sent = Counter[str]
"""How often a number was submitted."""


def submit_of(connection: socket.socket, sent: Sent) -> int:
    """The next submit_sm's sequence number; other requests are answered on the way."""
    while True:
        command, _, sequence, body = read_pdu(connection)
        if command == SUBMIT:
            found = re.search(rb"\x01\x01(77\d{9})\0", body)
            assert found
            sent[found[1].decode()] += 1
            return sequence
        if not command & RESPONSE:
            connection.sendall(pdu(command | RESPONSE, 0, sequence, b"smsc\0" if command == BIND else b""))


def accept(connection: socket.socket, sequence: int, smsc_id: bytes = b"") -> None:
    connection.sendall(pdu(SUBMIT | RESPONSE, 0, sequence, (smsc_id or b"%d" % sequence) + b"\0"))


def well(connection: socket.socket, sent: Sent) -> None:
    while True:
        accept(connection, submit_of(connection, sent))


def unbind(connection: socket.socket, sent: Sent) -> None:
    """Two of five are answered, then it wants to end; the rest it keeps to itself."""
    sequences = [submit_of(connection, sent) for _ in range(5)]
    for sequence in sequences[:2]:
        accept(connection, sequence)
    connection.sendall(pdu(UNBIND, 0, 5))
    while read_pdu(connection)[0] != UNBIND | RESPONSE:
        pass


def cut(connection: socket.socket, sent: Sent) -> None:
    """Its second answer ends in the middle, with the connection."""
    first, second = submit_of(connection, sent), submit_of(connection, sent)
    connection.sendall(pdu(SUBMIT | RESPONSE, 0, first, b"1\0") + pdu(SUBMIT | RESPONSE, 0, second, b"2\0")[:17])


def half_open(connection: socket.socket, sent: Sent) -> None:
    """It has said its last word and reads on."""
    for _ in range(3):
        submit_of(connection, sent)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def wrong_numbers(connection: socket.socket, sent: Sent) -> None:
    """Every answer has another's sequence number."""
    while True:
        accept(connection, submit_of(connection, sent) + 1000)


def giant(connection: socket.socket, sent: Sent) -> None:
    for _ in range(3):
        submit_of(connection, sent)
    connection.sendall(b"\xff\xff\xff\xf0" + b"\0" * 12)
    connection.recv(1)


def garbage(connection: socket.socket, sent: Sent) -> None:
    submit_of(connection, sent)
    connection.sendall(bytes(range(256)) * 64)
    connection.recv(1)


def bind_answered_with_enquire_link(connection: socket.socket, _sent: Sent) -> None:
    assert read_pdu(connection)[0] == BIND
    while True:
        connection.sendall(pdu(ENQUIRE, 0, 1))
        assert read_pdu(connection)[0] == ENQUIRE | RESPONSE


def misnumbered_bind(connection: socket.socket, _sent: Sent) -> None:
    _, _, sequence, _ = read_pdu(connection)
    connection.sendall(pdu(BIND | RESPONSE, 0, sequence + 1, b"smsc\0"))
    connection.recv(1)


@pytest.mark.parametrize(
    "misbehave",
    [unbind, cut, half_open, wrong_numbers, giant, garbage, bind_answered_with_enquire_link, misnumbered_bind],
)
def test_a_window_survives(venue: Venue, misbehave: Callable[[socket.socket, Sent], None]) -> None:
    """The first connection is hostile, the next ones are good: each message is sent, at most once more than once."""
    sent: Sent = Counter()

    def behave(connection: socket.socket, count: int) -> None:
        (misbehave if count == 1 else well)(connection, sent)

    raw = venue.raw_smsc(behave)
    # Doubted at the first time-out, dropped at the next: before a second answer fails to come.
    patience_s = 0.6 if misbehave is wrong_numbers else 3.0  # the others' good successors may take their time
    sender = venue.sender(raw.port, window=5, response_timeout_s=patience_s, enquire_link_s=0.3)
    client, gate = venue.client()
    numbers = [f"+7701000{number:04d}" for number in range(20)]
    for number in numbers:
        client.send(message(number, to=number))
    if misbehave is wrong_numbers:  # it lives and answers nothing: both attempts go there, and the visitor is told
        assert gate.hears(numbers[0], State.FAILED).reason == "unanswered"
    else:
        for number in numbers:
            gate.hears(number, State.SENT)
        assert set(sent) == {number.removeprefix("+") for number in numbers}
    if misbehave is giant:  # at once, and not when it has been waited for in vain
        assert "a PDU of 4294967280 bytes was announced" in sender.said()
    assert max(sent.values()) <= 2
    assert "Traceback" not in sender.said()


def test_a_throttling_storm_is_ridden_out(venue: Venue) -> None:
    """A whole window is refused, and the one that is tried after it; then everything is taken, each once.

    The window is full before its first answer: refused one by one, with a pause each, they would take a minute.
    """
    sent: Sent = Counter()

    def behave(connection: socket.socket, _count: int) -> None:
        window = [submit_of(connection, sent) for _ in range(10)]
        connection.sendall(b"".join(pdu(SUBMIT | RESPONSE, (0x14, 0x58)[number % 2], number) for number in window))
        connection.sendall(pdu(SUBMIT | RESPONSE, 0x58, submit_of(connection, sent)))
        well(connection, sent)

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port, window=10, response_timeout_s=60)
    client, gate = venue.client()
    numbers = [f"+7701000{number:04d}" for number in range(12)]
    for number in numbers:
        client.send(message(number, to=number))
    for number in numbers:
        gate.hears(number, State.SENT)
    assert (sum(sent.values()), raw.connections) == (12 + 11, 1)


def test_floods_of_what_is_not_ours_are_not_kept(venue: Venue) -> None:
    """Receipts for strangers, answers nobody waits for, each twice, with parameters unknown to everyone."""
    sent: Sent = Counter()
    pieces = [
        deliver(b"id:stranger-%d stat:DELIVRD" % number, tlv(0x1400, b"v" * 200))
        + pdu(SUBMIT | RESPONSE, 0, 10**6 + number, b"stranger-%d\0" % number) * 2
        + pdu(0x80000000, 3, 10**6 + number)
        for number in range(2500)
    ]

    def behave(connection: socket.socket, _count: int) -> None:
        held = submit_of(connection, sent)  # while something is under way, a receipt may be an early one
        for piece in pieces:
            connection.sendall(piece)
            command, _, sequence, _ = read_pdu(connection)
            assert (command, sequence) in ((DELIVER | RESPONSE, 77), (ENQUIRE, sequence))
        accept(connection, held, b"a")
        well(connection, sent)

    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, response_timeout_s=60, enquire_link_s=60)
    sender.says("bound")
    before = resident_kib(sender.pid)
    client, gate = venue.client()
    client.send(message("m1"))
    assert gate.hears("m1", State.SENT).smsc_id == "a"
    assert resident_kib(sender.pid) - before < 8 * 1024
    client.send(message("m2"))
    gate.hears("m2", State.SENT)
    assert raw.connections == 1


def test_a_duplicate_answer_and_a_duplicate_receipt_are_heard_once(venue: Venue) -> None:
    def behave(connection: socket.socket, _count: int) -> None:
        sequence = submit_of(connection, Counter())
        answer = pdu(SUBMIT | RESPONSE, 0, sequence, b"a\0")
        refusal = pdu(SUBMIT | RESPONSE, 0x0B, sequence)
        receipt = deliver(b"id:a stat:DELIVRD")
        connection.sendall(answer + answer + refusal + receipt + receipt + deliver(b"id:a stat:UNDELIV"))
        well(connection, Counter())

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    client.send(message("m2"))
    gate.hears("m2", State.SENT)
    assert gate.of("m1") == [State.SENT, State.DELIVERED]


def test_answers_byte_by_byte_are_answers(venue: Venue) -> None:
    def behave(connection: socket.socket, _count: int) -> None:
        bound(connection)
        while True:
            sequence = submit_of(connection, Counter())
            for octet in pdu(SUBMIT | RESPONSE, 0, sequence, b"slow\0") + deliver(b"id:slow stat:DELIVRD"):
                connection.sendall(bytes((octet,)))

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    assert raw.connections == 1


def test_a_stop_waits_for_the_answers_that_are_on_their_way(venue: Venue) -> None:
    """Else their messages would be handed over again to the next sender, and sent twice."""
    heard: list[int] = []
    sent: Sent = Counter()

    def behave(connection: socket.socket, _count: int) -> None:
        sequence = submit_of(connection, sent)
        until(lambda: stopping, "the stop")
        connection.settimeout(0.3)
        with suppress(TimeoutError):  # an unbind now would end the session with the submit_sm unanswered
            heard.append(read_pdu(connection)[0])
            return
        connection.settimeout(PATIENCE_S)
        accept(connection, sequence, b"a")
        heard.append(read_pdu(connection)[0])
        connection.sendall(pdu(UNBIND | RESPONSE, 0, sequence + 1))

    stopping: list[bool] = []
    raw = venue.raw_smsc(behave)
    sender = venue.sender(raw.port, enquire_link_s=60)
    client, gate = venue.client()
    client.send(message("m1"))
    until(lambda: sent, "the submit")
    sender.ask_to_end()
    stopping.append(True)
    assert gate.hears("m1", State.SENT).smsc_id == "a"
    assert sender.ended() == 0
    assert heard == [UNBIND]


def resident_kib(pid: int) -> int:
    """The memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])
