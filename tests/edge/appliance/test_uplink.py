"""Whether somebody is out there, asked of resolvers that answer well, badly, late, or not at all."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from appliance import uplink
from appliance.uplink import Resolver, Uplink
from tests.lab.waiting import until

NEVER = threading.Event()
RESPONSE = 0x8000


class Server:
    """Answers each question as told, or keeps it."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self.asked: list[tuple[bytes, tuple[str, int]]] = []
        self.answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def send(self, octets: bytes, where: tuple[str, int]) -> None:
        self._socket.sendto(octets, where)

    def stop(self) -> None:
        self._socket.sendto(b"stop", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while (heard := self._socket.recvfrom(512))[0] != b"stop":
            self.asked.append(heard)
            if (answer := self.answer(heard[0])) is not None:
                self._socket.sendto(answer, heard[1])


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[bytes], bytes | None]], Server]]:
    with ExitStack() as stack:

        def make(answer: Callable[[bytes], bytes | None]) -> Server:
            server = Server(answer)
            stack.callback(server.stop)
            return server

        yield make


def saying(rcode: int, flags: int = RESPONSE) -> Callable[[bytes], bytes]:
    """An answer with this code to the question."""
    return lambda question: question[:2] + struct.pack("!H", flags | rcode) + question[4:]


def asks(server: Server, patience_s: float = 0.3) -> bool:
    resolver = Resolver("127.0.0.1", server.port)
    try:
        return resolver.answers(patience_s, NEVER)
    finally:
        resolver.close()


@pytest.mark.parametrize("rcode", [0, 1, 3, 4])
def test_whoever_must_have_asked_others_is_proof(serve: Callable[..., Server], rcode: int) -> None:
    server = serve(saying(rcode))
    assert asks(server, 60)
    question, _ = server.asked[0]
    assert question[4:] == struct.pack("!HHHH", 1, 0, 0, 0) + b"\0" + struct.pack("!HH", 2, 1), "the root's NS, no name"


@pytest.mark.parametrize(
    "answer",
    [
        saying(2),  # SERVFAIL: it reached nobody
        saying(5),  # REFUSED: it knows nobody to ask
        saying(0, flags=0),  # a question, not an answer
        lambda question: bytes([question[0] ^ 1, question[1]]) + saying(0)(question)[2:],  # to something else
        lambda _question: b"\x80" * 5,
        lambda _question: b"",
        lambda _question: None,
    ],
)
def test_whatever_else_is_said_is_no_proof(serve: Callable[..., Server], answer: Callable[[bytes], bytes]) -> None:
    assert not asks(serve(answer))


def test_nobody_listening_is_no_proof() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    resolver = Resolver("127.0.0.1", port)
    assert not resolver.answers(0.3, NEVER)
    assert not resolver.answers(0.3, NEVER)
    resolver.close()


def test_somebody_else_cannot_answer_for_the_resolver(serve: Callable[..., Server]) -> None:
    forger = serve(lambda _question: None)

    def forged(question: bytes) -> None:
        forger.send(saying(0)(question), server.asked[-1][1])

    server = serve(forged)
    assert not asks(server)


def test_a_late_answer_counts_for_the_line(serve: Callable[..., Server]) -> None:
    """A line as slow as a geostationary satellite's, with a queue before it: each answer is later than the patience."""
    server = serve(lambda _question: None)
    resolver = Resolver("127.0.0.1", server.port)
    assert not resolver.answers(0.1, NEVER)
    until(lambda: server.asked, "the first question")
    first, where = server.asked[0]
    server.send(saying(0)(first), where)
    assert resolver.answers(60, NEVER)
    resolver.close()


def test_real_dnsmasq_asks_the_next_server_each_time() -> None:
    """The rendered resolver forwards the question, so that no answer out of its memory hides a dead line."""
    with ExitStack() as stack:
        upstream = _dnsmasq(stack, "--address=/#/")
        own = _dnsmasq(stack, f"--server=127.0.0.1#{upstream[0]}", "--domain-needed", "--cache-size=10000")
        resolver = Resolver("127.0.0.1", own[0])
        stack.callback(resolver.close)
        until(lambda: resolver.answers(1, NEVER), "dnsmasq to answer")
        upstream[1].terminate()
        upstream[1].wait(timeout=60)
        assert not any(resolver.answers(0.3, NEVER) for _ in range(3))


def _dnsmasq(stack: ExitStack, *words: str) -> tuple[int, subprocess.Popen[bytes]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    line = ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]
    line += ["--pid-file=", "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}", "--user=root", *words]
    process = stack.enter_context(subprocess.Popen(line, stderr=subprocess.DEVNULL))
    stack.callback(process.terminate)
    return port, process


def test_the_watch_tells_changes_alone(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    cut, clock = [""], [0]
    monkeypatch.setattr(uplink, "link_trouble", lambda _interface: cut[-1])
    told: list[bool] = []
    server = serve(saying(0))
    resolver = Resolver("127.0.0.1", server.port)
    watch = Uplink("wan0", resolver, told.append, lambda: clock[0])

    def looks(count: int) -> None:
        for _ in range(count):
            clock[0] += 15_000
            watch.look()

    monkeypatch.setattr(uplink, "ANSWER_S", 60.0)
    looks(3)
    assert told == [True]
    server.answer = lambda _question: None
    monkeypatch.setattr(uplink, "ANSWER_S", 0.01)
    looks(3)
    assert told == [True]
    looks(1)
    assert told == [True, False]
    server.answer = saying(0)
    monkeypatch.setattr(uplink, "ANSWER_S", 60.0)
    looks(1)
    assert told == [True, False, True]
    asked = len(server.asked)
    cut.append("wan0 has no carrier")
    looks(2)
    assert told == [True, False, True, False]
    assert len(server.asked) == asked, "nothing is asked over a link that is down"
    resolver.close()


def test_stopping_does_not_wait_for_an_answer(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "link_trouble", lambda _interface: "")
    monkeypatch.setattr(uplink, "ANSWER_S", 600.0)
    told: list[bool] = []
    server = serve(lambda _question: None)
    watch = Uplink("wan0", Resolver("127.0.0.1", server.port), told.append, lambda: 0)
    watch.start()
    until(lambda: server.asked, "the question")
    watch.stop()
    assert told == []
