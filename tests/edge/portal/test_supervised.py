"""systemd's watchdog and the pages: workers that answer nobody are found out, though who keeps them lives."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from portal.visitor.serve import WORKERS
from tests.edge.portal.served import served
from tests.lab.waiting import until
from tests.support.systemd import supervising

PATIENCE_S = 1.0
QUIET_S = 1.5


def workers_of(keeper: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()]


def test_pages_that_nobody_serves_are_told_by_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with supervising(PATIENCE_S) as supervisor:
        for name, value in supervisor.environment().items():
            monkeypatch.setenv(name, value)
        with served(tmp_path / "portal.sock", tmp_path / "gate.sock", tmp_path / "log") as keeper:
            supervisor.hears("WATCHDOG=1", times=3)
            workers = until(lambda: workers_of(keeper.pid), "its workers")
            assert len(workers) == WORKERS
            for worker in workers:
                os.kill(worker, signal.SIGSTOP)
            supervisor.silence(QUIET_S)  # what was on its way
            try:
                assert supervisor.silence(QUIET_S)
            finally:
                for worker in workers:
                    os.kill(worker, signal.SIGCONT)
            supervisor.hears("WATCHDOG=1", times=3)
            assert supervisor.heard.count("READY=1") == 1
