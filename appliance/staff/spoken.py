"""Secrets that people read aloud and type: the claim code, temporary passwords, recovery codes.

    >>> grouped("ACDEFHJKLM")
    'ACDEF-HJKLM'
    >>> well_formed("асdef hjklм")
    'ACDEFHJKLM'

Ten characters without look-alikes (``appliance.codes``). Must not know: what each is for.
"""

from __future__ import annotations

import secrets

from appliance.codes import ALPHABET

CHARACTERS = 10
"""25 to the 10th are 9 · 10^13, 46 bits: at the 300 guesses an hour that are let pass, never."""

_CYRILLIC = str.maketrans("АСЕНКМРТХУ", "ACEHKMPTXY")
_BLANKS = {ord(each): None for each in " -\t\r\n\u00a0\u2007\u202f\u2010\u2011\u2012\u2013\u2014"}
_LONGEST_TYPED = 64


def made() -> str:
    """A new one, from the system's randomness."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))


def well_formed(typed: str) -> str | None:
    """The one that somebody typed, in whatever case, groups or keyboard layout; None if it cannot be one."""
    if len(typed) > _LONGEST_TYPED:
        return None
    code = typed.translate(_BLANKS).upper().translate(_CYRILLIC)
    return code if len(code) == CHARACTERS and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """For reading: two groups of five."""
    return f"{code[:5]}-{code[5:]}"
