"""What somebody who looks for a live visit typed. Pure.

    >>> whole_number("8 (701) 123-45-67"), whole_number("701 123"), whole_number("02:00:00:00:00:01")
    ('7011234567', '', '')

Whoever sees numbers masked finds one only by the whole of it: by a part of it, a digit at a time, they would know it in
the end. Must not know: sessions, who asks.
"""

from __future__ import annotations

from collections.abc import Callable

_NATIONAL_DIGITS = 11
_WHOLE_DIGITS = 10
"""Without the country's digit, as people say it."""
_PAIRS = 5
_GROUPING = {ord(sign): None for sign in " \u00a0+-:()"}

Fits = Callable[[str, str, tuple[str, ...]], bool]
"""Device, number, addresses: whether that is meant."""


def whole_number(query: str) -> str:
    """The digits by which one number is meant, and no other; "": it is no number, or a part of one."""
    text = query.strip()
    if _PAIRS in {text.count(":"), text.count("-")}:
        return ""  # a MAC address
    digits = _digits(text)
    return digits if len(digits) >= _WHOLE_DIGITS else ""


def fits(query: str, *, by_part: bool) -> Fits:
    """By a number, hexadecimal digits of a MAC address, however grouped, or a piece of an address.

    Args:
        by_part: a part of a number will do.
    """
    text = query.strip().lower()
    if not text:
        return lambda _device, _number, _addresses: True
    bare, digits = text.translate(_GROUPING), _digits(text) if by_part else whole_number(text)

    def fit(device: str, number: str, addresses: tuple[str, ...]) -> bool:
        return (
            (bool(digits) and (digits in number if by_part else number.endswith(digits)))
            or (bool(bare) and bare in device.replace(":", ""))
            or any(text in address for address in addresses)
        )

    return fit


def _digits(text: str) -> str:
    bare = text.translate(_GROUPING)
    digits = bare if bare.isascii() and bare.isdigit() else ""
    # 8 701 … is said for +7 701 …
    return digits[1:] if len(digits) == _NATIONAL_DIGITS and digits.startswith("8") else digits
