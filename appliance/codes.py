"""Pairing codes: what a visitor's page shows and staff type at the desk to find the device in the visitor's hand. Pure.

    >>> grouped("K7MQ4T")
    'K7M\xa0Q4T'
    >>> well_formed("к7м-q4т")
    'K7MQ4T'

No look-alikes: of 0, O, 8, B and so on at most one is in the alphabet. Must not know: devices, for how long one counts.
"""

from __future__ import annotations

from collections.abc import Sequence

ALPHABET = "ACDEFHJKLMNPQRTUVWXY34679"
CHARACTERS = 6
"""25 to the 6th are 244 million: with 10,000 codes out, one guess in 24,000 hits one."""

# A keyboard left in Cyrillic writes these, and they look the same on the employee's screen.
_CYRILLIC = str.maketrans("АСЕНКМРТХУ", "ACEHKMPTXY")
_BLANKS = {ord(each): None for each in " -\t\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013\u2014"}
_LONGEST_TYPED = 64


def from_random(numbers: Sequence[int]) -> str:
    """The code of as many uniformly random numbers below ``len(ALPHABET)`` as it has characters.

    Raises:
        ValueError, IndexError: there are more or fewer, or one is out of bounds.
    """
    code = "".join(ALPHABET[number] for number in numbers)
    if len(code) != CHARACTERS or min(numbers) < 0:
        raise ValueError(f"no numbers of a code: {numbers}")
    return code


def well_formed(typed: str) -> str | None:
    """The code that somebody typed, in whatever case, groups or keyboard layout; None if it cannot be one."""
    if len(typed) > _LONGEST_TYPED:
        return None
    code = typed.translate(_BLANKS).upper().translate(_CYRILLIC)
    return code if len(code) == CHARACTERS and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """The code for reading aloud: two groups of three, with a no-break space between."""
    return f"{code[:3]}\u00a0{code[3:]}"
