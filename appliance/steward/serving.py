"""The steward's socket: who connects (by the kernel's word), one bounded line in, one out, a thread a connection.

    peer's uid unknown → FORBIDDEN, unread · more than MAX_REQUEST_BYTES, or no request of ours → BAD_REQUEST ·
    more than 16 at once → wait to be taken · half a line and silence → closed after 5 s · nobody for long → rests

Must not know: what a request means.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from appliance.errors import WireError
from appliance.peer import peer_uid
from appliance.steward import wire
from appliance.steward.wire import StewardRefusal, StewardRefused

log = logging.getLogger(__name__)

AT_ONCE = 16
LINE_S = 5.0
"""How long a peer may take to say its line, and to take its answer; ours do at once."""
_FAREWELL_S = 1.0
_PIECES = 16
"""How much of what nobody reads any more is taken, so that our answer is not destroyed on its way."""


def _nobody_waits() -> None:
    """For whom no systemd started."""


def _stays(_quiet_s: float) -> bool:
    """Of whom nobody would begin it again."""
    return False


class Serving:
    """Listens at ``path`` once made. Its folder decides which group may connect.

    Args:
        uids: who is listened to.
        answer: the reply to one request; called in several threads.
        listener: listens there already, if somebody does.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(
        self,
        path: Path,
        uids: Collection[int],
        answer: Callable[[wire.Request], wire.Reply],
        listener: socket.socket | None = None,
    ) -> None:
        self._uids, self._answer = frozenset(uids), answer
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._listener = listener or _listening(path)
        # Who connected may be gone again when it is taken.
        self._listener.setblocking(False)
        # No shutdown() of the listener: it may not be ours alone.
        self._stop_read, self._stop_write = socket.socketpair()
        self._quiet = threading.Lock()
        self._peers, self._last_s = 0, time.monotonic()

    def serve(
        self,
        works: Callable[[], None] = _nobody_waits,
        every_s: float | None = None,
        rests: Callable[[float], bool] = _stays,
    ) -> bool:
        """Until ``stop``, or until it rests, which is what it returns.

        Args:
            works: called after each turn, at least every ``every_s`` seconds.
            rests: told for how many seconds nobody has been there, says whether that is enough.
        """
        with self._listener, self._stop_read, self._stop_write:
            while True:
                works()
                if not self._room.acquire(timeout=every_s):
                    continue
                ready, _, _ = select.select([self._listener, self._stop_read], [], [], every_s)
                if self._stop_read in ready:
                    return False
                if ready and (connection := self._taken()):
                    threading.Thread(target=self._one, args=(connection,), name="peer", daemon=True).start()
                    continue
                self._room.release()
                if not ready and self._peers == 0 and rests(time.monotonic() - self._last_s):
                    return True

    def stop(self) -> None:
        """Take no more."""
        self._stop_write.close()

    def _taken(self) -> socket.socket | None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return None
        with self._quiet:
            self._peers += 1
        return connection

    def _one(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(LINE_S)
                connection.sendall(wire.encode(self._reply(connection)) + b"\n")
                # Closing on unread bytes would destroy the answer on its way (unix(7)).
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(_FAREWELL_S)
                for _ in range(_PIECES):
                    if not connection.recv(65536):
                        break
        finally:
            with self._quiet:
                self._peers, self._last_s = self._peers - 1, time.monotonic()
            self._room.release()

    def _reply(self, connection: socket.socket) -> wire.Reply:
        uid = peer_uid(connection)
        if uid not in self._uids:
            log.warning("uid %d asked at the steward's socket and was refused", uid)
            return StewardRefused(StewardRefusal.FORBIDDEN)
        said = bytearray()
        deadline_s = time.monotonic() + LINE_S
        while b"\n" not in said and len(said) <= wire.MAX_REQUEST_BYTES:
            connection.settimeout(max(0.001, deadline_s - time.monotonic()))
            piece = connection.recv(65536)
            if not piece:
                break
            said += piece
        line, _, _ = said.partition(b"\n")
        if len(line) > wire.MAX_REQUEST_BYTES:
            return StewardRefused(StewardRefusal.BAD_REQUEST, "too long")
        try:
            request = wire.decode_request(bytes(line))
        except WireError as error:
            log.warning("%s", error)
            return StewardRefused(StewardRefusal.BAD_REQUEST)
        return self._answer(request)


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path.unlink(missing_ok=True)
    listener.bind(str(path))
    path.chmod(0o660)
    listener.listen(AT_ONCE)
    return listener
