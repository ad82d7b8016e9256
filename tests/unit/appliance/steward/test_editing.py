"""Editing a configuration's text: exactly what was asked, and every comment where it was."""

from __future__ import annotations

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import Config
from appliance.effective import leaves
from appliance.steward.editing import CannotEdit, with_values

EXAMPLE = (Path(__file__).parents[4] / "appliance" / "example.toml").read_text(encoding="utf-8")
KEYS = sorted(
    key for key, value in leaves(msgspec.to_builtins(Config())) if not key.startswith(("workstation", "sms.provider"))
)
PROVIDER = [f"sms.provider.0.{name}" for name in ("host", "port", "tls", "prefixes")]
VALUES = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30),
    st.sampled_from(['a "b" \\c', "line\nline", "# no comment", "Қала'да"]),
    st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8), max_size=4),
    st.floats(allow_nan=False, allow_infinity=False),
)


def comments(toml: str) -> list[str]:
    """All comments of a text in which no value has a #."""
    return re.findall(r"#.*$", toml, re.MULTILINE)


def expected(toml: str, values: dict[str, object]) -> dict[str, Any]:
    raw = copy.deepcopy(tomllib.loads(toml))
    for key, value in values.items():
        *above, last = (int(name) if name.isdigit() else name for name in key.split("."))
        inside: Any = raw
        for name in above:
            if isinstance(name, str) and name not in inside:
                inside[name] = {}
            inside = inside[name]
        inside[last] = value
    return raw


@settings(max_examples=12, deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS, *PROVIDER]), VALUES, min_size=1, max_size=6))
def test_the_result_says_exactly_what_was_asked(values: dict[str, object]) -> None:
    edited = with_values(EXAMPLE, values)
    assert tomllib.loads(edited) == expected(EXAMPLE, values)


@settings(max_examples=8, deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS, *PROVIDER]), st.integers(0, 10**6), min_size=1, max_size=6))
def test_comments_order_and_all_other_lines_stay(values: dict[str, object]) -> None:
    edited = with_values(EXAMPLE, values)
    assert comments(edited) == comments(EXAMPLE)
    assert len(edited.splitlines()) == len(EXAMPLE.splitlines())
    differ = [now for was, now in zip(EXAMPLE.splitlines(), edited.splitlines(), strict=True) if was != now]
    assert len(differ) <= len(values)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=6))
def test_a_file_that_leaves_everything_out_takes_every_key(values: dict[str, object]) -> None:
    edited = with_values("# mine\n", values)
    assert tomllib.loads(edited) == expected("", values)
    assert edited.startswith("# mine\n")


def test_what_is_as_it_was_changes_no_byte() -> None:
    assert with_values(EXAMPLE, {"lan.lease_s": 3600, "venue.name": "Qaqpa", "sms.provider.0.tls": False}) == EXAMPLE


def test_tables_are_added_changed_and_removed() -> None:
    two = with_values(
        EXAMPLE, {"sms.provider.1.name": "second", "sms.provider.1.host": "b", "workstation.0.number": "3"}
    )
    assert [each["name"] for each in tomllib.loads(two)["sms"]["provider"]] == ["smsc", "second"]
    assert tomllib.loads(two)["workstation"] == [{"number": "3"}]
    three = with_values(two, {"sms.provider.2": {"name": "third", "prefixes": ("+7701",)}})
    assert tomllib.loads(three)["sms"]["provider"][2] == {"name": "third", "prefixes": ["+7701"]}
    one = with_values(three, {"sms.provider.0": None, "sms.provider.1": None, "workstation.0": None})
    assert [each["name"] for each in tomllib.loads(one)["sms"]["provider"]] == ["third"]
    assert not tomllib.loads(one).get("workstation")


def test_a_key_is_taken_out() -> None:
    edited = with_values(
        "[lan]\nlease_s = 600 # ten minutes\ninterface = 'x'\n", {"lan.lease_s": None, "wan.dns": None}
    )
    assert tomllib.loads(edited) == {"lan": {"interface": "x"}}


@pytest.mark.parametrize(
    ("toml", "key"),
    [("lan = 3", "lan.lease_s"), ("[lan", "lan.lease_s"), ("", "sms.provider.2.name"), ("[sms]\n", "workstation.0")],
)
def test_what_has_no_place_is_said(toml: str, key: str) -> None:
    with pytest.raises(CannotEdit):
        with_values(toml, {key: 1})
