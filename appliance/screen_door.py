"""A root shell at the box's own screen: whoever wants it presses S, and types back a code that is shown there.

So no program that merely writes to the terminal, and no key that was held down by a book, opens one. Pure. Must not
know: terminals, what a shell is.
"""

from __future__ import annotations

from collections.abc import Callable

WAITS_S = 60.0
"""How long a code is good for."""


class Door:
    """For one terminal.

    Args:
        make: a fresh code.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make
        self._code, self._typed, self._until_s = "", "", 0.0

    def code(self, now_s: float) -> str:
        """What is to be typed; "": nobody asked."""
        if now_s >= self._until_s:
            self._code = ""
        return self._code

    def press(self, key: str, now_s: float) -> bool:
        """One key; whether the shell may begin."""
        if not self.code(now_s):
            if key.lower() in {"s", "ы"}:
                self._code, self._typed, self._until_s = self._make(), "", now_s + WAITS_S
            return False
        if key not in "\r\n":
            self._typed += key
            return False
        opens = self._typed == self._code
        self._code = ""
        return opens
