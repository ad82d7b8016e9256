"""What the captive resolver tells an unadmitted device, and that an admitted one has the real resolver."""

from __future__ import annotations

import pytest

from tests.attack.field import UPSTREAM, ZONE, Field
from tests.lab.run import run
from tests.lab.venue import DNS, PORTAL, WEB
from tests.lab.visitor import Visitor

DUMMY = "192.0.2.1"
TYPES = ("AAAA", "TXT", "NULL", "MX", "CNAME", "SRV", "HTTPS", "SVCB", "PTR", "NS", "SOA", "TYPE65399", "DS", "CAA")


def dig(visitor: Visitor, *words: str) -> tuple[str, list[str]]:
    """(status, records of the answer as "name ttl type data")."""
    line = ["dig", "+tries=1", "+time=15", "+noall", "+comments", "+answer", "+authority", "+nocookie", *words]
    said = run(line, namespace=visitor.namespace, check=False).stdout.splitlines()
    status = [words.partition("status: ")[2].partition(",")[0] for words in said if "status: " in words]
    records = [" ".join(words.replace("\tIN\t", "\t").split()) for words in said if words and not words.startswith(";")]
    return status[0] if status else "none", records


@pytest.mark.parametrize("server", [PORTAL, DNS, UPSTREAM, "203.0.113.1"])
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_any_name_of_any_server_is_the_dummy_address_and_is_not_kept(place: Field, server: str, transport: str) -> None:
    for name in ("www.example.org", f"data.{ZONE}", "captive.apple.com", "localhost", "kz"):
        status, records = dig(place.unadmitted, f"@{server}", transport, name)
        assert (status, records) == ("NOERROR", [f"{name}. 0 A {DUMMY}"])


@pytest.mark.parametrize("kind", TYPES)
def test_other_types_exist_and_are_empty(place: Field, kind: str) -> None:
    before = len(place.venue.internet.arrivals("dns"))
    for name in ("www.example.org", f"data.{ZONE}"):
        assert dig(place.unadmitted, f"@{PORTAL}", "-t", kind, name) == ("NOERROR", [])
    assert len(place.venue.internet.arrivals("dns")) == before


def test_any_gives_the_dummy_alone(place: Field) -> None:
    status, records = dig(place.unadmitted, f"@{PORTAL}", "-t", "ANY", "+notcp", f"data.{ZONE}")
    assert (status, records) == ("NOERROR", [f"data.{ZONE}. 0 A {DUMMY}"])


def test_reverse_names_tell_nothing_of_the_venue(place: Field) -> None:
    assert dig(place.unadmitted, f"@{PORTAL}", "-x", place.address(place.victim)) == ("NOERROR", [])


def test_windows_finds_what_it_expects(place: Field) -> None:
    for kind, address in (("A", "131.107.255.255"), ("AAAA", "fd3e:4f5a:5b81::1")):
        _, records = dig(place.unadmitted, f"@{PORTAL}", "-t", kind, "dns.msftncsi.com")
        assert records == [f"dns.msftncsi.com. 0 {kind} {address}"]
    assert dig(place.unadmitted, f"@{PORTAL}", "-t", "TXT", "dns.msftncsi.com") == ("NOERROR", [])


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_firefox_is_told_to_use_this_resolver(place: Field, kind: str) -> None:
    assert dig(place.unadmitted, f"@{PORTAL}", "-t", kind, "use-application-dns.net") == ("NXDOMAIN", [])


def test_its_make_and_servers_are_not_told(place: Field) -> None:
    for name in ("version.bind", "servers.bind", "cachesize.bind"):
        assert dig(place.unadmitted, f"@{PORTAL}", "-c", "CH", "-t", "TXT", name)[1] == []


def test_an_admitted_device_has_the_real_resolver_at_once_and_an_evicted_one_not(place: Field) -> None:
    phone = place.evicted  # admitted still
    assert dig(phone, f"@{PORTAL}", "www.example.org")[1] == [f"www.example.org. 60 A {WEB}"]
    assert dig(phone, f"@{PORTAL}", "-t", "AAAA", "www.example.org")[1][0].endswith("AAAA 2001:db8:1::10")
    assert dig(phone, f"@{UPSTREAM}", "+tcp", "www.example.org")[1] == [f"www.example.org. 60 A {WEB}"]
    assert dig(phone, f"@{PORTAL}", "none.such.example")[0] == "NXDOMAIN"
    assert dig(place.unadmitted, f"@{PORTAL}", "www.example.org")[1] == [f"www.example.org. 0 A {DUMMY}"]
