"""``docs/rules.md`` has every clause and every wish, each with tests that are there or a word why there is none.

Tests are named as pytest prints them.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from appliance.wire import Language
from portal.catalogues import catalogue

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
CLAUSES = {
    "67 ¶2 1)": 1,
    "67 ¶2 2)": 1,
    "67 ¶2 6)": 1,
    "67 ¶2 7)": 1,
    "67 ¶2 9)": 1,
    "67 ¶3": 2,
    "67 ¶4": 2,
    "67 ¶5": 1,
    "67 ¶6": 1,
    "67 ¶7": 1,
    "67 ¶8": 2,
    "67 ¶9": 1,
    "67 ¶10": 5,
    "58 ¶2.3": 1,
    "58 ¶7.2": 2,
    "58 ¶9": 2,
    "58": 1,
    "71 ¶10": 1,
    "71 ¶11": 1,
    "71 ¶12": 1,
    "71 ¶13": 1,
    "EDS": 3,
    "set": 4,
    "visitor": 6,
    "owner": 7,
    "desk": 2,
    "inspector": 4,
    "integrator": 4,
    "the next engineer": 1,
}
"""How many rows each has, before the comma; the orders' paragraphs that only name words or ministries have none."""
_ROW = re.compile(r"^\| (?!---|clause|person)(.+?) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_CLAIMS = {
    Language.ENGLISH: r"\bcompl(y|ies|iant|iance)|\blegal(ly)?\b|\blawful",
    Language.RUSSIAN: r"соответству\w+ (закон|правил|требован|приказ)|законн",
    Language.KAZAKH: r"(заңға|ережелерге|қағидаларға|талаптарға|бұйрыққа) (сай|сәйкес)|заңды",
}
_PRINTED = ("journal/register_words.py", "journal/verifier/words.js", "paper/poster.py", "paper/voucher_sheet.py")


def defined_in(path: Path) -> set[str]:
    """The tests that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def astray(text: str) -> list[str]:
    """The tests in a document that are not there."""
    return [
        f"{file}::{test}"
        for file, test in _TEST.findall(text)
        if not (ROOT / file).is_file() or test not in defined_in(ROOT / file)
    ]


def unshown(text: str) -> list[str]:
    """The clauses whose last cell names neither a test nor a program, and does not say that nothing shows it."""
    cells = [(row[0], row[3]) for row in _ROW.findall(text)]
    return [key for key, shown in cells if not re.search(r"`tests/[\w/]+\.py(::\w+)?`|\*Not shown\*", shown)]


def test_each_test_that_is_named_is_there() -> None:
    assert len(_TEST.findall(RULES)) > 100, "the table has been read"
    assert astray(RULES) == []


def test_every_clause_has_its_row_and_every_row_a_test_or_a_word_why_not() -> None:
    counted: dict[str, int] = {}
    for key, *_ in _ROW.findall(RULES):
        counted[key.split(",")[0]] = counted.get(key.split(",")[0], 0) + 1
    assert counted == CLAUSES
    assert unshown(RULES) == []


def test_nothing_claims_that_a_venue_is_compliant() -> None:
    for language in Language:
        for application in ("console", "visitor"):
            for message in catalogue(application, language):
                said = message.string if isinstance(message.string, str) else " ".join(message.string or ())
                assert not re.search(_CLAIMS[language], said, re.IGNORECASE), (language, message.id)
    for printed in _PRINTED:
        text = (ROOT / printed).read_text(encoding="utf-8")
        assert not any(re.search(claim, text, re.IGNORECASE) for claim in _CLAIMS.values()), printed
    for document in ("docs/rules.md", "README.md"):
        text = " ".join((ROOT / document).read_text(encoding="utf-8").split())
        assert re.search(r"does not (by itself make a venue|claim that a venue which uses it is) compliant today", text)


def test_what_is_not_there_would_be_found() -> None:
    here = str(Path(__file__).relative_to(ROOT))
    assert astray(f"`{here}::test_nothing` `tests/unit/nowhere.py::test_it`") == [
        f"{here}::test_nothing",
        "tests/unit/nowhere.py::test_it",
    ]
    assert astray(f"`{here}::test_what_is_not_there_would_be_found`") == []
    assert unshown("| 1 ¶1 | it demands | `appliance/numbers.py` | somehow |") == ["1 ¶1"]
