"""What becomes of each request: the one place where the whole vocabulary is carried out.

Who is named in it is recorded and believed in nothing. What few requests take is loaded when the first comes. Must not
know: sockets, who is at the other end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import assert_never

from appliance.config import load
from appliance.errors import ApplianceError
from appliance.last_worked import known
from appliance.steward import wire, wire_updates
from appliance.steward.changing import Changing
from appliance.steward.examining import Examining
from appliance.steward.pending import Places
from appliance.steward.telling import Notes
from appliance.steward.trials import Trials
from appliance.steward.updates import Updating
from appliance.steward.wire import StewardRefusal, StewardRefused
from appliance.wire import Refusal, Refused
from appliance.wire_console import NoteTestSms, StaffAct
from appliance.wire_journal import NoteBackup
from firewall.errors import FirewallError
from journal.errors import JournalError
from sms.errors import SmsError


@dataclass(frozen=True)
class Answering:
    """Everything that answers need."""

    path: Path
    """Of the configuration."""
    changing: Changing
    examining: Examining
    trials: Trials
    notes: Notes
    list_ports: Callable[[], wire.Ports]
    updating: Updating
    now: Callable[[], datetime]
    packing: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: wire.Request) -> wire.Reply:
        """The reply to one request; several threads may ask."""
        try:
            return self._answer(request)
        except (ApplianceError, FirewallError, JournalError, SmsError, OSError) as error:
            return StewardRefused(StewardRefusal.FAILED, str(error))

    def _answer(self, request: wire.Request) -> wire.Reply:
        match request:
            case wire.ReadSettings():
                return self.changing.settings()
            case wire.TrySettings(toml=toml):
                return self.changing.trial.of(toml)
            case wire.ApplySettings():
                return self.changing.apply(request.toml, request.base, request.staff, request.undo_s, request.passwords)
            case wire.KeepSettings(staff=staff):
                return self.changing.keep(staff)
            case wire.UndoSettings(staff=staff):
                return self.changing.undo(staff)
            case wire.SaveSecret():
                return self._save(request)
            case wire.Examine():
                return self.examining.examine()
            case wire.ListPorts():
                return self.list_ports()
            case wire.TestSms(number=number, language=language, staff=staff):
                return self.trials.begin(load(self.path), number, language, partial(self._note_test, staff))
            case wire.FollowSms(test=test):
                return self.trials.so_far(test)
            case wire.MakeBackup(staff=staff):
                return self._back_up(staff)
            case wire.ListBackups():
                from appliance.steward import backups

                return wire.Backups(backups.listed(known(self.path).config))
            case wire.ReadFormer(backup=backup):
                return self._former(backup)
            case wire.ListCertificates():
                from appliance.certificate_ends import ends_utc_s

                return wire.Certificates(ends_utc_s(known(self.path).config))
            case (
                wire_updates.AskUpdates()
                | wire_updates.LookForUpdates()
                | wire_updates.StartUpdate()
                | wire_updates.Restart()
                | wire_updates.StickBackup()
                | wire_updates.FactoryReset()
            ):
                return self.updating.answer(request)
            case _:
                assert_never(request)

    def _save(self, request: wire.SaveSecret) -> wire.Reply:
        from appliance.steward import secrets_kept

        secrets_kept.save(request, load(self.path), self.path.parent)
        self.notes.tell(request.staff, StaffAct.SECRET_SAVED, " ".join((request.kind.value, request.name)).strip())
        self.changing.renew(*secrets_kept.RENEWED[request.kind])
        return wire.Done()

    def _note_test(self, staff: str, number: str) -> StewardRefused | None:
        """Before it is sent: what is not in the journal and in the budget is not paid for."""
        reply = self.notes.ask(NoteTestSms(staff, number))
        if not isinstance(reply, Refused):
            return None
        if reply.refusal is Refusal.BUDGET_SPENT:
            return StewardRefused(StewardRefusal.BUDGET_SPENT, "the SMS budget of today, or of this month, is spent")
        return StewardRefused(StewardRefusal.FAILED, f"the gate did not record it: {reply.refusal.value}")

    def _former(self, backup: str) -> wire.Reply:
        if backup:
            from appliance.steward import backups

            return wire.Former(backups.settings(known(self.path).config, backup))
        worked = Places(self.path).worked
        if not worked.exists():
            return StewardRefused(StewardRefusal.FAILED, "no configuration has worked on this box yet")
        return wire.Former(worked.read_text(encoding="utf-8", errors="replace"))

    def _back_up(self, staff: str) -> wire.Reply:
        from appliance.steward import backups

        # Each takes as much of the disk as the journal, and the disk is the journal's.
        if not self.packing.acquire(blocking=False):
            return StewardRefused(StewardRefusal.FAILED, "a back-up is being made already; wait for it")
        try:
            made, verdict = backups.make(known(self.path).config, self.path, self.now())
        finally:
            self.packing.release()
        self.notes.send(NoteBackup(made.file, verdict.entries, verdict.head, staff))
        return wire.BackupWritten(made)
