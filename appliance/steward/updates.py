"""Versions of the whole system, as far as the steward goes: it lays down what is wanted and has a unit do it.

Must not know: sticks, partitions, who is at the other end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from appliance import factory_reset, image
from appliance.errands import Asked, Errand, Errands
from appliance.last_worked import known
from appliance.steward import wire, wire_updates
from appliance.steward.telling import Notes
from appliance.steward.wire import Done, StewardRefusal, StewardRefused
from appliance.wire_console import StaffAct


class Begins(Protocol):
    """Whoever can have a unit begin; ``units.Systemctl`` does."""

    def begin(self, unit: str) -> None:
        """
        Raises:
            NotRestarted
        """
        ...

    def reboot(self) -> None:
        """
        Raises:
            NotRestarted
        """
        ...


@dataclass(frozen=True)
class Updating:
    """What is answered about versions."""

    path: Path
    """Of the configuration."""
    errands: Errands
    units: Begins
    notes: Notes
    root: Path = Path("/")

    def answer(self, request: wire_updates.UpdateRequest) -> wire.Reply:
        """
        Raises:
            ApplianceError, OSError
        """
        match request:
            case wire_updates.AskUpdates():
                return self._updates()
            case wire_updates.LookForUpdates(staff=staff, stick=stick):
                return self._begin(Errand.LOOK, Asked(staff, stick=stick), lambda: None)
            case wire_updates.StartUpdate(version=version, staff=staff, stick=stick):
                told = f"{version} from {'a USB stick' if stick else known(self.path).config.update.source}"
                asked = Asked(staff, version, stick)
                return self._begin(Errand.INSTALL, asked, lambda: self.notes.tell(staff, StaffAct.UPDATE_BEGUN, told))
            case wire_updates.StickBackup(staff=staff):
                note = lambda: self.notes.tell(staff, StaffAct.STICK_WRITTEN)  # noqa: E731  as the one above
                return self._begin(Errand.STICK, Asked(staff), note)
            case wire_updates.Restart(staff=staff):
                if self.errands.is_under_way(Errand.INSTALL):
                    return StewardRefused(StewardRefusal.FAILED, "a version is being installed; wait for it")
                self.notes.tell(staff, StaffAct.RESTARTED)
                self.units.reboot()
                return Done()
            case wire_updates.FactoryReset(staff=staff, withdraw=withdraw):
                act = StaffAct.RESET_WITHDRAWN if withdraw else StaffAct.FACTORY_RESET
                return self._begin(Errand.RESET, Asked(staff, withdraw=withdraw), lambda: self.notes.tell(staff, act))
            case _:
                assert_never(request)

    def _begin(self, errand: Errand, asked: Asked, note: Callable[[], None]) -> wire.Reply:
        if errand is not Errand.STICK and not image.is_image(self.root):
            return StewardRefused(StewardRefusal.FAILED, "this Qaqpa is a Debian package, and apt's to change")
        if self.errands.is_under_way(errand):
            return StewardRefused(StewardRefusal.FAILED, "it is under way already; wait for it")
        self.errands.ask(errand, asked)
        note()
        self.units.begin(errand.value)
        return Done()

    def _updates(self) -> wire.Reply:
        config = known(self.path).config
        return wire_updates.Updates(
            image=image.is_image(self.root),
            running=image.version(self.root) or _installed_version(),
            source=config.update.source,
            look=self._stands(Errand.LOOK),
            install=self._stands(Errand.INSTALL),
            backup=self._stands(Errand.STICK),
            given_up=image.given_up(self.root),
            reset=self._stands(Errand.RESET),
            will_reset=factory_reset.is_asked(self.root),
        )

    def _stands(self, errand: Errand) -> wire_updates.Errand:
        busy, told = self.errands.is_under_way(errand), self.errands.told(errand)
        if told is None:
            return wire_updates.Errand(busy=busy or self.errands.is_asked(errand))
        # Who was killed left no last word.
        why = told.why if told.over or busy else "failed"
        return wire_updates.Errand(
            busy, told.over or not busy, told.percent, why, told.said, told.result, told.at_utc_ms, told.stick
        )


def _installed_version() -> str:
    from importlib.metadata import version  # takes more memory than all the rest of this module's

    return version("qaqpa")
