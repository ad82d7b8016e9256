"""A root shell at the box's own screen: whoever wants it presses S, and types back a code that is shown there.

So no program that merely writes to the terminal, and no key that was held down by a book, opens one; nor does a stick
that types as a keyboard would, however quickly, since it cannot see. Pure. Must not know: terminals, what a shell is.
"""

from __future__ import annotations

from collections.abc import Callable

WAITS_S = 60.0
"""How long a code is good for."""
PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""After a wrong code nobody is asked for another; each further one doubles that. Half of all codes take three weeks."""


class Door:
    """For one terminal.

    Args:
        make: a fresh code.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make
        self._code, self._typed, self._until_s = "", "", 0.0
        self._pause_s, self._shut_until_s = PAUSE_S, float("-inf")

    def code(self, now_s: float) -> str:
        """What is to be typed; "": nobody asked."""
        if now_s >= self._until_s:
            self._code = ""
        return self._code

    def press(self, key: str, now_s: float) -> bool:
        """One key; whether the shell may begin."""
        if not self.code(now_s):
            if key.lower() in {"s", "ы"} and now_s >= self._shut_until_s:
                self._code, self._typed, self._until_s = self._make(), "", now_s + WAITS_S
            return False
        if key not in "\r\n":
            self._typed += key
            return False
        opens = self._typed == self._code
        self._code = ""
        if opens:
            self._pause_s = PAUSE_S
        else:
            self._shut_until_s = now_s + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)
        return opens
