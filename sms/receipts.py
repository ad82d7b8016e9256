"""Delivery receipts, read from what a deliver_sm carries.

    >>> read(b"id:7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", None, None)
    Receipt(smsc_id='7', state=<State.DELIVERED: 'delivered'>, reason='')

The TLVs (SMPP 3.4 §5.3.2.12, §5.3.2.35) are believed before the text, whose form (appendix B) every SMSC varies.
Must not know: PDUs, which message a receipt is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms.message import State


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an SMSC says became of the message it calls ``smsc_id``; ``state`` None while nothing is final."""

    smsc_id: str
    state: State | None
    reason: str
    number: str = ""
    """Whose phone it is about, as the SMSC writes numbers; empty when it does not say."""


# message_state, SMPP 3.4 §5.2.28; what is missing (enroute, accepted, unknown) is not final.
_BY_NUMBER = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}
_BY_WORD: dict[str, tuple[State, str]] = {
    "DELIVRD": (State.DELIVERED, ""),
    "EXPIRED": (State.FAILED, "expired"),
    "DELETED": (State.FAILED, "deleted"),
    "UNDELIV": (State.FAILED, "undeliverable"),
    "REJECTD": (State.FAILED, "rejected"),
}
# Both words bounded: the text comes from outside.
_ID = re.compile(rb"(?:^|\s)id:([!-~]{1,64})", re.IGNORECASE)
_STAT = re.compile(rb"(?:^|\s)stat:([A-Z]{1,10})", re.IGNORECASE)


def read(
    text: bytes, receipted_message_id: bytes | None, message_state: int | None, number: str = ""
) -> Receipt | None:
    """The receipt in a deliver_sm with these contents, or None when it is none (a message from a phone)."""
    found_id, found_stat = _ID.search(text), _STAT.search(text)
    smsc_id = (receipted_message_id or b"").split(b"\0")[0] or (found_id.group(1) if found_id else b"")
    if not smsc_id:
        return None
    if message_state is not None:
        word = _BY_NUMBER.get(message_state, "")
    else:
        word = found_stat.group(1).decode("ascii").upper() if found_stat else ""
    state, reason = _BY_WORD.get(word, (None, ""))
    return Receipt(smsc_id.decode("ascii", "replace"), state, reason, number)
