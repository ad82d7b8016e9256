"""Visits as lines of JSON for a program: every text exactly as it was recorded, times in UTC.

Must not know: where the visits come from.
"""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from journal.visit import Visit


class JsonlWriter:
    """Writes one object a line to a binary stream, which stays open."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._encode = msgspec.json.Encoder().encode

    def add(self, visit: Visit) -> None:
        """
        Raises:
            OSError: the stream cannot be written to.
        """
        self._out.write(self._encode(visit) + b"\n")

    def close(self) -> None:
        """Everything is with the stream now."""
        self._out.flush()
