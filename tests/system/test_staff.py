"""What staff and inspectors do at the gate's own terminal: the command ``qaqpa``, its output and its exit codes."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance import wire
from appliance.client import Client
from tests.lab import device
from tests.lab.run import Completed, run
from tests.lab.venue import Venue
from tests.system.audit import chain, entries, journal, kernel
from tests.system.guest import Guest, smsc_away

ZONE = ZoneInfo("Asia/Almaty")


def command(venue: Venue, *arguments: str) -> Completed:
    """The command ``qaqpa`` as root in the gate, whatever its exit code."""
    group = 2 if arguments[0] in ("journal", "desk", "voucher") else 1
    line = [device.QAQPA, *arguments[:group], "--config", str(venue.places.config), *arguments[group:]]
    return run(line, namespace=venue.gate, check=False, timeout_s=30)


def test_qaqpa_visits_lists_who_is_there(venue: Venue) -> None:
    guest = Guest.new(venue).go_online()
    (visit,) = [v for v in json.loads(venue.qaqpa("visits", "--json")) if v["device"] == guest.phone.mac]
    assert (visit["number"], visit["phase"], visit["addresses"]) == (guest.number, "online", [guest.address])
    assert abs(visit["began_utc_ms"] - time.time() * 1000) < 10_000
    assert visit["left_utc_ms"] is None
    (line,) = [line for line in venue.qaqpa("visits").splitlines() if guest.phone.mac in line]
    assert guest.number in line


@pytest.mark.parametrize("spell", [str, str.upper, lambda mac: mac.replace(":", "-").upper()])
def test_qaqpa_end_takes_a_mac_as_people_spell_it(venue: Venue, spell: type[str]) -> None:
    guest = Guest.new(venue).go_online()
    done = command(venue, "end", spell(guest.phone.mac))
    assert (done.code, done.stdout) == (0, f"{guest.phone.mac}: the visit has ended\n")
    assert guest.phone.mac not in {mac for mac, _ in kernel(venue).up}
    assert not guest.online()
    assert [entry["proof"] for entry in entries(venue, "visit_ended", guest.phone.mac)] == ["staff"]


@pytest.mark.parametrize("mac", ["02:00:00:00:ff:ff", "not a MAC", "02:00", "0200.0000.0001", ""])
def test_qaqpa_end_of_nobody_says_so(venue: Venue, mac: str) -> None:
    done = command(venue, "end", mac)
    assert done.code == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_qaqpa_journal_verify(venue: Venue) -> None:
    done = command(venue, "journal", "verify")
    assert done.code == 0
    assert f"{len(journal(venue))} entries, the chain holds" in done.stdout
    chain(venue)


def test_qaqpa_journal_verify_names_the_entry_that_somebody_changed(venue: Venue, tmp_path: Path) -> None:
    (tmp_path / "gate").mkdir()
    own, other = venue.places.state / "gate" / "journal.db", tmp_path / "gate" / "journal.db"
    with closing(sqlite3.connect(own)) as source, closing(sqlite3.connect(other)) as copy:
        source.backup(copy)
        copy.execute("DROP TRIGGER entries_refuse_update")
        copy.execute("UPDATE entries SET body = replace(body, '+7701', '+7702') WHERE kind = 'password_asked'")
        copy.commit()
    (first,) = [n for n, entry in enumerate(journal(venue), 1) if entry["kind"] == "password_asked"][:1]
    config = tmp_path / "qaqpa.toml"
    config.write_text(venue.places.config.read_text().replace(str(venue.places.state), str(tmp_path)))
    done = run([device.QAQPA, "journal", "verify", "--config", str(config)], namespace=venue.gate, check=False)
    assert done.code == 1
    assert f"entry {first}" in done.stderr


def rows(text: str) -> list[list[str]]:
    """A CSV extract's lines, the header first."""
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))


def test_qaqpa_journal_extract_of_a_period(venue: Venue, tmp_path: Path) -> None:
    guest = Guest.new(venue).go_online()
    venue.qaqpa("end", guest.phone.mac)
    today = datetime.now(ZONE).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)

    whole = command(venue, "journal", "extract", "--from", yesterday.isoformat(), "--to", tomorrow.isoformat())
    assert whole.code == 0
    header, *lines = rows(whole.stdout)
    (mine,) = [line for line in lines if guest.phone.mac in line]
    assert len(mine) == len(header)
    assert any(guest.number in cell for cell in mine)

    nothing = command(venue, "journal", "extract", "--to", yesterday.isoformat())
    assert (nothing.code, rows(nothing.stdout)) == (0, [header])
    later = command(venue, "journal", "extract", "--from", f"{tomorrow}T00:00")
    # Visits that are not over yet reach into any later period.
    assert not [line for line in rows(later.stdout)[1:] if guest.phone.mac in line]

    file = tmp_path / "extract.csv"
    written = command(venue, "journal", "extract", "--from", yesterday.isoformat(), "--output", str(file))
    assert (written.code, "visits" in written.stdout) == (0, True)
    assert [mine] == [line for line in rows(file.read_text(encoding="utf-8")) if guest.phone.mac in line]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--from", "yesterday"), 2),
        (("--format", "odt"), 2),
        (("--output", "/nowhere/extract.csv"), 1),
    ],
)
def test_qaqpa_journal_extract_refuses_with_a_sentence(venue: Venue, arguments: tuple[str, ...], code: int) -> None:
    done = command(venue, "journal", "extract", *arguments)
    assert done.code == code
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


# ── desk ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def identified(venue: Venue, mac: str) -> tuple[object, object, object, object]:
    """What the journal says of the newest visitor of this device whose document was shown; it agrees with the visit."""
    began, shown = entries(venue, "visit_began", mac)[-1], entries(venue, "visitor_identified", mac)[-1]
    assert (began["visit"], began["number"], began["method"]) == (shown["visit"], "", "document")
    return shown["surname"], shown["given_name"], shown["workstation"], shown["staff"]


def test_staff_admits_by_document_by_code_and_at_a_workstation(venue: Venue) -> None:
    guest, owners = Guest.new(venue), Guest.new(venue)
    guest.phone.connect()
    owners.phone.connect()
    with venue.places.config.open("a", encoding="utf-8") as config:
        config.write(f'\n[[workstation]]\nnumber = "3"\nport = "port{len(venue.visitors)}"\n')
    venue.processes["gate"].stop()
    venue.restart("gate")
    shown = Client(str(venue.places.runtime / "gate" / "gate.sock")).ask(wire.AskCode(guest.address))
    assert isinstance(shown, wire.Status) and shown.code
    person = ("--surname", "Әбенова", "--given-name", "Гүлнұр", "--patronymic", "", "--staff", "aigul")

    assert not guest.online()
    wrong = command(venue, "desk", "admit", shown.code, *person, "--surname", "Али😀")
    assert (wrong.code, "surname has characters" in wrong.stderr) == (1, True)
    done = command(venue, "desk", "admit", shown.code.lower(), *person)
    assert (done.code, done.stdout) == (0, f"{guest.phone.mac}: online\n"), done.stderr
    assert guest.online()
    assert identified(venue, guest.phone.mac) == ("Әбенова", "Гүлнұр", "", "aigul")
    (line,) = [line for line in venue.qaqpa("visits").splitlines() if guest.phone.mac in line]
    assert "by document" in line

    done = command(venue, "desk", "admit", "--workstation", "3", *person)
    assert (done.code, done.stdout) == (0, f"{owners.phone.mac}: online\n"), done.stderr
    assert owners.online()
    assert identified(venue, owners.phone.mac) == ("Әбенова", "Гүлнұр", "3", "aigul")

    for each in (guest, owners):
        each.leave()
        assert not {mac for mac, _ in kernel(venue).up} & {each.phone.mac}
    chain(venue)


def test_staff_prints_vouchers(venue: Venue, tmp_path: Path) -> None:
    sheet = tmp_path / "vouchers.pdf"
    done = command(venue, "voucher", "make", "30", "--hours", "2", "--label", "Жазғы", "--sheet", str(sheet))
    assert (done.code, done.stdout) == (0, ""), done.stderr
    assert sheet.read_bytes().startswith(b"%PDF-")
    again = command(venue, "voucher", "make", "1", "--sheet", str(sheet))
    assert (again.code, "File exists" in again.stderr) == (1, True)
    (batch,) = json.loads(command(venue, "voucher", "list", "--json").stdout)
    assert (batch["count"], batch["used"], batch["max_s"], batch["label"]) == (30, 0, 7200, "Жазғы")
    assert command(venue, "voucher", "void", batch["batch"]).code == 0
    assert command(venue, "voucher", "void", "nope").code == 1


# ── doctor ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def wrong(venue: Venue) -> dict[str, str]:
    """What `qaqpa doctor --json` finds wrong, and the remedy; its exit code agrees."""
    done = command(venue, "doctor", "--json")
    found = json.loads(done.stdout)
    bad = {row["what"]: row["remedy"] for row in found if not row["ok"]}
    assert done.code == (1 if bad else 0)
    assert all(bad.values()), f"a finding without a remedy: {bad}"
    return bad


def test_doctor_finds_nothing_wrong_with_a_running_venue(venue: Venue) -> None:
    assert wrong(venue) == {}
    told = command(venue, "doctor")
    assert told.code == 0
    assert all(line.startswith("ok ") for line in told.stdout.splitlines())
    assert " of 1,000 today, " in told.stdout, "what was spent on SMS"
    live = {line.split()[3].rstrip(":") for line in told.stdout.splitlines() if ": live: " in line}
    assert live == {"ports", "leases", "releases", "neighbours", "probes"}
    assert "presence by stations: not live: no hostapd" in told.stdout


@pytest.fixture
def stopped(venue: Venue, request: pytest.FixtureRequest) -> Iterator[str]:
    """A process of the gateway that is dead for the length of a test."""
    unit = str(request.param)
    venue.processes[unit].kill9()
    yield unit
    venue.restart(unit)


@pytest.mark.parametrize("stopped", ["gate", "portal", "sms"], indirect=True)
def test_doctor_names_a_process_of_ours_that_is_dead(venue: Venue, stopped: str) -> None:
    (what,) = wrong(venue)
    assert f"{stopped}.sock" in what
    told = command(venue, "doctor")
    assert told.code == 1
    assert f"WRONG {what}" in told.stdout


def test_doctor_names_an_smsc_that_is_dead(venue: Venue) -> None:
    with smsc_away(venue):
        (what,) = wrong(venue)
    assert "SMSC" in what


def test_doctor_names_a_file_that_is_not_rendered(venue: Venue) -> None:
    file = venue.places.state / "conf" / "nginx.conf"
    kept = file.read_text(encoding="utf-8")
    try:
        file.write_text(kept.replace("302", "511"), encoding="utf-8")
        ((what, remedy),) = wrong(venue).items()
        assert "nginx.conf" in what
        assert "qaqpa apply" in remedy
        file.unlink()
        assert "nginx.conf" in next(iter(wrong(venue)))
    finally:
        file.write_text(kept, encoding="utf-8")


# ── what cannot work ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('interface = "br-lan"', ('interface = "br-lam"', "lan_interface: there is no interface br-lam")),
        ('interface = "wan0"', ('interface = "wan7"', "wan_interface: there is no interface wan7")),
        ('address = "10.77.0.1/16"', ('address = "10.77.0.1/8"', "lan.address: /8 is out of bounds")),
        ('address = "10.77.0.1/16"', ('address = "203.0.113.9/24"', "lan: 203.0.113.0/24 overlaps 203.0.113.2/24")),
    ],
)
def test_apply_and_gate_refuse_what_cannot_work(
    venue: Venue, tmp_path: Path, setting: str, told: tuple[str, str]
) -> None:
    """Elsewhere, so that nothing but the setting is in the way; what runs goes on."""
    (tmp_path / "gate").mkdir()
    wrong = venue.places.config.read_text(encoding="utf-8").replace(setting, told[0])
    wrong = wrong.replace(str(venue.places.state), str(tmp_path))
    path = tmp_path / "q.toml"
    path.write_text(wrong, encoding="utf-8")
    guest = Guest.new(venue).go_online()
    for what in ("apply", "gate"):
        done = run([device.QAQPA, what, "--config", str(path)], namespace=venue.gate, check=False, timeout_s=30)
        assert done.code == 1
        assert told[1] in done.stderr
        assert "Traceback" not in done.stderr
    assert guest.online()


def test_a_second_gate_is_refused_and_changes_nothing(venue: Venue) -> None:
    guest = Guest.new(venue).go_online()
    before = kernel(venue)
    done = command(venue, "gate")
    assert done.code == 1
    assert "another gate has it open" in done.stderr
    assert kernel(venue) == before
    assert guest.online()
    chain(venue)
