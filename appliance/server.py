"""The gate's socket: who connects (by the kernel's word), one bounded line in, one line out.

    peer's uid unknown → Refused(FORBIDDEN), unread · more than MAX_REQUEST_BYTES → TOO_LARGE · no request of ours →
    BAD_REQUEST · too many at once → BUSY · half a line and silence → closed

Runs on its own thread; whatever a peer does here, the owner thread sees only whole, typed requests (law 8).
Must not know: what a request means.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from appliance import wire
from appliance.errors import WireError
from appliance.inbox import Requested, Role
from appliance.wire import Refusal, Refused

log = logging.getLogger(__name__)

CONNECTIONS = 256
FAREWELL_S = 1.0
"""How long a peer may take to read its answer and close; ours do at once."""
REQUEST_TIMEOUT_S = 5.0
"""A peer that has not said its line by then is closed; ours send it at once."""


class Server:
    """Listens at ``path`` once started.

    Args:
        path: of the unix socket; a stale one is replaced. Its directory decides which group may connect.
        roles: what each known uid may be; others are refused.
        post: takes a request to the owner thread; never blocks.
    """

    def __init__(self, path: Path, roles: Mapping[int, Role], post: Callable[[Requested], None]) -> None:
        self._path, self._roles, self._post = path, roles, post
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._open = 0
        self._stopped: asyncio.Event | None = None
        self._listening = threading.Event()
        self._failure: OSError | None = None

    def start(self) -> None:
        """Returns when a client can connect.

        Raises:
            OSError: the socket cannot be made.
        """
        self._thread.start()
        self._listening.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Stop listening; returns when the thread has ended."""
        stopped = self._stopped
        if stopped is not None:
            self._loop.call_soon_threadsafe(stopped.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        finally:
            self._listening.set()

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        try:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            server = await asyncio.start_unix_server(
                self._connected, path=self._path, limit=wire.MAX_REQUEST_BYTES, backlog=1024
            )
            self._path.chmod(0o660)
        except OSError as error:
            self._failure = error
            return
        async with server:
            self._listening.set()
            await self._stopped.wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            reply = await self._reply(reader, writer)
            if reply is not None:
                writer.write(wire.encode(reply) + b"\n")
                await writer.drain()
                if reply != Refused(Refusal.BUSY):
                    await asyncio.wait_for(_farewell(reader, writer), FAREWELL_S)
        except (OSError, TimeoutError) as error:
            log.debug("a peer went away: %s", error)
        finally:
            self._open -= 1
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> wire.Reply | None:
        uid = peer_uid(writer.get_extra_info("socket"))
        role = self._roles.get(uid)
        if role is None:
            log.warning("uid %d asked at the gate's socket and was refused", uid)
            return Refused(Refusal.FORBIDDEN)
        # Room is kept for administrators: a portal gone mad must not keep them from ending visits.
        if self._open > (CONNECTIONS if role is Role.ADMINISTRATOR else CONNECTIONS - 16):
            return Refused(Refusal.BUSY)
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\n"), REQUEST_TIMEOUT_S)
        except asyncio.LimitOverrunError:
            return Refused(Refusal.TOO_LARGE)
        except asyncio.IncompleteReadError as error:
            return Refused(Refusal.BAD_REQUEST) if error.partial else None
        try:
            request = wire.decode_request(line)
        except WireError as error:
            log.warning("uid %d: %s", uid, error)
            return Refused(Refusal.BAD_REQUEST)
        return await self._ask(request, role)

    async def _ask(self, request: wire.Request, role: Role) -> wire.Reply:
        answered: asyncio.Future[wire.Reply] = self._loop.create_future()

        def deliver(reply: wire.Reply) -> None:
            if not answered.done():  # the peer may have gone
                answered.set_result(reply)

        def answer(reply: wire.Reply) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are stopping
                self._loop.call_soon_threadsafe(deliver, reply)

        self._post(Requested(request, role, answer))
        return await answered


async def _farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read what is left until the peer closes: closing on unread bytes would destroy the reply on its way (unix(7))."""
    writer.write_eof()
    while await reader.read(65536):
        pass


def peer_uid(connection: socket.socket) -> int:
    """Who is at the other end of a unix socket, by the kernel's word (SO_PEERCRED, unix(7)), not the peer's."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid)


def notify_ready() -> None:
    """Tell systemd, if it started us, that we serve (sd_notify(3), the READY=1 datagram)."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.connect("\0" + address[1:] if address.startswith("@") else address)
            notifier.sendall(b"READY=1")
