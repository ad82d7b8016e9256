"""Plots: well-formed, as high as their numbers, told to whoever cannot see them, and let through by the policy."""

from __future__ import annotations

import doctest
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.console import plots
from portal.console.plots import Label, bars, line, share, top_of

LABEL = Label("p", 'Here & there "<', "at most <3>")
COUNTS = st.integers(0, 1_000_000)


def heights(drawing: str, kind: str) -> list[float]:
    """Of each bar of that kind."""
    return [float(each) for each in re.findall(rf'class="bar {kind}"[^>]* height="([\d.e+-]+)"', drawing)]


def test_the_example_is_true() -> None:
    assert doctest.testmod(plots).failed == 0


@pytest.mark.parametrize(("largest", "top"), [(0, 1), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (51, 100), (100, 100)])
def test_a_scale_ends_at_a_round_number(largest: int, top: int) -> None:
    assert top_of([0, largest], []) == top


@given(st.lists(COUNTS, max_size=144))
def test_a_line_is_as_high_as_its_numbers(values: list[int]) -> None:
    drawing = line(values, 144, 6, LABEL)
    ET.fromstring(drawing)
    top = top_of(values)
    assert top >= max(values, default=0)
    drawn = re.search(r'class="line" d="M0 [\d.e+-]+([^"]*)"', drawing)
    steps = re.findall(r"V([\d.e+-]+)H(\d+)", drawn[1]) if drawn else []
    assert [int(at) for _, at in steps] == list(range(1, len(values) + 1))
    for (y, _), value in zip(steps, values, strict=True):
        assert 0 <= float(y) <= 100
        assert float(y) == pytest.approx(100 - value * 100 / top, rel=1e-3, abs=0.05)
    for (lower, _), (higher, _), (a, b) in zip(steps, steps[1:], pairwise(values), strict=False):
        assert (a <= b) or float(lower) <= float(higher)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=1, max_size=25))
def test_bars_are_as_high_as_their_numbers(hours: list[tuple[int, int, int]]) -> None:
    series = [list(each) for each in zip(*hours, strict=True)]
    drawing = bars(series, LABEL)
    ET.fromstring(drawing)
    top = top_of(*series)
    for which, values in enumerate(series, 1):
        assert heights(drawing, f"bar{which}") == pytest.approx([v * 100 / top for v in values if v], rel=1e-3)


@pytest.mark.parametrize(("part", "whole", "width"), [(0, 10, "0"), (5, 10, "50"), (10, 10, "100"), (30, 10, "100")])
def test_a_share_is_never_more_than_all(part: int, whole: int, width: str) -> None:
    drawing = share(part, whole, LABEL)
    assert re.findall(r'<rect class="used( full)?" width="(\d+)"', drawing) == [
        (" full" if part >= whole else "", width)
    ]


def test_whoever_cannot_see_it_is_told() -> None:
    for drawing in (line([1], 24, 1, LABEL), bars([[1]], LABEL), share(1, 2, LABEL)):
        root = ET.fromstring(drawing)
        assert root.get("role") == "img"
        told = {each.get("id"): each.text for each in root}
        assert [told[name] for name in (root.get("aria-labelledby") or "").split()] == [LABEL.title, LABEL.says]


def test_nothing_in_it_needs_a_style_of_its_own() -> None:
    for drawing in (line([1, 2], 24, 1, LABEL), bars([[1], [2], [3]], LABEL), share(1, 2, LABEL)):
        assert not re.search(r"\sstyle=|<style|<script|\son\w+=|href", drawing)
