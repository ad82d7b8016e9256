"""IPv6 as an equal: a phone's own addresses before, during and after a visit, and those that others claim."""

from __future__ import annotations

import csv
import ipaddress
import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.garden import question
from journal.entries import AddressClaimed
from journal.visits import entries
from tests.attack.test_resolver import dig
from tests.lab.entering import inside
from tests.lab.namespaces import give_address, ip
from tests.lab.run import run, start
from tests.lab.venue import PORTAL, WEB, WEB6, Venue
from tests.lab.visitor import Visitor
from tests.lab.waiting import until
from tests.system.audit import entries as entries_of
from tests.system.audit import wiretap
from tests.system.guest import Guest

GATE6 = "2001:db8:77::1"
GARDEN = "till.example.kz"
CHANGES = {"lan.address6": f"{GATE6}/64", "portal.garden": [GARDEN, "none.example"]}
_IPV6_CHECKSUM = 7  # linux/in6.h: the kernel fills it in, at this offset
PREFIX = ipaddress.ip_network("2001:db8:77::/64")


def addresses(guest: Guest) -> list[str]:
    """What the guest's visit has."""
    (visit,) = [v for v in json.loads(guest.venue.qaqpa("visits", "--json")) if v["device"] == guest.phone.mac]
    return [*visit["addresses"]]


def joined(venue: Venue) -> Guest:
    """A guest whose phone has an address of both families."""
    guest = Guest.new(venue)
    guest.phone.connect()
    until(guest.phone.own_addresses, "the phone to make itself an IPv6 address")
    return guest


def online(venue: Venue) -> Guest:
    """A guest who is online in both families. Where the kernel has no set of MAC addresses, the gate knows an IPv6
    address from its first packet on, which is lost: hence a retry."""
    guest = joined(venue).go_online()
    until(lambda: reached(guest), "IPv6 to pass after a retry")
    return guest


def reached(guest: Guest, source: str = "", timeout_s: float = 1.0) -> bool:
    """Does the IPv6 Internet itself answer, from this address of the phone's? (The portal would answer 302.)"""
    bound = ["--interface", source] if source else []
    line = ["curl", "-gs", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", str(timeout_s), *bound]
    done = run([*line, f"http://[{WEB6}]/"], namespace=guest.phone.namespace, check=False, timeout_s=timeout_s + 5)
    return done.stdout == "404"


@pytest.fixture
def guest(venue: Venue) -> Guest:
    return joined(venue)


def test_router_is_announced(guest: Guest) -> None:
    (address, *_) = guest.phone.own_addresses()
    assert ipaddress.ip_address(address) in PREFIX


def test_before_login_nothing_passes_and_the_portal_answers_in_the_same_family(venue: Venue, guest: Guest) -> None:
    with wiretap(venue) as tap:
        probe = guest.phone.fetch(f"http://[{WEB6}]/generate_204")
        assert (probe.status, probe.header("location")) == (302, f"http://[{GATE6}]/")
        assert not guest.phone.tcp_echo(WEB6, 4242, timeout_s=0.5)
        assert not guest.phone.udp_echo(WEB6, 4242, timeout_s=0.5)
        assert not guest.phone.ping(WEB6, timeout_s=0.5)
        assert tap.strays() == []
    assert "Логин" in guest.phone.fetch(f"http://[{GATE6}]/").body


def test_what_is_refused_is_never_answered_to_an_address_out_there(venue: Venue, guest: Guest) -> None:
    """The answer quotes what it refuses: to a source of its choice anybody could send whatever they like."""
    elsewhere, phone = "2001:db8:beef::1", guest.phone
    give_address(phone.namespace, "eth0", f"{elsewhere}/128")
    with wiretap(venue) as tap:
        try_from(phone, elsewhere)
        assert tap.strays() == []


def test_what_is_refused_is_not_answered_out_there_while_the_network_is_renumbered(venue: Venue, guest: Guest) -> None:
    """The bridge has its new address before the gate's rules have: the way to the old ones leads out then."""
    (own, *_) = guest.phone.own_addresses()
    ip(venue.gate, "address", "del", f"{GATE6}/64", "dev", "br-lan")
    try:
        with wiretap(venue) as tap:
            try_from(guest.phone, own)
            assert tap.strays() == []
    finally:
        give_address(venue.gate, "br-lan", f"{GATE6}/64")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_an_answer_after_the_end_is_no_way_to_the_resolver(
    venue: Venue, guest: Guest, family: socket.AddressFamily
) -> None:
    """A late answer looks like a beginning, and the next question from the same port like the answer to it."""
    six = family is socket.AF_INET6
    gate, own = (GATE6, guest.phone.own_addresses()[0]) if six else (PORTAL, guest.address)
    name = f"{family.name.lower().replace('_', '-')}.tunnel.example"
    with inside(guest.phone.namespace):
        asking = socket.socket(family, socket.SOCK_DGRAM)
    with asking:
        asking.bind((own, 0))
        late = struct.pack(">HHHH", 53, asking.getsockname()[1], 8 + 12, 0) + bytes(12)
        with inside(venue.gate), socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP) as answering:
            if six:
                answering.setsockopt(socket.IPPROTO_IPV6, _IPV6_CHECKSUM, 6)
            answering.bind((gate, 0))
            answering.sendto(late, (own, 0))
        with wiretap(venue) as tap:
            asking.sendto(question(7, name, 1), (gate, 53))
            assert tap.strays() == []
    assert not [each for each in venue.internet.arrivals("dns") if name in each.detail]


def try_from(phone: Visitor, source: str) -> None:
    """What the gate refuses at once, from this address."""
    with inside(phone.namespace):
        for target, port in ((WEB6, 443), (WEB6, 853), (WEB6, 4242), ("fd12::1", 4242)):
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
                asking.bind((source, 0))
                asking.sendto(b"carried out", (target, port))
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as asking:
                asking.bind((source, 0))
                asking.setblocking(False)
                asking.connect_ex((target, port))


def test_both_families_go_online_at_once_and_leave_together(venue: Venue) -> None:
    guest = online(venue)
    assert guest.online()
    assert guest.phone.tcp_echo(WEB6, 4242)
    assert guest.phone.udp_echo(WEB6, 4242)
    guest.leave()
    guest.phone.connect()
    until(guest.online, "the visit to go on")
    until(guest.phone.own_addresses, "an IPv6 address after the return")
    until(lambda: guest.phone.tcp_echo(WEB6, 4242), "IPv6 to go on as well")
    guest.venue.qaqpa("end", guest.phone.mac)
    assert not guest.online()
    assert not guest.phone.tcp_echo(WEB6, 4242, timeout_s=0.5)
    assert not guest.phone.udp_echo(WEB6, 4242, timeout_s=0.5)


def test_login_over_ipv6_opens_both(guest: Guest) -> None:
    page = f"http://[{GATE6}]"
    assert guest.phone.fetch(f"{page}/password", form={"number": guest.number}).status == 303
    entered = guest.phone.fetch(f"{page}/login", form={"password": guest.venue.password_for(guest.number)})
    assert entered.status == 303, entered.body
    assert guest.phone.tcp_echo(WEB6, 4242), "the gate met this address at the portal: nothing is lost"
    assert guest.online()


def test_privacy_address_that_appears_during_the_visit(guest: Guest) -> None:
    """RFC 8981: no new password, and no loss longer than a retry."""
    guest.go_online()
    fresh = "2001:db8:77::abcd"
    assert not reached(guest, fresh), "the phone does not have it yet"
    ip(guest.phone.namespace, "address", "add", f"{fresh}/64", "dev", "eth0", "nodad")
    until(lambda: reached(guest, fresh), "the new address to pass")
    assert fresh in addresses(guest)


def test_privacy_address_that_was_announced_passes_with_its_first_packet(guest: Guest) -> None:
    """RFC 4862 5.4: a phone asks whether the address is free, and sends nothing else before it is the visit's."""
    guest.go_online()
    fresh = "2001:db8:77::abce"
    ip(guest.phone.namespace, "address", "add", f"{fresh}/64", "dev", "eth0")
    until(lambda: fresh in addresses(guest), "the address to be the visit's")
    until(lambda: fresh in guest.phone.own_addresses(), "the phone to use it")
    for other in guest.phone.own_addresses():
        if other != fresh:
            ip(guest.phone.namespace, "address", "del", f"{other}/64", "dev", "eth0")
    # One datagram, never sent again: a gate that had to learn the address would have lost it.
    assert guest.phone.udp_echo(WEB6, 4242, timeout_s=20)


def test_address_that_another_device_claims_is_nobodys(venue: Venue) -> None:
    guest, thief = online(venue), joined(venue)
    disputed = "2001:db8:77::beef"
    ip(guest.phone.namespace, "address", "add", f"{disputed}/64", "dev", "eth0", "nodad")
    until(lambda: reached(guest, disputed), "the address to pass while nobody disputes it")
    ip(guest.phone.namespace, "address", "del", f"{disputed}/64", "dev", "eth0")
    ip(thief.phone.namespace, "address", "add", f"{disputed}/64", "dev", "eth0", "nodad")

    def tried_and_told() -> list[AddressClaimed]:
        reached(thief, disputed, timeout_s=0.3)  # once the thief speaks, the kernel asks anew who has the address
        return claimed(venue, disputed)

    (claim,) = until(tried_and_told, "the claim to be noticed", 60.0)
    assert (claim.device, claim.by, claim.kept) == (guest.phone.mac, thief.phone.mac, False)
    assert not reached(thief, disputed)
    assert guest.online(), "the visit itself goes on"


def test_what_the_phone_sent_and_got_is_recorded_once_though_the_gate_was_killed(venue: Venue, tmp_path: Path) -> None:
    """Every byte of both families, with IP headers, and of the time in which no gate was there."""
    guest = online(venue)
    assert guest.pour(WEB, 5, 100) == 5
    guest.leave()  # whatever was needed to get here belongs to the first stretch
    guest.phone.connect()
    until(lambda: guest.phase() == "online", "the visit to go on")
    until(guest.phone.own_addresses, "an IPv6 address after the return")
    sent4, sent6 = 0, 0

    def poured6() -> int:
        return guest.pour(WEB6, 1, 1000, patience_s=1.0)

    sent6 += until(poured6, "IPv6 to pass after a retry")
    sent4 += guest.pour(WEB, 50, 1000)
    venue.processes["gate"].kill9()
    sent4 += guest.pour(WEB, 60, 1000)
    sent6 += guest.pour(WEB6, 70, 1000)
    venue.restart("gate")
    sent6 += guest.pour(WEB6, 80, 1000)
    assert (sent4, sent6) == (50 + 60, 1 + 70 + 80)
    counted = sent4 * (20 + 8 + 1000) + sent6 * (40 + 8 + 1000)

    def listed() -> tuple[int, int]:
        (visit,) = [v for v in json.loads(venue.qaqpa("visits", "--json")) if v["device"] == guest.phone.mac]
        return visit["up_bytes"], visit["down_bytes"]

    (first,) = used(venue, guest)
    expected = (first["up_bytes"] + counted, first["down_bytes"] + counted)
    until(lambda: listed() == expected, f"the list to show {expected}: {listed()}")
    venue.qaqpa("end", guest.phone.mac)
    _, second = used(venue, guest)
    of_entry = ("up_packets", "up_bytes", "down_packets", "down_bytes", "complete")
    assert [second[name] for name in of_entry] == [sent4 + sent6, counted, sent4 + sent6, counted, True]
    target = tmp_path / "extract"
    venue.qaqpa("journal", "extract", "--why", "IPv6", "--format", "csv", "--language", "en", "--output", str(target))
    extract = csv.DictReader((target / "visits.csv").read_text(encoding="utf-8-sig").splitlines(), delimiter=";")
    (row,) = [row for row in extract if row["device"] == guest.phone.mac]
    assert (int(row["bytes up"]), int(row["bytes down"]), row["bytes counted"]) == (*expected, "all")


def used(venue: Venue, guest: Guest) -> list[Any]:
    """What the journal says that the guest used, closing by closing."""
    return entries_of(venue, "visit_used", guest.phone.mac)


def claimed(venue: Venue, address: str) -> list[AddressClaimed]:
    """What the journal says about claims to this address."""
    found = entries(venue.places.state / "gate/journal.db", None, None)
    return [entry for _, _, entry in found if isinstance(entry, AddressClaimed) and entry.address == address]


def test_visitors_do_not_reach_each_other(venue: Venue) -> None:
    guest, other = online(venue), online(venue)
    theirs = other.phone.own_addresses()[0]
    assert not guest.phone.ping(theirs, timeout_s=0.5)
    assert not guest.phone.ping(other.address, timeout_s=0.5)
    assert guest.phone.ping(WEB6)


def test_garden_opens_in_ipv6_too_and_the_doctor_counts(venue: Venue, guest: Guest) -> None:
    phone, till = guest.phone, "2a00:77::30"

    def members(name: str) -> list[str]:
        said = run(["ipset", "save", name], namespace=venue.gate).stdout
        return [line.split()[2] for line in said.splitlines() if line.startswith("add ")]

    def shown() -> int:
        return phone.fetch(f"http://[{till}]/").status

    give_address(venue.operator, "lo", f"{till}/128")
    log = venue.places.folder / "log" / "till.log"
    serving = [sys.executable, "-u", "-m", "http.server", "80", "--bind", till, "--directory", str(log.parent)]
    with start(serving, name="till", log=log, namespace=venue.operator) as process:
        process.wait_for_line(f"Serving HTTP on {till} port 80 (http://[{till}]:80/) ...")
        assert members("qq-garden6") == []
        assert shown() == 302, "led to the portal"
        status, records = dig(phone, f"@{PORTAL}", "-t", "AAAA", GARDEN)
        assert (status, records) == ("NOERROR", [f"{GARDEN}. 60 AAAA {till}"])
        assert (members("qq-garden6"), members("qq-garden")) == ([till], [])
        assert shown() == 200
        assert not phone.ping(till, timeout_s=0.5)
        assert not phone.tcp_echo(WEB6, 4242, timeout_s=0.5)
        assert dig(phone, f"@{PORTAL}", "-t", "AAAA", "www.example.org") == ("NOERROR", [])
        told = {row["what"]: row for row in json.loads(venue.qaqpa("doctor", "--json", check=False))}
        assert told["the garden's names have opened 0 of IPv4 and 1 of IPv6 addresses"]["ok"]
        assert "wan.dns" in told["the garden's name none.example has no address"]["remedy"]
        assert f"the garden's name {GARDEN} has no address" not in told
        run(["ipset", "flush", "qq-garden6"], namespace=venue.gate)
        assert shown() == 302
