"""What a resolver answers, read from the wire: a real socket, and answers that no resolver should give."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from appliance.resolving import addresses_of

HOST = "login.example.kz"
ADDRESS, ADDRESS6 = socket.inet_aton("10.77.0.1"), socket.inet_pton(socket.AF_INET6, "fd77::1")


def record(kind: int, data: bytes, length: int | None = None) -> bytes:
    return struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(data) if length is None else length) + data


@contextmanager
def resolver(answer: Callable[[bytes, int], bytes]) -> Iterator[int]:
    """Its port; ``answer`` is given each question with the type that it asks for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as serving:
        serving.bind(("127.0.0.1", 0))

        def serve() -> None:
            for _ in range(2):
                asked, client = serving.recvfrom(512)
                serving.sendto(answer(asked, struct.unpack("!H", asked[-4:-2])[0]), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield serving.getsockname()[1]


def answered(asked: bytes, *records: bytes) -> bytes:
    return asked[:2] + struct.pack("!HHHHH", 0x8180, 1, len(records), 0, 0) + asked[12:] + b"".join(records)


def test_both_families() -> None:
    def answer(asked: bytes, kind: int) -> bytes:
        return answered(asked, record(kind, ADDRESS if kind == 1 else ADDRESS6))

    with resolver(answer) as port:
        assert addresses_of(HOST, "127.0.0.1", port) == {"10.77.0.1", "fd77::1"}


@pytest.mark.parametrize(
    "answer",
    [
        lambda asked, _: answered(asked),
        lambda asked, _: answered(asked, record(16, b"text")),
        lambda asked, kind: answered(asked, record(kind, b"abc")),
        lambda asked, kind: answered(asked, record(kind, ADDRESS, length=60_000)),
        lambda asked, kind: answered(asked, record(kind, ADDRESS)[:-1]),
        lambda asked, kind: bytes((asked[0] ^ 1,)) + answered(asked, record(kind, ADDRESS))[1:],
        lambda asked, _: asked[:5],
    ],
    ids=["nothing", "another type", "no address", "too long", "cut", "another's", "a stump"],
)
def test_what_is_no_address_is_none(answer: Callable[[bytes, int], bytes]) -> None:
    with resolver(answer) as port:
        assert addresses_of(HOST, "127.0.0.1", port) == set()


def test_nobody_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert addresses_of(HOST, "127.0.0.1", port, patience_s=1.0) == set()
