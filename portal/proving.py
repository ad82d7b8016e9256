"""Proof that pages are served: a thread asks for one at the process's own socket, as a browser would, and says so.

An answer comes through everything that a visitor's would: the socket, granian's threads, the application. So a process
that lives and answers nobody falls silent. Must not know: which application, what it answers.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

_PATIENCE_S = 20.0
"""A crowd's requests go first; nginx itself waits no longer."""
_BEGINNING_S = 0.1
"""How often it is looked until the first answer."""
_ASKED = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def keep_proving(path: Path, works: Callable[[], None], every_s: float | None) -> threading.Thread:
    """Call ``works`` whenever there was an answer, in a thread that ends with the process.

    Args:
        path: of the socket.
        every_s: how often; None: once is enough.
    """

    def prove() -> None:
        begun = False
        pause = threading.Event()
        while not begun or every_s is not None:
            if answered := answers(path):
                works()
            begun = begun or answered
            pause.wait(every_s if begun and every_s is not None else _BEGINNING_S)

    thread = threading.Thread(target=prove, name="proof", daemon=True)
    thread.start()
    return thread


def answers(path: Path) -> bool:
    """Whether somebody at the socket answers in HTTP, whatever it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_S)
        try:
            connection.connect(str(path))
            connection.sendall(_ASKED)
            return connection.recv(16).startswith(b"HTTP/1.1 ")
        except OSError:
            return False
