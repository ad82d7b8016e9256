"""Ask the gate: one request, one reply.

    >>> Client("/run/qaqpa/gate.sock").ask(Look(ip="10.77.0.10"))       # doctest: +SKIP
    Status(phase='stranger', ...)

``Client`` makes a connection for each question; ``StandingClient``, for who asks all the time, one for each thread.

Must not know: what is asked, who asks.
"""

from __future__ import annotations

import select
import socket
import struct
import threading

from appliance import wire
from appliance.errors import GateUnreachable, WireError


class Client:
    """The gate behind its unix socket.

    Args:
        socket_path: where the gate listens.
        timeout_s: the longest wait for each of connecting, sending and every piece of the reply.
    """

    MAX_REPLY_BYTES = wire.MAX_REPLY_BYTES

    def __init__(self, socket_path: str, timeout_s: float = 5.0) -> None:
        self._socket_path = socket_path
        self._timeout_s = timeout_s

    def ask(self, request: wire.Request) -> wire.Reply:
        """The gate's reply.

        Raises:
            GateUnreachable: nobody listens, or no answer in time.
            WireError: the answer is none of ours.
        """
        try:
            line = self.exchange(wire.encode(request) + b"\n")
        except OSError as error:
            raise GateUnreachable(self._socket_path, error.strerror or str(error) or type(error).__name__) from error
        return wire.decode_reply(line)

    def exchange(self, line: bytes) -> bytes:
        """The line that answers this one."""
        with self._connect() as connection:
            connection.sendall(line)
            return self._read_line(connection)

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # By the kernel's own time limit: under Python's, a full queue is no wait but a refusal at once (unix(7)).
            whole_s, rest_s = divmod(self._timeout_s, 1)
            limit = struct.pack("@ll", int(whole_s), int(rest_s * 1_000_000))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            connection.connect(self._socket_path)
            connection.settimeout(self._timeout_s)
        except BaseException:
            connection.close()
            raise
        return connection

    def _read_line(self, connection: socket.socket) -> bytes:
        pieces = bytearray()
        while not pieces.endswith(b"\n"):
            piece = connection.recv(65536)
            if not piece:
                raise ConnectionResetError("closed before it answered")
            pieces += piece
            if len(pieces) > self.MAX_REPLY_BYTES:
                raise WireError(f"a reply of more than {self.MAX_REPLY_BYTES} bytes")
        return bytes(pieces[:-1])


class StandingClient(Client):
    """The same over connections that stay open, one for each thread that asks."""

    def __init__(self, socket_path: str, timeout_s: float = 5.0) -> None:
        super().__init__(socket_path, timeout_s)
        self._of_thread = threading.local()

    def exchange(self, line: bytes) -> bytes:
        connection: socket.socket | None = getattr(self._of_thread, "connection", None)
        # Nothing comes unasked but the end: the gate was restarted, or was not asked for long. That is seen before the
        # question, because one that was sent is never sent again: the gate may have acted on it.
        if connection is not None and select.select([connection], [], [], 0)[0]:
            self.close()
            connection = None
        connection = self._of_thread.connection = connection or self._connect()
        try:
            connection.sendall(line)
            return self._read_line(connection)
        except BaseException:
            # An answer that is still to come must not be taken for the next question's.
            self.close()
            raise

    def close(self) -> None:
        """Give this thread's connection back; the next question makes another."""
        connection: socket.socket | None = getattr(self._of_thread, "connection", None)
        if connection is not None:
            connection.close()
        self._of_thread.connection = None
