"""Whether the wall clock can be believed: pure, told of both clocks and of what the kernel says.

A router has no battery: until a time server is reached its clock stands somewhere in the past, and then it jumps. The
boot clock does neither. What is noticed goes into the journal as ``ClockSet``, before whatever else is recorded then,
so that times before it can be corrected. Must not know: clocks themselves, the kernel's call.
"""

from __future__ import annotations

from appliance.events import Moment
from journal.entries import ClockSet

JUMP_MS = 2_000
"""Slewing (at most 0.5 ms a second) stays below this between two looks, which are 20 s apart at most."""
DRIFT_MS = 500
"""So much more or less than what is kept, and it is kept anew."""


class ClockWatch:
    """Remembers what was last recorded.

    Args:
        boot_id: of the boot clock.
        kept: what ``kept`` gave in an earlier process; "" if nothing.
    """

    def __init__(self, boot_id: str, kept: str = "") -> None:
        self._boot_id = boot_id
        self._offset_ms: int | None = None
        self._trusted = True
        self._kept = kept
        fields = kept.split(" ")
        if len(fields) == 3 and fields[0] == boot_id:
            self._offset_ms, self._trusted = int(fields[1]), fields[2] == "trusted"

    def noticed(self, now: Moment, trusted: bool) -> ClockSet | None:
        """What is to be recorded before anything else now; None: nothing new. Repeated until ``recorded``."""
        if self._offset_ms is None:
            return None if trusted else self._set(now, now.utc_ms, trusted, "start")
        expected = now.boot_ms + self._offset_ms
        if abs(now.utc_ms - expected) > JUMP_MS:
            return self._set(now, expected, trusted, "jump")
        if trusted != self._trusted:
            return self._set(now, expected, trusted, "trusted" if trusted else "lost")
        return None

    def recorded(self, now: Moment, trusted: bool) -> None:
        """What ``noticed`` said is durable, if it said anything."""
        self._offset_ms, self._trusted = now.utc_ms - now.boot_ms, trusted

    def to_keep(self, now: Moment, trusted: bool) -> str | None:
        """What the next process must know; None: it is kept already, or nearly."""
        fields = self._kept.split(" ")
        offset_ms = now.utc_ms - now.boot_ms
        word = "trusted" if trusted else "untrusted"
        same = len(fields) == 3 and (fields[0], fields[2]) == (self._boot_id, word)
        if same and abs(int(fields[1]) - offset_ms) <= DRIFT_MS:
            return None
        return f"{self._boot_id} {offset_ms} {word}"

    def kept(self, text: str) -> None:
        """``to_keep``'s answer is durable."""
        self._kept = text

    def _set(self, now: Moment, before_utc_ms: int, trusted: bool, reason: str) -> ClockSet:
        return ClockSet(before_utc_ms, now.utc_ms, self._boot_id, now.boot_ms, trusted, reason)
