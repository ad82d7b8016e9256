"""The reference of the configuration is as new as the schema, and says something of every key."""

from __future__ import annotations

from appliance.schema import keys
from tests.unit.appliance.reference import TARGET, comments, written


def test_the_reference_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == written(), "python -m tests.unit.appliance.reference"


def test_the_example_explains_whatever_its_name_does_not() -> None:
    _, meanings = comments()
    assert meanings["lan.address"].startswith("the gate's own address")
    assert meanings["portal.https"].endswith("`qaqpa doctor` says why"), "a comment of several lines"
    explained = [key for key in keys() if key.name in meanings]
    assert len(explained) > 0.75 * len(keys())
