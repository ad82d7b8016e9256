"""What staff and inspectors do at the gate's own terminal: the command ``qaqpa``, its output and its exit codes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from appliance import wire
from appliance.client import Client
from journal.visits import entries as recorded
from tests.lab import device
from tests.lab.run import Completed, run
from tests.lab.venue import Venue
from tests.lab.waiting import PATIENCE_S, until
from tests.system.audit import chain, entries, journal, kernel
from tests.system.guest import Guest, smsc_away

ZONE = ZoneInfo("Asia/Almaty")


def command(venue: Venue, *arguments: str) -> Completed:
    """The command ``qaqpa`` as root in the gate, whatever its exit code."""
    group = 2 if arguments[0] in ("journal", "desk", "voucher") else 1
    line = [device.QAQPA, *arguments[:group], "--config", str(venue.places.config), *arguments[group:]]
    return run(line, namespace=venue.gate, check=False)


def test_qaqpa_visits_lists_who_is_there(venue: Venue) -> None:
    came_ms = time.time() * 1000
    guest = Guest.new(venue).go_online()
    (visit,) = [v for v in json.loads(venue.qaqpa("visits", "--json")) if v["device"] == guest.phone.mac]
    masked = f"{guest.number[:5]}•••••{guest.number[-2:]}"
    assert (visit["number"], visit["phase"], visit["addresses"]) == (masked, "online", [guest.address])
    assert came_ms < visit["began_utc_ms"] < time.time() * 1000
    assert visit["left_utc_ms"] is None
    (line,) = [line for line in venue.qaqpa("visits").splitlines() if guest.phone.mac in line]
    assert masked in line and guest.number not in venue.qaqpa("visits")


def test_a_look_at_whole_numbers_is_recorded(venue: Venue) -> None:
    guest = Guest.new(venue).go_online()
    assert guest.number not in venue.qaqpa("journal", "visits", "--device", guest.phone.mac)
    before = len(journal(venue))
    assert guest.number in venue.qaqpa("visits", "--whole", "--staff", "ayan")
    listed = venue.qaqpa("journal", "visits", "--whole", "--staff", "ayan", "--number", guest.number, "--json")
    assert [visit["device"] for visit in json.loads(listed)] == [guest.phone.mac]
    looks = [entry for entry in journal(venue)[before:] if entry["kind"] == "identifier_shown"]
    assert [look["by"] for look in looks] == ["ayan", "ayan"]
    assert looks[0]["what"] == "live visits" and guest.number in str(looks[1]["what"])


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


def extract(venue: Venue, target: Path, *arguments: str) -> list[dict[str, str]]:
    """The visits of an extract that `qaqpa journal extract` made."""
    done = command(
        venue, "journal", "extract", "--language", "en", "--why", "test", "--output", str(target), *arguments
    )
    assert done.code == 0, done.stderr
    text = (target / "visits.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_qaqpa_journal_extract_of_a_period(venue: Venue, tmp_path: Path) -> None:
    guest = Guest.new(venue).go_online()
    venue.qaqpa("end", guest.phone.mac)
    today = datetime.now(ZONE).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)

    whole = extract(venue, tmp_path / "whole", "--from", yesterday.isoformat(), "--to", tomorrow.isoformat())
    (mine,) = [row for row in whole if row["device"] == guest.phone.mac]
    assert (mine["subscriber number"], mine["authorised by"]) == (f"'{guest.number}", "password by SMS")
    assert {"visits.xlsx", "register-001.pdf", "visits.jsonl", "entries.jsonl", "verify.html"} <= {
        path.name for path in (tmp_path / "whole").iterdir()
    }
    # The day before the venue's first, and not yesterday: midnight may have come since.
    _, opened, _ = next(recorded(venue.places.state / "gate" / "journal.db"))
    before = datetime.fromtimestamp(opened.utc_ms / 1000, ZONE).date() - timedelta(days=1)
    assert extract(venue, tmp_path / "before", "--format", "csv", "--to", before.isoformat()) == []
    # Visits that are not over yet reach into any later period.
    later = extract(venue, tmp_path / "later", "--format", "csv", "--from", f"{tomorrow}T00:00")
    assert not [row for row in later if row["device"] == guest.phone.mac]
    only = extract(venue, tmp_path / "only", "--format", "csv", "--device", guest.phone.mac.upper())
    assert [row["device"] for row in only] == [guest.phone.mac]


def test_an_extract_is_recorded_then_signed_and_can_be_checked(venue: Venue, tmp_path: Path) -> None:
    target = tmp_path / "extract.zip"
    done = command(venue, "journal", "extract", "--why", "тексеру", "--staff", "ayan", "--output", str(target))
    assert done.code == 0, done.stderr
    (made,) = [entry for entry in journal(venue) if entry["kind"] == "extract_made" and entry["by"] == "ayan"]
    with ZipFile(target) as archive:
        assert made["manifest"] == hashlib.sha256(archive.read("manifest.json")).hexdigest()
        signature = json.loads(archive.read("signature.json"))
    assert signature["seq"] >= journal(venue).index(made) + 1, "recorded before it was signed"
    (fingerprint,) = re.findall(r"fingerprint of the key ([0-9a-f ]+)", done.stdout)
    # Where no gate and no configuration is.
    checked = run([device.QAQPA, "journal", "check", str(target), "--fingerprint", fingerprint], check=False)
    assert checked.code == 0, checked.stdout + checked.stderr
    target.write_bytes(target.read_bytes().replace(b"visits.csv", b"visits.cvs"))
    checked = run([device.QAQPA, "journal", "check", str(target)], check=False)
    assert checked.code == 1 and "WRONG visits.csv: is missing" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--from", "yesterday"), 2, "give a day as 2026-11-21"),
        (("--from", "2026-11-21", "--to", "2026-11-20"), 2, "ends before it begins"),
        (("--format", "odt"), 2, "'odt'"),
        (("--device", "02:00"), 2, "give a MAC address"),
        (("--number", "7"), 2, "give a mobile number"),
        (("--output", "/nowhere/extract"), 1, "there is no folder /nowhere"),
        (("--output", "/tmp"), 1, "it is there already"),
    ],
)
def test_qaqpa_journal_extract_refuses_with_a_sentence(
    venue: Venue, tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = command(venue, "journal", "extract", "--why", "x", "--output", str(tmp_path / "extract"), *arguments)
    assert (done.code, told in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_year_9999_is_an_empty_extract(venue: Venue, tmp_path: Path) -> None:
    period = ("--from", "9999-12-31", "--to", "9999-12-31")
    nothing = extract(venue, tmp_path / "extract", *period)
    assert [row for row in nothing if row["ended"]] == []
    assert extract(venue, tmp_path / "ever", "--from", "0001-01-01", "--to", "9999-12-31", "--format", "csv") != []


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
    shown = Client(str(venue.places.runtime / "gate" / "gate.sock"), PATIENCE_S).ask(wire.AskCode(guest.address))
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


def only_wrong(venue: Venue) -> str:
    """The one thing that is wrong, as soon as the gate has learnt that all the rest is well: what began anew just now
    is not bound yet."""
    return until(
        lambda: next(iter(found)) if len(found := wrong(venue)) == 1 else None, "one thing to be wrong", PATIENCE_S
    )


def test_doctor_finds_nothing_wrong_with_a_running_venue(venue: Venue) -> None:
    until(lambda: not wrong(venue), "all to be well", PATIENCE_S)
    told = command(venue, "doctor")
    assert told.code == 0, told.stdout
    assert all(line.startswith("ok ") for line in told.stdout.splitlines())
    assert " of 1,000 today, " in told.stdout, "what was spent on SMS"
    live = {line.split()[3].rstrip(":") for line in told.stdout.splitlines() if ": live: " in line}
    assert live == {"ports", "leases", "releases", "neighbours", "probes"}
    assert "presence by stations: not live: no hostapd" in told.stdout
    assert "nothing keeps visitors from the Internet" in told.stdout


@pytest.fixture
def stopped(venue: Venue, request: pytest.FixtureRequest) -> Iterator[str]:
    """A process of the gateway that is dead for the length of a test."""
    unit = str(request.param)
    venue.processes[unit].kill9()
    yield unit
    venue.restart(unit)


@pytest.mark.parametrize("stopped", ["gate", "portal", "sms"], indirect=True)
def test_doctor_names_a_process_of_ours_that_is_dead(venue: Venue, stopped: str) -> None:
    what = only_wrong(venue)
    assert f"{stopped}.sock" in what
    told = command(venue, "doctor")
    assert told.code == 1
    assert f"WRONG {what}" in told.stdout


def test_doctor_names_an_smsc_that_is_dead(venue: Venue) -> None:
    with smsc_away(venue):
        what = only_wrong(venue)
    assert "SMSC" in what


def test_doctor_names_a_file_that_is_not_rendered(venue: Venue) -> None:
    file = venue.places.state / "conf" / "nginx.conf"
    kept = file.read_text(encoding="utf-8")
    try:
        file.write_text(kept.replace("302", "511"), encoding="utf-8")
        what = only_wrong(venue)
        assert "nginx.conf" in what
        assert "qaqpa apply" in wrong(venue)[what]
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
        done = run([device.QAQPA, what, "--config", str(path)], namespace=venue.gate, check=False)
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
