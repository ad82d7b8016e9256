"""What can be judged of the pages' look without a browser: contrast (WCAG 2.2 AA), syntax level, labels, focus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import portal.visitor
from appliance.wire import Delivery, Phase
from tests.unit.portal.gate import NUMBER, Device
from tests.unit.portal.phone import IP, PhoneInProcess
from tests.unit.portal.reading import elements_of

STYLE = (Path(portal.visitor.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--(\w+):(#[0-9a-f]+)", each)) for each in re.findall(r":root\{([^}]*)\}", STYLE))

TEXT = [("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("main", "card"), ("main", "paper")]
TEXT += [("main", "state"), ("ink", "state"), ("bad", "badpaper"), ("on", "main")]
PARTS = [("line", "card"), ("focus", "card"), ("focus", "paper"), ("bad", "card"), ("main", "card")]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_parts_stand_out(palette: dict[str, str]) -> None:
    for one, other in TEXT:
        assert contrast(palette[one], palette[other]) >= 4.5, (one, other)  # 1.4.3
    for one, other in PARTS:
        assert contrast(palette[one], palette[other]) >= 3, (one, other)  # 1.4.11


@pytest.mark.parametrize(
    "newer", ["gap:", ":is(", ":where(", "inset", "clamp(", "min(", "max(", "focus-visible", "@layer", "dvh", "oklch"]
)
def test_the_style_is_understood_by_an_old_web_view(newer: str) -> None:
    assert newer not in re.sub(r"@media \([^)]*\)", "", STYLE)


@pytest.mark.parametrize(
    "device",
    [
        Device(),
        Device(phase=Phase.ASKED, number=NUMBER),
        Device(phase=Phase.ASKED, number=NUMBER, delivery=Delivery.FAILED, resend_in_s=0),
        Device(phase=Phase.ONLINE, number=NUMBER),
    ],
    ids=["stranger", "asked", "failed", "online"],
)
@pytest.mark.parametrize("send", ["look", "wrong entry"])
def test_fields_have_labels_and_one_element_at_most_has_focus(phone: PhoneInProcess, device: Device, send: str) -> None:
    phone.gate.put(IP, device)
    page = phone.get("/") if send == "look" else phone.post("/login", {"password": "12"})
    elements = elements_of(page.body)
    ids = [given["id"] for _, given in elements if "id" in given]
    assert len(ids) == len(set(ids))
    labelled = {given["for"] for tag, given in elements if tag == "label"}
    for tag, given in elements:
        if tag == "input" and given["type"] != "hidden":
            assert given["id"] in labelled
        for described in (given.get("aria-describedby") or "").split():
            assert described in ids
    assert len([given for _, given in elements if "autofocus" in given]) <= 1
    assert len([tag for tag, _ in elements if tag == "h1"]) == (0 if page.status == 303 else 1)
