"""Which submission a receipt is about, however its SMSC writes identifiers, and whichever comes first.

    >>> ledger.accepted("smsc", "1A2B", "+77011234567", ("m1", 1))
    >>> ledger.find("smsc", Receipt("0000006699", State.DELIVERED, "", "77011234567"))
    ('m1', 1)

Many SMSCs answer in hexadecimal and write their receipts in decimal or the other way round, with or without leading
zeros. Must not know: what becomes of a message.
"""

from __future__ import annotations

import string
from collections import OrderedDict

from sms.receipts import Receipt

Key = tuple[str, int]
"""A submission's name: message id and part."""

_MAX_EARLY = 256
_COMPARED_DIGITS = 9
"""Of two spellings of one number, these last ones agree: 77011234567, 87011234567, 7011234567."""
_HEX = frozenset(string.hexdigits)


class Ledger:
    """Bounded; the oldest is forgotten first.

    Args:
        limit: how many accepted submissions are remembered.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._accepted: OrderedDict[tuple[str, str], tuple[str, Key]] = OrderedDict()
        self._early: OrderedDict[tuple[str, str], Receipt] = OrderedDict()

    def accepted(self, provider: str, smsc_id: str, number: str, key: Key) -> Receipt | None:
        """The SMSC calls this submission ``smsc_id``; a receipt that has overtaken that answer."""
        if not smsc_id:
            return None
        written = _plain(smsc_id)
        self._accepted.pop((provider, written), None)
        self._accepted[provider, written] = (number, key)
        while len(self._accepted) > self._limit:
            self._accepted.popitem(last=False)
        for (whose, _), receipt in self._early.items():
            if whose == provider and written in _spellings(receipt.smsc_id) and _agree(number, receipt.number):
                del self._early[whose, receipt.smsc_id]
                return receipt
        return None

    def find(self, provider: str, receipt: Receipt) -> Key | None:
        """The submission that this receipt is about; None: a stranger's, or one whose answer has not come yet."""
        for written in _spellings(receipt.smsc_id):
            number, key = self._accepted.get((provider, written), ("", None))
            if key is not None and _agree(number, receipt.number):
                return key
        return None

    def keep(self, provider: str, receipt: Receipt) -> None:
        """Keep a receipt that may have overtaken its answer."""
        self._early[provider, receipt.smsc_id] = receipt
        while len(self._early) > _MAX_EARLY:
            self._early.popitem(last=False)

    def forget_early(self) -> None:
        """Nothing is under way: whatever these were about is none of ours."""
        self._early.clear()


def _plain(smsc_id: str) -> str:
    written = smsc_id.strip().lower()
    return written.lstrip("0") or "0" if _HEX.issuperset(written) else written


def _spellings(smsc_id: str) -> tuple[str, ...]:
    """What the answer may have been: the same first, then in hexadecimal where this is decimal, and the other way."""
    written = _plain(smsc_id)
    if not _HEX.issuperset(written):
        return (written,)
    as_hex = (f"{int(written):x}",) if written.isdecimal() else ()
    return (written, *as_hex, str(int(written, 16)))


def _agree(number: str, said: str) -> bool:
    """Whether a receipt that names ``said`` may be about ``number``: identifiers of two spellings can coincide."""
    digits = "".join(character for character in said if character in string.digits)
    if len(digits) < _COMPARED_DIGITS:  # nothing, or the sender name: some SMSCs turn the two around
        return True
    return number.endswith(digits[-_COMPARED_DIGITS:])
