"""One TCP connection to an SMSC: made in the background, read and written without ever waiting.

Frames are put together here from whatever pieces arrive, with a bound on their length and on what a peer that does
not read can make us hold. Must not know: what a PDU says.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from sms.errors import ProtocolError
from sms.smsc import HEADER_BYTES, frame_length

_PIECE_BYTES = 64 * 1024
_MAX_UNSENT_BYTES = 1024 * 1024


class Dialler:
    """Resolves and connects in a thread of its own: a name server that is silent must not stop the sender.

    Args:
        wake: called from that thread when ``answer`` has something.
    """

    def __init__(self, host: str, port: int, timeout_s: float, wake: Callable[[], None]) -> None:
        self._host, self._port, self._timeout_s, self._wake = host, port, timeout_s, wake
        self._answers: SimpleQueue[tuple[int, socket.socket | str]] = SimpleQueue()
        self._current = 0

    def dial(self) -> None:
        """Begin to connect; the outcome of an earlier attempt no longer counts."""
        self._current += 1
        threading.Thread(target=self._connect, args=(self._current,), name="smsc-dial", daemon=True).start()

    def give_up(self) -> None:
        """The outcome of what was begun no longer counts."""
        self._current += 1

    def answer(self) -> socket.socket | str | None:
        """The connected socket, or why there is none, or None while nothing is known."""
        while True:
            try:
                attempt, outcome = self._answers.get_nowait()
            except Empty:
                return None
            if attempt == self._current:
                return outcome
            if isinstance(outcome, socket.socket):
                outcome.close()

    def _connect(self, attempt: int) -> None:
        try:
            connected = socket.create_connection((self._host, self._port), self._timeout_s)
        except OSError as error:
            self._answers.put((attempt, f"cannot connect: {error.strerror or type(error).__name__}"))
        else:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a window of small PDUs, not a bulk flow
            connected.setblocking(False)
            self._answers.put((attempt, connected))
        # The sender may have ended meanwhile and its wake-up socket with it.
        with contextlib.suppress(OSError):
            self._wake()


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
        except BlockingIOError:
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
            except BlockingIOError:
                return
            del self._unsent[:sent]

    def close(self) -> None:
        """End the connection; what the kernel does not take at once is lost."""
        with contextlib.suppress(OSError):
            self.flush()
        self._socket.close()
