"""The gate's socket: who connects (by the kernel's word), bounded lines in, a line out for each, one after the other.

    peer's uid unknown → Refused(FORBIDDEN), unread · more than MAX_REQUEST_BYTES → TOO_LARGE · too many at once → BUSY;
    each of these is the last word. No request of ours → BAD_REQUEST · half a line and silence → closed

A connection may stay open and be asked again: making one costs more than answering. What changes nothing is answered
here, by ``look``; everything else goes to the owner thread, which sees only whole, typed requests, whatever a peer does
(law 8). Must not know: what a request means.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from appliance import wire
from appliance.errors import WireError
from appliance.inbox import Requested, Role
from appliance.peer import peer_uid
from appliance.wire import Refusal, Refused

log = logging.getLogger(__name__)

CONNECTIONS = 256
_ROOM = {Role.PORTAL: CONNECTIONS - 32, Role.STAFF: CONNECTIONS - 16, Role.ADMINISTRATOR: CONNECTIONS}
"""How many may be open when one more of this role comes: a portal gone mad must keep neither staff from visitors nor
administrators from ending visits."""
_AT_ONCE = 128
"""How many may wait to be taken. asyncio takes as many at one go and sees only then that there is no room, some four
times over: of a service's 1,024 descriptors the journal and the kernel need some too."""
FAREWELL_S = 1.0
"""How long a peer that has heard the last word may take to close; ours do at once."""
REQUEST_TIMEOUT_S = 5.0
"""A peer that has not said its line, or taken its answer, by then is closed; ours do at once."""
IDLE_S = 60.0
"""How long a connection is kept for the next request."""
_SWEEP_S = 0.5

Look = Callable[[wire.Request, Role], wire.Reply | None]
"""The answer to what changes nothing; None: the owner thread has it. Quick, for all other peers wait meanwhile."""


class Server:
    """Listens at ``path`` once started.

    Args:
        path: of the unix socket; a stale one is replaced. Its directory decides which group may connect.
        roles: what each known uid may be; others are refused.
        post: takes a request to the owner thread; never blocks.
        look: asked first, in the server's thread.
        answered: told of each request's kind, and how many seconds its answer took.
    """

    def __init__(
        self,
        path: Path,
        roles: Mapping[int, Role],
        post: Callable[[Requested], None],
        look: Look = lambda _request, _role: None,
        answered: Callable[[str, float], None] = lambda _kind, _seconds: None,
    ) -> None:
        self._path, self._roles, self._post, self._look, self.answered = path, roles, post, look, answered
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._peers: set[_Peer] = set()
        self._served: set[_Peer] = set()
        """Those of them that were not refused."""
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
            server = await self._loop.create_unix_server(lambda: _Peer(self), path=self._path, backlog=_AT_ONCE)
            self._path.chmod(0o660)
        except OSError as error:
            self._failure = error
            return
        async with server:
            self._listening.set()
            while not self._stopped.is_set():
                self._sweep()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), _SWEEP_S)
            # Before the loop ends, which would leave them to the garbage collector.
            for peer in set(self._peers):
                peer.end()

    def _sweep(self) -> None:
        now_s = self._loop.time()
        for peer in [peer for peer in self._peers if now_s >= peer.deadline_s]:
            peer.end()

    def now_s(self) -> float:
        """The loop's clock."""
        return self._loop.time()

    def soon(self, act: Callable[[], None]) -> None:
        """Do it when other peers had their turn."""
        self._loop.call_soon(act)

    def welcome(self, peer: _Peer, connection: socket.socket) -> Role | Refusal:
        """Count the peer in, and say what it may be."""
        self._peers.add(peer)
        uid = peer_uid(connection)
        role = self._roles.get(uid)
        if role is None:
            log.warning("uid %d asked at the gate's socket and was refused", uid)
            return Refusal.FORBIDDEN
        if len(self._served) >= _ROOM[role]:
            return Refusal.BUSY
        self._served.add(peer)
        return role

    def gone(self, peer: _Peer) -> None:
        """Count it out."""
        self._peers.discard(peer)
        self._served.discard(peer)

    def ask(self, request: wire.Request, role: Role, deliver: Callable[[wire.Reply], None]) -> wire.Reply | None:
        """The reply, or None: then ``deliver`` is called with it later, in the server's thread."""

        def answer(reply: wire.Reply) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are stopping
                self._loop.call_soon_threadsafe(deliver, reply)

        reply = self._look(request, role)
        if reply is None:
            self._post(Requested(request, role, answer))
        return reply


class _Peer(asyncio.Protocol):
    """One connection, in the server's thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._said = bytearray()
        self._role: Role | None = None
        """None: its answer is the last word."""
        self._waits = False
        """For the owner thread's answer, or for the peer to read the one before."""
        self._half_closed = False
        self._asked: tuple[str, float] | None = None
        """Of which kind the request under way is, and since when."""
        self.deadline_s = server.now_s() + REQUEST_TIMEOUT_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        welcome = self._server.welcome(self, transport.get_extra_info("socket"))
        if isinstance(welcome, Role):
            self._role = welcome
        else:
            self._last_word(welcome)

    def data_received(self, data: bytes) -> None:
        if self._role is None:
            return  # farewell: see _last_word
        if not self._said and not self._waits:
            self.deadline_s = self._server.now_s() + REQUEST_TIMEOUT_S
        self._said += data
        self._next()
        if len(self._said) > wire.MAX_REQUEST_BYTES:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._half_closed = True
        if self._role is None:
            return False
        self._next()
        return True  # who said its line and closed that side still gets its answer

    def pause_writing(self) -> None:
        self._waits = True
        self.deadline_s = self._server.now_s() + REQUEST_TIMEOUT_S

    def resume_writing(self) -> None:
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        if error:
            log.debug("a peer went away: %s", error)
        self._role = None
        self._server.gone(self)

    def end(self) -> None:
        """Close, whatever is under way."""
        self._role = None
        self._transport.abort()

    def _next(self) -> None:
        """Answer the next line, if there is one and the one before has its answer."""
        if self._waits or self._role is None:
            return
        length = self._said.find(b"\n")
        if max(length, 0 if length >= 0 else len(self._said)) > wire.MAX_REQUEST_BYTES:
            return self._last_word(Refusal.TOO_LARGE)
        if length < 0:
            if self._half_closed:
                self._last_word(Refusal.BAD_REQUEST) if self._said else self._transport.close()
            return
        line = bytes(self._said[:length])
        del self._said[: length + 1]
        self._waits, self.deadline_s = True, float("inf")
        try:
            request = wire.decode_request(line)
        except WireError as error:
            log.warning("a %s: %s", self._role, error)
            return self._answer(Refused(Refusal.BAD_REQUEST))
        self._asked = str(request.__struct_config__.tag), self._server.now_s()
        reply = self._server.ask(request, self._role, self._answer)
        if reply is not None:
            self._answer(reply)

    def _answer(self, reply: wire.Reply) -> None:
        if self._role is None:  # the peer has gone
            return
        self._waits = False
        self._transport.write(wire.encode(reply) + b"\n")
        if self._asked is not None:
            (kind, since_s), self._asked = self._asked, None
            self._server.answered(kind, self._server.now_s() - since_s)
        if not self._waits:  # it has read what we wrote
            self._go_on()

    def _go_on(self) -> None:
        self._waits = False
        self.deadline_s = self._server.now_s() + (REQUEST_TIMEOUT_S if self._said else IDLE_S)
        if len(self._said) <= wire.MAX_REQUEST_BYTES:
            self._transport.resume_reading()
        if self._said or self._half_closed:
            self._server.soon(self._next)

    def _last_word(self, refusal: Refusal) -> None:
        """Refuse, and read what is left until the peer closes: closing on unread bytes would destroy the refusal on its
        way (unix(7)). Not when we are full."""
        self._role = None
        self._said.clear()
        self._transport.resume_reading()
        self._transport.write(wire.encode(Refused(refusal)) + b"\n")
        if refusal is Refusal.BUSY or self._half_closed:
            return self._transport.close()
        self._transport.write_eof()
        self.deadline_s = self._server.now_s() + FAREWELL_S
