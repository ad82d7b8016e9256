"""The visitor's portal as it is served: granian on a unix socket, a gate behind a unix socket, curl."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from appliance.wire import EnterPassword, Phase
from tests.edge.portal.served import GateServer, PhoneWithCurl, served
from tests.unit.portal.contract import VisitorContract
from tests.unit.portal.gate import NUMBER, PASSWORD, Device, GateWithState
from tests.unit.portal.phone import IP, Seen


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the portal listens at portal.sock and looks for the gate at gate.sock."""
    folder = tmp_path_factory.mktemp("served")
    with served(folder / "portal.sock", folder / "gate.sock", folder / "log"):
        yield folder


@pytest.fixture
def phone(room: Path) -> Iterator[PhoneWithCurl]:
    gate = GateWithState()
    server = GateServer(room / "gate.sock", gate)
    try:
        yield PhoneWithCurl(room / "portal.sock", gate)
    finally:
        server.kill()
        (room / "gate.sock").unlink()


class TestServed(VisitorContract):
    """The contract through two real sockets."""


def test_a_killed_gate_is_one_moment_and_then_the_page_is_back(room: Path) -> None:
    gate = GateWithState()
    gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER))
    phone = PhoneWithCurl(room / "portal.sock", gate)
    server = GateServer(room / "gate.sock", gate)
    assert phone.get("/").status == 200
    server.kill()
    for page in (phone.get("/?lang=ru"), phone.post("/login?lang=ru", {"password": PASSWORD})):
        assert page.status == 503
        assert page.headers["retry-after"] == "5"
        assert 'http-equiv="refresh" content="5;url=/?lang=ru"' in page.body
        assert "Одну минуту" in page.body
    (room / "gate.sock").unlink()
    assert phone.get("/").status == 503
    server = GateServer(room / "gate.sock", gate)
    try:
        assert phone.post("/login", {"password": PASSWORD}).headers["location"] == "/online"
    finally:
        server.kill()
        (room / "gate.sock").unlink()


def test_nothing_is_told_of_a_request_past_nginx(phone: PhoneWithCurl) -> None:
    phone.always = {"Host": "10.77.0.1"}
    assert phone.get("/").status == 500
    assert phone.gate.heard == []


def test_oversized_forms_and_forms_of_unknown_length_are_refused(phone: PhoneWithCurl) -> None:
    body = b"number=" + b"7" * 100_000
    assert phone.post("/password", body).status == 413
    assert phone.post("/password", body, {"Transfer-Encoding": "chunked"}).status == 411
    assert phone.post("/login", b"password=123456", {"Transfer-Encoding": "chunked"}).status == 411
    assert phone.gate.heard == []


@pytest.mark.parametrize(
    "path", ["//online", "//evil.example/%2e%2e", "/online/", "/%0d%0aX-Evil:1", "/?lang=ru%0d%0aX-Evil:1"]
)
def test_odd_paths_inject_nothing(phone: PhoneWithCurl, path: str) -> None:
    answer = phone.get(path, {"Host": "evil.example"})
    assert answer.status in {200, 303, 404}
    assert answer.headers.get("location", "/") == "/"  # //online is /online to WSGI
    assert "x-evil" not in answer.headers
    assert "evil" not in answer.body


def test_a_password_in_other_digits_arrives_as_typed(phone: PhoneWithCurl) -> None:
    assert phone.post("/login", {"password": "١٢٣٤٥٦"}).status == 422
    assert EnterPassword(ip=IP, password="١٢٣٤٥٦") in phone.gate.heard


def test_forty_phones_at_once_each_see_their_own_number(phone: PhoneWithCurl) -> None:
    ips = [f"10.77.0.{n}" for n in range(10, 50)]
    for n, ip in enumerate(ips):
        phone.gate.put(ip, Device(phase=Phase.ASKED, number=f"+770112345{n:02}"))
    seen: dict[str, Seen] = {}

    def look(ip: str) -> None:
        seen[ip] = phone.get("/", {"X-Real-IP": ip})

    threads = [Thread(target=look, args=(ip,)) for ip in ips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for n, ip in enumerate(ips):
        assert set(re.findall(r"\+770112345\d\d", seen[ip].body)) == {f"+770112345{n:02}"}


def test_the_log_holds_no_password(phone: PhoneWithCurl, room: Path) -> None:
    phone.gate.put(IP, Device(phase=Phase.ASKED, number=NUMBER))
    phone.post("/login", {"password": "918273"})
    phone.gate.down = True
    phone.post("/login", {"password": "918273"}, {"Origin": "null"})
    assert "918273" not in (room / "log").read_text()
