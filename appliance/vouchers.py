"""Vouchers as they are printed and typed: codes that nobody guesses, and the keyed hash under which each is kept. Pure.

    >>> grouped("ACDEFHJKLMNP")
    'ACDE-FHJK-LMNP'
    >>> well_formed("асde fhjk lmnp")
    'ACDEFHJKLMNP'

Must not know: batches, who redeems one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from appliance.codes import ALPHABET

CHARACTERS = 12
"""25 to the 12th are 6 · 10^16, 55 bits: with 20,000 out, 280 guesses a second hit one in 340 years."""

_CYRILLIC = str.maketrans("АСЕНКМРТХУ", "ACEHKMPTXY")
_BLANKS = {ord(each): None for each in " -\t\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013\u2014"}


def from_random(numbers: Sequence[int]) -> str:
    """The code of as many uniformly random numbers below ``len(ALPHABET)`` as it has characters.

    Raises:
        ValueError, IndexError: there are more or fewer, or one is out of bounds.
    """
    code = "".join(ALPHABET[number] for number in numbers)
    if len(code) != CHARACTERS or min(numbers) < 0:
        raise ValueError(f"no numbers of a voucher: {len(numbers)}")
    return code


def well_formed(typed: str) -> str | None:
    """The code that somebody typed, in whatever case, groups or keyboard layout; None if it cannot be one."""
    code = typed.translate(_BLANKS).upper().translate(_CYRILLIC)
    return code if len(code) == CHARACTERS and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """The code for reading: three groups of four."""
    return "-".join(code[place : place + 4] for place in range(0, CHARACTERS, 4))


def digest(key: bytes, code: str) -> str:
    """The keyed hash under which a voucher is kept (law 7); 128 bits, in hex."""
    return hmac.digest(key, f"voucher\n{code}".encode(), hashlib.sha256)[:16].hex()
