"""What systemd is told, and how often."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from appliance.supervision import Supervision
from tests.support.systemd import Supervisor, supervising

PATIENCE_S = 40.0


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with supervising(PATIENCE_S) as made:
        yield made


def test_the_first_turn_says_that_we_serve_and_each_after_it_that_we_work(supervisor: Supervisor) -> None:
    now = [100.0]
    supervision = Supervision(supervisor.environment(), lambda: now[0])
    assert supervisor.listen() == []
    for _ in range(1000):  # a busy loop turns far more often than systemd wants to hear
        supervision.works()
    assert supervisor.listen() == ["READY=1", "WATCHDOG=1"]
    assert supervision.every_s == PATIENCE_S / 4
    now[0] += PATIENCE_S / 4
    supervision.works()
    assert supervisor.listen() == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]


def test_without_a_watchdog_only_the_first_turn_is_told(supervisor: Supervisor) -> None:
    now = [100.0]
    supervision = Supervision({"NOTIFY_SOCKET": supervisor.environment()["NOTIFY_SOCKET"]}, lambda: now[0])
    for _ in range(3):
        supervision.works()
        now[0] += 3600
    assert supervision.every_s is None
    assert supervisor.listen().count("READY=1") == 1
    assert len(supervisor.listen()) <= 2


def test_the_watchdog_of_another_process_is_not_ours(supervisor: Supervisor) -> None:
    told = {**supervisor.environment(), "WATCHDOG_PID": str(os.getpid() + 1)}
    assert Supervision(told).every_s is None
    assert Supervision({**told, "WATCHDOG_PID": str(os.getpid())}).every_s == PATIENCE_S / 4


def test_who_was_not_started_by_systemd_says_nothing() -> None:
    supervision = Supervision({"WATCHDOG_USEC": "1000000"})
    supervision.works()
    supervision.rests("nothing to do")
    assert (supervision.awaited, supervision.every_s) == (False, None)


def test_nothing_to_do_is_no_failure_and_says_why(supervisor: Supervisor) -> None:
    Supervision(supervisor.environment()).rests("there is no console")
    assert supervisor.listen() == ["READY=1", "STATUS=there is no console"]


def test_the_work_outlives_a_systemd_that_does_not_hear(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    told = supervisor.environment()
    os.unlink(told["NOTIFY_SOCKET"])  # noqa: PTH108
    Supervision(told).works()
    assert "does not hear us" in caplog.text
