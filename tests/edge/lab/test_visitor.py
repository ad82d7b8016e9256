"""A phone in a venue that guards nothing: everything it tries succeeds, and it notices when it does not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edge.lab.small_lab import ADDRESSES, DNS, ROUTER, SmallLab
from tests.lab.errors import NoAnswer, NoLease
from tests.lab.namespaces import give_address, ip
from tests.lab.run import ROOT, run
from tests.lab.visitor import Probe, Visitor
from tests.lab.waiting import until

IPV4, _, IPV6 = ADDRESSES


def test_a_lease_is_everything_the_phone_knows(phone: Visitor) -> None:
    lease = phone.lease()
    assert lease is not None
    assert lease.address.startswith("10.99.0.")
    assert (lease.prefix, lease.router, lease.dns, lease.server, lease.seconds) == (24, ROUTER, (DNS,), ROUTER, 3600)
    assert f"inet {lease.address}/24" in ip(phone.namespace, "-4", "address", "show", "dev", "eth0")
    assert f"link/ether {phone.mac}" in ip(phone.namespace, "link", "show", "dev", "eth0")


def test_the_machines_own_resolver_is_untouched(new_visitor: Callable[[], Visitor]) -> None:
    before = Path("/etc/resolv.conf").read_text()
    visitor = new_visitor()
    visitor.connect()
    assert run(["cat", "/etc/resolv.conf"], namespace=visitor.namespace).stdout == f"nameserver {DNS}\n"
    assert Path("/etc/resolv.conf").read_text() == before


@pytest.mark.parametrize("kind", list(Probe))
def test_a_probe_of_the_real_internet_says_online(phone: Visitor, kind: Probe) -> None:
    result = phone.probe(kind)
    assert result.online, result


def test_a_probe_without_an_answer_says_offline(new_visitor: Callable[[], Visitor]) -> None:
    result = new_visitor().probe(Probe.APPLE, timeout_s=1)
    assert (result.online, result.status) == (False, None)


def test_another_servers_answer_is_not_online(lab: SmallLab, new_visitor: Callable[[], Visitor]) -> None:
    # The mirror answers 200 to all: what a portal must not do, and no client may take for the Internet.
    visitor = new_visitor()
    visitor.connect()
    redirected = ["-p", "tcp", "--dport", "80", "-i", "br0", "-j", "REDIRECT"]
    run(["iptables-legacy", "-t", "nat", "-A", "PREROUTING", *redirected], namespace=lab.venue)
    try:
        results = {kind: visitor.probe(kind) for kind in Probe}
    finally:
        run(["iptables-legacy", "-t", "nat", "-D", "PREROUTING", *redirected], namespace=lab.venue)
    assert [(result.status, result.online) for result in results.values()] == [(200, False)] * len(Probe)


def test_echo_and_ping_in_both_families(new_visitor: Callable[[], Visitor]) -> None:
    phone = new_visitor()
    phone.connect()
    give_address(phone.namespace, "eth0", "2001:db8:1::99/64")
    ip(phone.namespace, "-6", "route", "add", "default", "via", "2001:db8:1::1")
    for address in (IPV4, IPV6):
        assert phone.tcp_echo(address)
        assert phone.tcp_echo(address, 4242)
        assert phone.udp_echo(address)
        assert phone.udp_echo(address, 443)
        assert phone.ping(address)
    assert phone.fetch(f"http://[{IPV6}]/", headers={"Host": "www.example.org"}).status == 200


def test_nothing_answers_where_nobody_is(phone: Visitor) -> None:
    assert not phone.tcp_echo(IPV4, 9)  # refused
    assert not phone.udp_echo(IPV4, 9)
    assert not phone.tcp_echo("203.0.113.99", timeout_s=0.3)
    assert not phone.ping("203.0.113.99", timeout_s=0.3)
    with pytest.raises(NoAnswer, match="exit code 7"):
        phone.fetch(f"http://{IPV4}:9/")


def test_names_of_the_internet_and_no_others(phone: Visitor) -> None:
    assert len(phone.resolve("captive.apple.com")) == 2
    assert phone.resolve("dns.msftncsi.com") == ("131.107.255.255", "fd3e:4f5a:5b81::1")
    assert phone.resolve("nobody.example") == ()


def test_a_form_is_posted_as_a_browser_does(phone: Visitor) -> None:
    shown = json.loads(phone.fetch(f"http://{ROUTER}/x?y=1", form={"number": "+7 701 & @", "сан": "1"}).body)
    assert (shown["method"], shown["path"], shown["client"]) == ("POST", "/x?y=1", phone.lease().address)  # type: ignore[union-attr]
    assert shown["body"] == "number=%2B7+701+%26+%40&сан=1"
    assert shown["headers"]["origin"] == f"http://{ROUTER}"
    assert shown["headers"]["content-type"] == "application/x-www-form-urlencoded"
    own = phone.fetch(f"http://{ROUTER}/", form={}, headers={"Origin": "http://evil.example"})
    assert json.loads(own.body)["headers"]["origin"] == "http://evil.example"


def test_redirects_are_told_not_followed(phone: Visitor) -> None:
    response = phone.fetch(f"http://{ROUTER}/away?to=http://{IPV4}/")
    assert (response.status, response.header("LOCATION")) == (302, f"http://{IPV4}/")
    assert phone.fetch(f"http://{ROUTER}/", method="HEAD").body == ""


def test_leaving_says_nothing_and_coming_back_works(lab: SmallLab, new_visitor: Callable[[], Visitor]) -> None:
    visitor = new_visitor()
    first = visitor.connect()
    visitor.disconnect()
    assert visitor.lease() is None
    assert "inet" not in ip(visitor.namespace, "address", "show", "dev", "eth0")
    assert not visitor.tcp_echo(IPV4, timeout_s=0.3)
    assert f"DHCPRELEASE(br0) {first.address}" not in lab.dhcp.output()
    assert visitor.connect() == first
    assert visitor.tcp_echo(IPV4)


def test_a_release_reaches_the_server(lab: SmallLab, new_visitor: Callable[[], Visitor]) -> None:
    visitor = new_visitor()
    lease = visitor.connect()
    visitor.disconnect(release=True)
    until(lambda: f"DHCPRELEASE(br0) {lease.address}" in lab.dhcp.output(), "the release at the server")


def test_no_server_is_told_with_the_clients_log(lab: SmallLab) -> None:
    namespace = lab.world.add("lonely")
    lab.world.cable(lab.venue, "nowhere", namespace, "eth0")
    visitor = Visitor(namespace, "eth0", "02:00:00:00:01:00", lab.folder)
    ip(lab.venue, "link", "set", "nowhere", "up")
    with pytest.raises(NoLease, match="discover"):
        visitor.connect(timeout_s=3)
    visitor.disconnect()


def test_the_dhcp_script_can_be_run() -> None:
    assert os.access(ROOT / "tests/lab/udhcpc-script", os.X_OK)
