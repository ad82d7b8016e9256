"""Looks that cost with the number of visits, in a thread of their own: neither the owner thread nor the server's waits.

One after the other: two at once would be no quicker, for they share the interpreter. Must not know: what is looked at,
sockets.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from appliance import wire
from appliance.inbox import Requested, Role
from appliance.looks import slow

Look = Callable[[wire.Request, Role], wire.Reply | None]


class Aside:
    """Stands between the server and the engine; started before the server, stopped after it.

    Args:
        look: the answer to what changes nothing; None: the owner thread has it.
        post: takes a request to the owner thread.
    """

    def __init__(self, look: Look, post: Callable[[Requested], None]) -> None:
        self._look, self._post = look, post
        self._asked: queue.SimpleQueue[Requested | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="looks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked; returns when the thread has ended."""
        self._asked.put(None)
        self._thread.join()

    def look(self, request: wire.Request, role: Role) -> wire.Reply | None:
        """The answer to a quick look; None: ``post`` it."""
        return None if slow(request) else self._look(request, role)

    def post(self, item: Requested) -> None:
        """Have it answered, here or by the owner thread; never blocks."""
        (self._asked.put if slow(item.request) else self._post)(item)

    def _run(self) -> None:
        while (item := self._asked.get()) is not None:
            reply = self._look(item.request, item.role)
            self._post(item) if reply is None else item.answer(reply)
