"""Every file that a document names is there.

A path is what stands between backticks and ends like a file of ours. It is written from the root, or from a directory
in which the same section names a file, as a reader would take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = tuple(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
)
_QUOTED = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"[\w./-]+\.(?:py|toml|conf|service|timer|po|md)\Z")


def sections(text: str) -> Iterator[str]:
    """From one heading of the second degree to the next; blocks of commands are judged by ``tests/system``."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.split(r"^(?=## )", prose, flags=re.MULTILINE)


def missing(text: str) -> list[str]:
    """The paths in a document that lead nowhere."""
    found = []
    for section in sections(text):
        paths = [name.partition("::")[0] for name in _QUOTED.findall(section)]
        named = {ROOT / path for path in paths if "/" in path}
        homes = {ROOT, *(path if path.is_dir() else path.parent for path in named if path.exists())}
        homes |= {parent for home in homes for parent in home.parents if parent.is_relative_to(ROOT)}
        for path in paths:
            if _FILE.match(path) and not path.startswith("/") and not any((home / path).is_file() for home in homes):
                found.append(path)
            if path.endswith("/") and path.count("/") > 1 and not (ROOT / path).is_dir():
                found.append(path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_file_that_a_document_names_is_there(document: str) -> None:
    assert missing((ROOT / document).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`appliance/session.py`, `engine.py` and `presence.py`", []),
        ("`appliance/sesion.py`", ["appliance/sesion.py"]),
        ("`appliance/session.py` and `sesion.py`", ["sesion.py"]),
        ("`appliance/session.py`\n## Next\n`engine.py`", ["engine.py"]),
        ("`appliance/session.py`, `templates/nginx.conf`", []),
        ("`tests/kernel/silver/`", ["tests/kernel/silver/"]),
        ("`/etc/qaqpa/qaqpa.toml`, `portal.host`", []),
        ("```sh\nscripts/demo `nothing/here.py`\n```", []),
    ],
)
def test_a_file_that_is_not_there_would_be_found(text: str, expected: list[str]) -> None:
    assert missing(text) == expected
