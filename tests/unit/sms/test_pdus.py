"""Effects as bytes and bytes as events: the PDU edge, and what hostile bytes do to it."""

from __future__ import annotations

import contextlib
import io
import logging

import pytest
import smpp34
from hypothesis import given, settings
from hypothesis import strategies as st

from sms import dialogue as d
from sms.errors import ProtocolError
from sms.message import Message, State
from sms.receipts import Receipt, read
from sms.settings import Provider
from sms.smsc import MAX_PDU_BYTES, decode, encode, frame_length, silence, validity_period

PROVIDER = Provider(host="smsc", port=1, system_id="venue", password="secret")
MESSAGE = Message("m1", "+77011234567", "Құпия сөз: 428517", 300_000)


def test_a_submit_as_another_library_reads_it() -> None:
    pdu = smpp34.decode(encode(d.SendSubmit(9, MESSAGE), PROVIDER, now_utc_ms=0))
    assert isinstance(pdu, smpp34.SubmitSm)
    assert (pdu.sequence_number, pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == (9, "Qaqpa", 5, 0)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == ("77011234567", 1, 1)
    assert (pdu.data_coding, pdu.registered_delivery, pdu.validity_period) == (8, 1, "000000000500000R")
    assert pdu.short_message.decode("utf-16-be") == MESSAGE.text


@pytest.mark.parametrize(
    ("left_ms", "period"),
    [
        (-5, "000000000001000R"),
        (300_000, "000000000500000R"),
        ((((2 * 24 + 3) * 60 + 4) * 60 + 5) * 1000, "000002030405000R"),
        (10**12, "000028000000000R"),
    ],
)
def test_validity_period(left_ms: int, period: str) -> None:
    message = Message("m1", "+77011234567", "x", 2 * 10**12)
    assert validity_period(message, 2 * 10**12 - left_ms) == period


@pytest.mark.parametrize("effect", [d.SendEnquire(7), d.SendUnbind(7), d.AnswerEnquire(7), d.AnswerUnbind(7),
                                    d.AnswerDelivered(7), d.SendNack(7, 3), d.SendBind(7)])  # fmt: skip
def test_every_pdu_carries_its_sequence_number(effect: d.Wired) -> None:
    octets = encode(effect, PROVIDER, 0)
    assert (len(octets), octets[12:16]) == (int.from_bytes(octets[:4], "big"), b"\0\0\0\x07")


@pytest.mark.parametrize("name", ["smpplib", "smpplib.command", "smpplib.client", "smpp.Client.140"])
def test_what_the_library_logs_never_comes_out(name: str) -> None:
    heard = io.StringIO()
    ear = logging.StreamHandler(heard)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        silence()
        logging.getLogger(name).debug("a PDU")
        logging.getLogger(name).critical("a PDU")
    finally:
        root.removeHandler(ear)
        root.setLevel(level)
    assert heard.getvalue() == ""


@pytest.mark.parametrize("length", [0, 15, MAX_PDU_BYTES + 1, 0xFFFFFFF0])
def test_impossible_lengths(length: int) -> None:
    with pytest.raises(ProtocolError):
        frame_length(length.to_bytes(4, "big"))


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([0x80000004, 0x00000005, 0x80000009, 0x00000015, 0x00000103, 0x80000000, 0x00000006, 0x12345]),
    st.binary(max_size=200),
)
def test_hostile_bytes_are_an_event_or_a_protocol_error(command: int, body: bytes) -> None:
    frame = (16 + len(body)).to_bytes(4, "big") + command.to_bytes(4, "big") + bytes(8) + body
    with contextlib.suppress(ProtocolError):
        decode(frame)


@given(st.binary(max_size=60))
def test_hostile_tlvs_after_a_sound_receipt(tail: bytes) -> None:
    sound = smpp34.DeliverSm("77011234567", "Qaqpa", b"id:7 stat:DELIVRD", esm_class=4, sequence_number=3).encode()
    frame = (len(sound) + len(tail)).to_bytes(4, "big") + sound[4:] + tail
    try:
        event = decode(frame)
    except ProtocolError:
        return
    assert isinstance(event, d.Delivered)
    assert event.sequence == 3


@pytest.mark.parametrize(
    ("text", "tlv_id", "state", "receipt"),
    [
        (b"id:7 sub:001 dlvrd:001 stat:DELIVRD err:000", None, None, Receipt("7", State.DELIVERED, "")),
        (b"ID:a-7 STAT:undeliv", None, None, Receipt("a-7", State.FAILED, "undeliverable")),
        (b"id:7 stat:DELIVRD", b"8\0", 3, Receipt("8", State.FAILED, "expired")),
        (b"", b"8\0", 2, Receipt("8", State.DELIVERED, "")),
        (b"id:7 stat:ACCEPTD", None, None, Receipt("7", None, "")),
        (b"id:7 stat:ENROUTE", None, 1, Receipt("7", None, "")),
        (b"id:7", None, None, Receipt("7", None, "")),
        (b"hello", None, None, None),
        (b"void:7 stat:DELIVRD", None, None, None),
    ],
)
def test_receipts(text: bytes, tlv_id: bytes | None, state: int | None, receipt: Receipt | None) -> None:
    assert read(text, tlv_id, state) == receipt
