"""Lines out of a stream of bytes, with a bound on how long one may be.

    >>> Lines(limit=8).feed(b"one\\ntw")
    [b'one']

Must not know: sockets, what a line says.
"""

from __future__ import annotations

from sms.errors import LineRefused


class Lines:
    """The pieces of one connection, put together.

    Args:
        limit: the longest line in bytes, without its newline.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that ``piece`` completes.

        Raises:
            LineRefused: a line is longer than the limit, whether or not its end has come. Lines before it are lost:
                the connection is to be dropped.
        """
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > self._limit or any(len(line) > self._limit for line in lines):
            raise LineRefused(f"a line of more than {self._limit} bytes")
        return lines
