"""What the steward found last, without anybody waiting for it: it examines for seconds.

A page gets what is known and has it renewed behind its back; only the very first waits a moment. Must not know: what
the findings mean.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from appliance.errors import ApplianceError
from appliance.steward.wire import Examination, Examine, Examined
from portal.console.site import AsksSteward

FRESH_S = 15.0
"""Older findings are renewed."""
OLD_S = 120.0
"""Older ones say nothing about now."""
FIRST_S = 3.0
"""So long the first page waits."""


class Examiner:
    """Findings for all who look.

    Args:
        steward: whom to ask.
        clock: monotonic seconds.
    """

    def __init__(self, steward: AsksSteward, clock: Callable[[], float] = time.monotonic) -> None:
        self._steward, self._clock = steward, clock
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._found: Examined | None = None
        self._found_s = self._asked_s = -OLD_S

    def findings(self) -> tuple[Examination, ...] | None:
        """In the order in which a person should mend them; None: the steward has said nothing for two minutes."""
        now_s = self._clock()
        with self._lock:
            idle = self._asking is None or not self._asking.is_alive()
            first = self._asking is None
            if idle and now_s - self._asked_s > FRESH_S:
                self._asked_s = now_s
                self._asking = threading.Thread(target=self._ask, name="examine", daemon=True)
                self._asking.start()
            asking = self._asking
        if first and asking is not None:
            asking.join(FIRST_S)
        if self._found is None or self._clock() - self._found_s > OLD_S:
            return None
        return self._found.findings

    def _ask(self) -> None:
        try:
            reply = self._steward.ask(Examine())
        except ApplianceError:
            return
        if isinstance(reply, Examined):
            self._found, self._found_s = reply, self._clock()
