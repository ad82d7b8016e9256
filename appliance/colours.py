"""Pure: whether words in the venue's colour can be read, by WCAG 2.2 (1.4.3: 4.5 to 1).

    >>> round(contrast("#000000", "#ffffff"))
    21

One colour stands for buttons (white words on it) and links (it on the pages' grounds) by day. By night, on dark
grounds, nothing that passed can be read, so a lighter shade of it is made. Must not know: the configuration, pages.
"""

from __future__ import annotations

ENOUGH = 4.5
LIGHT_GROUNDS = ("#ffffff", "#eef3f4", "#e6f3f5")
"""Card, page and state of the visitor's style sheet, as the next three by night. Words on buttons are as the card."""
DARK_GROUNDS = ("#16252a", "#0d1719", "#17343b")
DARK_WORDS = "#06262d"
"""On buttons by night."""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#rrggbb", 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def by_day(colour: str) -> float:
    """The least contrast that this colour has on light pages."""
    return min(contrast(colour, ground) for ground in LIGHT_GROUNDS)


def by_night(colour: str) -> float:
    """The least contrast that this colour has on dark pages."""
    return min(contrast(colour, other) for other in (*DARK_GROUNDS, DARK_WORDS))


def darkened(colour: str) -> str:
    """The nearest shade of it that can be read on light pages, itself if it can."""
    return next(shade for shade in _mixed(colour, 0) if by_day(shade) >= ENOUGH)


def lightened(colour: str) -> str:
    """The nearest shade of it that can be read on dark pages, itself if it can."""
    return next(shade for shade in _mixed(colour, 255) if by_night(shade) >= ENOUGH)


def _mixed(colour: str, end: int) -> list[str]:
    """The colour, then ever more of black or white in it, to black or white itself."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return [
        "#" + "".join(f"{round(channel + (end - channel) * percent / 100):02x}" for channel in channels)
        for percent in range(101)
    ]


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
