"""The way to a connected socket: names, both address families, TLS. In threads of its own, one an attempt.

A name server that is silent, an IPv6 address that leads nowhere and a handshake that hangs must not stop the sender.
Must not know: SMPP.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from itertools import chain, zip_longest
from queue import Empty, SimpleQueue
from typing import Any

from sms.settings import Provider

_SEND_BUFFER_BYTES = 128 * 1024
_STAGGER_S = 0.25  # RFC 8305 §5
Address = tuple[socket.AddressFamily, Any]


class Dialler:
    """Connects to a provider's SMSC.

    Args:
        wake: called from another thread when ``answer`` has something.
    """

    def __init__(self, provider: Provider, wake: Callable[[], None]) -> None:
        self._provider, self._wake = provider, wake
        self._answers: SimpleQueue[tuple[int, socket.socket | str]] = SimpleQueue()
        self._current = 0

    def dial(self) -> None:
        """Begin to connect; the outcome of an earlier attempt no longer counts."""
        self._current += 1
        threading.Thread(target=self._connect, args=(self._current,), name="smsc-dial", daemon=True).start()

    def give_up(self) -> None:
        """The outcome of what was begun no longer counts."""
        self._current += 1

    def answer(self) -> socket.socket | str | None:
        """The connected socket, or why there is none, or None while nothing is known."""
        while True:
            try:
                attempt, outcome = self._answers.get_nowait()
            except Empty:
                return None
            if attempt == self._current:
                return outcome
            if isinstance(outcome, socket.socket):
                outcome.close()

    def _connect(self, attempt: int) -> None:
        outcome: socket.socket | str
        try:
            outcome = connect(self._provider)
        except ssl.SSLCertVerificationError as error:
            outcome = f"its certificate is refused: {error.verify_message or error.reason}"
        except ssl.SSLError as error:
            outcome = f"no TLS: {error.reason or type(error).__name__}"
        except OSError as error:
            outcome = f"cannot connect: {error.strerror or type(error).__name__}"
        else:
            outcome.setblocking(False)
        self._answers.put((attempt, outcome))
        # The sender may have ended meanwhile and its wake-up socket with it.
        with contextlib.suppress(OSError):
            self._wake()


def connect(provider: Provider) -> socket.socket:
    """A connected socket within about ``connect_timeout_s`` after the name is resolved; TLS is established where asked.

    Raises:
        OSError: there is none; an ``ssl.SSLError`` says what is wrong with the other side's TLS.
    """
    deadline_s = time.monotonic() + provider.connect_timeout_s
    found = socket.getaddrinfo(provider.host, provider.port, type=socket.SOCK_STREAM)
    patience_s = max(deadline_s - time.monotonic(), provider.connect_timeout_s / 2)
    plain = first_of(_by_turns([(family, address) for family, _, _, _, address in found]), patience_s)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a window of small PDUs, not a bulk flow
        # Else the kernel grows it to megabytes for a peer that does not read.
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        plain.settimeout(max(0.1, deadline_s - time.monotonic()))
        if not provider.tls:
            return plain
        return _context(provider).wrap_socket(plain, server_hostname=provider.host)
    except BaseException:
        plain.close()
        raise


def _context(provider: Provider) -> ssl.SSLContext:
    """Certificate and host name are checked: ``create_default_context`` says so, and here nothing takes it back."""
    context = ssl.create_default_context(cafile=provider.tls_ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # or a write could have to wait for a read
    return context


def _by_turns(addresses: list[Address]) -> list[Address]:
    """As the resolver orders them, the families by turns (RFC 8305 §4)."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    others = [address for address in addresses if address[0] != addresses[0][0]]
    return [address for address in chain.from_iterable(zip_longest(first, others)) if address is not None]


def first_of(addresses: list[Address], patience_s: float) -> socket.socket:
    """The first connection of several that are begun a quarter of a second apart, or at once when one is refused.

    Raises:
        OSError: none was made; why the last one was not, or that none was in time.
    """
    deadline_s = time.monotonic() + patience_s
    waiting = list(addresses)
    begun: list[socket.socket] = []
    problem: OSError = TimeoutError(errno.ETIMEDOUT, "timed out")
    with selectors.DefaultSelector() as selector:
        try:
            while (waiting or selector.get_map()) and time.monotonic() < deadline_s:
                if waiting:
                    family, address = waiting.pop(0)
                    try:
                        begun.append(_begin(family, address))
                    except OSError as error:
                        problem = error
                        continue
                    selector.register(begun[-1], selectors.EVENT_WRITE)
                left_s = max(0.0, deadline_s - time.monotonic())
                for key, _ in selector.select(min(_STAGGER_S, left_s) if waiting else left_s):
                    ready = next(candidate for candidate in begun if candidate is key.fileobj)
                    selector.unregister(ready)
                    code = ready.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        begun.remove(ready)
                        return ready
                    problem = OSError(code, os.strerror(code))
        finally:
            for candidate in begun:
                candidate.close()
    raise problem


def _begin(family: socket.AddressFamily, address: Any) -> socket.socket:
    begun = socket.socket(family, socket.SOCK_STREAM)
    begun.setblocking(False)
    try:
        begun.connect(address)
    except BlockingIOError:
        pass
    except OSError:
        begun.close()
        raise
    return begun
