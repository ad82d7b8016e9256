"""Whose receipt is it? However the SMSC writes its identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.ledger import Ledger
from sms.message import State
from sms.receipts import Receipt

NUMBER = "+77011234567"


def receipt(smsc_id: str, number: str = "") -> Receipt:
    return Receipt(smsc_id, State.DELIVERED, "", number)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("7", "7"),
        ("1A2B", "1a2b"),
        ("1A2B", "6699"),
        ("1a2b", "0000006699"),
        ("00001A2B", "6699"),
        ("6699", "1A2B"),
        ("6699", "00001a2b"),
        ("0000000123", "123"),
        ("123", "0000000123"),
        ("0", "000"),
        ("b3f1-77", "b3f1-77"),
        ("DEADBEEFDEADBEEF", "16045690984833335023"),
    ],
)
def test_one_identifier_in_two_spellings(answer: str, said: str) -> None:
    ledger = Ledger(10)
    assert ledger.accepted("smsc", answer, NUMBER, ("m1", 1)) is None
    assert ledger.find("smsc", receipt(said)) == ("m1", 1)
    early = Ledger(10)
    early.keep("smsc", receipt(said))
    assert early.accepted("smsc", answer, NUMBER, ("m1", 1)) == receipt(said)
    assert early.accepted("smsc", answer, NUMBER, ("m2", 1)) is None


@given(st.integers(0, 2**64 - 1), st.integers(0, 8))
def test_any_number_in_either_base_with_any_padding(number: int, padding: int) -> None:
    for answer, said in ((f"{number:x}", str(number)), (str(number), f"{number:X}")):
        ledger = Ledger(10)
        ledger.accepted("smsc", answer, NUMBER, ("m1", 1))
        assert ledger.find("smsc", receipt("0" * padding + said)) == ("m1", 1)


def test_where_two_spellings_coincide_the_phone_tells() -> None:
    """An SMSC that answers in hexadecimal: 16 and 22 are "10" and "16"; the receipt "16" is about the first."""
    ledger = Ledger(10)
    ledger.accepted("smsc", "10", "+77010000010", ("m1", 1))
    ledger.accepted("smsc", "16", "+77010000016", ("m2", 1))
    assert ledger.find("smsc", receipt("16", "77010000010")) == ("m1", 1)
    assert ledger.find("smsc", receipt("22", "77010000016")) == ("m2", 1)
    assert ledger.find("smsc", receipt("16", "87010000010")) == ("m1", 1)
    assert ledger.find("smsc", receipt("16")) == ("m2", 1)
    assert ledger.find("smsc", receipt("16", "Qaqpa")) == ("m2", 1)  # sender and phone the wrong way round


def test_strangers() -> None:
    ledger = Ledger(10)
    ledger.accepted("smsc", "7", NUMBER, ("m1", 1))
    ledger.accepted("smsc", "", NUMBER, ("m2", 1))
    assert ledger.find("smsc", receipt("8")) is None
    assert ledger.find("other", receipt("7")) is None
    assert ledger.find("smsc", receipt("7", "+77019999999")) is None


def test_it_is_bounded() -> None:
    ledger = Ledger(10)
    for number in range(2000):
        ledger.accepted("smsc", f"id-{number}", NUMBER, (f"m{number}", 1))
        ledger.keep("smsc", receipt(f"early-{number}"))
    found = [number for number in range(2000) if ledger.find("smsc", receipt(f"id-{number}"))]
    assert found == list(range(1990, 2000))
    assert ledger.accepted("smsc", "early-0", NUMBER, ("m", 1)) is None
    assert ledger.accepted("smsc", "early-1999", NUMBER, ("m", 1)) == receipt("early-1999")
    ledger.forget_early()
    assert ledger.accepted("smsc", "early-1998", NUMBER, ("m", 1)) is None
