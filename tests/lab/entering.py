"""The calling thread in another network namespace for a moment.

    with inside("qq-operator"):
        listener = socket.create_server(("198.51.100.10", 80))

A socket belongs to the namespace in which it was opened, so one process can hold sockets everywhere. Must not know:
what is opened there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

_CLONE_NEWNET = 0x40000000  # setns(2); Python has os.setns only from 3.12 on
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """The calling thread is in the network namespace until the block ends."""
    with Path("/proc/thread-self/ns/net").open("rb") as home, Path(f"/run/netns/{namespace}").open("rb") as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "setns")
