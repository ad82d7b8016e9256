"""Effects as bytes and bytes as events: the PDU edge, and what hostile bytes do to it."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import Any

import pytest
import smpp34
from hypothesis import given, settings
from hypothesis import strategies as st

from sms import dialogue as d
from sms.errors import ProtocolError
from sms.message import State
from sms.receipts import Receipt, read
from sms.settings import Long, Provider, Role
from sms.smsc import MAX_PDU_BYTES, decode, encode, frame_length, silence, validity_period
from sms.submission import WHOLE, Submission
from sms.texts import Coding, Encoded, split

PROVIDER = Provider(host="smsc", port=1, system_id="venue", password="secret")
TEXT = "Құпия сөз: 428517"
MESSAGE = Submission("m1", "+77011234567", 300_000, split(TEXT)[0])
LONG = Encoded(Coding.UCS2, ("ұ" * 100).encode("utf-16-be"))


def test_a_submit_as_another_library_reads_it() -> None:
    pdu = smpp34.decode(encode(d.SendSubmit(9, MESSAGE), PROVIDER, now_utc_ms=0))
    assert isinstance(pdu, smpp34.SubmitSm)
    assert (pdu.sequence_number, pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == (9, "Qaqpa", 5, 0)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == ("77011234567", 1, 1)
    assert (pdu.data_coding, pdu.registered_delivery, pdu.validity_period) == (8, 1, "000000000500000R")
    assert pdu.short_message.decode("utf-16-be") == TEXT
    assert pdu.esm_class == 0


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
    assert validity_period(2 * 10**12, 2 * 10**12 - left_ms) == period


def submitted(submission: Submission, **provider: Any) -> smpp34.SubmitSm:
    """As another library reads it."""
    made = Provider(host="smsc", port=1, system_id="venue", password="secret", **provider)
    pdu = smpp34.decode(encode(d.SendSubmit(9, submission), made, now_utc_ms=0))
    assert isinstance(pdu, smpp34.SubmitSm)
    return pdu


def tlvs(pdu: smpp34.SubmitSm) -> dict[int, bytes]:
    return {tlv.tag: tlv.value for tlv in pdu.tlvs}


def test_a_part_with_a_user_data_header() -> None:
    part = Submission("m1", "+77011234567", 300_000, split(TEXT)[0], part=2, total=3, reference=200)
    pdu = submitted(part)
    assert pdu.esm_class == 0x40
    assert pdu.short_message == bytes((5, 0, 3, 200, 3, 2)) + TEXT.encode("utf-16-be")
    assert tlvs(pdu) == {}


def test_a_part_with_sar_parameters() -> None:
    part = Submission("m1", "+77011234567", 300_000, split(TEXT)[0], part=2, total=3, reference=200)
    pdu = submitted(part, long=Long.SAR)
    assert (pdu.esm_class, pdu.short_message) == (0, TEXT.encode("utf-16-be"))
    assert tlvs(pdu) == {0x020C: b"\0\xc8", 0x020E: b"\x03", 0x020F: b"\x02"}


def test_a_long_text_as_payload() -> None:
    pdu = submitted(Submission("m1", "+77011234567", 300_000, LONG, part=WHOLE), long=Long.PAYLOAD)
    assert (pdu.esm_class, pdu.short_message) == (0, b"")
    assert tlvs(pdu) == {0x0424: LONG.octets}


def test_what_a_provider_wants_otherwise() -> None:
    pdu = submitted(MESSAGE, ucs2_coding=2, gsm_coding=1, dest_plus=True, source="77010000000", source_ton=1)
    assert (pdu.data_coding, pdu.destination_addr, pdu.source_addr_ton) == (2, "+77011234567", 1)
    assert submitted(Submission("m1", "+77011234567", 0, split("x")[0]), gsm_coding=1).data_coding == 1


@pytest.mark.parametrize("role", list(Role))
def test_every_role_binds_and_hears_its_answer(role: Role) -> None:
    command = {Role.TRANSCEIVER: 0x09, Role.TRANSMITTER: 0x02, Role.RECEIVER: 0x01}[role]
    octets = encode(d.SendBind(7, role), PROVIDER, 0)
    assert octets[4:8] == command.to_bytes(4, "big")
    answer = (20).to_bytes(4, "big") + (0x80000000 | command).to_bytes(4, "big") + bytes(4) + octets[12:16] + b"abc\0"
    assert decode(answer) == d.BindAnswered(7, 0)


def test_a_receipt_tells_whose_phone_it_is_about() -> None:
    sound = smpp34.DeliverSm("77011234567", "Qaqpa", b"id:7 stat:DELIVRD", esm_class=4, sequence_number=3).encode()
    assert decode(sound) == d.Delivered(3, Receipt("7", State.DELIVERED, "", "77011234567"))


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
