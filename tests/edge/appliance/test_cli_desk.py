"""`qaqpa desk · voucher` as an employee types them, against a gate's core behind its real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import wire
from appliance.cli_refusals import _AT_DESK, _REFUSALS, sentence
from appliance.desk_reception import DeskSettings, Place
from appliance.state import Terms
from appliance.wire_desk import DeskRefusal, DeskRefused
from journal.entries import VisitorIdentified
from journal.visits import entries
from tests.edge.appliance.terminal import Terminal, terminal
from tests.edge.appliance.venue import ADDRESS, NUMBER, PHONE
from tests.unit.appliance.test_identity import PASSPORT

CONFIGURATION = """
[desk]
fields = ["document", "iin", "birth_date"]
vouchers = true
[[workstation]]
number = "3"
mac = "02:00:00:00:00:03"
[[workstation]]
number = "4"
port = "port1"
"""
AT_DESK = ("--staff", "aigul")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    desk = DeskSettings(
        asked_for=frozenset({"document", "iin", "birth_date"}),
        workstations={"3": Place("02:00:00:00:00:03", ""), "4": Place("", "port1")},
    )
    with terminal(tmp_path, CONFIGURATION, terms=Terms(vouchers=True), desk=desk) as opened:
        yield opened


def code(box: Terminal) -> str:
    """What the visitor's page shows."""
    reply = box.ask(wire.AskCode(ADDRESS))
    assert isinstance(reply, wire.Status) and reply.code
    return reply.code


def test_a_device_is_found_by_its_code_or_where_it_is(box: Terminal) -> None:
    assert box.done("desk", "find", code(box), *AT_DESK) == f"{PHONE}: stranger\n"
    found = json.loads(box.done("desk", "find", "--workstation", "4", "--json", *AT_DESK))
    assert (found["device"], found["phase"]) == (PHONE, "stranger")
    assert box.done("desk", "find", *AT_DESK) == f"     3  nobody             \n     4  {PHONE}  stranger\n"
    listed = json.loads(box.done("desk", "find", "--json", *AT_DESK))
    assert [(each["number"], each["device"]) for each in listed] == [("3", None), ("4", PHONE)]


def test_a_venue_without_computers_says_so(tmp_path: Path) -> None:
    with terminal(tmp_path) as box:
        assert "no tables [[workstation]]" in box.done("desk", "find", *AT_DESK)


def test_whose_document_it_is_is_asked_for(box: Terminal) -> None:
    told = box.done("desk", "admit", code(box), *AT_DESK, typed="Ахметов\nЕрлан\n\n")
    assert told.endswith(f"{PHONE}: online\n")
    assert "already" in box.refused("desk", "admit", "--workstation", "4", *AT_DESK, typed="А\nБ\n\n")


def test_what_is_doubtful_is_said_and_lets_in(box: Terminal) -> None:
    names = ("--surname", "Akhmetov", "--given-name", "Ерлан", "--patronymic", "", "--iin", "850101300017")
    told = box.done("desk", "admit", code(box), *names, *AT_DESK)
    assert "look once more: the name is in Latin letters" in told
    assert "look once more: the IIN's last digit does not fit" in told


def test_a_scan_fills_in_what_is_no_name(box: Terminal) -> None:
    typed, wrong = code(box), PASSPORT[1][:19] + "9" + PASSPORT[1][20:]
    assert "no machine-readable zone" in box.refused("desk", "admit", typed, "--mrz", *AT_DESK, typed="P<UTO\n")
    scanned = f"{PASSPORT[0]}\n{wrong}\nЭрикссон\nАнна\n\n"
    told = box.done("desk", "admit", typed, "--mrz", *AT_DESK, typed=scanned)
    assert "the scan's birth_date is wrong by its check digit" in told
    assert "in Latin letters: ERIKSSON ANNA MARIA" in told
    (_, identified) = list(entries(box.core.path))[-2:]
    assert isinstance(identified[2], VisitorIdentified)
    assert (identified[2].surname, identified[2].document_number) == ("Эрикссон", "L898902C3")
    assert identified[2].birth_date == "", "its check digit was wrong"


def test_a_password_is_told_and_entered(box: Terminal) -> None:
    typed = code(box)
    told = box.done("desk", "password", typed, "--language", "en", *AT_DESK, typed="8 701 123 45 67\n")
    assert told.endswith(f"asked, password sent to {NUMBER}\n")
    right = box.core.password()
    wrong = "000000" if right != "000000" else "111111"
    assert "the password is wrong; 4 tries left" in box.refused("desk", "enter", typed, *AT_DESK, typed=f"{wrong}\n")
    told = json.loads(box.done("desk", "enter", typed, "--password", right, "--json", *AT_DESK))
    assert told["phase"] == "online"


def test_vouchers_are_made_listed_and_void(box: Terminal, tmp_path: Path) -> None:
    assert "there are no vouchers" in box.done("voucher", "list", *AT_DESK)
    told = box.done("voucher", "make", "2", "--hours", "1.5", "--label", "Summer", *AT_DESK)
    *codes, last = told.splitlines()
    assert len(codes) == 2 and last.endswith("2 vouchers")
    made = json.loads(box.done("voucher", "make", "1", "--json", *AT_DESK).splitlines()[0])
    sheet = tmp_path / "sheet.pdf"
    assert f"in {sheet}" in box.done("voucher", "make", "1", "--quota-mb", "5", "--sheet", str(sheet), *AT_DESK)
    assert sheet.read_bytes().startswith(b"%PDF-") and sheet.stat().st_mode & 0o777 == 0o600
    assert box.done("voucher", "void", made["batch"], *AT_DESK) == f"batch {made['batch']} is void\n"
    listed = box.done("voucher", "list", *AT_DESK).splitlines()
    assert [("void" in line, "Summer" in line) for line in listed] == [(False, True), (True, False), (False, False)]
    batches = json.loads(box.done("voucher", "list", "--json", *AT_DESK))
    assert [(each["count"], each["max_s"]) for each in batches] == [(2, 5400), (1, 0), (1, 0)]


def test_a_sheet_that_cannot_be_written_makes_no_voucher_and_none_leaves_no_sheet(
    box: Terminal, tmp_path: Path
) -> None:
    there = tmp_path / "there.pdf"
    there.write_bytes(b"mine")
    assert box.run("voucher", "make", "1", "--sheet", str(there), *AT_DESK).exit_code == 1
    assert there.read_bytes() == b"mine"
    fresh = tmp_path / "fresh.pdf"
    assert "say who you are" in box.refused("voucher", "make", "1", "--sheet", str(fresh), "--staff", " ")
    assert not fresh.exists()
    assert "there are no vouchers" in box.done("voucher", "list", *AT_DESK)


@pytest.mark.parametrize("why", DeskRefusal)
def test_every_refusal_at_the_desk_has_a_sentence(why: DeskRefusal) -> None:
    assert why in _AT_DESK
    assert "{" not in sentence(DeskRefused(why, "given_name", 30))
    assert sentence(DeskRefused(why, "", 30)).endswith("; again in 30 s")


def test_every_refusal_that_a_terminal_can_meet_has_a_sentence() -> None:
    for refusal in wire.Refusal:
        assert sentence(wire.Refused(refusal)) == _REFUSALS.get(refusal, f"the gate refused: {refusal}")
