"""`qaqpa settings · backup` as a person types them, and what the steward answers to everything else, by its socket.

The processes that a change concerns, and the gate, are the house's; nginx and this machine are not asked.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import sockets, wire
from appliance.cli import main
from appliance.config import load
from appliance.errands import Errands
from appliance.steward import wire as of_steward
from appliance.steward.answering import Answering
from appliance.steward.client import Client
from appliance.steward.examining import Examining, doctor
from appliance.steward.ports import ports
from appliance.steward.serving import Serving
from appliance.steward.telling import Notes
from appliance.steward.trials import Trials
from appliance.steward.units import NotRestarted, Systemctl
from appliance.steward.updates import Updating
from appliance.steward.wire import (
    Certificates,
    Done,
    Examine,
    Examined,
    FollowSms,
    Former,
    ListCertificates,
    ListPorts,
    Ports,
    ReadFormer,
    Reply,
    Request,
    SaveSecret,
    SecretKind,
    SmsSteps,
    StewardRefusal,
    StewardRefused,
)
from appliance.steward.wire_updates import AskUpdates, Updates
from appliance.wire_console import NoteTestSms, StaffAct
from appliance.wire_journal import NoteBackup
from tests.edge.appliance.steward.house import House
from tests.edge.journal.samples import stay, write
from tests.lab.waiting import until

BY = ("--staff", "aigul")
NUMBER = "+77011234567"


@dataclass(frozen=True)
class Desk:
    """A terminal beside the house."""

    house: House

    def run(self, *words: str) -> tuple[int, str]:
        told = CliRunner().invoke(main, [*words, "--config", str(self.house.path)])
        return told.exit_code, told.output

    def done(self, *words: str) -> str:
        code, output = self.run(*words)
        assert code == 0, output
        return output

    def ask(self, request: Request) -> Reply:
        return Client(sockets.steward_socket(load(self.house.path)), timeout_s=60.0).ask(request)

    def written(self, name: str) -> str:
        """A file with a configuration that names the venue so."""
        path = self.house.path.parents[1] / f"{name}.toml"
        path.write_text(self.house.named(name), encoding="utf-8")
        return str(path)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    house = House.built(tmp_path, monkeypatch)
    (tmp_path / "run/steward").mkdir(parents=True)
    notes = Notes(house.gate)
    errands = Errands(tmp_path / "errands")
    answering = Answering(
        house.path,
        house.changing,
        Examining(lambda: doctor(house.path), time.monotonic, time.time),
        Trials(),
        notes,
        ports,
        Updating(house.path, errands, Systemctl("/bin/true"), notes, tmp_path),
        lambda: datetime.now(UTC),
    )
    serving = Serving(Path(sockets.steward_socket(load(house.path))), {0}, answering.answer)
    answers, changes = threading.Thread(target=serving.serve), house.working()
    answers.start()
    yield Desk(house)
    serving.stop()
    house.changing.stop()
    answers.join()
    changes.join()


def test_a_change_is_looked_at_put_in_force_and_kept(desk: Desk) -> None:
    assert desk.done("settings", "show") == desk.house.named("before")
    new = desk.written("after")
    tried = desk.done("settings", "try", new)
    assert 'venue.name: "before" → "after"' in tried and "would begin anew" in tried
    assert json.loads(desk.done("settings", "try", new, "--json"))["problems"] == []
    assert "`qaqpa settings keep` within 60 s keeps it" in desk.done(
        "settings", "apply", new, "--undo-after", "60", *BY
    )
    assert "the change by aigul is undone in" in desk.done("settings", "show")
    assert json.loads(desk.done("settings", "show", "--json"))["changed_by"] == "aigul"
    assert desk.done("settings", "keep", *BY) == "kept\n"
    assert desk.house.venue == "after"
    assert desk.run("settings", "keep", *BY)[0] == 1, "nothing waits"


def test_a_change_is_taken_back(desk: Desk) -> None:
    told = desk.done("settings", "apply", desk.written("after"), "--json", *BY)
    assert 0 < json.loads(told)["undo_in_s"] <= 120
    assert desk.done("settings", "undo", *BY) == "the configuration before is in force\n"
    assert desk.house.venue == "before"
    assert desk.done("settings", "apply", desk.written("after"), "--undo-after", "0", *BY) == "in force\n"
    assert desk.house.venue == "after"


def test_what_does_not_come_back_is_said(desk: Desk) -> None:
    desk.house.units.broken_by = "after"
    code, told = desk.run("settings", "apply", desk.written("after"), *BY)
    assert code == 1 and "undone: " in told and "it is in bed" in told
    assert desk.house.venue == "before"


def test_what_is_wrong_is_said_with_its_line(desk: Desk, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[venue]\nnme = 'x'\n")
    code, told = desk.run("settings", "try", str(wrong))
    assert code == 1 and f"{wrong}, line 2: venue.nme:" in told
    wrong.write_bytes(b"\xff")
    code, told = desk.run("settings", "try", str(wrong))
    assert code == 1 and "is no UTF-8 text" in told


def test_where_a_password_would_go_elsewhere_it_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "etc/sms").write_text("secret")
    provider = "[[sms.provider]]\nname = 'one'\nhost = '{}'\nsystem_id = 'me'\nsource = 'Qaqpa'\npassword_file = '{}'\n"
    before = desk.house.named("before") + provider.format("a.example.kz", tmp_path / "etc/sms")
    desk.house.path.write_text(before)
    after = tmp_path / "after.toml"
    after.write_text(before.replace("a.example.kz", "b.example.kz"))
    assert "the SMPP password of one would go somewhere else" in desk.done("settings", "try", str(after))
    code, told = desk.run("settings", "apply", str(after), *BY)
    assert code == 1 and "one" in told
    given = tmp_path / "given"
    given.write_text("another\n")
    desk.done("settings", "apply", str(after), "--sms-password", "one", str(given), "--undo-after", "0", *BY)
    assert (tmp_path / "etc/sms").read_text().strip() == "another"


def test_copies_are_made_and_listed(desk: Desk, tmp_path: Path) -> None:
    assert desk.done("backup", "list") == ""
    (tmp_path / "state/gate").mkdir()
    write(tmp_path / "state/gate/journal.db", stay())
    made = desk.done("backup", "make", *BY)
    assert made.startswith(f"{tmp_path}/state/backups/qaqpa-")
    assert desk.done("backup", "list") == made
    (told,) = json.loads(desk.done("backup", "list", "--json"))
    assert told["file"] in made
    (note,) = desk.house.gate.besides
    assert isinstance(note, NoteBackup) and note.by == "aigul"
    assert desk.ask(ReadFormer(told["file"])) == Former(desk.house.named("before"))
    assert isinstance(desk.ask(ReadFormer("../../etc/passwd")), StewardRefused)


def test_the_last_that_worked_is_there_once_one_has(desk: Desk) -> None:
    refused = desk.ask(ReadFormer())
    assert isinstance(refused, StewardRefused) and "no configuration has worked" in refused.why
    desk.house.places.worked.write_text("# once")
    assert desk.ask(ReadFormer()) == Former("# once")


def test_a_secret_is_saved_told_and_taken_up(desk: Desk, tmp_path: Path) -> None:
    desk.house.path.write_text(desk.house.named("before") + f"[wifi]\npassword_file = '{tmp_path}/etc/wifi'\n")
    saved = desk.ask(SaveSecret(SecretKind.WIFI_PASSWORD, b"tulips in bloom", "aigul"))
    assert saved == Done()
    assert (tmp_path / "etc/wifi").read_text().strip() == "tulips in bloom"
    assert [(note.act, note.detail) for note in desk.house.gate.told] == [(StaffAct.SECRET_SAVED, "wifi_password")]
    until(lambda: desk.house.units.renewed, "what takes it up to begin anew")


def test_a_test_sms_is_recorded_first_and_says_why_it_does_not_go(desk: Desk) -> None:
    for says, why in (
        (wire.Refusal.BUDGET_SPENT, StewardRefusal.BUDGET_SPENT),
        (wire.Refusal.JOURNAL_UNAVAILABLE, StewardRefusal.FAILED),
    ):
        desk.house.gate.says = says
        refused = desk.ask(of_steward.TestSms(NUMBER, wire.Language.KAZAKH, "aigul"))
        assert isinstance(refused, StewardRefused) and refused.refusal is why
    assert desk.house.gate.besides == []
    desk.house.gate.says = None
    refused = desk.ask(of_steward.TestSms("8 800 080 77 77", wire.Language.KAZAKH, "aigul"))
    assert isinstance(refused, StewardRefused) and refused.refusal is StewardRefusal.NOT_MOBILE
    begun = desk.ask(of_steward.TestSms(NUMBER, wire.Language.KAZAKH, "aigul"))
    assert isinstance(begun, SmsSteps)
    assert desk.house.gate.besides == [NoteTestSms("aigul", NUMBER)]

    def over() -> SmsSteps | None:
        told = desk.ask(FollowSms(begun.test))
        return told if isinstance(told, SmsSteps) and told.over else None

    (step,) = until(over, "nobody to be found at the sender's socket").steps
    assert not step.ok
    refused = desk.ask(FollowSms("another"))
    assert isinstance(refused, StewardRefused) and refused.refusal is StewardRefusal.NO_SUCH_TEST


def test_what_the_machine_has_is_told(desk: Desk) -> None:
    told = desk.ask(ListPorts())
    assert isinstance(told, Ports) and all(port.mac for port in told.ports)
    assert desk.ask(ListCertificates()) == Certificates({})
    assert isinstance(desk.ask(AskUpdates()), Updates)
    found = desk.ask(Examine())
    assert isinstance(found, Examined) and any(not each.ok and each.remedy for each in found.findings)


def test_a_doctor_that_says_nothing_is_a_refusal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.steward.examining.sys.executable", "/bin/true")
    refused = desk.ask(Examine())
    assert isinstance(refused, StewardRefused) and "run it in a terminal" in refused.why


def test_without_a_steward_it_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "run/steward/steward.sock").unlink()
    code, told = desk.run("settings", "show")
    assert code == 1 and "is 'qaqpa steward' running" in told


# ── what has processes begin anew ───────────────────────────────────────────────────────────────────────────────────


def program(folder: Path, does: str) -> Systemctl:
    """A systemctl that writes down what it was called with, then does this."""
    path = folder / "systemctl"
    path.write_text(f'#!/bin/sh\necho "$*" >>{folder}/called\n{does}\n')
    path.chmod(0o755)
    return Systemctl(str(path))


def test_each_unit_is_renewed_in_its_own_way(tmp_path: Path) -> None:
    units = program(tmp_path, "true")
    for unit in ("network", "gate", "hostapd", "nginx", "console"):
        units.renew(unit)
    units.begin("update")
    units.reboot()
    assert (tmp_path / "called").read_text().splitlines() == [
        "try-reload-or-restart qaqpa-network.service",
        "restart qaqpa-gate.service",
        "restart qaqpa-hostapd.service",
        "try-reload-or-restart qaqpa-nginx.service",
        "try-restart qaqpa-console.service",
        "start --no-block qaqpa-update.service",
        "--no-block reboot",
    ]


def test_what_systemd_refuses_is_said_but_of_what_may_be_absent(tmp_path: Path) -> None:
    units = program(tmp_path, "echo 'Unit is masked.' >&2; exit 5")
    units.renew("console")
    attempts: tuple[Callable[[], None], ...] = (
        lambda: units.renew("gate"),
        lambda: units.begin("update"),
        units.reboot,
    )
    for attempt in attempts:
        with pytest.raises(NotRestarted, match=r"Unit is masked\."):
            attempt()
    silent = program(tmp_path, "exit 5")
    with pytest.raises(NotRestarted, match="systemctl ended with 5"):
        silent.renew("gate")
    for attempt in (lambda: Systemctl("/nowhere").renew("gate"), lambda: Systemctl("/nowhere").begin("update")):
        with pytest.raises(NotRestarted, match="No such file"):
            attempt()


def test_a_unit_stands_when_somebody_takes_a_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.steward.units._STANDS_S", 0.3)
    units, config = Systemctl("/bin/true"), load(desk.house.path)
    units.stands("nginx", config)  # it is not asked
    units.stands("sms", config)  # there is nobody to send by
    with pytest.raises(NotRestarted, match="nobody answers at"):
        units.stands("gate", config)
    path = Path(config.paths.runtime) / "gate/gate.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        units.stands("gate", config)
