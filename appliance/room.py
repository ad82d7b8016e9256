"""Whether there is room to admit anybody: no more visits begin when only the reserve is left, but every one is closed.

Pure. Must not know: files, whose disk it is.
"""

from __future__ import annotations


class Room:
    """Remembers whether the disk was short, so that it does not change its mind at each entry.

    Args:
        reserve: bytes that the ballast takes.
    """

    def __init__(self, reserve: int) -> None:
        self._margin = reserve // 8
        self.short = False
        """Nobody new is admitted."""

    def looked(self, free: int, ballast_missing: int) -> bool:
        """So many bytes are free beside the ballast, which lacks so many; whether the ballast may be filled up."""
        if self.short:
            # Twice the margin, and the ballast whole again first: a disk at the edge would flap with every log line.
            enough = free >= 2 * self._margin + ballast_missing
            self.short = not enough
        else:
            enough = free >= self._margin + ballast_missing
            self.short = not enough
        return enough

    def full(self) -> None:
        """An entry found no room."""
        self.short = True
