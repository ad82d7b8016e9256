"""What the steward does about versions: it lays an errand down, has the unit begin, and tells how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance import image
from appliance.errands import Asked, Errand, Errands, Told
from appliance.steward import wire_updates
from appliance.steward.telling import Notes
from appliance.steward.updates import Updating
from appliance.steward.wire import Done, StewardRefused
from appliance.wire import Done as Recorded
from appliance.wire import Request
from appliance.wire_console import NoteStaff


@dataclass
class House:
    """A machine with units, and a gate that records."""

    folder: Path
    begun: list[str] = field(default_factory=list)
    recorded: list[Request] = field(default_factory=list)

    def begin(self, unit: str) -> None:
        self.begun.append(unit)

    def reboot(self) -> None:
        self.begun.append("reboot")

    def ask(self, request: Request) -> Recorded:
        self.recorded.append(request)
        return Recorded()

    @property
    def errands(self) -> Errands:
        return Errands(self.folder / "errands")

    def updating(self) -> Updating:
        return Updating(self.folder / "qaqpa.toml", self.errands, self, Notes(self), self.folder)


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / image.MARK).parent.mkdir(parents=True)
    (tmp_path / image.MARK).touch()
    (tmp_path / "usr/lib/os-release").write_text("IMAGE_VERSION=0.1.0\n")
    (tmp_path / "qaqpa.toml").write_text('[update]\nsource = "https://updates.example.kz/q"\n')
    return House(tmp_path)


def stands(house: House) -> wire_updates.Updates:
    told = house.updating().answer(wire_updates.AskUpdates())
    assert isinstance(told, wire_updates.Updates)
    return told


def test_an_installation_from_asking_to_its_end(house: House) -> None:
    assert isinstance(house.updating().answer(wire_updates.StartUpdate("0.2.0", "aigerim")), Done)
    assert house.begun == ["update"]
    (note,) = house.recorded
    assert isinstance(note, NoteStaff) and (note.staff, note.act.value) == ("aigerim", "update_begun")
    assert note.detail == "0.2.0 from https://updates.example.kz/q"
    assert stands(house).install.busy, "asked for, and the unit has not begun yet"
    assert house.errands.take(Errand.INSTALL) == Asked("aigerim", "0.2.0")
    assert house.errands.take(Errand.INSTALL) is None, "an errand is done once"
    with house.errands.alone(Errand.INSTALL) as alone:
        assert alone
        house.errands.tell(Errand.INSTALL, Told(percent=42))
        assert (stands(house).install.busy, stands(house).install.percent) == (True, 42)
        for request in (wire_updates.StartUpdate("0.2.0", "askar"), wire_updates.Restart("askar")):
            assert isinstance(house.updating().answer(request), StewardRefused)
        house.errands.tell(Errand.INSTALL, Told(over=True, percent=100, result="0.2.0"))
    assert (stands(house).install.busy, stands(house).install.result) == (False, "0.2.0")
    assert isinstance(house.updating().answer(wire_updates.Restart("askar")), Done)
    assert house.begun == ["update", "reboot"]


def test_a_unit_that_was_killed_has_failed_and_can_be_begun_again(house: House) -> None:
    house.updating().answer(wire_updates.StartUpdate("0.2.0", "aigerim"))
    house.errands.take(Errand.INSTALL)
    with house.errands.alone(Errand.INSTALL):
        house.errands.tell(Errand.INSTALL, Told(percent=42))
    assert (stands(house).install.busy, stands(house).install.why) == (False, "failed")
    assert isinstance(house.updating().answer(wire_updates.StartUpdate("0.2.0", "aigerim")), Done)


def test_on_a_debian_machine_versions_are_apts_and_sticks_are_not(house: House) -> None:
    (house.folder / image.MARK).unlink()
    for request in (wire_updates.StartUpdate("0.2.0", "a"), wire_updates.LookForUpdates("a")):
        refused = house.updating().answer(request)
        assert isinstance(refused, StewardRefused) and "apt" in refused.why
    assert not house.begun and not house.recorded and not stands(house).image
    assert isinstance(house.updating().answer(wire_updates.StickBackup("a")), Done)
    assert house.begun == ["stick-backup"]
