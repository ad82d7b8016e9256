"""systemd's watchdog: a process of ours that hangs, wherever it hangs, falls silent; one that works does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.inbox import Requested, Role, Stop
from appliance.steward.serving import Serving
from appliance.supervision import Supervision
from appliance.wire import ListVisits, Reply
from tests.edge.appliance.venue import Core
from tests.lab.waiting import PATIENCE_S
from tests.support.systemd import Supervisor, supervising

WATCHDOG_S = 0.4
QUIET_S = 1.0
"""Longer than anything that works is ever quiet under that patience."""
QAQPA = str(Path(sys.executable).with_name("qaqpa"))


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with supervising(WATCHDOG_S) as made:
        yield made


def hung_and_freed(supervisor: Supervisor, hang: Callable[[], object], free: Callable[[], object]) -> None:
    """It speaks, hangs in silence, and speaks again."""
    supervisor.ready()
    supervisor.hears("WATCHDOG=1", times=3)
    hang()
    supervisor.silence(QUIET_S)  # what was on its way
    try:
        assert supervisor.silence(QUIET_S)
    finally:
        free()
    supervisor.hears("WATCHDOG=1", times=3)
    assert supervisor.heard.count("READY=1") == 1


def test_the_gate(supervisor: Supervisor, tmp_path: Path) -> None:
    core = Core(tmp_path / "journal.db")
    core.start()
    held, freed = threading.Event(), threading.Event()

    def hold_up(_: Reply) -> None:
        held.set()
        freed.wait()

    def hang() -> None:
        core.engine.post(Requested(ListVisits(), Role.ADMINISTRATOR, hold_up))
        assert held.wait(PATIENCE_S)

    turning = threading.Thread(target=core.engine.run, args=(Supervision(supervisor.environment()).works,))
    turning.start()
    try:
        hung_and_freed(
            supervisor,
            # One thread owns all: whoever holds it up holds up everybody.
            hang=hang,
            free=freed.set,
        )
    finally:
        freed.set()
        core.engine.post(Stop())
        turning.join(timeout=PATIENCE_S)
        core.crash()
    assert not turning.is_alive()


def test_the_steward(supervisor: Supervisor, tmp_path: Path) -> None:
    supervision = Supervision(supervisor.environment())
    serving = Serving(tmp_path / "steward.sock", {os.getuid()}, lambda _: pytest.fail("nobody asks"))
    turning = threading.Thread(target=serving.serve, args=(supervision.works, supervision.every_s))
    turning.start()
    try:
        supervisor.ready()
        supervisor.hears("WATCHDOG=1", times=3)
    finally:
        serving.stop()
        turning.join(timeout=PATIENCE_S)
    assert not turning.is_alive()


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    """A configuration whose provider has a password and cannot be reached."""
    (tmp_path / "sms").mkdir()
    (tmp_path / "password").write_text("secret\n")
    config = tmp_path / "qaqpa.toml"
    config.write_text(
        f'[paths]\nruntime = "{tmp_path}"\nstate = "{tmp_path}"\n'
        f'[[sms.provider]]\nname = "one"\nhost = "127.0.0.1"\nport = 1\npassword_file = "{tmp_path}/password"\n'
    )
    return config


def test_the_sms_process(supervisor: Supervisor, venue: Path) -> None:
    with subprocess.Popen(
        [QAQPA, "sms", "--config", str(venue)],
        env={**os.environ, **supervisor.environment()},
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            hung_and_freed(
                supervisor,
                hang=lambda: process.send_signal(signal.SIGSTOP),
                free=lambda: process.send_signal(signal.SIGCONT),
            )
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def test_a_venue_without_sms_needs_no_process_and_no_second_try(supervisor: Supervisor, venue: Path) -> None:
    (venue.parent / "password").unlink()
    done = subprocess.run(
        [QAQPA, "sms", "--config", str(venue)],
        env={**os.environ, **supervisor.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert supervisor.listen()[0] == "READY=1"
    assert done.stdout.startswith("no SMS at this venue")
