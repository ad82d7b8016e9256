"""What ``qaqpa doctor`` finds, for whoever asks often: at most some seconds old.

A process of its own looks, so that what it loads and opens ends with it. Looking takes as long as the journal is large:
a look that took a second is good for ten. Must not know: what is examined.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from appliance.errors import ApplianceError
from appliance.steward.wire import Examination, Examined

GOOD_FOR_S = 10.0
_TIMES = 10
_PATIENCE_S = 300.0


class NotExamined(ApplianceError):
    """The doctor did not say anything."""


class Examining:
    """The last look, and the next.

    Args:
        look: gives all findings.
        clock: monotonic seconds.
        wall_s: seconds since the epoch.
    """

    def __init__(
        self, look: Callable[[], tuple[Examination, ...]], clock: Callable[[], float], wall_s: Callable[[], float]
    ) -> None:
        self._look, self._clock, self._wall_s = look, clock, wall_s
        self._alone = threading.Lock()
        self._last: Examined | None = None
        self._good_until_s = 0.0

    def examine(self) -> Examined:
        """
        Raises:
            NotExamined
        """
        last = self._last
        if last is not None and self._clock() < self._good_until_s:
            return last
        # One looks; whoever comes meanwhile and has something older takes that.
        if not self._alone.acquire(blocking=last is None):
            assert last is not None
            return last
        try:
            if self._last is not None and self._clock() < self._good_until_s:
                return self._last
            began_s = self._clock()
            self._last = Examined(self._look(), int(self._wall_s() * 1000))
            self._good_until_s = self._clock() + max(GOOD_FOR_S, _TIMES * (self._clock() - began_s))
            return self._last
        finally:
            self._alone.release()


def doctor(path: Path) -> tuple[Examination, ...]:
    """What ``qaqpa doctor --json`` says now.

    Raises:
        NotExamined
    """
    command = [
        sys.executable,
        "-c",
        "from appliance.cli import main; main()",
        "doctor",
        "--json",
        "--config",
        str(path),
    ]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE_S)
        return msgspec.json.decode(done.stdout, type=tuple[Examination, ...])
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise NotExamined(f"`qaqpa doctor` says nothing that can be read ({error}); run it in a terminal") from error
