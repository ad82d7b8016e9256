"""Whether anybody can use a page that is open in a browser: axe-core's rules, narrow windows, large letters, thumbs.

    assert barriers(page) == []

WCAG 2.2 AA where a machine can judge it. Must not know: which page it is, and who serves it.
"""

from __future__ import annotations

from collections.abc import Mapping

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
"""All that differs between a light page and the same page in the dark."""
NARROW_PX = 320
"""The narrowest window of WCAG 2.2 (1.4.10)."""

_WIDTH = "document.documentElement.scrollWidth"
_SMALL_TARGETS = """Array.from(document.querySelectorAll("button, input:not([type=hidden]), a, summary"))
    .filter(target => target.getBoundingClientRect().width < 24 || target.getBoundingClientRect().height < 24)
    .map(target => target.outerHTML)"""
_UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true; })"


def unfold(page: Page) -> None:
    """Open all that folds: what is hidden is judged too."""
    page.evaluate(_UNFOLD)


def barriers(page: Page, rules: Mapping[str, object] | None = None) -> list[tuple[str, list[str]]]:
    """What axe-core finds: the rule and the elements that break it.

    Args:
        rules: its ``runOnly``; all of WCAG 2.2 AA if None.
    """
    # Violations alone are told in full: to name each element that is all right took two thirds of the time.
    options = {"runOnly": rules or RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def cramped(page: Page) -> list[str]:
    """What does not fit into a narrow window: 1.4.10 at 320 px, 1.4.4 with letters twice as large, 2.5.8 with targets
    of 24 by 24 px. The window must be ``NARROW_PX`` wide.
    """
    found = [f"too small: {target}" for target in page.evaluate(_SMALL_TARGETS)]
    for size in ("100%", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
        if (width := page.evaluate(_WIDTH)) > NARROW_PX:
            found.append(f"{width} px wide with letters of {size}")
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found
