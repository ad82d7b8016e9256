"""hostapd's configuration, as it stands for each kind of network."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import render_wifi
from appliance.config import Config, parse

GOLDEN = Path(__file__).parent / "golden"
PASSWORD = "tea and bread"


def config(security: str, more: str = "", name: str = "Кафе Қақпа") -> Config:
    return parse(f'[wifi]\ninterface = "wlan0"\nname = "{name}"\nsecurity = "{security}"\n{more}', "q.toml")


@pytest.mark.parametrize(
    ("golden", "security", "more"),
    [("open", "open", ""), ("owe", "owe", 'band = "5"'), ("psk", "psk", "channel = 11")],
)
def test_what_hostapd_is_told(golden: str, security: str, more: str) -> None:
    told = render_wifi.files(config(security, more), PASSWORD)
    assert "\n".join(f"# {name}\n{text}" for name, text in told.items()) == (GOLDEN / f"wifi_{golden}.txt").read_text()


@pytest.mark.parametrize("password", ["", "seven77", "x" * 64, "құпия сөз", "line\nbreak8"])
def test_without_a_good_password_there_is_no_network_and_never_an_open_one(password: str) -> None:
    assert render_wifi.files(config("psk"), password) == {}


def test_a_box_without_a_radio_has_none() -> None:
    assert render_wifi.files(parse("", "q.toml")) == {}


@pytest.mark.parametrize("security", ["open", "owe"])
def test_a_long_name_is_cut_in_the_hidden_network_alone(security: str) -> None:
    name = "Ж" * 16
    names = [
        bytes.fromhex(line.removeprefix("ssid2="))
        for line in render_wifi.files(config(security, name=name))[render_wifi.FILE].splitlines()
        if line.startswith("ssid2=")
    ]
    assert names[0] == name.encode()
    assert all(len(each) <= 32 for each in names) and len(set(names)) == len(names)


def test_the_venues_name_is_the_networks_where_it_has_none() -> None:
    made = parse('[venue]\nname = "Қақпа дәмханасы Алматы"\n[wifi]\ninterface = "wlan0"', "q.toml")
    assert made.network_name == "Қақпа дәмханасы А"  # 32 bytes
    assert f"ssid2={made.network_name.encode().hex()}" in render_wifi.files(made)[render_wifi.FILE]
