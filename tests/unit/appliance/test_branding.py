"""The venue's colour, logo, link and terms: what is taken, what is refused and why, what the portal is told."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import portal.visitor
from appliance import branding, colours, logo, render
from appliance.config import parse
from appliance.errors import ConfigError, LogoRefused
from portal.visitor import brand

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
PLAIN = f'<?xml version="1.0" encoding="UTF-8"?><!-- made by hand --><svg {NAMESPACE} viewBox="0 0 2 2"><defs>'
PLAIN += '<linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)" width="2"/></svg>'

anything = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_as_wcag_reckons_it(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(one, other) == colours.contrast(other, one) == pytest.approx(ratio, abs=0.02)


@given(anything)
@settings(deadline=None)  # a busy machine stands still for longer than any
def test_the_nearest_shades_can_be_read(colour: str) -> None:
    assert colours.by_day(colours.darkened(colour)) >= colours.ENOUGH
    assert colours.by_night(colours.lightened(colour)) >= colours.ENOUGH
    if colours.by_day(colour) >= colours.ENOUGH:
        assert colours.darkened(colour) == colour


def test_grounds_are_those_of_the_pages() -> None:
    style = (Path(portal.visitor.__file__).parent / "templates/style.css").read_text()
    light, dark = (dict(re.findall(r"--(\w+):(#[0-9a-f]+)", each)) for each in re.findall(r":root\{([^}]*)\}", style))
    long = {"#fff": "#ffffff"}
    assert tuple(long.get(light[name], light[name]) for name in ("card", "paper", "state")) == colours.LIGHT_GROUNDS
    assert long.get(light["on"]) == colours.LIGHT_GROUNDS[0]
    assert tuple(dark[name] for name in ("card", "paper", "state")) == colours.DARK_GROUNDS
    assert dark["on"] == colours.DARK_WORDS


def test_a_colour_that_cannot_be_read_is_refused_with_its_ratio_and_the_nearest_good_one() -> None:
    with pytest.raises(ConfigError) as refused:
        parse("[venue]\ncolour = '#ffcc00'", "q.toml")
    said = str(refused.value)
    assert said.startswith("q.toml, line 2: venue.colour: has a contrast of 1.3:1")
    nearest = re.findall(r'"(#[0-9a-f]{6})"', said)[0]
    assert parse(f"[venue]\ncolour = '{nearest}'", "q.toml").venue.colour == nearest


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("colour = 'red'", 'line 2: venue.colour: .*allowed: a colour such as "#00697d"'),
        ("colour = '#00697D'", "line 2: venue.colour: .*in lower case"),
        ("logo = 'logo.png'", "line 2: venue.logo: .*allowed: an absolute path"),
        ("link = 'javascript:alert(1)'", "line 2: venue.link: .*allowed: an address such as"),
        ("link = 'https://a.kz/\"><script>'", "line 2: venue.link: "),
        ("[venue.terms]\nkk = 'Шарт'\nen = 'Terms'", "venue.terms.ru: is missing"),
        (f"[venue.terms]\nkk = '{'ш' * 3001}'", "venue.terms.kk: .*at most 3000 characters"),
        ("[venue.terms]\nde = 'x'", "venue.terms.de: there is no such key"),
    ],
)
def test_what_cannot_be_used_is_refused(line: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(f"[venue]\n{line}", "q.toml")


def test_the_portal_reads_what_is_written_for_it(tmp_path: Path) -> None:
    picture = tmp_path / "logo.svg"
    picture.write_text(PLAIN)
    text = f"[venue]\ncolour = '#7a1f5c'\nlogo = '{picture}'\nlink = 'https://cafe.example.kz/menu?a=1&b=2'\n"
    text += "[venue.terms]\nkk = '''Бірінші.\nЕкінші.'''\nru = 'Условия.'\nen = 'Terms.'"
    config = parse(text, "q.toml")
    written = tmp_path / branding.FILE
    written.write_text(render.files(config)[branding.FILE])
    read = brand.load(str(written))
    assert (read.colour, read.link_shown, str(read.zone)) == ("#7a1f5c", "cafe.example.kz", "Asia/Almaty")
    assert colours.by_night(read.colour_dark) >= colours.ENOUGH
    assert base64.b64decode(read.logo.partition(",")[2]).decode() == PLAIN
    terms = {read.terms_in(language) for language in read.terms}
    assert {each.digest for each in terms if each} == config.venue.terms.digests
    assert hashlib.sha256("Условия.".encode()).hexdigest() in config.venue.terms.digests


def test_a_venue_without_anything_of_its_own_has_an_empty_brand() -> None:
    config = parse("", "q.toml")
    read = msgspec.json.decode(branding.text(config), type=brand.Brand)
    assert read == brand.Brand(timezone="Asia/Almaty")
    assert config.venue.terms.digests == frozenset()


def test_a_png_and_a_plain_svg_are_taken(tmp_path: Path) -> None:
    (tmp_path / "logo").write_bytes(PNG)
    assert logo.data_url(str(tmp_path / "logo")) == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    (tmp_path / "logo").write_text(PLAIN)
    assert logo.data_url(str(tmp_path / "logo")).startswith("data:image/svg+xml;base64,")
    assert logo.data_url("") == ""


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (f"<svg {NAMESPACE}><script>alert(1)</script></svg>", "has <script>"),
        (f"<svg {NAMESPACE} onload='alert(1)'/>", "has the script onload="),
        (f"<svg {NAMESPACE}><image href='https://evil.example/x.png'/></svg>", "has <image>"),
        (f"<svg {NAMESPACE}><use href='https://evil.example/x.svg#a'/></svg>", "outside itself"),
        (f"<svg {NAMESPACE} xmlns:x='http://www.w3.org/1999/xlink'><use x:href='//evil.example/a'/></svg>", "outside"),
        (f"<svg {NAMESPACE}><rect fill='url(https://evil.example/a#b)'/></svg>", "outside itself"),
        (f"<svg {NAMESPACE}><rect style='fill:url( \"//evil.example\")'/></svg>", "outside itself"),
        (f"<svg {NAMESPACE}><style>@import 'https://evil.example/a.css';</style></svg>", "outside itself"),
        (f"<svg {NAMESPACE}><foreignObject/></svg>", "has <foreignObject>"),
        (f"<svg {NAMESPACE}><animateTransform/></svg>", "has <animateTransform>"),
        (f"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg {NAMESPACE}>&a;</svg>", "has a document type"),
        ("<html><svg/></html>", "is no SVG"),
        ("<svg/>", "is no SVG"),
        ("GIF89a", "is neither a PNG nor an SVG"),
        ("", "is neither a PNG nor an SVG"),
    ],
)
def test_a_logo_that_acts_or_reaches_out_is_refused(tmp_path: Path, picture: str, told: str) -> None:
    (tmp_path / "logo").write_text(picture)
    with pytest.raises(LogoRefused, match=told):
        logo.data_url(str(tmp_path / "logo"))


def test_a_logo_too_large_missing_or_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(PNG + bytes(8192))
    (tmp_path / "wide").write_bytes(f"<!DOCTYPE svg><svg {NAMESPACE}/>".encode("utf-16"))
    for name, told in (("large", "larger than 8192 bytes"), ("none", "No such file"), ("wide", "neither")):
        with pytest.raises(LogoRefused, match=told):
            logo.data_url(str(tmp_path / name))
