"""A browser on this machine sees the portal as the visitor does."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.edge.lab.small_lab import PORTAL, ROUTER, SmallLab
from tests.lab.forward import Forward, answer_headers, request_headers
from tests.lab.visitor import Visitor


@pytest.fixture(scope="module")
def forward(lab: SmallLab, phone: Visitor) -> Iterator[Forward]:
    with Forward.start(phone.namespace, PORTAL, ROUTER, lab.folder) as made:
        yield made


def ask(forward: Forward, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    browser = http.client.HTTPConnection("127.0.0.1", forward.port, timeout=60)
    try:
        browser.request(method, path, body or None, headers)
        answer = browser.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        browser.close()


def shown(text: str) -> Any:
    return json.loads(text)


def test_the_portal_sees_the_visitor_and_its_own_name(forward: Forward, phone: Visitor) -> None:
    lease = phone.lease()
    own = forward.url.rstrip("/")
    status, _, text = ask(forward, "POST", "/login?x=1", "number=1", Origin=own, Referer=f"{own}/a?b")
    assert lease is not None
    assert status == 200
    seen = shown(text)
    assert (seen["client"], seen["method"], seen["path"], seen["body"]) == (
        lease.address,
        "POST",
        "/login?x=1",
        "number=1",
    )
    assert seen["headers"]["host"] == ROUTER
    assert seen["headers"]["origin"] == f"http://{ROUTER}"
    assert seen["headers"]["referer"] == f"http://{ROUTER}/a?b"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_origin_stays_foreign(forward: Forward, origin: str) -> None:
    assert shown(ask(forward, "POST", "/", "a=1", Origin=origin)[2])["headers"]["origin"] == origin


def test_the_portals_redirects_stay_here_and_others_leave(forward: Forward) -> None:
    for to, location in (
        (f"http://{ROUTER}/next?a=1%23top", "/next?a=1#top"),
        (f"http://{ROUTER}:80", "/"),
        ("/relative", "/relative"),
        ("http://www.example.org/", "http://www.example.org/"),
    ):
        status, headers, _ = ask(forward, "GET", f"/away?to={to}")
        assert (status, headers["location"]) == (302, location)


def test_a_request_that_is_too_large_or_has_no_size_is_refused(forward: Forward) -> None:
    for head, status in (
        (b"Content-Length: 1048577", b"413"),
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: -1", b"411"),
    ):
        with socket.create_connection(("127.0.0.1", forward.port), timeout=60) as browser:
            browser.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
            assert browser.recv(4096).split()[1] == status


def test_a_portal_that_is_down_is_a_page_not_a_crash(lab: SmallLab, phone: Visitor) -> None:
    with Forward.start(phone.namespace, f"{ROUTER}:81", ROUTER, lab.folder) as forward:
        status, _, text = ask(forward, "GET", "/")
        assert status == 502
        assert "Connection refused" in text
        assert forward.process.alive


def test_headers_of_one_connection_are_not_passed_on() -> None:
    given = [("Host", "a"), ("Connection", "keep-alive"), ("TE", "trailers"), ("Cookie", "c=1")]
    assert request_headers(given, "portal") == [("Host", "portal"), ("Connection", "close"), ("Cookie", "c=1")]
    assert answer_headers([("Transfer-Encoding", "chunked"), ("Set-Cookie", "c=1")], frozenset()) == [
        ("Set-Cookie", "c=1")
    ]
