"""A configuration is put in force, and undone by itself unless somebody keeps it.

    apply → ``before``, ``pending`` and the configuration are written (``pending.py``) → rendered → answered
          → processes renewed, one after the other, and seen to stand → pending until kept or undone

Whatever fails on that way puts the configuration before back at once. The answer goes out before anything is renewed,
since the console that asked is renewed too. One thread (``work``) renews, undoes and counts down; nothing else does.
Must not know: sockets, who may ask.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from appliance import apply as applying
from appliance import last_worked
from appliance.config import Config, load
from appliance.errors import ApplianceError
from appliance.holding import holding
from appliance.steward import destinations, pending, secrets_kept
from appliance.steward.digests import digest
from appliance.steward.files import locked
from appliance.steward.pending import Now, Pending, Places
from appliance.steward.telling import Notes
from appliance.steward.trying import SettingsWrong, Trial, changes, read, restarts
from appliance.steward.units import ORDER, Units, in_order
from appliance.steward.wire import Done, SaveSecret, SecretKind, Settings, StewardRefusal, StewardRefused
from appliance.steward.wire import Pending as PendingReply
from appliance.wire_console import StaffAct

log = logging.getLogger(__name__)

_RENEWED_WITHIN_S = 1200.0
"""What is kept by itself is undone if its processes have not come back by then."""
Reply = Settings | PendingReply | Done | StewardRefused


class Changing:
    """The configuration of one machine.

    Args:
        path: its file.
        now: the boot clock.
        wall_s: seconds since the epoch, for certificates.
        pause_s: between the answer and the first process that is renewed.
        look_every_s: how often it is seen whether the time is over.
    """

    def __init__(
        self,
        path: Path,
        units: Units,
        notes: Notes,
        now: Callable[[], Now],
        wall_s: Callable[[], float],
        *,
        pause_s: float = 1.0,
        look_every_s: float = 0.5,
    ) -> None:
        self._places, self._units, self._notes = Places(path), units, notes
        self._now, self._wall_s = now, wall_s
        self._pause_s, self._look_every_s = pause_s, look_every_s
        self._changed = threading.Condition()
        self._stopped = False
        self._starting: tuple[str, ...] | None = None
        """Units to be renewed; None: all is as it should be."""
        self._undone_by = ""
        """Who is to be told of, once what was undone runs as before."""
        self._undone_why = ""
        self.trial = Trial(path)

    # ── what is asked ───────────────────────────────────────────────────────────────────────────────────────────────

    def settings(self) -> Settings:
        """As they stand."""
        with self._changed:
            toml = self._places.config.read_text(encoding="utf-8", errors="replace")
            held = pending.read(self._places)
            # What is kept by itself waits for nobody's word: that its processes begin anew is told apart from that.
            waits = held is not None and not held.kept_by_itself
            left = int(pending.left_s(held, self._now())) if held is not None and waits else None
            return Settings(
                toml,
                digest(toml),
                left,
                held.staff if held else "",
                self._starting is not None,
                "" if held else self._undone_why,
            )

    def apply(
        self, toml: str, base: str, staff: str, undo_s: int, passwords: Mapping[str, str] = MappingProxyType({})
    ) -> Reply:
        """Put it in force on trial; ``undo_s`` 0: it is kept once everything runs with it."""
        with self._changed, locked(self._places.config.parent):
            # What only begins anew with a secret of its own (``renew``) is no obstacle: a provider's password comes
            # just before the provider.
            if pending.read(self._places) is not None:
                return StewardRefused(StewardRefusal.PENDING_ALREADY, "a change waits to be kept or undone")
            before = self.trial.in_force()
            if digest(self._places.config.read_text(encoding="utf-8", errors="replace")) != base:
                return StewardRefused(StewardRefusal.CHANGED_MEANWHILE, "the configuration was changed meanwhile")
            try:
                config = self.trial.good(toml)
            except SettingsWrong as wrong:
                return StewardRefused(StewardRefusal.PROBLEMS, str(wrong))
            if before is None:
                undo_s = 0  # there is nothing to go back to
            proved = before or last_worked.worked(self._places.config)
            wanted = [name for name in destinations.unproved(proved, config) if not passwords.get(name)]
            if wanted:
                return StewardRefused(StewardRefusal.PASSWORD_WANTED, ", ".join(wanted))
            home = self._places.config.parent
            kind = SecretKind.SMS_PASSWORD
            given = [SaveSecret(kind, each.encode(), staff, name) for name, each in passwords.items()]
            try:
                files = tuple(str(secrets_kept.judge(each, config, home)) for each in given)
            except secrets_kept.SecretRefused as error:
                return StewardRefused(StewardRefusal.PROBLEMS, str(error))
            units = {*restarts(before, config), *(secrets_kept.RENEWED[kind] if given else ())}
            now = self._now()
            deadline_s = now.boot_s + (undo_s or _RENEWED_WITHIN_S)
            trial = Pending(now.boot_id, deadline_s, staff, digest(toml), kept_by_itself=undo_s == 0, secrets=files)

            def write_secrets() -> None:
                for each in given:
                    secrets_kept.save(each, config, home, keep_former=True)

            try:
                pending.begin(self._places, trial, toml, write_secrets)
                self._render(config)
            except (ApplianceError, OSError) as error:
                if pending.read(self._places) is not None:
                    self._put_back()
                    pending.end(self._places)
                return StewardRefused(StewardRefusal.FAILED, f"{error}; the configuration before is in force")
            self._undone_why = ""
            self._starting = in_order({*(self._starting or ()), *units})
            changed = ", ".join(change.key for change in changes(before, config))
            self._notes.tell(staff, StaffAct.SETTINGS_APPLIED, changed)
            for each in given:
                self._notes.tell(staff, StaffAct.SECRET_SAVED, f"{each.kind.value} {each.name}")
            self._changed.notify_all()
            return PendingReply(undo_s)

    def keep(self, staff: str) -> Reply:
        """It works."""
        with self._changed, locked(self._places.config.parent):
            held = pending.read(self._places)
            if refused := self._too_early(held):
                return refused
            self._keep()
            self._notes.tell(staff, StaffAct.SETTINGS_KEPT)
            return Done()

    def undo(self, staff: str) -> Reply:
        """Rather as before."""
        with self._changed:
            held = pending.read(self._places)
            if refused := self._too_early(held):
                return refused
            assert held is not None
            self._undo(held, staff, f"{staff} asked for it")
            return Done()

    def _too_early(self, held: Pending | None) -> StewardRefused | None:
        if held is None:
            why = self._undone_why or "nothing waits to be kept or undone"
            return StewardRefused(StewardRefusal.NOTHING_PENDING, why)
        if self._starting is None and held.in_force:
            return None
        units = ", ".join(self._starting or ())
        return StewardRefused(StewardRefusal.FAILED, f"{units} is still starting with it: try again in a moment")

    def renew(self, *units: str) -> None:
        """Render again and have these processes begin anew: a file that the configuration names has changed."""
        with self._changed:
            self._render(load(self._places.config))
            self._starting = in_order({*(self._starting or ()), *units})
            self._changed.notify_all()

    # ── what happens by itself ──────────────────────────────────────────────────────────────────────────────────────

    def recover(self) -> None:
        """At the start: what a crash left half done, or nobody kept in time, is undone."""
        with self._changed:
            held = pending.read(self._places)
            if held is not None and (not held.in_force or pending.left_s(held, self._now()) == 0):
                self._undo(held, held.staff, "nobody kept it, and the machine or its steward began anew")

    def work(self) -> None:
        """Renew and count down until ``stop``."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._starting is not None, self._look_every_s)
                if self._stopped:
                    return
                held = pending.read(self._places)
                if held is not None and self._starting is None and pending.left_s(held, self._now()) == 0:
                    self._undo(held, held.staff, "nobody kept it in time")
                units = self._starting
            if units is not None:
                self._renew(units)
            self._notes.again()

    def rests(self) -> bool:
        """Whether another steward would know as much: nothing is under way, and nothing is told only from memory."""
        with self._changed:
            return self._starting is None and not self._undone_why and pending.read(self._places) is None

    def stop(self) -> None:
        """``work`` returns."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _renew(self, units: tuple[str, ...]) -> None:
        with self._changed:
            if self._changed.wait_for(lambda: self._stopped, self._pause_s):
                return
        problem = self._renewed(units)
        with self._changed:
            if self._starting != units:
                return  # more came meanwhile: from the beginning
            self._starting = None
            held = pending.read(self._places)
            if problem:
                log.error("%s", problem)
            if self._undone_by:
                pending.end(self._places)
                self._notes.tell(self._undone_by, StaffAct.SETTINGS_UNDONE, self._undone_why)
                self._undone_by = ""
            elif held is not None and problem and self._can_go_back():
                self._undo(held, held.staff, problem)
            elif held is not None and held.kept_by_itself:
                self._keep()
            elif held is not None:
                pending.note(self._places, msgspec.structs.replace(held, in_force=True))

    def _renewed(self, units: tuple[str, ...]) -> str:
        """What went wrong; "": nothing."""
        try:
            config = load(self._places.config)
            for unit in units:
                self._units.renew(unit)
                self._units.stands(unit, config)
        except ApplianceError as error:
            return str(error)
        return ""

    def _undo(self, held: Pending, staff: str, why: str) -> None:
        log.warning("the configuration before is put back: %s", why)
        with locked(self._places.config.parent):
            # From here on a crash leads here again, however much time was left.
            pending.note(self._places, msgspec.structs.replace(held, in_force=False))
            self._put_back()
        self._undone_why, self._undone_by = why, staff
        # Not only what differs: whatever did not come back must begin anew with what it knew.
        self._starting = ORDER
        self._changed.notify_all()

    def _keep(self) -> None:
        pending.end(self._places)
        last_worked.remember(self._places.config)

    def _can_go_back(self) -> bool:
        """From one that could not be used there is only forward, even if a process needs more time than it has."""
        return read(self._places.before.read_text(encoding="utf-8", errors="replace")).config is not None

    def _put_back(self) -> None:
        pending.put_back(self._places)
        try:
            self._render(load(self._places.config))
        except (ApplianceError, OSError) as error:
            log.error("the configuration before is in its place and could not be rendered: %s", error)

    def _render(self, config: Config) -> None:
        applying.apply(config, holding(config, self._wall_s()))
