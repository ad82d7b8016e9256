"""QR codes in pages: what is drawn is what the encoder says, with room around it, and nothing the policy forbids."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from paper.qr import QUIET, svg

TEXT = "otpauth://totp/Qaqpa:owner?secret=JBSWY3DPEHPK3PXP&issuer=Qaqpa"


def test_it_is_drawn_with_room_around_it() -> None:
    drawn = svg(TEXT)
    root = ElementTree.fromstring(drawn)
    side = int(root.attrib["viewBox"].split()[2])
    modules = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1", drawn)}
    lowest, highest = min(map(min, modules)), max(map(max, modules))
    assert (lowest, highest) == (QUIET, side - QUIET - 1)
    finder = {(x, y) for x, y in modules if x < QUIET + 7 and y < QUIET + 7}
    assert len(finder) == 33, "no finder pattern in the corner: 24 around, 9 within"
    assert "style" not in drawn and "script" not in drawn


def test_two_texts_are_two_drawings_and_one_is_always_the_same() -> None:
    assert svg(TEXT) == svg(TEXT) != svg(TEXT + "&digits=6")


def test_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        svg("x" * 4000)
