"""One connection to an SMSC, encrypted or not, read and written without ever waiting.

Frames are put together here from whatever pieces arrive, with a bound on their length and on what a peer that does
not read can make us hold. Must not know: what a PDU says.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

from sms.errors import ProtocolError
from sms.smsc import HEADER_BYTES, frame_length

# More than a TLS record (RFC 8446 §5.1): what is decrypted and left behind would make no socket readable again.
_PIECE_BYTES = 64 * 1024
_MAX_UNSENT_BYTES = 1024 * 1024
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection:
    """A connected, non-blocking socket with frames in and bytes out."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._unread = bytearray()
        self._unsent = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        """Whether something waits for the peer to read."""
        return bool(self._unsent)

    def read(self) -> list[bytes]:
        """The whole PDUs that have arrived; call when readable.

        Raises:
            OSError: the connection is gone (also when the peer closed it).
            ProtocolError: a PDU's announced length is impossible.
        """
        try:
            piece = self._socket.recv(_PIECE_BYTES)
        except _NOT_NOW:
            return []
        if not piece:
            raise ConnectionResetError("closed by the SMSC")
        self._unread += piece
        frames = []
        begin = 0
        while len(self._unread) - begin >= 4:
            length = frame_length(bytes(self._unread[begin : begin + 4]))
            if len(self._unread) - begin < max(length, HEADER_BYTES):
                break
            frames.append(bytes(self._unread[begin : begin + length]))
            begin += length
        del self._unread[:begin]
        return frames

    def write(self, octets: bytes) -> None:
        """Queue for the next ``flush``, so that a window of submits is one packet and not ten.

        Raises:
            ProtocolError: the peer has not read for so long that holding more would be without bound.
        """
        self._unsent += octets
        if len(self._unsent) > _MAX_UNSENT_BYTES:
            raise ProtocolError("the SMSC does not read what we send")

    def flush(self) -> None:
        """Send what the kernel takes now.

        Raises:
            OSError: the connection is gone.
        """
        while self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except _NOT_NOW:
                return
            del self._unsent[:sent]

    def close(self) -> None:
        """End the connection; what the kernel does not take at once is lost."""
        with contextlib.suppress(OSError):
            self.flush()
        self._socket.close()
