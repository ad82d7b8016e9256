"""What the steward did is told to the gate, for the journal; while the gate is away, it is told later.

A gate that cannot be told refuses nothing here: what keeps it away may be just what is being mended. The journal's own
``ConfigurationChanged`` comes from the gate's start in any case. Must not know: what was done.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Protocol

from appliance import wire
from appliance.errors import ApplianceError
from appliance.wire_console import NoteStaff, StaffAct
from appliance.wire_journal import NoteBackup

log = logging.getLogger(__name__)

_DETAIL = 200
_KEPT = 100


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
