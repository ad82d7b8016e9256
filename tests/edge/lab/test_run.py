"""Subprocesses: what they say is told, and none outlives the lab."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.lab.errors import CommandFailed, CommandTooLong
from tests.lab.run import ROOT, Process, run, start
from tests.lab.waiting import until


def is_gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def shell(script: str, log: Path) -> Process:
    return start(["sh", "-c", script], name="shell", log=log)


def said_number(process: Process) -> int:
    return int(until(lambda: process.output().strip(), "a process id in the log"))


def test_what_a_command_said() -> None:
    done = run(["sh", "-c", "cat; echo no >&2; exit 4"], stdin="yes", check=False)
    assert (done.code, done.stdout, done.stderr) == (4, "yes", "no\n")


def test_a_failure_can_be_pasted() -> None:
    with pytest.raises(CommandFailed) as told:
        run(["sh", "-c", "echo 'out it is'; exit 4"])
    assert "exit code 4" in str(told.value)
    assert "-- sh -c 'echo '\"'\"'out it is" in str(told.value)
    assert "\nout it is" in str(told.value)
    with pytest.raises(CommandFailed, match="no-such-program"):
        run(["no-such-program"])
    with pytest.raises(CommandFailed, match="killed by SIGTERM"):
        run(["sh", "-c", "kill $$"])


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    began_s = time.monotonic()
    with pytest.raises(CommandTooLong, match=r"not done after 0\.3 s"):
        run(["sh", "-c", f"sleep 60 & echo $! > {tmp_path / 'pid'}; wait"], timeout_s=0.3)
    assert time.monotonic() - began_s < 50
    child = int((tmp_path / "pid").read_text())
    until(lambda: is_gone(child), "the grandchild to be gone")


def test_the_persons_environment_stays_outside() -> None:
    names = {line.partition("=")[0] for line in run(["env"], environment={"MORE": "1"}).stdout.splitlines()}
    assert names == {"PATH", "HOME", "LANG", "PYTHONUNBUFFERED", "SETUPTOOLS_USE_DISTUTILS", "MORE"}


def test_a_program_that_ends_before_it_is_ready_is_told(tmp_path: Path) -> None:
    with shell("echo almost; exit 3", tmp_path / "log") as process, pytest.raises(CommandFailed, match="almost"):
        process.wait_for_line("ready")
    assert process.code == 3


def test_a_line_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    with shell("echo ready; sleep 60", tmp_path / "log") as first:
        first.wait_for_line("ready")
    with shell("sleep 60", tmp_path / "log") as second, pytest.raises(CommandTooLong):
        second.wait_for_line("ready", timeout_s=0.2)


def test_stop_asks_first(tmp_path: Path) -> None:
    process = shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done", tmp_path / "log")
    process.wait_for_line("ready")
    assert process.alive
    assert process.stop(60) == 0
    assert process.output() == "ready\nbye\n"
    assert (process.alive, process.code, process.stop()) == (False, 0, 0)


def test_stop_does_not_ask_for_ever(tmp_path: Path) -> None:
    process = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done", tmp_path / "log")
    process.wait_for_line("ready")
    assert process.stop(timeout_s=0.2) == -signal.SIGKILL


def test_a_crash_takes_the_children_along(tmp_path: Path) -> None:
    process = shell("sleep 60 & echo $!; wait", tmp_path / "log")
    child = said_number(process)
    assert process.kill9() == -signal.SIGKILL
    until(lambda: is_gone(child), "the child to be gone")


def test_a_program_gets_its_user_and_these_capabilities_alone(tmp_path: Path) -> None:
    argv = ["sh", "-c", "id -un; id -gn; grep -E '^(CapEff|CapBnd|CapAmb)' /proc/self/status"]
    process = start(argv, name="id", log=tmp_path / "log", user="daemon", capabilities=["net_admin", "net_raw"])
    assert process.wait(60) == 0
    words = process.output().split()
    process.stop()
    assert words[:2] == ["daemon", "daemon"]
    assert {int(word, 16) for word in words[3::2]} == {1 << 12 | 1 << 13}  # CAP_NET_ADMIN, CAP_NET_RAW


@pytest.mark.parametrize("user", [None, "daemon"])
def test_programs_die_with_the_one_that_started_them(tmp_path: Path, user: str | None) -> None:
    starter = (
        "import pathlib, time; from tests.lab.run import start\n"
        f"log = pathlib.Path('{tmp_path}/s')\n"
        f"made = start(['sleep', '60'], name='s', log=log, user={user!r}, capabilities=['net_raw'])\n"
        f"comm = pathlib.Path(f'/proc/{{made.pid}}/comm')\n"
        "while comm.read_text() != 'sleep\\n': time.sleep(0.01)\n"
        "print(made.pid, flush=True); time.sleep(60)"
    )
    process = start([sys.executable, "-c", starter], name="starter", log=tmp_path / "log")
    child = said_number(process)
    assert os.getpgid(child) == child  # its own group: it is not the group's end that ends it
    process.kill9()
    until(lambda: is_gone(child), "the child to follow")


def test_commands_run_in_the_checkout() -> None:
    assert run(["pwd"]).stdout.strip() == str(ROOT)
