"""How phones find the portal: by their own probes, and told by DHCP of an API on https that a real certificate covers.

The venue begins without a certificate, as one does whose certbot has not run yet.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence

import pytest

from tests.lab import device
from tests.lab.run import plain_program, run, start
from tests.lab.venue import PORTAL, WEB, WEB6, Venue, places_of
from tests.lab.waiting import PATIENCE_S, until
from tests.support import capport
from tests.support.authority import Authority, Issued
from tests.support.probes import NCSI_ADDRESSES, NCSI_NAME, PROBES, parsed, wrong_before_login
from tests.system.guest import Guest
from tests.system.test_ipv6 import GATE6, joined, reached

HOST = "login.example.kz"
API = f"https://{HOST}/captive-portal"
DUMMY = "192.0.2.1"
FILES = places_of("qt-").folder / "certificate"
MAX_S, QUOTA_MB = 7200, 500
CHANGES = {
    "lan.address6": f"{GATE6}/64",
    "portal.host": HOST,
    "portal.https": True,
    "portal.certificate_file": str(FILES / "fullchain.pem"),
    "portal.key_file": str(FILES / "privkey.pem"),
    "portal.ca_file": str(FILES / "ca.pem"),
    "visit.max_s": MAX_S,
    "visit.quota_mb": QUOTA_MB,
}
AUTHORITY = Authority()
REFUSED = [("tcp", 443), ("udp", 443), ("tcp", 853), ("udp", 853)]


def renewed(venue: Venue, issued: Issued) -> str:
    """What certbot does: new files, then the hook."""
    FILES.mkdir(exist_ok=True)
    (FILES / "ca.pem").write_bytes(AUTHORITY.root)
    issued.write(FILES / "fullchain.pem", FILES / "privkey.pem")
    return device.run_deploy_hook(venue.places, venue.gate)


def presented(guest: Guest, address: str) -> str:
    """The certificate that a new connection sees, in PEM form; empty: none."""
    line = ["openssl", "s_client", "-connect", f"{address}:443", "-servername", HOST]
    done = run(line, namespace=guest.phone.namespace, check=False)
    return done.stdout.partition("-----BEGIN")[2].partition("-----END")[0]


def body_of(certificate: bytes) -> str:
    """A PEM file's first certificate, as ``presented`` gives it."""
    return certificate.decode().partition("-----BEGIN")[2].partition("-----END")[0]


@pytest.fixture(scope="module")
def stranger(venue: Venue) -> Guest:
    """Joined in both families, never logs in."""
    return joined(venue)


@pytest.fixture
def secured(venue: Venue) -> Issued:
    """A good certificate is there, and nginx serves it."""
    issued = AUTHORITY.issue(HOST)
    said = renewed(venue, issued)
    assert "https: announced\n" in said and "qaqpa-nginx: reloaded" in said, said
    serving = ["openssl", "s_client", "-connect", f"{PORTAL}:443", "-servername", HOST]
    wanted = body_of(issued.certificate)
    until(
        lambda: wanted in run(serving, namespace=venue.gate, check=False).stdout,
        "nginx to serve the new certificate",
    )
    return issued


def https(guest: Guest, path: str, version: int, *more: str) -> tuple[int, dict[str, str], bytes]:
    """One request to the portal by its name, in this family, by a client that trusts the test's authority alone."""
    line = ["curl", "-q", "-sS", f"-{version}", "--include", "--cacert", str(FILES / "ca.pem"), "--max-time", "45"]
    said = run([*line, *more, f"https://{HOST}{path}"], namespace=guest.phone.namespace).stdout
    return parsed("\r\n".join(said.splitlines()).encode().decode("latin-1"))


def captivity(guest: Guest, version: int) -> dict[str, object]:
    """What the API tells this phone, judged by the RFC."""
    status, headers, body = https(guest, "/captive-portal", version)
    assert status == 200
    return capport.judged(body, headers["content-type"], headers["cache-control"])


def told_by_dhcp(guest: Guest) -> list[str | None]:
    """Options 114 and 103."""
    line = plain_program("tests.system.dhcp_options", guest.address, guest.phone.mac, PORTAL)
    return [json.loads(said) for said in run(line, namespace=guest.phone.namespace).stdout.splitlines()]


def asked(namespace: str, address: str, knocks: Sequence[tuple[str, int]] = ()) -> tuple[list[str], list[str]]:
    """What came back of every client's probe sent to this address, to the byte; and of every knock at it."""
    wanted = json.dumps([(address, probe.host, probe.path) for probe in PROBES])
    line = plain_program("tests.system.prober", *(f"{kind}/{address}/{port}" for kind, port in knocks))
    told = [
        json.loads(said) for said in run(line, namespace=namespace, stdin=wanted, timeout_s=180).stdout.splitlines()
    ]
    return told[len(knocks) :], told[: len(knocks)]


def test_without_a_certificate_the_portal_is_on_http_and_nothing_is_announced(venue: Venue, stranger: Guest) -> None:
    assert told_by_dhcp(stranger) == [None, None]
    assert "Логин" in stranger.phone.fetch(f"http://{HOST}/").body
    _, knocks = asked(stranger.phone.namespace, PORTAL, [("tcp", 443)])
    assert knocks == ["reset"], "open in the firewall, and nobody listens"
    report = venue.qaqpa("doctor", check=False)
    assert f"WRONG {FILES}/fullchain.pem cannot be read" in report
    assert "phones are told of no captive portal API" in report


@pytest.mark.usefixtures("secured")
def test_every_client_is_sent_to_the_portal_before_login_and_untouched_after(venue: Venue) -> None:
    guest = joined(venue)
    phone = guest.phone
    before = len(venue.internet.arrivals())
    # A name is the dummy address before login; a client may also come with an address from before.
    for address, refused in ((DUMMY, []), (WEB, REFUSED), (WEB6, REFUSED)):
        answers, knocks = asked(phone.namespace, address, refused)
        portal = f"https://{HOST}/"
        wrong = [said for each in zip(PROBES, answers, strict=True) for said in wrong_before_login(*each, portal)]
        assert wrong == []
        assert knocks == ["reset"] * len(refused), address
    assert set(phone.resolve(NCSI_NAME)) == NCSI_ADDRESSES
    assert phone.resolve(PROBES[0].host) == (DUMMY,)
    assert len(venue.internet.arrivals()) == before

    log_in(guest)
    until(lambda: reached(guest), "IPv6 to pass after a retry")
    for address in (WEB, WEB6):
        answers, _ = asked(phone.namespace, address)
        assert answers == asked(venue.operator, address)[0], "what whoever stands beside the Internet gets, to the byte"
        assert [p for p, raw in zip(PROBES, answers, strict=True) if not p.online(*parsed(raw))] == []
    assert set(phone.resolve(NCSI_NAME)) == NCSI_ADDRESSES
    assert set(phone.resolve(PROBES[0].host)) == {WEB, WEB6}


def log_in(guest: Guest) -> None:
    """The whole way, on https."""
    origin = ("--header", f"Origin: https://{HOST}")
    before = len(guest.texts())
    assert https(guest, "/password", 4, *origin, "--data-urlencode", f"number={guest.number}")[0] == 303
    password = guest.venue.password_for(guest.number, after=before)
    status, headers, _ = https(guest, "/login", 4, *origin, "--data", f"password={password}")
    assert (status, headers["location"]) == (303, "/online")


@pytest.mark.usefixtures("secured")
def test_the_api_is_announced_and_right_at_every_moment(venue: Venue) -> None:
    guest = joined(venue)
    assert told_by_dhcp(guest) == [API, API]
    assert set(guest.phone.resolve(HOST)) == {PORTAL, GATE6}
    captive = {"captive": True, "user-portal-url": f"https://{HOST}/", "can-extend-session": False}
    assert [captivity(guest, version) for version in (4, 6)] == [captive, captive]

    log_in(guest)
    for version in (4, 6):
        said = captivity(guest, version)
        assert said["captive"] is False
        seconds, spare = said["seconds-remaining"], said["bytes-remaining"]
        assert isinstance(seconds, int) and MAX_S - 120 <= seconds <= MAX_S
        assert isinstance(spare, int) and 0 < spare <= QUOTA_MB * 1_000_000
    assert set(guest.phone.resolve(HOST)) == {PORTAL, GATE6}, "by the resolver of the admitted too"
    other = run(["dig", "+tries=1", "+time=30", f"@{PORTAL}", HOST, "HTTPS"], namespace=guest.phone.namespace)
    assert "status: NOERROR" in other.stdout and "ANSWER: 0" in other.stdout, "the Internet is not asked about our name"

    venue.qaqpa("end", guest.phone.mac)
    assert [captivity(guest, version) for version in (4, 6)] == [captive, captive]
    report = venue.qaqpa("doctor", check=False)
    assert f"ok    phones are told of {API} by DHCP (options 114 and 103)" in report
    assert f"ok    {API} answers a client" in report


@pytest.mark.usefixtures("secured")
def test_on_https_there_is_no_page_on_http_and_no_promise_for_later(stranger: Guest) -> None:
    for place in (HOST, PORTAL, f"[{GATE6}]"):
        answer = stranger.phone.fetch(f"http://{place}/login", form={"password": "123456"})
        assert (answer.status, answer.header("location")) == (302, f"https://{HOST}/")
        assert answer.header("cache-control") == "no-store"
    status, headers, body = https(stranger, "/", 6)
    assert status == 200 and "Логин" in body.decode()
    assert "strict-transport-security" not in headers
    for version, code in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        line = ["openssl", "s_client", "-connect", f"{PORTAL}:443", "-servername", HOST, version]
        done = run(line, namespace=stranger.phone.namespace, check=False)
        assert (done.code == 0) is code, version


@pytest.mark.usefixtures("secured")
def test_another_name_on_https_is_none_of_ours(stranger: Guest) -> None:
    """A site whose DNS leads here has no page of ours for its own (DNS rebinding), whatever its certificate."""
    assert presented(stranger, PORTAL)
    for address in (PORTAL, f"[{GATE6}]"):
        for named in (["-servername", "evil.example.kz"], ["-noservername"]):
            line = ["openssl", "s_client", "-connect", f"{address}:443", *named]
            said = run(line, namespace=stranger.phone.namespace, check=False).stdout
            assert "BEGIN CERTIFICATE" not in said, (address, named)
    for version in (4, 6):
        own = [
            "-H",
            "Host: evil.example.kz",
            "-H",
            "Origin: https://evil.example.kz",
            "-H",
            "Sec-Fetch-Site: same-origin",
        ]
        assert https(stranger, "/", version, *own)[0] == 421
        assert https(stranger, "/code", version, *own, "-X", "POST", "-d", "")[0] == 421


@pytest.mark.usefixtures("secured")
def test_renewal_cuts_nobody_off_and_is_seen_by_the_next(venue: Venue, stranger: Guest) -> None:
    line = plain_program("tests.system.slow_visitor", PORTAL, HOST, str(FILES / "ca.pem"))
    with start(line, name="slow visitor", log=stranger.log("slow"), namespace=stranger.phone.namespace) as slow:
        slow.wait_for_line("under way")
        newer = AUTHORITY.issue(HOST, ends_in_days=90)
        assert "qaqpa-nginx: reloaded" in renewed(venue, newer)
        for address in (PORTAL, f"[{GATE6}]"):  # a worker of before takes connections until it hears of its end
            until(
                lambda a=address: presented(stranger, a) == body_of(newer.certificate),  # type: ignore[misc]
                f"new connections to {address} to see the new one",
            )
        assert slow.alive, "it began before the reload and is not through yet"
        slow.send(signal.SIGUSR1)
        assert slow.wait(PATIENCE_S) == 0, slow.output()
    assert slow.output().splitlines()[-1] == "whole"


@pytest.mark.usefixtures("secured")
def test_a_lapsed_certificate_is_announced_no_more(venue: Venue, stranger: Guest) -> None:
    assert told_by_dhcp(stranger) == [API, API]
    renewed(venue, AUTHORITY.issue(HOST, ends_in_days=1 / 24))
    assert told_by_dhcp(stranger) == [None, None], "it would expire before a lease does"
    assert presented(stranger, PORTAL), "whoever was told before still finds it"
    # As the hour leaves it: what is configured and what serves are one certificate, and it has expired.
    lapsed = AUTHORITY.issue(HOST, ends_in_days=-1 / 86400)
    lapsed.write(FILES / "fullchain.pem", FILES / "privkey.pem")
    (venue.places.state / "conf" / "portal.pem").write_bytes(lapsed.fullchain + lapsed.key)
    said = device.run_unit(venue.places, "certificate", venue.gate)
    assert "has expired" in said and "https: none" in said
    until(lambda: not presented(stranger, PORTAL), "nginx to serve it no more")
    until(lambda: "Логин" in stranger.phone.fetch(f"http://{HOST}/").body, "the last of nginx's workers to say so")
    assert "has expired" in venue.qaqpa("doctor", check=False)
