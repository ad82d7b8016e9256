"""Names and numbers of senders, and how SMPP writes their kind."""

from __future__ import annotations

import pytest

from appliance.sender_name import Sender, SenderFault, judged


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Qaqpa", Sender("Qaqpa", 5, 0)),
        ("  Cafe  Q ", Sender("Cafe Q", 5, 0)),
        ("Eleven11111", Sender("Eleven11111", 5, 0)),
        ("Twelve111111", SenderFault.TOO_LONG),
        ("Қақпа", SenderFault.CHARACTERS),
        ("a[b", SenderFault.CHARACTERS),
        ("a`b", SenderFault.CHARACTERS),
        (" ", SenderFault.MISSING),
        ("+7 (701) 123-45-67", Sender("77011234567", 1, 1)),
        ("1414", Sender("1414", 1, 1)),
        ("1" * 16, SenderFault.TOO_LONG),
    ],
)
def test_a_sender_is_judged(typed: str, told: Sender | SenderFault) -> None:
    assert judged(typed) == told
