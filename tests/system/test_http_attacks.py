"""HTTP as an attacker speaks it to the portal: as to a proxy, with forged headers, with foreign hosts.

Each attack is shown to work against a real proxy, or an nginx without the line that stops it (``careless_nginx``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.lab.errors import NoAnswer
from tests.lab.readiness import ready
from tests.lab.run import program, start
from tests.lab.venue import PORTAL, WEB, Venue
from tests.lab.waiting import PATIENCE_S, until
from tests.system.audit import entries
from tests.system.guest import PAGE, Guest
from tests.system.siege import ONLINE, People, attack, gate_open, service

EVIL = "evil.example"
pytestmark = pytest.mark.usefixtures("nothing_gained")

PROXIED = [
    f"CONNECT {WEB}:80 HTTP/1.1\r\nHost: {WEB}:80\r\n\r\nGET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
    f"GET http://{WEB}/ HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n",
    "GET http://www.example.org/ HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n",
    f"GET http://{WEB}/ HTTP/1.1\r\nHost: {PORTAL}\r\nConnection: close\r\n\r\n",
    f"GET http://{WEB}/ HTTP/1.0\r\n\r\n",
    f"GET //{WEB}/ HTTP/1.1\r\nHost: {PORTAL}\r\nConnection: close\r\n\r\n",
    f"GET @{WEB}/ HTTP/1.1\r\nHost: {PORTAL}\r\nConnection: close\r\n\r\n",
]


@pytest.mark.parametrize("request_", PROXIED, ids=range(len(PROXIED)))
def test_the_portal_is_no_proxy(venue: Venue, people: People, request_: str) -> None:
    before = len(venue.internet.arrivals())
    for port in ("80", "8080"):
        said = attack(people.stranger.phone, "raw", PORTAL, port, stdin=request_)
        assert said
        assert re.fullmatch(r"HTTP/1\.[01] (302|400|404|405) .*|<html>.*", said[0]), said[0]
        assert not [line for line in said if "The Internet" in line]
    assert venue.internet.arrivals()[before:] == []


def test_the_proxied_requests_would_reach_the_internet_through_a_proxy(venue: Venue, people: People) -> None:
    with gate_open(venue), service(venue, "proxy", "3128"):
        for request_ in PROXIED[:3]:
            before = len(venue.internet.arrivals("http"))
            attack(people.stranger.phone, "raw", PORTAL, "3128", stdin=request_)
            until(lambda n=before: len(venue.internet.arrivals("http")) > n, "the request to arrive")  # type: ignore[misc]


@contextmanager
def careless_nginx(venue: Venue, change: Callable[[str], str]) -> Iterator[None]:
    """An nginx in the place of ours, configured as ours but for ``change``. (A second one would need a way through the
    firewall, which the gate closes as soon as it sees it.)"""
    text = (venue.places.state / "conf" / "nginx.conf").read_text()
    changed = change(text)
    assert changed != text, "what is taken away was not there"
    file = venue.places.folder / "careless.conf"
    file.write_text(changed)
    log = venue.places.folder / "log" / "careless.log"
    venue.processes["nginx"].stop()
    try:
        with start(["nginx", "-c", str(file), "-e", "stderr"], name="nginx", log=log, namespace=venue.gate) as process:
            until(lambda: ready("nginx", venue.places, venue.gate) or not process.alive, "nginx", PATIENCE_S)
            assert process.alive, process.output()
            yield
    finally:
        venue.restart("nginx")


FORGED_HEADERS = [
    "X-Real-IP",
    "x-real-ip",
    "X_Real_IP",  # the same name to WSGI
    "X-Forwarded-For",
    "Forwarded",
    "X-Client-IP",
    "True-Client-IP",
    "Client-IP",
]


def test_forged_headers_name_nobody_else(venue: Venue, people: People) -> None:
    victim = people.victim.address
    forged = {name: f"for={victim}" if name == "Forwarded" else victim for name in FORGED_HEADERS}

    def seen(guest: Guest, headers: dict[str, str], base: str = PAGE) -> bool:
        answer = guest.phone.fetch(f"{base}/", headers={"Accept-Language": "en", **headers})
        assert answer.status == 200
        return ONLINE in answer.body

    for guest in people.attackers:
        for name, value in forged.items():
            assert not seen(guest, {name: value})
            assert not seen(guest, {name: value}, f"http://{PORTAL}:8080")
        asked = guest.phone.fetch(f"{PAGE}/password", form={"number": guest.number}, headers=forged)
        assert asked.status in (303, 429)
        assert entries(venue, "password_asked", guest.phone.mac)
        assert not entries(venue, "password_asked", people.victim.phone.mac)[1:]
    line = r"^ *proxy_set_header X-Real-IP .*\n"
    with careless_nginx(venue, lambda text: re.sub(line, "", text, flags=re.M)):
        assert seen(people.stranger, {"X-Real-IP": victim})

    def careless(text: str) -> str:
        return re.sub(line, "", text, flags=re.M).replace("underscores_in_headers off", "underscores_in_headers on")

    with careless_nginx(venue, careless):
        assert seen(people.stranger, {"X_Real_IP": victim})


HOSTS = [
    EVIL,
    f"{EVIL}:80",
    f"{PORTAL}.{EVIL}",
    f"{PORTAL}@{EVIL}",
    f"{EVIL}@{PORTAL}",
    f"{PORTAL}:80@{EVIL}",
    "localhost",
    "127.0.0.1",
    "[::1]",
    f"{PORTAL}.",
    "0",
    "_",
]


def test_the_host_header_decides_nothing(venue: Venue, people: People) -> None:
    def reflected(base: str, host: str) -> bool:
        """Whether anything but the portal's own place comes back for this Host."""
        for path in ("/", "/online", "//evil.example/", "/%0d%0aLocation:%20http://evil.example/"):
            answer = people.stranger.phone.fetch(f"{base}{path}", headers={"Host": host, "Accept-Language": "en"})
            assert ONLINE not in answer.body
            location = answer.header("location") or "/"
            if EVIL in answer.body or location.split("?lang=")[0] not in {"/", f"{PAGE}/"}:
                return True
            assert answer.status in (200, 302, 303, 400, 404), answer
        return False

    for base in (PAGE, f"http://{PORTAL}:8080", f"http://{WEB}"):
        assert [host for host in HOSTS if reflected(base, host)] == []
    with careless_nginx(venue, lambda text: text.replace("Location $portal_url", "Location http://$http_host/")):
        assert reflected(PAGE, EVIL)


HELD = [("idle", 10_000), ("loris", 3_000), ("huge", 200), ("pipeline", 200)]


@contextmanager
def held(venue: Venue, kind: str, port: int, count: int) -> Iterator[None]:
    """One device keeps so many connections to this port of the gate's for itself."""
    hostile = Guest.new(venue)
    hostile.phone.connect()
    line = program("tests.system.hostile", kind, PORTAL, str(port), str(count))
    namespace = hostile.phone.namespace
    with start(line, name="hostile", log=hostile.log("hostile"), namespace=namespace) as process:
        process.wait_for_line("holding", 60.0)
        yield
        assert process.alive, process.output()
    hostile.phone.disconnect()


@pytest.mark.parametrize(("kind", "count"), HELD)
def test_one_device_that_holds_the_doors_keeps_nobody_else_out(
    venue: Venue, people: People, kind: str, count: int
) -> None:
    with held(venue, kind, 80, count):
        for _ in range(5):
            assert people.stranger.phone.fetch(f"http://{WEB}/generate_204").status == 302
            assert "Логин" in people.stranger.phone.fetch(f"{PAGE}/").body


def test_more_connections_from_one_device_than_the_server_has_would_keep_everybody_out(
    venue: Venue, people: People
) -> None:
    def small(text: str) -> str:
        text = re.sub(r"worker_connections \d+", "worker_connections 256", text)
        return text.replace("_timeout 10s", "_timeout 600s")

    def shut_out() -> bool:
        try:
            return people.stranger.phone.fetch(f"{PAGE}/", timeout_s=2.0).status != 200
        except NoAnswer:
            return True

    # Fewer than the firewall lets one device have.
    with careless_nginx(venue, small):
        until(lambda: not shut_out(), "a page while nobody holds the doors")
        with held(venue, "loris", 80, 600):
            until(shut_out, "the others to be shut out")
        until(lambda: not shut_out(), "a page once the doors are let go: it was the attack that shut them")


ABSURD = [
    "GET / HTTP/1.1\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {PORTAL}\r\nHost: {EVIL}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {'a' * 7000}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {'a.' * 6000}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: \x7f\x01\x02\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: ../../etc/passwd\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: <script>alert(1)</script>\r\n\r\n",
    'GET / HTTP/1.1\r\nHost: "onload=x\r\n\r\n',
    "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "QUIT\r\n\r\n",
]


@pytest.mark.parametrize("request_", ABSURD, ids=range(len(ABSURD)))
def test_absurd_heads_get_the_portals_address_or_a_refusal(people: People, request_: str) -> None:
    told = "\n".join(attack(people.stranger.phone, "raw", PORTAL, "80", stdin=request_))
    assert re.match(r"HTTP/1\.[01] (302|400|414|505) |<html>", told), told
    assert not any(word in told for word in (EVIL, "alert(1)", "passwd", "onload"))
    assert f"Location: {PAGE}/" in told or " 302 " not in told
