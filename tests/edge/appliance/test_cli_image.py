"""`qaqpa update · backup stick · factory-reset` as they are typed on the image, and as units run them for the console.

systemd-sysupdate and the firmware are the tests' own (``tests/image`` asks the real ones); sticks are loop devices.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance import cli_update, factory_reset
from appliance.cli import main
from appliance.commands import run
from appliance.errands import Asked, Errand, Errands, Told
from appliance.sticks import Stick
from appliance.updating import Updater
from journal.seal import verify
from tests.edge.journal.samples import stay, write
from tests.lab.run import run as lab_run
from tests.unit.appliance.test_updating import TRANSFERS, Sysupdate

BY = ("--staff", "aigul")


@dataclass
class Box:
    """One that runs the image, version 0.1.0."""

    folder: Path
    sysupdate: Sysupdate = field(default_factory=Sysupdate)
    rebooted: list[Sequence[str]] = field(default_factory=list)

    def commands(self, command: Sequence[str], told: Callable[[str], None]) -> tuple[int, str]:
        if command[0] == "/usr/bin/systemctl":
            self.rebooted.append(command)
            told("no")
            return (1 if self.sysupdate.refusing == "reboot" else 0), ""
        if "sysupdate" in command[0]:
            return self.sysupdate(command, told)
        return run(command, told)

    @property
    def errands(self) -> Errands:
        return Errands(self.folder / "run/errands")

    def run(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(self.folder / "qaqpa.toml")], input=typed)

    def done(self, *words: str, typed: str = "") -> str:
        told = self.run(*words, typed=typed)
        assert told.exit_code == 0, told.output
        return told.output

    def refused(self, *words: str, typed: str = "") -> str:
        told = self.run(*words, typed=typed)
        assert told.exit_code in (1, 2), told.output
        return told.output or str(told.exception)

    def told(self, errand: Errand) -> Told:
        told = self.errands.told(errand)
        assert told is not None
        return told


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    made = Box(tmp_path)
    paths = f'[paths]\nstate = "{tmp_path}/state"\nruntime = "{tmp_path}/run"\n'
    (tmp_path / "qaqpa.toml").write_text(f'[update]\nsource = "https://updates.example.kz/q"\n{paths}')
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(cli_update, "TRANSFERS", TRANSFERS)
    monkeypatch.setattr("appliance.commands.run", made.commands)
    monkeypatch.setattr("appliance.image.is_image", lambda: True)
    monkeypatch.setattr("appliance.image.version", lambda: "0.1.0")
    return made


@pytest.fixture
def stick(box: Box, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stick]:
    """One that is plugged in."""
    made = box.folder / "stick.img"
    with made.open("wb") as out:
        out.truncate(16 << 20)
    lab_run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", str(made)])
    device = lab_run(["losetup", "--find", "--show", str(made)]).stdout.strip()
    plugged = Stick(device, 16 << 20)
    monkeypatch.setattr("appliance.sticks.found", lambda: (plugged,))
    try:
        yield plugged
    finally:
        lab_run(["losetup", "--detach", device])


@contextmanager
def elsewhere(box: Box, stick: Stick) -> Iterator[Path]:
    """Its files, on another computer."""
    at = box.folder / "elsewhere"
    at.mkdir()
    lab_run(["mount", stick.device, str(at)])
    try:
        yield at
    finally:
        lab_run(["umount", str(at)])


# ── versions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_versions_are_listed_and_a_newer_one_is_installed(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.image.given_up", lambda: ("0.0.9",))
    box.sysupdate.installed = ["0.1.0", "0.0.9"]
    assert box.done("update", "list").splitlines() == [
        "0.1.0  runs, installed",
        "0.0.9  installed, did not pass its check",
    ]
    assert "0.2.0  offered" in box.done("update", "list", "--from", "https://elsewhere.example.kz")
    assert json.loads(box.done("update", "list", "--json"))["running"] == "0.1.0"
    assert box.done("update", "check") == "0.2.0 is there; `qaqpa update install` installs it\n"
    assert json.loads(box.done("update", "check", "--json"))["newer"] == "0.2.0"
    assert box.told(Errand.LOOK).result == "0.2.0"
    said = box.done("update", "install", "--restart")
    assert said.endswith("0.2.0 is installed and runs after the next restart\n") and "%" in said
    assert (box.told(Errand.INSTALL).over, box.told(Errand.INSTALL).result, len(box.rebooted)) == (True, "0.2.0", 1)
    box.sysupdate.offered = ["0.1.0"]
    assert box.done("update", "check").startswith("there is nothing newer than 0.1.0 (0.1.0)")
    box.sysupdate.offered = []
    assert box.done("update", "check") == "there is nothing newer than 0.1.0\n"


def test_why_there_is_no_update_is_said_and_told(box: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "has no SHA256SUMS" in box.refused("update", "check", "--from", str(tmp_path))
    assert (box.told(Errand.LOOK).over, box.told(Errand.LOOK).why) == (True, "source_silent")
    assert "nobody asked for an update" in box.refused("update", "install", "--asked")
    with box.errands.alone(Errand.INSTALL):
        assert "under way already" in box.refused("update", "install")
    box.sysupdate.refusing = "reboot"
    monkeypatch.setattr(Updater, "install", lambda *_: "0.2.0")
    assert "the box does not restart: no" in box.refused("update", "install", "--restart")

    def broken(*_: object) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Updater, "install", broken)
    box.run("update", "install")
    assert (box.told(Errand.INSTALL).why, "Input/output" in box.told(Errand.INSTALL).said) == ("failed", True)
    monkeypatch.setattr("appliance.image.is_image", lambda: False)
    assert "Debian package" in box.refused("update", "check")
    assert box.done("update", "check", "--daily") == "", "the timer says nothing where there is nothing to look for"


def test_the_console_asks_for_a_look_at_a_stick(box: Box, stick: Stick) -> None:
    box.errands.ask(Errand.LOOK, Asked("aigul", stick=True))
    assert "no USB stick with files" in box.refused("update", "check", "--asked")
    assert (box.told(Errand.LOOK).why, box.told(Errand.LOOK).stick) == ("no_stick", True)
    with elsewhere(box, stick) as files:
        (files / "qaqpa").mkdir()
        (files / "qaqpa/SHA256SUMS").touch()
    box.errands.ask(Errand.LOOK, Asked("aigul", stick=True))
    assert "0.2.0 is there" in box.done("update", "check", "--asked")


def test_without_a_stick_there_is_none_to_look_at(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.sticks.found", tuple)
    assert "no USB stick" in box.refused("update", "check", "--from", "stick")
    assert box.told(Errand.LOOK).why == "no_stick"


# ── back-ups on a stick ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_back_up_goes_to_the_stick_and_comes_back(box: Box, stick: Stick) -> None:
    (box.folder / "state/gate").mkdir(parents=True)
    write(box.folder / "state/gate/journal.db", stay())
    said = box.done("backup", "stick", *BY)
    assert "the gate does not run, so the journal does not mention this back-up" in said
    assert "is on the stick, which may be pulled out now" in said
    told = box.told(Errand.STICK)
    assert (told.over, told.percent, told.why) == (True, 100, "")
    with elsewhere(box, stick) as files:
        assert (files / told.result).is_file()
    assert "is here; docs/backup.md says how" in box.done("backup", "fetch")
    assert verify(box.folder / "state/gate/journal.db").first_bad is None
    with box.errands.alone(Errand.STICK):
        assert "a back-up is being written already" in box.refused("backup", "stick", *BY)


def test_why_there_is_no_back_up_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.sticks.found", tuple)
    box.errands.ask(Errand.STICK, Asked("aigul"))
    assert "no USB stick is plugged in" in box.refused("backup", "stick", "--asked", *BY)
    assert box.told(Errand.STICK).why == "no_stick"
    monkeypatch.setattr("appliance.sticks.found", lambda: (Stick("/dev/null", 1 << 20),))
    box.refused("backup", "stick", *BY)
    assert box.told(Errand.STICK).over and box.told(Errand.STICK).why


# ── forgetting everything ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def firmware(box: Box, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it keeps its variables."""
    variable = box.folder / "root" / factory_reset.VARIABLE
    variable.parent.mkdir(parents=True)
    for name in ("ask", "withdraw"):
        act = getattr(factory_reset, name)
        monkeypatch.setattr(factory_reset, name, lambda act=act: act(box.folder / "root"))
    return variable


def test_everything_is_forgotten_only_after_the_sentence(box: Box, firmware: Path) -> None:
    assert "nothing is forgotten" in box.refused("factory-reset", *BY, typed="yes\n")
    assert not firmware.exists()
    said = box.done("factory-reset", *BY, typed=" Forget everything\n")
    assert "write a back-up first" in said and "not recorded: " in said, "the gate does not run"
    assert firmware.exists()
    assert box.done("factory-reset", "--withdraw", *BY) == "nothing is forgotten\n"
    assert not firmware.exists()


def test_the_console_asks_for_it_and_takes_it_back(box: Box, firmware: Path) -> None:
    assert box.done("factory-reset", "--asked") == "", "nobody asked"
    box.errands.ask(Errand.RESET, Asked("aigul"))
    box.done("factory-reset", "--asked")
    assert firmware.exists() and box.told(Errand.RESET) == Told(over=True)
    box.errands.ask(Errand.RESET, Asked("aigul", withdraw=True))
    box.done("factory-reset", "--asked")
    assert not firmware.exists()
    firmware.mkdir()
    box.errands.ask(Errand.RESET, Asked("aigul"))
    box.refused("factory-reset", "--asked")
    assert box.told(Errand.RESET).why == "failed"
    with box.errands.alone(Errand.RESET):
        assert box.done("factory-reset", "--asked") == "", "another is at it"


def test_a_debian_package_is_removed_by_apt(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.image.is_image", lambda: False)
    assert "apt purge qaqpa" in box.refused("factory-reset", *BY)
