"""The console as a process behind nginx: there for the staff's side, and for nobody on the visitors'."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.lab.run import Completed, run
from tests.lab.venue import CONSOLE, CONSOLE6, CONSOLE_PORT, PORTAL, Venue
from tests.lab.waiting import PATIENCE_S, until
from tests.system.audit import journal
from tests.system.guest import Guest

OFFICE = True
GATE_WAN = "203.0.113.2"
EVERY_ADDRESS = (CONSOLE, GATE_WAN, PORTAL, f"[{CONSOLE6}]", "[2001:db8:ffff::2]", "[2001:db8:77::1]")


def ask(namespace: str, address: str, path: str = "/sign-in", *more: str, scheme: str = "https") -> Completed:
    """One request; the certificate is told apart by its fingerprint, not by an authority."""
    line = ["curl", "-q", "-sgk", "--include", "--max-time", str(PATIENCE_S), *more]
    return run([*line, f"{scheme}://{address}:{CONSOLE_PORT}{path}"], namespace=namespace, check=False)


def fingerprint(namespace: str, address: str) -> str:
    """Of what nginx shows there, as a browser would tell it."""
    shown = ["openssl", "s_client", "-connect", f"{address}:{CONSOLE_PORT}"]
    pem = run(shown, namespace=namespace, check=False).stdout
    told = run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], stdin=pem).stdout
    return told.partition("=")[2].strip()


def test_staff_find_the_console_by_both_families_and_its_fingerprint_is_told(venue: Venue) -> None:
    for address in (CONSOLE, f"[{CONSOLE6}]"):
        answer = ask(venue.office, address).stdout
        assert "content-security-policy: default-src 'none'" in answer.lower(), address
        told = fingerprint(venue.office, address)
        assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", told)
        assert f"console's certificate: SHA-256 {told}\n" in venue.qaqpa("apply")
    for found in (
        f"ok    the console's certificate has SHA-256 {told}\n",
        f"ok    the console's port {CONSOLE_PORT} answers, for whoever comes from mgmt0",
        "ok    the console answers at",
    ):  # the doctor gives a console that is busy two seconds
        until(lambda line=found: line in venue.qaqpa("doctor", check=False), found)  # type: ignore[misc]


def test_http_says_where_to_go(venue: Venue) -> None:
    answer = ask(venue.office, CONSOLE, "/visits?sort=1", scheme="http").stdout
    assert answer.startswith("HTTP/1.1 302 ")
    assert f"Location: https://{CONSOLE}:{CONSOLE_PORT}/visits?sort=1\r\n" in answer


def test_nobody_on_the_visitors_side_finds_it_admitted_or_not(venue: Venue) -> None:
    stranger, admitted = Guest.new(venue), Guest.new(venue)
    stranger.phone.connect()
    admitted.go_online()
    for guest in (stranger, admitted):
        with venue.ipv6_by_hand(guest.phone):
            urls = [f"https://{address}:{CONSOLE_PORT}/" for address in EVERY_ADDRESS]
            line = ["curl", "-q", "-sgk", "--parallel", "--max-time", "1", "--write-out", "%{url} %{time_connect}\n"]
            silent = [word for url in urls for word in ("--output", "/dev/null", url)]
            said = run([*line, *silent], namespace=guest.phone.namespace, check=False).stdout
        assert sorted(said.splitlines()) == sorted(f"{url} 0.000000" for url in urls), "no connection comes about"
    assert admitted.online()
    # nginx is a second door behind the firewall's: an address of the visitors' gets no answer, wherever it comes in.
    forged = ask(venue.gate, PORTAL, "/sign-in", "--interface", PORTAL)
    assert (forged.code in (52, 56), forged.stdout) == (True, ""), "closed without a word"


def test_what_is_too_large_is_said_by_nginx(venue: Venue, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 600_000)
    answer = ask(venue.office, CONSOLE, "/sign-in", "--data-binary", f"@{large}").stdout
    assert answer.startswith(("HTTP/1.1 413 ", "HTTP/1.1 100 "))
    assert "choose a smaller one" in answer
    assert (
        "choose a smaller one" not in ask(venue.office, CONSOLE, "/journal/verify", "--data-binary", f"@{large}").stdout
    )


def test_a_program_reads_figures_and_ends_a_visit_with_its_token(venue: Venue) -> None:
    guest = Guest.new(venue)
    guest.go_online()
    secret = venue.qaqpa("token", "make", "watcher", "--scope", "metrics", "--scope", "visits").strip()
    shown = ("--header", f"Authorization: Bearer {secret}")

    def complete() -> str | None:
        """That the SMS was sent is told later than it arrives."""
        said = ask(venue.office, CONSOLE, "/metrics", *shown).stdout
        return said if 'qaqpa_sms_total{provider="smsc",state="sent"}' in said else None

    figures = until(complete, "the figures to have the SMS")
    for wanted in ("qaqpa_up 1.0\n", 'qaqpa_admissions_total{method="sms"}'):
        assert wanted in figures
    assert re.search(r'^qaqpa_visits\{phase="online"\} [1-9]', figures, re.MULTILINE)
    assert re.search(
        r'^qaqpa_wire_request_duration_seconds_count\{request="enter_password"\} [1-9]', figures, re.MULTILINE
    )
    assert guest.phone.mac not in figures and guest.number not in figures

    visits = f"/api/v1/visits?query={guest.phone.mac}"
    assert f'"device":"{guest.phone.mac}"' in ask(venue.office, CONSOLE, visits, *shown).stdout
    end = f"/api/v1/visits/{guest.phone.mac}/end"
    assert ask(venue.office, CONSOLE, end, "--request", "POST").stdout.startswith("HTTP/1.1 401 ")
    assert guest.online()
    assert ask(venue.office, CONSOLE, end, *shown, "--request", "POST").stdout.startswith("HTTP/1.1 204 ")
    assert not guest.online()
    assert '"total":0' in ask(venue.office, CONSOLE, visits, *shown).stdout
    (told,) = [entry for entry in journal(venue) if entry.get("act") == "token_used"]
    assert told["staff"] == "token:watcher" and "POST /api/v1/visits/" in str(told["detail"])


def test_a_console_that_was_killed_comes_back(venue: Venue) -> None:
    """Whoever looks meanwhile is told so, and the page asks again by itself; visitors notice nothing."""
    venue.processes["console"].kill9()
    answer = ask(venue.office, CONSOLE).stdout
    assert answer.startswith("HTTP/1.1 503 ")
    assert "Refresh: 2\r\n" in answer
    venue.restart("console")
    until(lambda: "HTTP/1.1 503" not in ask(venue.office, CONSOLE).stdout, "the console to answer again")


def test_the_consoles_folder_is_its_own(venue: Venue) -> None:
    home = venue.places.state / "console"
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home.owner(), home.group()) == ("qaqpa-console", "qaqpa-console")


# ── a box that tries itself ─────────────────────────────────────────────────────────────────────────────────────────


def health(venue: Venue) -> dict[str, tuple[bool, str]]:
    """Each part's answer."""
    told: list[dict[str, Any]] = json.loads(venue.qaqpa("health", "--json", check=False))
    return {each["name"]: (each["ok"], each["said"]) for each in told}


def test_a_box_that_is_well_finds_so_by_a_device_of_its_own_and_leaves_nothing(venue: Venue) -> None:
    before = (journal(venue), run(["ip", "-o", "link"], namespace=venue.gate).stdout.count("\n"))
    found = health(venue)
    assert {name for name, (ok, _) in found.items() if ok} == {"rules", "visitor", "journal", "console"}, found
    told = found["visitor"][1]
    assert re.fullmatch(rf"a visitor got 10\.77\.\d+\.\d+ and the page http://{re.escape(PORTAL)}/.*", told)
    last = [entry for entry in journal(venue) if entry not in before[0] and entry["kind"] == "staff_acted"]
    assert [entry["act"] for entry in last] == ["health_asked"]
    assert run(["ip", "-o", "link"], namespace=venue.gate).stdout.count("\n") == before[1]
    leases = venue.places.state / "leases" / "dnsmasq.leases"
    address = told.split()[3]
    until(lambda: f" {address} " not in leases.read_text(), "the lease given back")


def test_a_box_that_is_not_well_says_of_what(venue: Venue) -> None:
    venue.processes["dnsmasq-lan"].kill9()
    found = health(venue)
    venue.restart("dnsmasq-lan")
    assert found["rules"][0]
    assert not found["visitor"][0] and "no lease was handed out" in found["visitor"][1]
    assert found["journal"][0] and found["console"][0]
    venue.processes["nginx"].kill9()
    found = health(venue)
    venue.restart("nginx")
    assert {name for name, (ok, _) in found.items() if not ok} == {"visitor", "console"}
    assert re.match(r"a visitor at 10\.77\.\d+\.\d+ sees no page: ", found["visitor"][1])
    until(lambda: all(ok for ok, _ in health(venue).values()), "a box that is well again", 2 * PATIENCE_S)
