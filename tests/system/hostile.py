"""A device that holds a web server's doors: ten thousand connections, headers without end, questions without reading.

    python -m tests.system.hostile idle 10.77.0.1 80 10000

Keeps so many connections in hand, opening another for each that is closed, and says ``holding`` once it has insisted on
all of them for a while. Goes on until it is ended. Must not know: whether anybody suffers.
"""

from __future__ import annotations

import contextlib
import errno
import resource
import selectors
import socket
import sys
import time

_BEAT_S = 0.5
_BEATS = 5
"""How often it has insisted when it says so: by then whoever accepts has accepted what it will."""
_AT_ONCE = 500
"""Connections begun between two looks, so that a listener's backlog is not what is tested."""

_HEAD = b"GET / HTTP/1.1\r\nHost: 10.77.0.1\r\n"
_PIPELINE = (_HEAD + b"\r\n") * 200


def first_words(kind: str) -> bytes:
    """What is said on a new connection."""
    return {"idle": b"", "loris": _HEAD, "pipeline": _PIPELINE, "huge": _HEAD + b"X-Long: " + b"x" * 60_000}[kind]


def more_words(kind: str) -> bytes:
    """What is said on it at each beat."""
    return {"idle": b"", "loris": b"X-More: 1\r\n", "pipeline": _PIPELINE, "huge": b"x" * 60_000}[kind]


class Hand:
    """The connections in hand."""

    def __init__(self, kind: str, address: str, port: int) -> None:
        self._kind, self._where = kind, (address, port)
        self._selector = selectors.EpollSelector()
        self._open: set[socket.socket] = set()

    def fill(self, count: int) -> bool:
        """Begin some of those that are missing; whether all are begun."""
        for _ in range(min(_AT_ONCE, count - len(self._open))):
            one = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            if one.connect_ex(self._where) not in (0, errno.EINPROGRESS):
                one.close()
                continue
            self._open.add(one)
            self._selector.register(one, selectors.EVENT_WRITE)
        return len(self._open) >= count

    def look(self, patience_s: float) -> None:
        """Say the first words where a connection stands, and forget those that were closed."""
        for key, events in self._selector.select(patience_s):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            if events & selectors.EVENT_WRITE:
                self._say(one, first_words(self._kind))
                if one in self._open:
                    self._selector.modify(one, selectors.EVENT_READ)
            elif self._kind != "pipeline" and _closed(one):
                # Who pipelines does not read: the answers are the server's to keep.
                self._drop(one)

    def insist(self) -> None:
        """Say more on all of them."""
        words = more_words(self._kind)
        for one in list(self._open) if words else ():
            self._say(one, words)

    def _say(self, one: socket.socket, words: bytes) -> None:
        try:
            one.send(words)
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # still being connected
                self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        self._open.discard(one)
        with contextlib.suppress(KeyError):
            self._selector.unregister(one)
        one.close()


def _closed(one: socket.socket) -> bool:
    try:
        return not one.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True


def main() -> None:
    kind, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, max(count + 1000, 20_000)))
    hand = Hand(kind, address, port)
    beats, next_s = 0, time.monotonic()
    while True:
        full = hand.fill(count)
        hand.look(0.05)
        if time.monotonic() < next_s:
            continue
        next_s = time.monotonic() + _BEAT_S
        hand.insist()
        beats += full
        if full and beats == _BEATS:
            print("holding", flush=True)


if __name__ == "__main__":
    main()
