"""`qaqpa block · unblock · blocks · figures` as a person runs them, against a gate's core behind its real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge.appliance.terminal import Terminal, terminal
from tests.edge.appliance.venue import NUMBER, PHONE


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


def test_a_block_is_listed_masked_and_lifted_by_whom_it_is_of(box: Terminal) -> None:
    named = ("--why", "noise", "--staff", "aigul")
    assert box.done("block", "02-00-00-00-00-01", *named) == f"{PHONE}: blocked until it is lifted\n"
    assert box.done("block", "8 701 123 45 67", *named, "--until", "2027-01-20 18:30").endswith(
        "blocked until 2027-01-20 18:30\n"
    )
    held = json.loads(box.done("blocks", "--json"))
    assert {(each["device"], each["number"], each["staff"]) for each in held} == {
        (PHONE, "", "aigul"),
        ("", "+7701•••••67", "aigul"),
    }
    listed = box.done("blocks")
    assert "until 2027-01-20 18:30  by aigul: noise" in listed and NUMBER not in listed
    assert NUMBER in box.done("blocks", "--whole")
    box.done("unblock", "+7 701 123 45 67")
    box.done("unblock", held[0]["block"] if held[0]["device"] else held[1]["block"])
    assert json.loads(box.done("blocks", "--json")) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["block", PHONE], 2, "--why"),
        (["block", PHONE, "--why", "x", "--for", "soon"], 2, "is no span such as 90m"),
        (["block", PHONE, "--why", "x", "--for", "1h", "--until", "2027-01-20"], 2, "not both"),
        (["block", PHONE, "--why", "x", "--for", "999w"], 1, "five years at most"),
        (["block", PHONE, "--why", "x", "--until", "2020-01-01"], 1, "an end lies ahead"),
        (["block", "02:00", "--why", "x"], 1, "that is no telephone number"),
        (["unblock", PHONE], 1, "nobody by this name is blocked"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(box: Terminal, words: list[str], code: int, told: str) -> None:
    answer = box.run(*words)
    assert answer.exit_code == code and told in answer.output


def test_figures_for_a_person_and_a_program(box: Terminal) -> None:
    told = json.loads(box.done("figures", "--json"))
    assert told["entries"] == {"gate_started": 1} and told["journal_entries"] == 1
    assert "   asked         1  look_at_figures" in box.done("figures")
