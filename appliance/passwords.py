"""One-time passwords: made from a secret, never kept; and the keyed hashes of them and of numbers. All pure.

    >>> derived(key, "02:00:00:00:00:01", message="9f2c61d07b3a4e58")
    '428517'
    >>> well_formed("123 456")
    '123456'
    >>> well_formed("١٢٣٤٥٦") is None
    True

Sources: order No. 67 ¶5-8, NIST SP 800-63B 5.1.3 (short-lived secrets over the telephone network).
"""

from __future__ import annotations

import hashlib
import hmac
import re

DIGITS = 6
_WELL_FORMED = re.compile(rf"[0-9]{{{DIGITS}}}")  # not \d: that matches every alphabet's digits


def well_formed(typed: str) -> str | None:
    """The six ASCII digits that the visitor typed, blanks and hyphens left out; None if it is anything else."""
    bare = typed.translate({ord(c): None for c in " -\u00a0\u2007\u202f\t"})
    return bare if _WELL_FORMED.fullmatch(bare) else None


def derived(key: bytes, device: str, message: str) -> str:
    """The password that the SMS ``message`` carries to the visitor of ``device``; always the same one.

    Six digits of a pseudorandom function (HMAC-SHA256, RFC 2104) of the gate's secret ``key`` and the message's
    identifier, 64 random bits that no other message has. Without the key they are as unpredictable as random digits,
    which is what NIST asks for, also for somebody who reads every identifier and every earlier password. With the key
    they could be computed, but whoever has it could as well try all digits on the ``digest``. What it gives: a gate
    that was killed before it handed an SMS over makes the same SMS again, though no password ever was on a disk (law
    7). The remainder of 256 bits favours no digits by more than 1 in 10**70.
    """
    mac = hmac.digest(key, "\n".join(("password", device, message)).encode(), hashlib.sha256)
    return f"{int.from_bytes(mac) % 10**DIGITS:0{DIGITS}d}"


def digest(key: bytes, device: str, message: str, password: str) -> bytes:
    """The keyed hash under which a password is kept (law 7).

    It covers the device and the message, so that no stored digest tells whether two passwords are alike and none
    counts for another device (law 5). Whoever has ``key`` can try all six digits; it never leaves the gate's own files.
    No MAC address reads like the first word of what else is hashed under this key.
    """
    return hmac.digest(key, "\n".join((device, message, password)).encode(), hashlib.sha256)


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in constant time."""
    return hmac.compare_digest(one, other)


def subscriber(key: bytes, number: str) -> str:
    """The keyed hash under which a number that logged in here is remembered: who reads it without ``key`` learns none.

    64 bits: two numbers of a venue are practically never alike, and if they were, one would be sent an SMS too many.
    """
    return hmac.digest(key, f"subscriber\n{number}".encode(), hashlib.sha256)[:8].hex()
