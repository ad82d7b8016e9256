"""What a failed test says about the machine: shared ones stand still at times, and who waits then fails alone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator

import pytest

_LOOK_EVERY_S = 0.05


class Standstill:
    """The longest time that this process was not run at all since it was last asked."""

    def __init__(self) -> None:
        self._longest_s = 0.0
        threading.Thread(target=self._watch, name="standstill", daemon=True).start()

    def take(self) -> float:
        """Seconds; the count begins anew."""
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s

    def _watch(self) -> None:
        while True:
            began = time.monotonic()
            time.sleep(_LOOK_EVERY_S)
            self._longest_s = max(self._longest_s, time.monotonic() - began - _LOOK_EVERY_S)


_standstill = Standstill()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    longest_s = _standstill.take()
    if report.failed:
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        report.sections.append(
            ("the machine", f"longest standstill in {report.when}: {longest_s:.2f} s; load {load} on {os.cpu_count()}")
        )
    return report
