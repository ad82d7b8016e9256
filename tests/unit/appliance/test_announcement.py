"""What phones are told, and from when until when."""

from __future__ import annotations

import msgspec
import pytest

from appliance import announcement, render
from appliance.announcement import Standing
from appliance.certificates import Judgement
from appliance.config import Config, parse
from appliance.errors import ConfigError
from portal.visitor import captive

LEASE_S = 3600
HOUR_S = 3600.0
HTTPS = "[portal]\nhost = 'login.example.kz'\nhttps = true\n"
API = "https://login.example.kz/captive-portal"


@pytest.mark.parametrize(
    ("hours_left", "stands"),
    [(2400, Standing.ANNOUNCED), (3.1, Standing.ANNOUNCED), (2.9, Standing.SERVED), (0.1, Standing.SERVED)],
)
def test_nobody_is_told_of_what_expires_under_them(hours_left: float, stands: Standing) -> None:
    good = Judgement(expires_utc_s=1000 * HOUR_S + hours_left * HOUR_S)
    assert announcement.standing(good, LEASE_S, now_utc_s=1000 * HOUR_S) is stands


def test_a_longer_lease_is_remembered_longer() -> None:
    good = Judgement(expires_utc_s=24 * HOUR_S)
    assert announcement.standing(good, 24 * 3600, now_utc_s=0.0) is Standing.SERVED


def test_what_phones_refuse_is_not_served() -> None:
    assert announcement.standing(Judgement("has expired"), LEASE_S, 0.0) is Standing.NONE


@pytest.mark.parametrize("standing", list(Standing))
def test_both_families_are_told_the_same_or_nothing(standing: Standing) -> None:
    config = parse(HTTPS, "q.toml")
    told = render.files(config, standing)[render.ANNOUNCED]
    assert told == (f"114,{API}\noption6:103,{API}\n" if standing is Standing.ANNOUNCED else "")
    assert announcement.announced_url(told) == (API if told else "")


def test_nothing_else_is_ever_announced() -> None:
    for config in (Config(), parse(HTTPS, "q.toml")):
        for name, content in render.files(config, Standing.ANNOUNCED).items():
            assert "160" not in [word for line in content.splitlines() for word in line.split(",")], name


def test_the_portal_answers_where_it_is_announced() -> None:
    assert announcement.API_PATH == captive.PATH
    told = msgspec.json.decode(render.portal_command(parse(HTTPS, "q.toml"))[-1])
    assert told["portal_url"] == "https://login.example.kz/"


@pytest.mark.parametrize("standing", [Standing.SERVED, Standing.ANNOUNCED])
def test_on_https_the_probe_is_sent_there_and_http_has_no_page(standing: Standing) -> None:
    told = render.files(parse(HTTPS + "[lan]\naddress6 = 'fd77::1/64'", "q.toml"), standing)["nginx.conf"]
    assert "default https://login.example.kz/;" in told
    assert "~: https://login.example.kz/;" in told
    (ours,) = [part for part in told.split("server {") if "proxy_pass" in part]
    assert ":80" not in ours and ":8080" not in ours
    assert "Strict-Transport-Security" not in told.replace("# No Strict-Transport-Security", "")
    for line in ("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_session_tickets off;"):
        assert line in told


def test_the_portals_name_is_the_gateways_alone_at_both_resolvers() -> None:
    files = render.files(parse(HTTPS, "q.toml"))
    for name in ("dnsmasq-lan.conf", "dnsmasq-captive.conf"):
        lines = files[name].splitlines()
        assert {"address=/login.example.kz/10.77.0.1", "local=/login.example.kz/"} <= set(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[portal]\nhttps = true", "portal.host: must be a name"),
        ("[portal]\nhttps = true\nhost = '10.77.0.1'", "portal.host: must be a name"),
        ("[portal]\nhttps = true\nhost = 'portal'", "portal.host: must be a name"),
        ("[portal]\nhttps = true\nhost = '-a.kz'", "portal.host: must be a name"),
        (f"[portal]\nhttps = true\nhost = '{'a.' * 120}kz'", "portal.host: is too long"),
        (HTTPS + "port = 443", "portal.https: serves port 443"),
        (HTTPS + "redirect_port = 443", "portal.https: serves port 443"),
        ("[portal]\ncertificate_file = 'portal.pem'", "portal.certificate_file: "),
    ],
)
def test_what_cannot_be_announced_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "q.toml")
    assert told in str(refused.value)


def test_the_longest_name_that_fits() -> None:
    spare = announcement.MAX_BYTES - len("https:///captive-portal") - len(".kz")
    host = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * (spare - 3 * 64)]) + ".kz"
    config = parse(f"[portal]\nhttps = true\nhost = '{host}'\n[sms]\nbound = false", "q.toml")
    assert len(announcement.api_url(config)) == announcement.MAX_BYTES
