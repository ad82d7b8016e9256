"""A configuration in a folder, processes that only say that they were renewed, a gate that remembers what it is told.

nginx, dnsmasq and this machine's interfaces are not asked: that is tried elsewhere. Must not know: any test.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance import apply, wire
from appliance.config import Config
from appliance.errors import GateUnreachable
from appliance.steward import trying
from appliance.steward.changing import Changing
from appliance.steward.pending import Now, Places
from appliance.steward.telling import Notes
from appliance.steward.units import NotRestarted
from appliance.wire_console import NoteStaff, NoteTestSms
from appliance.wire_journal import NoteBackup

UNDO_S = 120


@dataclass
class Units:
    """Processes that come back, or do not."""

    broken_by: str = ""
    """A word in the configuration with which the gate does not come back."""
    renewed: list[str] = field(default_factory=list)

    def renew(self, unit: str) -> None:
        self.renewed.append(unit)

    def stands(self, unit: str, config: Config) -> None:
        if unit == "gate" and self.broken_by and self.broken_by in config.venue.name:
            raise NotRestarted(unit, "it is in bed")


@dataclass
class Gate:
    """Is there, or is not."""

    away: bool = False
    told: list[NoteStaff] = field(default_factory=list)
    besides: list[NoteBackup | NoteTestSms] = field(default_factory=list)
    says: wire.Refusal | None = None
    """Why it records no test SMS."""

    def ask(self, request: wire.Request) -> wire.Reply:
        if self.away:
            raise GateUnreachable("in memory", "away")
        match request:
            case NoteStaff():
                self.told.append(request)
            case NoteBackup():
                self.besides.append(request)
            case NoteTestSms() if self.says is not None:
                return wire.Refused(self.says)
            case NoteTestSms():
                self.besides.append(request)
            case _:
                raise AssertionError(request)
        return wire.Done()


@dataclass
class House:
    """One machine's configuration and whoever changes it."""

    path: Path
    units: Units = field(default_factory=Units)
    gate: Gate = field(default_factory=Gate)
    boot_id: str = "this boot"
    boot_s: float = 1000.0

    def __post_init__(self) -> None:
        self.changing = self.steward()

    @classmethod
    def built(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> House:
        (folder / "etc").mkdir()
        (folder / "state").mkdir()
        path = folder / "etc" / "qaqpa.toml"
        path.write_text(toml(folder, "before"))
        path.chmod(0o640)
        monkeypatch.setattr(trying, "here", lambda *_: iter(()))
        monkeypatch.setattr(apply, "judged", lambda config, *_: {"nginx.conf": config.venue.name.encode()})
        return cls(path)

    def steward(self) -> Changing:
        """A process of the steward's begins."""
        now = lambda: Now(self.boot_id, self.boot_s)  # noqa: E731
        return Changing(self.path, self.units, Notes(self.gate), now, lambda: 0.0, pause_s=0.0, look_every_s=0.02)

    def working(self) -> threading.Thread:
        """What happens by itself happens, until ``changing.stop``."""
        worker = threading.Thread(target=self.changing.work, name="changes")
        worker.start()
        return worker

    def named(self, name: str) -> str:
        """A configuration that names the venue so."""
        return toml(self.path.parents[1], name)

    @property
    def places(self) -> Places:
        return Places(self.path)

    @property
    def venue(self) -> str:
        """Which configuration is in force, by the venue's name, and rendered."""
        name = self.changing.trial.in_force()
        assert name is not None
        rendered = (self.path.parents[1] / "state" / "conf" / "nginx.conf").read_text()
        return name.venue.name if name.venue.name == rendered else f"{name.venue.name}, and rendered {rendered}"


def toml(folder: Path, name: str) -> str:
    """A configuration in this folder."""
    return f"# mine\n[venue]\nname = '{name}'\n[paths]\nstate = '{folder}/state'\nruntime = '{folder}/run'\n"
