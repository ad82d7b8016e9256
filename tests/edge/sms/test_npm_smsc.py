"""The real sender against npm's smpp, whose author never saw the library that we and the other test SMSC use."""

from __future__ import annotations

import pytest

from sms.message import State
from tests.edge.sms.conftest import Venue
from tests.edge.sms.world import PASSWORD, TEXT, NpmSmsc, message

LONG = "Құпия сөз: 428517. " + "Қонақ желісіне қош келдіңіз! 😀 " * 5


def test_hexadecimal_answers_and_decimal_receipts_are_one_message(venue: Venue) -> None:
    smsc = venue.npm_smsc()
    venue.sender(smsc.port)
    client, gate = venue.client()
    client.send(message("m1"))
    client.send(message("m2", text="Price: 5€ [ok]"))
    gate.hears("m1", State.DELIVERED)
    gate.hears("m2", State.DELIVERED)
    first, second = smsc.said_of("text")
    assert (first["from"], first["to"], first["text"], first["coding"]) == ("Qaqpa", "77011234567", TEXT, 8)
    assert (second["text"], second["coding"]) == ("Price: 5€ [ok]", 0)
    assert gate.hears("m1", State.SENT).smsc_id == first["id"].upper()


def test_a_pair_of_links(venue: Venue) -> None:
    smsc = venue.npm_smsc()
    sender = venue.sender(smsc.port, bind="pair")
    sender.says("transmitter: bound to the SMSC")
    sender.says("receiver: bound to the SMSC")
    client, gate = venue.client()
    client.send(message("m1"))
    gate.hears("m1", State.DELIVERED)
    assert {line["bound"] for line in smsc.said_of("bound")} == {"bind_transmitter", "bind_receiver"}
    assert sender.end() == 0


def test_a_wrong_password_is_refused_by_a_real_one_too(venue: Venue) -> None:
    smsc = venue.npm_smsc(password="another")
    sender = venue.sender(smsc.port)
    sender.says("refused system_id or password (0x0e invalid password)")
    assert PASSWORD not in sender.said()


@pytest.mark.parametrize("long", ["udh", "sar", "payload"])
def test_a_long_text_arrives_whole(venue: Venue, long: str) -> None:
    smsc: NpmSmsc = venue.npm_smsc()
    venue.sender_of({"port": smsc.port, "long": long}, max_parts=6)
    client, gate = venue.client()
    client.send(message("m1", text=LONG))
    gate.hears("m1", State.DELIVERED)
    assert gate.of("m1") == [State.SENT, State.DELIVERED]
    lines = smsc.said_of("text")
    assert "".join(line["text"] for line in lines) == LONG
    assert len(lines) == (1 if long == "payload" else 3)
    assert [line["sar"] for line in lines] == ([1, 2, 3] if long == "sar" else [0] * len(lines))
    if long == "udh":
        assert [line["esm_class"] for line in lines] == [0x40] * 3
        assert [line["udh"][-4:] for line in lines] == ["0301", "0302", "0303"]
