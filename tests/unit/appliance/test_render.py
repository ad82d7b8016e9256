"""What nginx and dnsmasq are told, and the portal's command line."""

from __future__ import annotations

import re

import msgspec
import pytest

from appliance import render
from appliance.config import Config, parse
from appliance.errors import ConfigError


def config(text: str = "") -> Config:
    return parse(text, "q.toml")


def test_nothing_is_left_to_fill_in() -> None:
    for name, content in render.files(config()).items():
        assert "@{" not in content, name


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [
        ("10.77.0.1/16", "10.77.0.2", "10.77.255.254"),
        ("10.77.0.1/24", "10.77.0.2", "10.77.0.254"),
        ("192.168.5.254/24", "192.168.5.1", "192.168.5.253"),
        ("192.168.5.100/24", "192.168.5.101", "192.168.5.254"),
        ("192.168.5.2/29", "192.168.5.3", "192.168.5.6"),
    ],
)
def test_addresses_for_visitors_are_the_larger_side_of_the_gates_own(address: str, first: str, last: str) -> None:
    made = config(f"[lan]\naddress = '{address}'")
    assert tuple(map(str, render.dhcp_range(made))) == (first, last)
    assert f"dhcp-range={first},{last}," in render.files(made)["dnsmasq-lan.conf"]


@pytest.mark.parametrize(
    "text",
    [
        '[wan]\ndns = ["fe80::1%eth0\\ndhcp-option=6,192.0.2.1"]',
        '[wan]\ndns = ["fe80::1%eth0"]',
        '[lan]\naddress6 = "fd77::1%x;return/64"',
    ],
)
def test_nothing_rides_into_a_rendered_file_behind_an_address(text: str) -> None:
    with pytest.raises(ConfigError, match=r"wan\.dns|lan\.address6"):
        config(text)


def test_captive_resolver_forwards_nothing() -> None:
    lines = render.files(config("[wan]\ndns = ['9.9.9.9']"))["dnsmasq-captive.conf"].splitlines()
    assert "no-resolv" in lines
    assert not [line for line in lines if line.startswith(("server", "resolv-file", "conf-"))]
    assert "address=/#/192.0.2.1" in lines


def test_without_a_garden_no_name_is_forwarded_or_put_into_a_set() -> None:
    lines = render.files(config())["dnsmasq-captive.conf"].splitlines()
    assert not [line for line in lines if line.startswith(("server=", "ipset=", "rev-server=", "max-ttl="))]
    assert "local=/#/" in lines


def test_garden_is_asked_of_the_gates_own_resolver_and_opens_by_name() -> None:
    names = [f"h{number}.example.kz" for number in range(100)]
    lines = render.files(config(f"[portal]\ngarden = {names}"))["dnsmasq-captive.conf"].splitlines()
    assert [line for line in lines if line.startswith("server=")] == [f"server=/{name}/10.77.0.1" for name in names]
    assert [line for line in lines if line.startswith("ipset=")] == [f"ipset=/{name}/qq-garden" for name in names]
    assert {"no-resolv", "local=/#/", "stop-dns-rebind", "filter-AAAA", "max-ttl=60"} <= set(lines)
    assert "garden" not in render.files(config())["dnsmasq-lan.conf"]


def test_garden_opens_in_both_families_where_ipv6_is_open() -> None:
    text = "[portal]\ngarden = ['pay.example.kz']\n[lan]\naddress6 = 'fd77::1/64'"
    lines = render.files(config(text))["dnsmasq-captive.conf"].splitlines()
    assert "ipset=/pay.example.kz/qq-garden,qq-garden6" in lines
    assert "filter-AAAA" not in lines


def test_upstream_servers() -> None:
    told = render.files(config("[wan]\ndns = ['9.9.9.9', '2620:fe::9']"))["dnsmasq-lan.conf"]
    assert "no-resolv\nserver=9.9.9.9\nserver=2620:fe::9\n" in told
    assert "no-resolv" not in render.files(config())["dnsmasq-lan.conf"]


def test_portal_with_a_name_and_a_port() -> None:
    made = config("[portal]\nhost = 'login.example.kz'\nport = 8088")
    assert render.portal_url(made) == "http://login.example.kz:8088/"
    files = render.files(made)
    assert "address=/login.example.kz/10.77.0.1" in files["dnsmasq-lan.conf"]
    assert "address=/login.example.kz/10.77.0.1" in files["dnsmasq-captive.conf"]
    assert re.search(r"server_name login\.example\.kz 10\.77\.0\.1;", files["nginx.conf"])


def test_venue_name_cannot_leave_its_place() -> None:
    made = config("[venue]\nname = 'Чай <b>& Ко</b>; #1'")
    assert "&lt;b&gt;&amp; Ко&lt;/b&gt;; #1" in render.files(made)["nginx.conf"]
    told = msgspec.json.decode(render.portal_command(made)[-1])
    assert (told["venue"], told["language"]) == ("Чай <b>& Ко</b>; #1", "kk")
    assert told["look"] == "/var/lib/qaqpa/conf/portal.json"
