"""Several providers: who carries a message when one is dead, hangs, throttles or does not serve the number."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from sms.message import State
from sms.standing import ask
from tests.edge.sms.conftest import Venue
from tests.edge.sms.test_hostile_smsc import ENQUIRE, RESPONSE, SUBMIT, bound, well
from tests.edge.sms.world import free_port, message, pdu, read_pdu
from tests.lab.waiting import until

_BIND_RECEIVER = 0x01


def answering(status: int | None, submits: list[int]) -> Callable[[socket.socket, int], None]:
    """An SMSC that binds, proves that it lives, and answers every submit_sm with this status, or never."""

    def behave(connection: socket.socket, _count: int) -> None:
        bound(connection)
        while True:
            command, _, sequence, _ = read_pdu(connection)
            if command == ENQUIRE:
                connection.sendall(pdu(ENQUIRE | RESPONSE, 0, sequence))
            elif command == SUBMIT:
                submits.append(sequence)
                if status is not None:
                    connection.sendall(pdu(SUBMIT | RESPONSE, status, sequence, b"1\0"))

    return behave


def test_the_second_carries_while_the_first_is_dead_and_no_longer(venue: Venue) -> None:
    second = venue.smsc()
    first_port = free_port()
    sender = venue.sender_of({"name": "first", "port": first_port}, {"name": "second", "port": second.port})
    sender.says("second: bound")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    assert len(second.submits()) == 1
    submits: list[int] = []
    first = venue.raw_smsc(lambda connection, _count: well(connection, submits, b"f"), port=first_port)
    sender.says("first: bound")
    client.send(message("m2"))
    assert gate.hears("m2", State.SENT).smsc_id == "f"
    assert (len(submits), len(second.submits()), first.connections) == (1, 1, 1)
    assert [gate.hears(each, State.SENT).provider for each in ("m1", "m2")] == ["second", "first"]


def test_a_number_goes_to_who_serves_it(venue: Venue) -> None:
    own: list[int] = []
    raw = venue.raw_smsc(lambda connection, _count: well(connection, own))
    others = venue.smsc()
    sender = venue.sender_of(
        {"name": "own", "port": raw.port, "prefixes": ["+7701"]}, {"name": "others", "port": others.port}
    )
    sender.says("own: bound")
    sender.says("others: bound")
    client, gate = venue.client()
    client.send(message("m1", to="+77011234567"))
    client.send(message("m2", to="+77051234567"))
    gate.hears("m1", State.SENT)
    gate.hears("m2", State.DELIVERED)
    assert (len(own), [line["to"] for line in others.submits()]) == (1, ["77051234567"])


def test_one_that_hangs_does_not_hold_up_its_successors_messages(venue: Venue) -> None:
    """It answers enquire_link and no submit_sm: what it has goes once more elsewhere, what comes goes there first."""
    submits: list[int] = []
    hanging = venue.raw_smsc(answering(None, submits))
    second = venue.smsc()
    sender = venue.sender_of(
        {"name": "hanging", "port": hanging.port, "response_timeout_s": 2}, {"name": "second", "port": second.port}
    )
    sender.says("hanging: bound")
    sender.says("second: bound")
    client, gate = venue.client()
    client.send(message("m1"))
    until(lambda: len(submits) == 1, "the first submit")
    until(lambda: not ask(venue.socket_path).providers[0].steady, "doubt")
    client.send(message("m2"))
    gate.hears("m2", State.DELIVERED)
    gate.hears("m1", State.DELIVERED)
    assert gate.reports[0].id == "m2", "the answer to the other might still come"
    assert (len(submits), len(second.submits()), hanging.connections) == (1, 2, 1)


def test_one_that_throttles_is_relieved_by_the_next(venue: Venue) -> None:
    submits: list[int] = []
    busy = venue.raw_smsc(answering(0x58, submits))
    second = venue.smsc()
    sender = venue.sender_of({"name": "busy", "port": busy.port}, {"name": "second", "port": second.port})
    sender.says("busy: bound")
    sender.says("second: bound")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    assert (len(submits), len(second.submits())) == (1, 1)


def test_an_account_without_credit_is_an_alarm_and_the_next_one_carries(venue: Venue) -> None:
    """0x0403 is this provider's own code; the owner says what it means."""
    submits: list[int] = []
    broke = venue.raw_smsc(answering(0x0403, submits))
    second = venue.smsc()
    sender = venue.sender_of(
        {"name": "broke", "port": broke.port, "statuses": {0x0403: "credentials"}},
        {"name": "second", "port": second.port},
    )
    sender.says("broke: bound")
    sender.says("second: bound")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    sender.says("ERROR broke: no link to the SMSC: the SMSC refused a message (0x403 refused)")
    link = ask(venue.socket_path).providers[0].links[0]
    assert (link.phase, link.alarm, broke.connections) == ("down", True, 1)


def test_an_unanswered_message_is_sent_twice_at_most_whoever_carries_it(venue: Venue) -> None:
    submits: list[int] = []
    ports = [venue.raw_smsc(answering(None, submits)).port for _ in range(3)]
    sender = venue.sender_of(*({"name": f"p{port}", "port": port, "response_timeout_s": 0.4} for port in ports))
    for port in ports:
        sender.says(f"p{port}: bound")
    client, gate = venue.client()
    client.send(message("m1"))
    assert gate.hears("m1", State.FAILED).reason == "unanswered"
    client.send(message("m2"))
    gate.hears("m2", State.FAILED)
    assert len(submits) == 4


def test_a_pair_without_its_receiver_sends_all_the_same(venue: Venue) -> None:
    """Nothing is heard of receipts then; a visitor's password must not wait for that."""
    binds: list[int] = []

    def behave(connection: socket.socket, _count: int) -> None:
        command, _, sequence, _ = read_pdu(connection)
        binds.append(command)
        connection.sendall(pdu(command | RESPONSE, 0x0D if command == _BIND_RECEIVER else 0, sequence, b"smsc\0"))
        well(connection, [])

    raw = venue.raw_smsc(behave)
    venue.sender(raw.port, bind="pair")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
    until(lambda: binds.count(_BIND_RECEIVER) > 1, "another attempt at the receiver")


def test_a_number_that_nobody_serves_is_said_at_once(venue: Venue) -> None:
    venue.sender_of({"port": free_port(), "prefixes": ["+7701"]})
    client, gate = venue.client()
    client.send(message("m1", to="+77051234567"))
    assert gate.hears("m1", State.FAILED).reason == "no provider"


def test_the_sender_tells_how_it_stands_without_a_secret(venue: Venue) -> None:
    smsc = venue.smsc()
    sender = venue.sender_of({"name": "smsc", "port": smsc.port}, {"name": "dead", "port": free_port()})
    sender.says("smsc: bound")
    client, gate = venue.client()
    client.send(message("m1"))
    delivered = gate.hears("m1", State.DELIVERED)
    assert (delivered.provider, delivered.parts) == ("smsc", 1)
    assert delivered.delay_ms is not None
    good, dead = ask(venue.socket_path).providers
    assert (good.under_way, good.steady) == (0, True)
    assert (good.links[0].phase, good.links[0].trouble) == ("bound", "")
    assert dead.links[0].phase in ("down", "connecting")
    assert "cannot connect: Connection refused" in dead.links[0].trouble
    with socket.socket(socket.AF_UNIX) as fool:
        fool.settimeout(60)
        fool.connect(venue.socket_path)
        fool.sendall(b'{"ask":"password"}\n')
        with contextlib.suppress(ConnectionResetError):
            assert fool.recv(4096) == b""


def test_nobody_spins_while_there_is_nothing_to_do(venue: Venue) -> None:
    """One provider dead, one that hangs, one that throttles, and messages that wait for all of them."""
    submits: list[int] = []
    throttles, hangs = venue.raw_smsc(answering(0x58, submits)), venue.raw_smsc(answering(None, submits))
    sender = venue.sender_of(
        {"name": "throttles", "port": throttles.port, "prefixes": ["+7701"], "rate_per_s": 1},
        {"name": "hangs", "port": hangs.port, "prefixes": ["+7702"], "window": 1, "response_timeout_s": 60},
        {"name": "dead", "port": free_port(), "prefixes": ["+7705"], "back_off_start_s": 5, "back_off_cap_s": 10},
    )
    sender.says("throttles: bound")
    sender.says("hangs: bound")
    client, _ = venue.client()
    for number in range(30):
        prefix = ("+7701", "+7702", "+7705")[number % 3]
        client.send(message(f"m{number}", to=f"{prefix}12345{number:02d}"))
    until(lambda: len(submits) >= 3, "the first refusal, and one that hangs")
    before = cpu_s(sender.pid)
    time.sleep(1.5)
    assert cpu_s(sender.pid) - before < 0.3  # spinning takes all there is; a busy machine gives less, never more


def cpu_s(pid: int) -> float:
    """The processor time a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
