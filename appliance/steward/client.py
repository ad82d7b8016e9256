"""Ask the steward: one request, one reply, a connection for each. Must not know: what is asked, who asks."""

from __future__ import annotations

from appliance import client
from appliance.errors import GateUnreachable
from appliance.steward import wire


class StewardUnreachable(GateUnreachable):
    """Nobody answers at the steward's socket."""

    def __init__(self, socket_path: str, cause: str) -> None:
        super().__init__(socket_path, cause)
        self.args = (f"the steward does not answer at {socket_path} ({cause}); is 'qaqpa steward' running?",)


class _Line(client.Client):
    MAX_REPLY_BYTES = wire.MAX_REPLY_BYTES


class Client:
    """The steward behind its unix socket.

    Args:
        timeout_s: the longest wait for each of connecting, sending and every piece of the reply.
    """

    def __init__(self, socket_path: str, timeout_s: float = 30.0) -> None:
        self._socket_path = socket_path
        self._line = _Line(socket_path, timeout_s)

    def ask(self, request: wire.Request) -> wire.Reply:
        """The steward's reply.

        Raises:
            StewardUnreachable: nobody listens, or no answer in time.
            WireError: the answer is none of ours.
        """
        try:
            line = self._line.exchange(wire.encode(request) + b"\n")
        except OSError as error:
            cause = error.strerror or str(error) or type(error).__name__
            raise StewardUnreachable(self._socket_path, cause) from error
        return wire.decode_reply(line)
