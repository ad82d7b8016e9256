"""`qaqpa visits · end` and `qaqpa journal` as a person types them, against a gate's core behind its real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import wire
from appliance.cli import main
from journal.entries import ExtractMade, IdentifierShown
from journal.visits import entries
from tests.edge.appliance.terminal import Terminal, terminal
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE

MASKED = "+7701•••••67"
BY = ("--staff", "aigul")
WHY = ("--why", "inspection 7", *BY)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


def log_in(box: Terminal) -> None:
    box.ask(wire.AskPassword(ADDRESS, NUMBER, wire.Language.KAZAKH))
    reply = box.ask(wire.EnterPassword(ADDRESS, box.core.password()))
    assert isinstance(reply, wire.Status) and reply.phase is wire.Phase.ONLINE


def test_live_visits_are_masked_unless_the_look_is_recorded(box: Terminal) -> None:
    assert box.done("visits") == "nobody is online\n"
    log_in(box)
    listed = box.done("visits")
    assert listed.startswith(f"{PHONE}  {MASKED}") and ADDRESS in listed
    assert [each["number"] for each in json.loads(box.done("visits", "--json"))] == [MASKED]
    assert not [each for *_, each in entries(box.core.path) if isinstance(each, IdentifierShown)]
    assert NUMBER in box.done("visits", "--whole", *BY)
    assert [each.by for *_, each in entries(box.core.path) if isinstance(each, IdentifierShown)] == ["aigul"]


def test_a_visit_ends_however_its_device_is_spelt(box: Terminal) -> None:
    log_in(box)
    assert box.done("end", "02-00-00-00-00-01", *BY) == f"{PHONE}: the visit has ended\n"
    assert "this device has no visit" in box.refused("end", PHONE, *BY)


def test_the_journals_visits_of_a_period(box: Terminal) -> None:
    assert "no visit in this period" in box.done("journal", "visits")
    log_in(box)
    listed = box.done("journal", "visits")
    assert f"not over  {PHONE}  {MASKED}  sms  {ADDRESS}" in listed
    box.done("end", PHONE, *BY)
    (told,) = json.loads(box.done("journal", "visits", "--json", "--number", "8 701 123 45 67", "--to", "9999-12-31"))
    assert (told["number"], told["device"]) == (MASKED, PHONE)
    assert NUMBER in box.done("journal", "visits", "--whole", *BY)
    log_in(box)
    assert "more than 1: narrow the period" in box.done("journal", "visits", "--limit", "1")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "yesterday"), "give a day as 2026-11-21"),
        (("--number", "112"), "give a mobile number as"),
        (("--device", "02:00"), "give a MAC address as"),
        (("--from", "2026-11-22", "--to", "2026-11-21"), "the period ends before it begins"),
    ],
)
def test_what_means_nothing_is_said(box: Terminal, words: tuple[str, ...], told: str) -> None:
    assert told in box.refused("journal", "visits", *words)


def test_an_extract_is_recorded_signed_and_judged(box: Terminal, tmp_path: Path) -> None:
    log_in(box)
    folder, empty = tmp_path / "extract", tmp_path / "empty.zip"
    told = box.done("journal", "extract", "--output", str(folder), "--format", "csv", "--format", "jsonl", *WHY)
    assert f"{folder}: 1 visits\n" in told
    fingerprint = told.rpartition("fingerprint of the key ")[2].strip()
    (made,) = [each for *_, each in entries(box.core.path) if isinstance(each, ExtractMade)]
    assert (made.by, made.why) == ("aigul", "inspection 7")
    assert "(none in this period)" in box.done(
        "journal", "extract", "--output", str(empty), "--format", "jsonl", "--to", "2020-01-01", *WHY
    )
    said = judged(folder)
    assert said.endswith("whole; compare the fingerprint with the one that the owner gave you\n")
    assert judged(folder, "--fingerprint", fingerprint).endswith("whole\n")
    (folder / "visits.csv").write_bytes(b"")
    assert "WRONG" in judged(folder)


def test_an_extract_without_a_gate_is_vouched_for_by_nobody(box: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "extract"
    told = box.done("journal", "extract", "--output", str(folder), "--format", "jsonl", "--unsigned", *WHY)
    assert "UNSIGNED and not recorded" in told
    assert "nobody vouches for it" in judged(folder)
    assert "--why takes 1 to 200" in box.refused("journal", "extract", "--output", str(folder), "--why", " ")


def judged(extract: Path, *words: str) -> str:
    """What `qaqpa journal check` says; it needs no configuration."""
    return CliRunner().invoke(main, ["journal", "check", str(extract), *words]).output
