"""Ask the gate: one connection, one request, one reply.

    >>> Client("/run/qaqpa/gate.sock").ask(Look(ip="10.77.0.10"))       # doctest: +SKIP
    Status(phase='stranger', ...)

Must not know: what is asked, who asks.
"""

from __future__ import annotations

import socket

from appliance import wire
from appliance.errors import GateUnreachable, WireError


class Client:
    """The gate behind its unix socket.

    Args:
        socket_path: where the gate listens.
        timeout_s: the longest wait for each of connecting, sending and every piece of the reply.
    """

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
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout_s)
                connection.connect(self._socket_path)
                connection.sendall(wire.encode(request) + b"\n")
                line = self._read_line(connection)
        except OSError as error:
            raise GateUnreachable(self._socket_path, error.strerror or str(error) or type(error).__name__) from error
        return wire.decode_reply(line)

    def _read_line(self, connection: socket.socket) -> bytes:
        pieces = bytearray()
        while not pieces.endswith(b"\n"):
            piece = connection.recv(65536)
            if not piece:
                raise ConnectionResetError("closed before it answered")
            pieces += piece
            if len(pieces) > wire.MAX_REPLY_BYTES:
                raise WireError(f"a reply of more than {wire.MAX_REPLY_BYTES} bytes")
        return bytes(pieces[:-1])
