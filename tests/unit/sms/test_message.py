"""Alphabets, parts, and what may travel on the sender's socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.errors import LineRefused, TextRefused
from sms.lines import Lines
from sms.message import Coding, Message, Report, State, decode_message, decode_report, encode, encode_text, parts
from tests.lab.smsc import text_of

KAZAKH = "Құпия сөз: 428517\n@login.example.kz #428517"


def test_gsm_where_it_fits_and_ucs2_where_it_does_not() -> None:
    assert encode_text("Password 1@£") == encode_text("Password 1@£")
    assert (encode_text("@£$ aZ").coding, encode_text("@£$ aZ").octets) == (Coding.GSM, b"\x00\x01\x02 aZ")
    assert encode_text("€{}[]^~|\\").octets == bytes.fromhex("1b65 1b28 1b29 1b3c 1b3e 1b14 1b3d 1b40 1b2f")
    assert encode_text("Åäöñüà§¿Δ").octets == bytes.fromhex("0e 7b 7c 7d 7e 7f 5f 60 10")
    assert encode_text(KAZAKH).coding is Coding.UCS2
    assert encode_text("әғқңөұүһі").octets.hex() == "04d90493049b04a304e904b104af04bb0456"
    assert encode_text("`").coding is Coding.UCS2
    assert encode_text("\x1b").coding is Coding.UCS2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("€{}[]" * 16, 1),  # two septets each: 160
        ("€{}[]" * 16 + "x", 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("x" * 152 + "€" + "x" * 152, 3),  # the escape would fall on both sides of the cut
        ("ұ" * 70, 1),
        ("ұ" * 71, 2),
        ("ұ" * 134, 2),
        ("ұ" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ұ" * 66 + "😀" + "ұ" * 66, 3),
    ],
)
def test_parts(text: str, count: int) -> None:
    assert parts(text) == count


@pytest.mark.parametrize(
    ("text", "reason"), [("", "text empty"), ("ұ" * 71, "text too long"), ("\ud800", "text malformed")]
)
def test_texts_that_no_part_carries_are_refused(text: str, reason: str) -> None:
    with pytest.raises(TextRefused) as caught:
        encode_text(text)
    assert caught.value.reason == reason


@given(st.text(min_size=1, max_size=60))
def test_what_is_encoded_reads_the_same_at_the_smsc(text: str) -> None:
    try:
        encoded = encode_text(text)
    except TextRefused:
        assert parts(text) > 1
        return
    assert text_of(encoded.octets, encoded.coding) == text
    assert len(encoded.octets) <= (160 if encoded.coding is Coding.GSM else 140)


def test_messages_and_reports_travel() -> None:
    message = Message("m1", "+77011234567", KAZAKH, 1)
    assert decode_message(encode(message)) == message
    report = Report("m1", State.FAILED, reason="expired")
    assert decode_report(encode(report)) == report


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"id":"","to":"+77011234567","text":"x","expires_utc_ms":1}',
        b'{"id":"a b","to":"+77011234567","text":"x","expires_utc_ms":1}',
        b'{"id":"a","to":"77011234567","text":"x","expires_utc_ms":1}',
        b'{"id":"a","to":"+77011234567","text":"","expires_utc_ms":1}',
        b'{"id":"a","to":"+77011234567","text":"x","expires_utc_ms":-1}',
        b'{"id":"a","to":"+77011234567","text":"x","expires_utc_ms":1,"more":1}',
    ],
)
def test_no_message(line: bytes) -> None:
    with pytest.raises(LineRefused):
        decode_message(line)


def test_a_message_shows_neither_text_nor_number() -> None:
    shown = repr([Message("m1", "+77011234567", KAZAKH, 1)])
    assert "428517" not in shown
    assert "7701" not in shown
    assert "…67" in shown


def test_lines() -> None:
    lines = Lines(limit=4)
    assert lines.feed(b"ab") == []
    assert lines.feed(b"cd\n\nx\ny") == [b"abcd", b"", b"x"]
    with pytest.raises(LineRefused):
        lines.feed(b"yyyy")
    with pytest.raises(LineRefused):
        Lines(limit=4).feed(b"abcde\n")
