"""Ways around the gate, each tried by a stranger and by one who was put out; each shown to work once the gate is open.

A test that could not fail proves nothing: so the same attack is run against the same venue with the gate's rules
passed over (``gate_open``), and must succeed. HTTP is in ``test_http_attacks``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.lab.errors import NoAnswer, TooLate
from tests.lab.namespaces import give_address, ip
from tests.lab.run import plain_program, run
from tests.lab.venue import DNS, PORTAL, SMSC, WEB, WEB6, Venue
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until
from tests.system.audit import wiretap
from tests.system.guest import PAGE, Guest
from tests.system.siege import ONLINE, SURELY_S, People, attack, gate_open, service
from tests.system.test_ipv6 import claimed

GATE6 = "2001:db8:77::1"
GATE_WAN = "203.0.113.2"
pytestmark = pytest.mark.usefixtures("nothing_gained")


# ── packets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_foreign_ports_in_both_families(venue: Venue, people: People) -> None:
    ways = {"http", "ping", "ping6", "tcp6 4242", "udp6 4242"}
    ways |= {f"{proto} {port}" for proto in ("tcp", "udp") for port in (443, 853, 4242)}

    def answered(guest: Guest, timeout_s: float) -> set[str]:
        line = plain_program("tests.system.knock", WEB, WEB6, "--timeout", str(timeout_s))
        with venue.ipv6_by_hand(guest.phone):
            return set(run(line, namespace=guest.phone.namespace).stdout.splitlines())

    with wiretap(venue) as tap:
        for guest in people.attackers:
            assert answered(guest, 0.4) == set()
            assert attack(guest.phone, "ports", SMSC, "2775") == []
        assert tap.strays() == []
    with gate_open(venue):
        for guest in people.attackers:
            heard: set[str] = set()

            def all_answered(guest: Guest = guest, heard: set[str] = heard) -> bool:
                heard |= answered(guest, 2.0)
                return heard == ways

            # Tried anew until all did: who has just left the network is not found at once.
            with suppress(TooLate):
                until(all_answered, "an answer by every way", 4 * SURELY_S)
            assert heard == ways
            assert attack(guest.phone, "ports", SMSC, "2775", patience_s=SURELY_S) == ["2775"]


def test_a_running_connection_ends_with_the_visit_and_with_the_gate_s_opening(venue: Venue, people: People) -> None:
    guest = Guest.new(venue).go_online()
    with guest.flow() as flow:
        flow.goes_on()  # this is how it looks when it works
        venue.qaqpa("end", guest.phone.mac)
        # What had passed before the end is noted by now, since what another sent after it has come back.
        assert people.victim.phone.tcp_echo(WEB, 4242, timeout_s=SURELY_S)
        echoes = len(venue.internet.arrivals("echo"))
        until(lambda: not flow.process.alive, "the connection to be refused")
        assert len(venue.internet.arrivals("echo")) == echoes, "bytes got out after the visit had ended"
    opened_before = ExitStack()
    with gate_open(venue):
        flow = opened_before.enter_context(people.stranger.flow())
    # The connection is known to the kernel as established; that must not let it live on.
    with opened_before:
        until(lambda: not flow.process.alive, "the connection from before the gate closed to be refused")


def test_dns_to_foreign_servers(venue: Venue, people: People) -> None:
    foreign = [DNS, WEB, SMSC, "8.8.8.8"]
    with wiretap(venue) as tap:
        for guest in people.attackers:
            said = attack(guest.phone, "dns", *foreign, patience_s=SURELY_S)
            assert said
            assert set(said) == {"rcode 0 A 192.0.2.1"}, "only the captive resolver answers"
        assert tap.strays() == []
    with gate_open(venue):
        for guest in people.attackers:
            assert attack(guest.phone, "dns", DNS, patience_s=SURELY_S) == [f"rcode 0 A {WEB}"] * 2
    assert len(venue.internet.arrivals("dns")) >= 4


def test_a_dns_tunnel_carries_nothing(venue: Venue, people: People) -> None:
    with wiretap(venue) as tap:
        for guest in people.attackers:
            said = attack(guest.phone, "dns", PORTAL, DNS, "--tunnel", "160", patience_s=SURELY_S)
            assert len(said) > 160, "the captive resolver answers, if emptily"
            carried = [line for line in said if not re.fullmatch(r"rcode \d+ (empty|A 192\.0\.2\.1)", line)]
            assert carried == []
        assert tap.strays() == []
    with gate_open(venue):
        attack(people.stranger.phone, "dns", PORTAL, DNS, "--tunnel", "160")
        until(lambda: len(venue.internet.arrivals("dns")) > 100, "the tunnel's questions to arrive")


def test_ipv6_to_the_gate_itself(venue: Venue, people: People) -> None:
    with venue.ipv6_by_hand(people.stranger.phone), service(venue, "serve", "9999"):
        wanted = ("53", "80", "9999")
        assert attack(people.stranger.phone, "ports", GATE6, *wanted) == []
        assert attack(people.stranger.phone, "dns", GATE6) == []
        with gate_open(venue):
            assert "9999" in attack(people.stranger.phone, "ports", GATE6, *wanted, patience_s=SURELY_S)


def test_services_on_the_gate_that_are_not_for_visitors(venue: Venue, people: People) -> None:
    meant = {"53", "80", "5300", "8080"}
    """DNS (the captive resolver's, by redirection too), the portal and the redirect."""
    with service(venue, "serve", "9999"):
        for guest in people.attackers:
            found = attack(
                guest.phone,
                *("ports", PORTAL, *(str(port) for port in (*range(1, 900), 2775, 5300, 8080, 9999))),
                patience_s=2.0,
            )
            assert set(found) == meant
            assert not guest.phone.udp_echo(PORTAL, 9999, timeout_s=0.3)
            # Port 53 of whatever address is the captive resolver.
            assert attack(guest.phone, "ports", GATE_WAN, "22", "53", "2775", "9999", patience_s=2.0) == ["53"]
        # Being admitted is no leave to use the gate's own services either.
        assert attack(people.victim.phone, "ports", PORTAL, "9999") == []
        assert attack(people.victim.phone, "ports", GATE_WAN, "9999") == []
        with gate_open(venue):
            for guest in people.attackers:
                assert attack(guest.phone, "ports", PORTAL, "9999", patience_s=SURELY_S) == ["9999"]
                assert attack(guest.phone, "ports", GATE_WAN, "9999", patience_s=SURELY_S) == ["9999"]
                assert guest.phone.udp_echo(PORTAL, 9999)


# ── somebody else's addresses ───────────────────────────────────────────────────────────────────────────────────────


def gate_mac(venue: Venue) -> str:
    """Of the LAN bridge."""
    (link,) = json.loads(ip(venue.gate, "-j", "link", "show", "br-lan"))
    return str(link["address"])


@pytest.mark.parametrize("forged", ["the victim's IP, own MAC", "own IP, the victim's MAC", "no DHCP's IP, own MAC"])
def test_forged_senders(venue: Venue, people: People, forged: str) -> None:
    victim = people.victim
    for number, guest in enumerate(people.attackers):
        match forged:
            case "the victim's IP, own MAC":
                source = (victim.address, guest.phone.mac)
            case "own IP, the victim's MAC":
                source = (guest.address, victim.phone.mac)
            case _:
                source = ("10.77.250.250", guest.phone.mac)
        size, before = 600 + number, len(venue.internet.arrivals("echo"))
        words = (
            "frame",
            "--source-ip",
            source[0],
            "--source-mac",
            source[1],
            "--gate-mac",
            gate_mac(venue),
            WEB,
            "4242",
        )

        def arrived(size: int = size, before: int = before) -> bool:
            return any(arrival.bytes == size for arrival in venue.internet.arrivals("echo")[before:])

        attack(guest.phone, *words, str(size))
        # The victim's own packet, sent after, takes the same way: when it has arrived the forged one would have.
        assert victim.phone.udp_echo(WEB, 4242)
        assert not arrived()
        with gate_open(venue):
            attack(guest.phone, *words, str(size))
            until(arrived, "the forged packet to pass an open gate")
    assert victim.phase() == "online"


def test_a_claim_by_arp_changes_nothing_and_is_recorded(venue: Venue, people: People) -> None:
    victim = people.victim
    for guest in people.attackers:

        def claimants(mac: str = guest.phone.mac, phone: Visitor = guest.phone) -> list[str]:
            attack(phone, "announce", victim.address)
            return [claim.by for claim in claimed(venue, victim.address) if claim.kept and claim.by == mac]

        assert len(until(claimants, "the claim to be recorded")) == 1
        assert len(claimants()) == 1, "once, however often it is made"
        assert victim.phone.udp_echo(WEB, 4242)
    assert victim.phase() == "online"


@contextmanager
def disguised(phone: Visitor, mac: str, address: str) -> Iterator[None]:
    """The phone with another MAC or IP address than its own, without asking DHCP."""
    lease = phone.lease()
    assert lease is not None

    def take(mac: str, address: str) -> None:
        ip(phone.namespace, "link", "set", phone.interface, "down")
        ip(phone.namespace, "address", "flush", "dev", phone.interface)
        ip(phone.namespace, "link", "set", phone.interface, "address", mac)
        give_address(phone.namespace, phone.interface, f"{address}/16")
        ip(phone.namespace, "route", "replace", "default", "via", PORTAL)

    take(mac, address)
    try:
        yield
    finally:
        take(phone.mac, lease.address)


def test_the_portal_takes_nobody_for_the_victim(people: People) -> None:
    victim, attacker = people.victim, people.stranger

    def sees_online() -> bool:
        try:
            return ONLINE in attacker.phone.fetch(
                f"{PAGE}/online", headers={"Accept-Language": "en"}, timeout_s=1.0
            ).body or attacker.phone.tcp_echo(WEB, 4242, timeout_s=0.4)
        except NoAnswer:
            return False

    with disguised(attacker.phone, attacker.phone.mac, victim.address):
        assert not sees_online()
    with disguised(attacker.phone, victim.phone.mac, attacker.address):
        assert not sees_online()
    # Both together is the victim, as far as any gate without keys can tell; what the attack looks like when it works.
    with disguised(attacker.phone, victim.phone.mac, victim.address):
        until(sees_online, "the complete double to be taken for the victim")
    until(lambda: victim.phone.tcp_echo(WEB, 4242, timeout_s=0.5), "the victim to be heard again")
    assert victim.phase() == "online"


def test_the_stranger_and_the_evicted_are_where_they_were(people: People) -> None:
    for guest in people.attackers:
        assert guest.phone.probe(Probe.ANDROID).status == 302
        assert guest.phase() is None
