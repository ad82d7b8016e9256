"""What the steward did is told to the gate, for the journal; while the gate is away, it is told later.

A gate that cannot be told refuses nothing here: what keeps it away may be just what is being mended. The journal's own
``ConfigurationChanged`` comes from the gate's start in any case. Must not know: what was done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Protocol

from appliance import wire
from appliance.errors import ApplianceError, GateUnreachable
from appliance.wire_console import NoteStaff, NoteTestSms, StaffAct
from appliance.wire_journal import NoteBackup

log = logging.getLogger(__name__)

_DETAIL = 200
_KEPT = 100
_TRIES, _PAUSE_S = 20, 0.5


class AsksGate(Protocol):
    """Whoever can ask the gate."""

    def ask(self, request: wire.Request, /) -> wire.Reply: ...


class Notes:
    """Notes for the journal, in their order."""

    def __init__(self, gate: AsksGate) -> None:
        self._gate = gate
        self._untold: deque[NoteStaff | NoteBackup] = deque(maxlen=_KEPT)
        self._alone = threading.Lock()

    def tell(self, staff: str, act: StaffAct, detail: str = "") -> None:
        """Now, or once the gate is there."""
        log.info("%s by %s: %s", act, staff, detail)
        self.send(NoteStaff(staff, act, detail=detail[:_DETAIL]))

    def send(self, note: NoteStaff | NoteBackup) -> None:
        """The same of a whole note."""
        with self._alone:
            self._untold.append(note)
        self.again()

    def ask(self, note: NoteTestSms) -> wire.Reply:
        """What must be recorded before it is done: no later, and not without an answer. A gate that begins anew just
        now is waited for.

        Raises:
            ApplianceError: nobody answered.
        """
        for _ in range(_TRIES):
            with suppress(GateUnreachable):
                return self._gate.ask(note)
            time.sleep(_PAUSE_S)
        return self._gate.ask(note)

    def told(self) -> bool:
        """Whether the gate knows all of it."""
        return not self._untold

    def again(self) -> None:
        """Try what could not be told."""
        with self._alone:
            while self._untold:
                note = self._untold[0]
                try:
                    reply = self._gate.ask(note)
                except ApplianceError:
                    return
                self._untold.popleft()
                if isinstance(reply, wire.Refused):
                    log.warning("the gate did not record %s: %s", note, reply.refusal)
