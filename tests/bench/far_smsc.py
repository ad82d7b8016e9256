"""An SMSC a round trip away, for benchmarks: takes everything, answers each request after so many milliseconds.

    python -m tests.bench.far_smsc --port 0 --round-trip-ms 20

Prints ``ready PORT``. The delay is made in here, so that no kernel feature is needed. Must not know: who asks.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import struct

_HEADER = struct.Struct(">LLLL")
_RESPONSE = 0x80000000
_BIND_TRANSCEIVER, _SUBMIT_SM = 0x09, 0x04


class FarSmsc(asyncio.Protocol):
    """One connection."""

    identifiers = itertools.count(1)

    def __init__(self, round_trip_s: float) -> None:
        self._round_trip_s = round_trip_s
        self._unread = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._unread += data
        answers = []
        while len(self._unread) >= _HEADER.size:
            length, command, _, sequence = _HEADER.unpack_from(self._unread)
            if len(self._unread) < length:
                break
            self._unread = self._unread[length:]
            if not command & _RESPONSE:
                answers.append(self._answer(command, sequence))
        if not self._round_trip_s:
            self._transport.write(b"".join(answers))
        elif answers:
            asyncio.get_running_loop().call_later(self._round_trip_s, self._transport.write, b"".join(answers))

    def _answer(self, command: int, sequence: int) -> bytes:
        body = b""
        if command == _BIND_TRANSCEIVER:
            body = b"far\0"
        elif command == _SUBMIT_SM:
            body = b"%d\0" % next(self.identifiers)
        return _HEADER.pack(_HEADER.size + len(body), command | _RESPONSE, 0, sequence) + body


async def serve(port: int, round_trip_s: float) -> None:
    """Until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: FarSmsc(round_trip_s), "127.0.0.1", port)
    print(f"ready {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.far_smsc")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--round-trip-ms", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.round_trip_ms / 1000))


if __name__ == "__main__":
    main()
