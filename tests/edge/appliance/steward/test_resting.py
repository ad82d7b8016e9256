"""A steward at a socket that systemd listens at: it ends when nobody asks, and who asks then waits for the next."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.handed import handed
from appliance.processes import NOBODY_ASKS
from appliance.steward import wire
from appliance.steward.client import Client
from appliance.steward.pending import Places
from appliance.steward.serving import Serving
from appliance.steward.telling import Notes
from appliance.wire_console import StaffAct
from tests.edge.appliance.steward.house import UNDO_S, Gate, House
from tests.edge.appliance.steward.test_serving import LOOK
from tests.lab.waiting import PATIENCE_S, until
from tests.support.systemd import supervising

_BEGUN = """
import sys
from appliance import processes
from appliance.steward import daemon
daemon.RESTS_AFTER_S = 0.2
daemon.CONSOLE_USER = "nobody"
processes.ran(["steward", "--config", sys.argv[1]])
"""
_QUIET_S = 2.5
"""Ten times as long as it waits."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "steward").mkdir()
    config = tmp_path / "qaqpa.toml"
    config.write_text(f'[paths]\nruntime = "{tmp_path}"\nstate = "{tmp_path}"\n')
    return config


@pytest.fixture
def listener(config: Path) -> Iterator[socket.socket]:
    """What systemd has."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(config.parent / "steward" / "steward.sock"))
        made.listen()
        yield made


@contextlib.contextmanager
def begun(config: Path, listener: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """As systemd begins it, with a socket for its first."""
    with supervising(0.2) as supervisor:
        handing = f'exec 3<&{listener.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
        line = ["bash", "-c", handing, "bash", sys.executable, "-c", _BEGUN, str(config)]
        environment = {**os.environ, **supervisor.environment()}
        with subprocess.Popen(line, env=environment, pass_fds=[listener.fileno()]) as process:
            try:
                yield process
            finally:
                process.kill()


def asks(config: Path) -> wire.Reply:
    return Client(str(config.parent / "steward" / "steward.sock"), PATIENCE_S).ask(wire.ReadSettings())


def test_it_ends_when_nobody_asks_and_the_next_answers_who_came_meanwhile(
    config: Path, listener: socket.socket
) -> None:
    with begun(config, listener) as process:
        assert isinstance(asks(config), wire.Settings)
        assert process.wait(PATIENCE_S) == NOBODY_ASKS
    answered: list[wire.Reply] = []
    waiting = threading.Thread(target=lambda: answered.append(asks(config)))
    waiting.start()
    with begun(config, listener):
        waiting.join(PATIENCE_S)
        assert [type(each) for each in answered] == [wire.Settings]


def test_it_stays_while_a_change_waits_for_somebodys_word(config: Path, listener: socket.socket) -> None:
    Places(config).before.write_bytes(config.read_bytes())
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    held = f'{{"boot_id":"{boot_id}","deadline_boot_s":1e12,"staff":"aigul","digest":"","in_force":true}}'
    Places(config).pending.write_text(held)
    with begun(config, listener) as process:
        assert isinstance(asks(config), wire.Settings)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(_QUIET_S)
        Places(config).pending.unlink()
        assert process.wait(PATIENCE_S) == NOBODY_ASKS


def test_it_stays_where_nobody_would_begin_it_again(config: Path) -> None:
    with supervising(0.2) as supervisor:
        line = [sys.executable, "-c", _BEGUN, str(config)]
        with subprocess.Popen(line, env={**os.environ, **supervisor.environment()}) as process:
            try:
                supervisor.ready()
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(_QUIET_S)
                assert isinstance(asks(config), wire.Settings)
            finally:
                process.kill()


def test_whoever_is_answered_just_now_is_not_left(tmp_path: Path) -> None:
    asked, may = threading.Event(), threading.Event()

    def answer(_request: wire.Request) -> wire.Reply:
        asked.set()
        assert may.wait(PATIENCE_S)
        return LOOK

    path = tmp_path / "steward.sock"
    serving = Serving(path, {os.getuid()}, answer)
    rested: list[bool] = []
    quiet: list[float] = []

    def rests(quiet_s: float) -> bool:
        quiet.append(quiet_s)
        return asked.is_set()

    thread = threading.Thread(target=lambda: rested.append(serving.serve(every_s=0.05, rests=rests)))
    thread.start()
    replies: list[wire.Reply] = []
    peer = threading.Thread(target=lambda: replies.append(Client(str(path)).ask(wire.ReadSettings())))
    until(lambda: quiet, "it to be asked whether it rests")
    peer.start()
    assert asked.wait(PATIENCE_S)
    before = len(quiet)
    thread.join(0.5)
    assert thread.is_alive() and len(quiet) == before
    may.set()
    thread.join(PATIENCE_S)
    peer.join(PATIENCE_S)
    assert (rested, replies) == ([True], [LOOK])
    assert quiet[-1] < quiet[0] + PATIENCE_S and quiet[-1] >= 0


def test_what_is_under_way_or_in_memory_alone_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House.built(tmp_path, monkeypatch)
    changing = house.changing

    def applied(name: str) -> None:
        changing.apply(house.named(name), changing.settings().digest, "aigul", UNDO_S)
        assert not changing.rests()
        until(lambda: not changing.settings().is_starting, "all to run with it")
        assert not changing.rests()

    assert changing.rests()
    worker = house.working()
    try:
        applied("after")
        changing.keep("aigul")
        assert changing.rests()
        applied("worse")
        changing.undo("aigul")
        until(lambda: not changing.settings().is_starting, "all to run as before")
        # Why it was undone is told to whoever comes, and stands in no file.
        assert not changing.rests()
    finally:
        changing.stop()
        worker.join()


def test_what_the_gate_was_not_told_keeps_it() -> None:
    gate = Gate(away=True)
    notes = Notes(gate)
    notes.tell("aigul", StaffAct.SETTINGS_KEPT)
    assert not notes.told()
    gate.away = False
    notes.again()
    assert notes.told()


def test_what_was_handed_to_somebody_else_is_not_taken(config: Path) -> None:
    path = config.parent / "steward" / "steward.sock"
    mine = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"}
    assert handed(path, {}) is None
    assert handed(path, {**mine, "LISTEN_PID": "1", "LISTEN_FDS": "1"}) is None
    assert handed(path, mine) is None
