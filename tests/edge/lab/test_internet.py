"""The Internet: what arrives is written down, what is asked is answered as the real one does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.edge.lab.small_lab import ADDRESSES, DNS, SmallLab
from tests.lab import hosts
from tests.lab.errors import CommandFailed
from tests.lab.internet import Internet
from tests.lab.run import run
from tests.lab.visitor import Visitor
from tests.lab.waiting import until

IPV4, OTHER_IPV4, _ = ADDRESSES


def test_every_arrival_is_written_down(lab: SmallLab, phone: Visitor) -> None:
    lease = phone.lease()
    assert lease is not None
    before, began_s = len(lab.internet.arrivals()), time.monotonic()
    assert phone.tcp_echo(IPV4, 4242)
    assert phone.udp_echo(OTHER_IPV4, 853)
    assert phone.fetch("http://www.example.org/?q=1").status == 200
    assert phone.resolve("nobody.example") == ()
    until(lambda: any("nobody" in a.detail for a in lab.internet.arrivals("dns")), "the DNS question in the log")
    new = lab.internet.arrivals()[before:]
    assert {a.source for a in new} == {lease.address}
    assert all(began_s <= a.at_s <= time.monotonic() for a in new)
    echoes = [(a.proto, a.address, a.port, a.bytes) for a in new if a.service == "echo"]
    assert echoes == [("tcp", IPV4, 4242, 0), ("tcp", IPV4, 4242, 32), ("udp", OTHER_IPV4, 853, 32)]
    assert [a.detail for a in new if a.service == "http"] == ["", "www.example.org GET /?q=1 HTTP/1.1"]
    assert {"A www.example.org", "AAAA www.example.org", "A nobody.example"} <= {a.detail for a in new}


@pytest.mark.parametrize(
    ("url", "status", "body"),
    [
        ("http://www.apple.com/library/test/success.html", 200, hosts.APPLE.body),
        ("http://www.google.com/gen_204", 204, ""),
        ("http://play.googleapis.com/generate_204", 204, ""),
        ("http://www.msftncsi.com/ncsi.txt", 200, "Microsoft NCSI"),
        ("http://detectportal.firefox.com/success.txt", 200, "success\n"),
        ("http://detectportal.firefox.com/canonical.html", 200, hosts.CANONICAL),
        ("http://nmcheck.gnome.org/check_network_status.txt", 200, "NetworkManager is online\n"),
        ("http://WWW.msftconnecttest.com:80/connecttest.txt?n=1", 200, "Microsoft Connect Test"),
        ("http://www.msftconnecttest.com/redirect", 302, ""),
        ("http://www.google.com/", 404, hosts.NOT_FOUND.body),
        (f"http://{IPV4}/", 404, hosts.NOT_FOUND.body),
    ],
)
def test_answers_by_host(phone: Visitor, url: str, status: int, body: str) -> None:
    response = phone.fetch(url)
    assert (response.status, response.body) == (status, body)


def test_head_has_no_body_and_nonsense_is_refused(phone: Visitor) -> None:
    assert phone.fetch("http://www.example.org/", method="HEAD").header("content-length") != "0"
    assert phone.fetch("http://www.example.org/", method="BREW").status == 400


def test_hosts_share_the_addresses() -> None:
    where = hosts.addresses_of(ADDRESSES)
    assert set(where) == set(hosts.HOSTS)
    assert {v4 for v4, _ in where.values()} == {IPV4, OTHER_IPV4}
    assert {v6 for _, v6 in where.values()} == {"2001:db8::10"}
    assert set(hosts.addresses_of([IPV4]).values()) == {(IPV4,)}


def test_an_address_that_is_not_there_is_told_at_once(lab: SmallLab, tmp_path: Path) -> None:
    namespace = lab.world.add("desert")
    with pytest.raises(CommandFailed, match=r"203\.0\.113\.7"):
        Internet.start(namespace, ["203.0.113.7"], "127.0.0.1", tmp_path)
    with pytest.raises(CommandFailed, match="the DNS server ended"):
        Internet.start(namespace, ["127.0.0.1"], DNS, tmp_path)
    assert run(["ip", "netns", "pids", namespace]).stdout == ""


def test_its_end_is_the_end_of_its_dns_server(lab: SmallLab, tmp_path: Path) -> None:
    namespace = lab.world.add("end")
    for end in ("stop", "kill9"):
        internet = Internet.start(namespace, ["127.0.0.1"], "127.0.0.1", tmp_path)
        assert len(run(["ip", "netns", "pids", namespace]).stdout.split()) == 2
        getattr(internet.process, end)()
        until(lambda: run(["ip", "netns", "pids", namespace]).stdout == "", f"all to be gone after {end}")
