"""Alphabets, parts, and what may travel on the sender's socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.errors import LineRefused, TextRefused
from sms.lines import Lines
from sms.message import Message, Report, State, decode_message, decode_report, encode
from sms.texts import MAX_PARTS, Coding, parts, split
from tests.lab.smsc import text_of

KAZAKH = "Құпия сөз: 428517\n@login.example.kz #428517"


def test_gsm_where_it_fits_and_ucs2_where_it_does_not() -> None:
    assert split("Password 1@£")[0] == split("Password 1@£")[0]
    assert (split("@£$ aZ")[0].coding, split("@£$ aZ")[0].octets) == (Coding.GSM, b"\x00\x01\x02 aZ")
    assert split("€{}[]^~|\\")[0].octets == bytes.fromhex("1b65 1b28 1b29 1b3c 1b3e 1b14 1b3d 1b40 1b2f")
    assert split("Åäöñüà§¿Δ")[0].octets == bytes.fromhex("0e 7b 7c 7d 7e 7f 5f 60 10")
    assert split(KAZAKH)[0].coding is Coding.UCS2
    assert split("әғқңөұүһі")[0].octets.hex() == "04d90493049b04a304e904b104af04bb0456"
    assert split("`")[0].coding is Coding.UCS2
    assert split("\x1b")[0].coding is Coding.UCS2


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
    ("text", "reason"),
    [("", "text empty"), ("ұ" * (67 * MAX_PARTS + 1), "text too long"), ("\ud800", "text malformed")],
)
def test_texts_that_no_part_carries_are_refused(text: str, reason: str) -> None:
    with pytest.raises(TextRefused) as caught:
        split(text)
    assert caught.value.reason == reason


@given(st.one_of(st.text(min_size=1, max_size=200), st.text("aé€{😀ұ", min_size=1, max_size=400)))
def test_what_is_encoded_reads_the_same_at_the_smsc(text: str) -> None:
    """Each part by itself: none begins or ends inside an escape sequence or a surrogate pair."""
    try:
        pieces = split(text)
    except TextRefused:
        assert parts(text) > MAX_PARTS
        return
    assert "".join(text_of(piece.octets, piece.coding) for piece in pieces) == text
    assert len({piece.coding for piece in pieces}) == 1
    longest = {(Coding.GSM, 1): 160, (Coding.UCS2, 1): 140, (Coding.GSM, 2): 153, (Coding.UCS2, 2): 134}
    assert all(len(piece.octets) <= longest[piece.coding, min(2, len(pieces))] for piece in pieces)


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
