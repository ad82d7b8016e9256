"""Every file and every test that a document names is there.

A path is what stands between backticks and ends like a file of ours. It is written from the root, or from a directory
in which the same section names a file, as a reader would take it. Tests are named as pytest prints them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = tuple(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
)
RULES = "docs/rules.md"
_QUOTED = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"[\w./-]+\.(?:py|toml|conf|service|timer|po|md)\Z")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)\Z")


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


def named_tests(text: str) -> list[tuple[str, str]]:
    """(file, test) of each test in a document."""
    return [(match[1], match[2]) for name in _QUOTED.findall(text) if (match := _TEST.match(name))]


def defined_in(path: Path) -> set[str]:
    """The tests that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_file_that_a_document_names_is_there(document: str) -> None:
    assert missing((ROOT / document).read_text(encoding="utf-8")) == []


def test_each_rule_names_tests_that_are_there() -> None:
    named = named_tests((ROOT / RULES).read_text(encoding="utf-8"))
    assert len(named) > 20, "one rule or another has no test"
    assert [f"{file}::{test}" for file, test in named if test not in defined_in(ROOT / file)] == []


def test_each_rule_of_the_profile_is_in_the_table() -> None:
    table = (ROOT / RULES).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+ ¶[\d.]+) \|.*\|.*`tests/.*\|$", table, re.MULTILINE)
    assert rows == [*(f"67 ¶{number}" for number in range(2, 11)), "58 ¶2.3", "58 ¶7.2", "58 ¶9"]


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


def test_a_test_that_is_not_there_would_be_found() -> None:
    here = str(Path(__file__).relative_to(ROOT))
    ((file, test),) = named_tests(f"`{here}::test_nothing`")
    assert file == here
    assert test not in defined_in(ROOT / file)
    assert "test_a_test_that_is_not_there_would_be_found" in defined_in(ROOT / file)
