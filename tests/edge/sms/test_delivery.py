"""A message's way through the real sender and a real SMSC, with every process killed once."""

from __future__ import annotations

import os
import signal
import socket
import struct
from pathlib import Path

from sms.message import Message, State, encode
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import PASSWORD, TEXT, RawSmsc, free_port, message, pdu, read_pdu
from tests.lab.waiting import until


def test_a_message_is_sent_and_its_receipt_comes_back(venue: Venue) -> None:
    smsc = venue.smsc()
    venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    client.send(message("m2", text="Price: 5€ [ok]"))
    gate.hears("m2", State.DELIVERED)
    first, second = smsc.submits()
    assert (first["from"], first["to"], first["text"], first["coding"]) == ("Qaqpa", "77011234567", TEXT, 8)
    assert (second["text"], second["coding"], second["registered_delivery"]) == ("Price: 5€ [ok]", 0, 1)
    assert gate.of("m1") == [State.SENT, State.DELIVERED]
    assert gate.hears("m1", State.SENT).smsc_id == first["id"]


def test_without_receipts_sent_is_the_last_word(venue: Venue) -> None:
    smsc = venue.smsc("--no-receipts")
    venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.SENT)
    client.send(message("m2"))
    gate.hears("m2", State.SENT)
    assert gate.of("m1") == [State.SENT]


def test_a_refused_message_fails_with_the_smscs_reason(venue: Venue) -> None:
    smsc = venue.smsc("--reject", "0b")
    venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("m1"))
    assert gate.hears("m1", State.FAILED).reason == "0x0b invalid destination"


def test_more_messages_than_the_window_all_arrive_once(venue: Venue) -> None:
    smsc = venue.smsc()
    venue.sender(smsc.port, window=3)
    client, gate = venue.client()
    for number in range(200):
        client.send(message(f"m{number}"))
    for number in range(200):
        gate.hears(f"m{number}", State.DELIVERED)
    assert len(smsc.submits()) == 200


def test_an_smsc_that_dies_and_returns_gets_the_message_once(venue: Venue) -> None:
    smsc = venue.smsc(port=free_port())
    sender = venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("before"))
    gate.hears("before", State.DELIVERED)
    smsc.kill()
    sender.says("no link to the SMSC")
    client.send(message("during"))
    again = venue.smsc(port=smsc.port)
    gate.hears("during", State.DELIVERED)
    assert [submit["to"] for submit in again.submits()] == ["77011234567"] * 2


def test_a_message_that_waits_for_a_dead_smsc_expires(venue: Venue) -> None:
    port = free_port()
    sender = venue.sender(port)
    client, gate = venue.client()
    client.send(message("m1", life_s=5.5))
    assert gate.hears("m1", State.FAILED).reason == "expired"
    smsc = venue.smsc(port=port)
    sender.says("bound to the SMSC")
    client.send(message("m2"))
    gate.hears("m2", State.DELIVERED)
    assert len(smsc.submits()) == 1


def test_a_killed_sender_is_handed_its_messages_again(venue: Venue) -> None:
    port = free_port()
    sender = venue.sender(port)
    client, gate = venue.client()
    client.send(message("m1"))
    client.send(message("m2", life_s=0.3))
    gate.hears("m2", State.FAILED)  # so the sender had m1 too, in order
    sender.kill()
    assert Path(venue.socket_path).exists()  # stale; its successor replaces it
    smsc = venue.smsc(port=port)
    venue.sender(port)
    gate.hears("m1", State.DELIVERED)
    assert len(smsc.submits()) == 1
    assert gate.of("m2") == [State.FAILED]


def test_a_gate_that_restarts_hears_what_happened_meanwhile(venue: Venue) -> None:
    port = free_port()
    sender = venue.sender(port)
    client, gate = venue.client()
    client.send(message("m1"))
    client.send(message("m2", life_s=0.3))
    gate.hears("m2", State.FAILED)
    client.stop()
    venue.smsc(port=port)
    until(
        lambda: (venue.directory / "sms.jsonl").exists() and (venue.directory / "sms.jsonl").read_text(), "the submit"
    )
    sender.says("bound")
    _, successor = venue.client()
    successor.hears("m1", State.DELIVERED)
    assert successor.of("m1") == [State.SENT, State.DELIVERED]


def test_without_any_sender_a_message_expires(venue: Venue) -> None:
    client, gate = venue.client()
    client.send(message("m1", life_s=0.2))
    assert gate.hears("m1", State.FAILED).reason == "expired"
    client.send(message("m2", life_s=-1))
    assert gate.hears("m2", State.FAILED).reason == "expired"


def test_a_message_handed_over_again_is_not_sent_again(venue: Venue) -> None:
    smsc = venue.smsc()
    venue.sender(smsc.port)
    line = encode(message("m1")) + b"\n"
    with socket.socket(socket.AF_UNIX) as first:
        first.settimeout(60)
        first.connect(venue.socket_path)
        first.sendall(line)
        heard = b""
        while heard.count(b"\n") < 2:
            heard += first.recv(4096)
    with socket.socket(socket.AF_UNIX) as second:
        second.settimeout(60)
        second.connect(venue.socket_path)
        second.sendall(line)
        again = b""
        while again.count(b"\n") < 2:
            again += second.recv(4096)
        assert again == heard
    assert len(smsc.submits()) == 1


def test_a_text_of_two_parts_is_refused_before_it_costs_anything(venue: Venue) -> None:
    smsc = venue.smsc()
    venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("long", text="ұ" * 71))
    client.send(Message("odd", "not a number", "x", message("x").expires_utc_ms))
    client.send(message("good"))
    gate.hears("good", State.DELIVERED)
    assert gate.hears("long", State.FAILED).reason == "text too long"
    assert gate.hears("odd", State.FAILED).reason == "malformed"
    assert len(smsc.submits()) == 1


def test_a_stopped_sender_process_does_not_hold_up_the_gate(venue: Venue) -> None:
    smsc = venue.smsc()
    sender = venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    os.kill(sender.pid, signal.SIGSTOP)
    try:
        for number in range(2000):
            client.send(message(f"n{number}"))
    finally:
        os.kill(sender.pid, signal.SIGCONT)
    for number in range(2000):
        gate.hears(f"n{number}", State.DELIVERED)
    assert len(smsc.submits()) == 2001


def test_the_submit_says_how_long_the_message_is_worth_anything(venue: Venue) -> None:
    bodies: list[bytes] = []

    def behave(connection: socket.socket, _count: int) -> None:
        while True:
            command, _, sequence, body = read_pdu(connection)
            if command in (0x04, 0x09):
                bodies.append(body)
            answer = b"x\0" if command in (0x04, 0x09) else b""
            connection.sendall(pdu(command | 0x80000000, 0, sequence, answer))

    raw: RawSmsc = venue.raw_smsc(behave)
    venue.sender(raw.port)
    client, gate = venue.client()
    client.send(message("m1", life_s=299.5))
    gate.hears("m1", State.SENT)
    bind, submit = until(lambda: bodies if len(bodies) == 2 else None, "bind and submit")
    assert bind.startswith(b"venue\0" + PASSWORD.encode() + b"\0\0" + struct.pack("B", 0x34))
    assert submit.startswith(b"\0\x05\x00Qaqpa\0\x01\x0177011234567\0")
    assert b"\0000000000004" in submit  # 4 minutes and some seconds
