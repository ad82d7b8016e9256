"""Whether names resolve, asked of a real resolver and of ones that answer badly."""

from __future__ import annotations

import itertools
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from appliance.garden import unresolved
from tests.lab.waiting import until


@pytest.fixture
def resolver() -> Iterator[int]:
    """dnsmasq with two names, one an address of each family; refuses all others. Its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    line = [
        "/usr/sbin/dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--pid-file=",
    ]
    line += ["--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}", "--user=root"]
    line += ["--host-record=four.example,192.0.2.4", "--host-record=six.example,2001:db8::6"]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL) as process:
        until(lambda: unresolved(["four.example"], "127.0.0.1", port, 0.5) == [], "dnsmasq to answer")
        yield port
        process.terminate()


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[bytes], bytes]], int]]:
    """Makes servers that answer each question as told; their port."""
    made: list[socket.socket] = []

    def make(answer: Callable[[bytes], bytes]) -> int:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        made.append(sock)

        def serve() -> None:
            while (said := sock.recvfrom(512))[0] != b"stop":
                sock.sendto(answer(said[0]), said[1])

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return int(sock.getsockname()[1])

    threads: list[threading.Thread] = []
    yield make
    for sock, thread in zip(made, threads, strict=True):
        sock.sendto(b"stop", sock.getsockname())
        thread.join()
        sock.close()


def test_a_name_with_an_address_of_either_family_resolves(resolver: int) -> None:
    names = ["none.example", "four.example", "six.example", "also-none.example"]
    assert unresolved(names, "127.0.0.1", resolver, 30) == ["none.example", "also-none.example"]


def test_nobody_there_and_nothing_asked() -> None:
    assert unresolved(["a.example"], "127.0.0.1", 9, 0.5) == ["a.example"]
    assert unresolved([], "127.0.0.1", 9) == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda question: question[:2],  # too short to be one
        lambda question: question,  # a question is no answer
        lambda question: b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + question[12:],  # to another question
        lambda question: question[:2] + b"\x81\x83\0\1\0\1\0\0\0\0" + question[12:],  # NXDOMAIN
        lambda question: question[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + question[12:],  # no address
    ],
)
def test_bad_answers_are_none(
    answering: Callable[[Callable[[bytes], bytes]], int],
    answer: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = itertools.count(1)  # chance would give a question the number 0 once in 65,536
    monkeypatch.setattr("appliance.garden.secrets.randbelow", lambda _: next(numbers))
    assert unresolved(["a.example"], "127.0.0.1", answering(answer), 0.3) == ["a.example"]
