"""The poster: one page, the same bytes for the same venue, a Wi-Fi code that cameras read rightly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from paper.poster import Poster, wifi_code, write

POSTER = Poster("Қонақүй «Алатау»", "Alatau", "http://10.77.0.1")


def test_a_poster_is_one_page() -> None:
    printed = write(POSTER)
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", printed)) == 1


def test_the_same_venue_gives_the_same_bytes_and_another_does_not() -> None:
    assert write(POSTER) == write(POSTER)
    assert write(POSTER) != write(Poster(POSTER.venue, "Other", POSTER.portal))


@pytest.mark.parametrize(
    ("network", "code"),
    [
        ("Alatau", "WIFI:S:Alatau;T:nopass;;"),
        ("Қонақ үй", "WIFI:S:Қонақ үй;T:nopass;;"),
        ('a;b,c:d"e\\f', 'WIFI:S:a\\;b\\,c\\:d\\"e\\\\f;T:nopass;;'),
        (";T:WPA;P:x", "WIFI:S:\\;T\\:WPA\\;P\\:x;T:nopass;;"),
    ],
)
def test_a_networks_name_cannot_end_its_field(network: str, code: str) -> None:
    assert wifi_code(network) == code


def test_the_command_prints_it_and_says_what_is_missing(tmp_path: Path) -> None:
    config, out = tmp_path / "qaqpa.toml", tmp_path / "poster.pdf"
    config.write_text("[wifi]\nname = 'Alatau'\n")
    asked = ["poster", "--config", str(config), "--output", str(out)]
    assert CliRunner().invoke(main, asked).exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-")
    config.write_text("")
    told = CliRunner().invoke(main, asked)
    assert (told.exit_code, "wifi.name" in told.output) == (1, True)
