"""The garden: its names open, by name, on two ports, for a time; and nothing beside them does."""

from __future__ import annotations

import re

from tests.attack.field import GARDEN, PRIVATE, SHOP, UPSTREAM, Field
from tests.attack.test_resolver import dig
from tests.lab.errors import NoAnswer
from tests.lab.run import run
from tests.lab.venue import PORTAL
from tests.lab.visitor import Visitor


def members(place: Field) -> dict[str, int]:
    """Address → seconds left in the garden's set."""
    said = run(["ipset", "list", "qq-garden"], namespace=place.venue.gate).stdout
    return {address: int(left_s) for address, left_s in re.findall(r"^(\S+) timeout (\d+)$", said, re.M)}


def empty(place: Field) -> None:
    run(["ipset", "flush", "qq-garden"], namespace=place.venue.gate)


def shown(visitor: Visitor, url: str) -> str:
    try:
        return visitor.fetch(url).body  # the gate redirects what it keeps back: nobody waits in vain
    except NoAnswer as error:
        return f"no answer ({error.curl_code})"


def test_a_name_and_those_below_it_resolve_open_and_expire(place: Field) -> None:
    phone = place.unadmitted
    for name in (GARDEN, f"3ds.{GARDEN}", GARDEN.upper()):
        empty(place)
        assert shown(phone, f"http://{SHOP}/") != "garden", "open before its name was asked for"
        status, records = dig(phone, f"@{PORTAL}", name)
        assert (status, len(records)) == ("NOERROR", 1)
        assert records[0].lower() == f"{name}. 60 A {SHOP}".lower(), "a minute at most, and the real address"
        assert members(place).keys() == {SHOP}
        assert 500 <= members(place)[SHOP] <= 600
        assert shown(phone, f"http://{name}/") == "garden"
    assert dig(place.unadmitted, f"@{UPSTREAM}", "+tcp", GARDEN)[1] == [f"{GARDEN}. 60 A {SHOP}"]


def test_asking_again_renews(place: Field) -> None:
    run(["ipset", "-exist", "add", "qq-garden", SHOP, "timeout", "100"], namespace=place.venue.gate)
    dig(place.unadmitted, f"@{PORTAL}", GARDEN)
    assert members(place)[SHOP] >= 500


def test_an_address_that_is_gone_from_the_set_is_closed_at_once(place: Field) -> None:
    dig(place.unadmitted, f"@{PORTAL}", GARDEN)
    assert shown(place.unadmitted, f"http://{SHOP}/") == "garden"
    empty(place)
    assert shown(place.unadmitted, f"http://{SHOP}/") != "garden"


def test_only_pages_go_there(place: Field) -> None:
    phone = place.unadmitted
    dig(phone, f"@{PORTAL}", GARDEN)
    assert not phone.ping(SHOP, timeout_s=0.5)
    for port in (3128, 7007, 22):
        assert not phone.tcp_echo(SHOP, port, timeout_s=0.5)
    for port in (443, 7007):
        assert not phone.udp_echo(SHOP, port, timeout_s=0.5)
    before = place.venue.internet.arrivals()
    assert "192.0.2.1" in dig(phone, f"@{SHOP}", "www.example.org")[1][0]
    assert place.venue.internet.arrivals() == before


def test_names_that_only_look_alike_stay_the_dummy(place: Field) -> None:
    empty(place)
    for name in (f"x{GARDEN}", GARDEN.partition(".")[2], f"{GARDEN}.evil.example", "pay.example.kz.kz"):
        assert dig(place.unadmitted, f"@{PORTAL}", name)[1] == [f"{name}. 0 A 192.0.2.1"]
    assert members(place) == {}


def test_a_private_address_never_opens(place: Field) -> None:
    empty(place)
    assert dig(place.victim, f"@{UPSTREAM}", f"inner.{GARDEN}")[1] == [f"inner.{GARDEN}. 0 A {PRIVATE}"]
    assert dig(place.unadmitted, f"@{PORTAL}", f"inner.{GARDEN}") == ("NOERROR", [])
    assert members(place) == {}


def test_no_ipv6_address_is_told_while_none_can_open(place: Field) -> None:
    assert dig(place.unadmitted, f"@{PORTAL}", "-t", "AAAA", GARDEN) == ("NOERROR", [])
