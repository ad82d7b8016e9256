"""What nginx is told of the console, and its command line."""

from __future__ import annotations

import re
from pathlib import Path

from appliance import render, render_console
from appliance.config import Config, parse

INTERFACE = "[console]\ninterface = 'mgmt0'\n"


def server(text: str = "") -> str:
    return render_console.server(parse(INTERFACE + text, "q.toml"))


def test_without_an_interface_there_is_none() -> None:
    told = render.files(Config())["nginx.conf"]
    assert "8443" not in told
    assert "console" in told.splitlines()[-2], "it says so"


def test_nothing_is_left_to_fill_in_and_no_other_server_changes() -> None:
    whole = render.files(parse(INTERFACE, "q.toml"))["nginx.conf"]
    assert "@{" not in whole
    without = render.files(Config())["nginx.conf"]
    assert whole.replace(server(), "") == without.replace("# There is no console.", "")


def test_visitors_are_refused_by_nginx_too() -> None:
    told = server("port = 9443\n[lan]\naddress = '172.20.0.1/20'\naddress6 = 'fd77::1/64'\n")
    assert re.findall(r"(?:deny|allow) (.*);", told) == ["172.20.0.0/20", "fd77::/64", "fe80::/10"]
    assert re.findall(r"listen (.*);", told) == ["9443 ssl", "[::]:9443 ssl ipv6only=on"]


def test_large_bodies_are_for_extracts_alone() -> None:
    sizes = re.findall(r"(?:location (\S+ ?\S*) \{\s+)?client_max_body_size (\w+);", server())
    assert sizes == [("", "512k"), *((f"= {path}", "64m") for path in render_console.UPLOADS)]


def test_venue_name_cannot_leave_its_place() -> None:
    assert "<title>Чай &lt;b&gt;</title>" in server("[venue]\nname = 'Чай <b>'\n")


def test_the_process_is_told_where_the_configuration_is() -> None:
    assert render_console.command(Path("/etc/it's/q.toml"))[-2:] == ["portal.console.serve", "/etc/it's/q.toml"]
