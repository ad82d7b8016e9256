"""Plots as SVG, made here: no script, no style of their own, sharp at any width, on paper and in the dark.

    >>> line([0, 2, 1], 24, 1, Label("p", "Online", "two at the most"))[:43]
    Markup('<svg class="chart" viewBox="0 0 24 100" pre')

A drawing is stretched to the width that it is given, so it has no letters: scales and legends are HTML beside it. Each
has a title and a description for those who cannot see it. Must not know: what is counted, languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from markupsafe import Markup, escape

_HEIGHT = 100
_GROUP = 12
"""How wide the bars of one group are together, in units of the drawing."""
_WIDTHS = (10, 6, 2)


@dataclass(frozen=True)
class Label:
    """What a drawing is called."""

    name: str
    """In its page, for the names of its parts."""
    title: str
    """What is shown."""
    says: str
    """What can be seen, in a sentence."""


def top_of(*series: Sequence[int]) -> int:
    """Where a scale ends that begins at 0: 1, 2 or 5 with noughts, and not below the largest value."""
    largest = max(chain(*series), default=0)
    step = 1
    while True:
        for times in (1, 2, 5):
            if step * times >= largest:
                return step * times
        step *= 10


def line(values: Sequence[int], slots: int, hour: int, label: Label) -> Markup:
    """How a number went: a stepped line over as many of the ``slots`` as there are values.

    Args:
        hour: how many slots are an hour.
    """
    top = top_of(values)
    steps = "".join(f"V{_y(value, top)}H{at}" for at, value in enumerate(values, 1))
    drawn = ""
    if values:
        drawn = (
            f'<path class="area" d="M0 {_HEIGHT}{steps}V{_HEIGHT}Z"/>'
            f'<path class="line" d="M0 {_y(values[0], top)}{steps}" vector-effect="non-scaling-stroke"/>'
        )
    return _chart(slots, hour, drawn, label)


def bars(series: Sequence[Sequence[int]], label: Label) -> Markup:
    """Up to three numbers by hours: narrower bars stand before wider ones, so that each is seen.

    Args:
        series: of equal length, an hour each.
    """
    top = top_of(*series)
    drawn = "".join(
        f'<rect class="bar bar{which}" x="{at * _GROUP + (_GROUP - width) / 2:g}" y="{_y(value, top)}"'
        f' width="{width}" height="{value * _HEIGHT / top:.4g}" vector-effect="non-scaling-stroke"/>'
        for which, (values, width) in enumerate(zip(series, _WIDTHS, strict=False), 1)
        for at, value in enumerate(values)
        if value
    )
    return _chart(len(series[0]) * _GROUP, _GROUP, drawn, label)


def share(part: int, whole: int, label: Label) -> Markup:
    """How much of something is used up; more than all of it is all."""
    used = min(_HEIGHT, part * _HEIGHT / whole) if whole else 0
    full = " full" if part >= whole else ""
    drawn = (
        f'<rect class="whole" width="{_HEIGHT}" height="{_HEIGHT}"/>'
        f'<rect class="used{full}" width="{used:.4g}" height="{_HEIGHT}"/>'
    )
    return _drawing("share", _HEIGHT, drawn, label)


def _chart(width: int, hour: int, drawn: str, label: Label) -> Markup:
    grid = "".join(
        f'<path class="grid" d="{path}" vector-effect="non-scaling-stroke"/>'
        for path in (f"M0 {_HEIGHT}H{width}", f"M0 {_HEIGHT // 2}H{width}", f"M0 0H{width}")
    )
    grid += "".join(
        f'<path class="grid" d="M{at} 0V{_HEIGHT}" vector-effect="non-scaling-stroke"/>'
        for at in range(0, width + 1, 6 * hour)
    )
    return _drawing("chart", width, grid + drawn, label)


def _drawing(kind: str, width: int, drawn: str, label: Label) -> Markup:
    name = escape(label.name)
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-labelledby="{name}-title {name}-says">'
        f'<title id="{name}-title">{escape(label.title)}</title>'
        f'<desc id="{name}-says">{escape(label.says)}</desc>{drawn}</svg>'
    )


def _y(value: int, top: int) -> str:
    return f"{_HEIGHT - value * _HEIGHT / top:.4g}"
