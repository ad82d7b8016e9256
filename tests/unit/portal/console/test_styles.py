"""The one style sheet: a section does not dress another section's elements by accident."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import portal.console

FOLDER = Path(portal.console.__file__).parent / "style"
FRAME = "00-frame.css"


def test_a_class_that_two_sections_dress_is_the_frames() -> None:
    """All sheets are joined: the last section's rule would win on every page."""
    dressed: dict[str, set[str]] = defaultdict(set)
    for path in FOLDER.glob("*.css"):
        for selectors in re.findall(r"([^{}]+)\{", path.read_text(encoding="utf-8")):
            for name in re.findall(r"\.[a-z][a-z0-9_-]*", selectors):
                dressed[name].add(path.name)
    assert {name for name, sheets in dressed.items() if len(sheets) > 1 and FRAME not in sheets} == set()


def test_what_the_frame_lays_out_no_section_lays_out_anew() -> None:
    """A class by itself is one sheet's: the language picker once stood where the wizard's list of presets does."""
    laid_out: dict[str, set[str]] = defaultdict(set)
    for path in FOLDER.glob("*.css"):
        for selectors in re.findall(r"([^{}]+)\{", path.read_text(encoding="utf-8")):
            for selector in selectors.split(","):
                if re.fullmatch(r"\.[a-z][a-z0-9_-]*", selector.strip()):
                    laid_out[selector.strip()].add(path.name)
    assert {name: sheets for name, sheets in laid_out.items() if len(sheets) > 1} == {}


def test_what_one_script_looks_for_no_other_does() -> None:
    """All scripts run on every page: an attribute that two of them follow would be followed twice."""
    followed: dict[str, set[str]] = defaultdict(set)
    for path in (FOLDER.parent / "script").glob("*.js"):
        for name in re.findall(r"\[(data-[a-z-]+)", path.read_text(encoding="utf-8")):
            followed[name].add(path.name)
    assert {name for name, scripts in followed.items() if len(scripts) > 1} == set()
