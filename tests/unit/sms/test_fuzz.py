"""Whatever bytes an SMSC sends, in whatever pieces: events, or one protocol error; never anything else, never much.

Seconds here; the profile ``minutes`` looks longer (see conftest).
"""

from __future__ import annotations

import socket
import struct

import smpp34
from hypothesis import given, settings
from hypothesis import strategies as st

from sms import dialogue as d
from sms import link
from sms.connection import Connection
from sms.errors import ProtocolError, TextRefused
from sms.settings import Provider
from sms.smsc import MAX_PDU_BYTES, decode, encode
from sms.state import Phase, State
from sms.submission import Submission
from sms.terms import Moment, Terms
from sms.texts import split

PROVIDER = Provider(host="smsc", port=1, system_id="venue", password="secret")
TERMS = Terms.of(PROVIDER)


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """By hand."""
    return struct.pack(">LLLL", 16 + len(body), command, status, sequence) + body


SOUND = [
    pdu(0x80000009, 1, b"smsc\0"),
    pdu(0x80000004, 2, b"7\0"),
    pdu(0x80000004, 2, status=0x58),
    pdu(0x00000015, 3),
    pdu(0x00000006, 4),
    pdu(0x80000000, 2, status=3),
    smpp34.DeliverSm("77011234567", "Qaqpa", b"id:7 stat:DELIVRD err:000", esm_class=4, sequence_number=5).encode(),
    smpp34.DeliverSm(
        "77011234567",
        "Qaqpa",
        b"",
        esm_class=4,
        sequence_number=6,
        tlvs=[smpp34.Tlv(0x001E, b"7\0"), smpp34.Tlv(0x0427, b"\x02"), smpp34.Tlv(0x0424, b"x" * 300)],
    ).encode(),
]


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A sound PDU with some octets changed, cut out or put in; its length as it was, or put right."""
    octets = bytearray(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(octets)))
        octets[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    if len(octets) >= 16 and draw(st.booleans()):
        octets[:4] = len(octets).to_bytes(4, "big")
    return bytes(octets)


STREAMS = st.lists(st.one_of(changed(), changed(), st.sampled_from(SOUND), st.binary(max_size=40)), max_size=12)


@settings(deadline=None)
@given(STREAMS, st.lists(st.integers(1, 200), max_size=20))
def test_any_stream_in_any_pieces_is_events_or_one_protocol_error(stream: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(stream)
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        connection = Connection(ours)
        state = State(phase=Phase.BOUND, sequence=1)
        submission = Submission("m1", "+77011234567", 10**12, split("x")[0])
        state, _ = link.step(TERMS, state, d.Handed(submission), Moment(0, 0.5))
        try:
            for cut in [*cuts, len(octets)]:
                piece, octets = octets[:cut], octets[cut:]
                if not piece:
                    break
                theirs.sendall(piece)
                for frame in connection.read():
                    assert len(frame) <= MAX_PDU_BYTES
                    event = decode(frame)
                    if event is not None:
                        state, effects = link.step(TERMS, state, event, Moment(1, 0.5))
                        assert len(effects) <= 4
                        assert len(state.window) <= 1
        except ProtocolError:
            pass
        finally:
            connection.close()


@settings(deadline=None)
@given(st.text(min_size=1, max_size=200), st.integers(0, 255), st.integers(2, 6))
def test_whatever_we_write_another_library_reads(text: str, reference: int, total: int) -> None:
    try:
        pieces = split(text)
    except TextRefused:
        return
    for part, encoded in enumerate(pieces, start=1):
        submission = Submission("m1", "+77011234567", 300_000, encoded, part, total, reference)
        pdu = smpp34.decode(encode(d.SendSubmit(9, submission), PROVIDER, 0))
        assert isinstance(pdu, smpp34.SubmitSm)
        assert pdu.short_message == bytes((5, 0, 3, reference, total, part)) + encoded.octets
